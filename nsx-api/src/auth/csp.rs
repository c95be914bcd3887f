//! Bearer tokens of VMware Cloud Services (CSP), for the managers of VMware Cloud on AWS.

use std::borrow::Cow;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{Authenticate, BoxError, Credentials, Login};
use crate::path::append_pair;
use crate::{Config, Secret};

const HOST: &str = "console.cloud.vmware.com";
const API_TOKENS: &str = "/csp/gateway/am/api/auth/api-tokens/authorize";
const CLIENT_CREDENTIALS: &str = "/csp/gateway/am/api/auth/authorize";

/// VMware Cloud Services: exchanges an API token, or the credentials of an OAuth app, for a bearer token, and renews it
/// before it expires.
///
/// ```no_run
/// # fn build(api_token: nsx_api::Secret) -> Result<nsx_api::Client, nsx_api::Error> {
/// use nsx_api::Client;
/// use nsx_api::auth::Csp;
///
/// Client::builder("nsx-10-0-0-1.rp.vmwarevmc.com/vmc/reverse-proxy/api/orgs/…/sddcs/…/sks-nsxt-manager")
///     .auth(Csp::api_token(api_token))
///     .build()
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Csp {
    grant: Grant,
    config: Config,
    path: Option<Cow<'static, str>>,
}

#[derive(Clone, Debug)]
enum Grant {
    ApiToken(Secret),
    ClientCredentials { id: String, secret: Secret },
}

impl Csp {
    /// With an API token, which a user creates in the console.
    pub fn api_token(token: impl Into<Secret>) -> Self {
        Self::new(Grant::ApiToken(token.into()))
    }

    /// With the id and the secret of an OAuth app (server to server).
    pub fn client_credentials(id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self::new(Grant::ClientCredentials {
            id: id.into(),
            secret: secret.into(),
        })
    }

    fn new(grant: Grant) -> Self {
        Self {
            grant,
            config: Config::new(HOST),
            path: None,
        }
    }

    /// Asks another host than `console.cloud.vmware.com`, or asks it with other settings: its CA, time-outs, retries.
    ///
    /// ```
    /// use nsx_api::Client;
    /// use nsx_api::auth::Csp;
    ///
    /// let csp = Csp::api_token("7d1c0f")
    ///     .host(Client::builder("csp.example.com").ca_file("/etc/ssl/csp-ca.pem"));
    /// ```
    pub fn host(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Another path than the one of VMware Cloud Services.
    pub(crate) fn path(mut self, path: String) -> Self {
        self.path = Some(path.into());
        self
    }

    fn login(&self) -> Result<Login, crate::Error> {
        self.config.clone().login(&self.secrets())
    }
}

impl Authenticate for Csp {
    async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
        let login = self.login()?;
        let (usual_path, form) = match &self.grant {
            Grant::ApiToken(token) => (API_TOKENS, form("refresh_token", token.expose_secret())),
            Grant::ClientCredentials { .. } => {
                (CLIENT_CREDENTIALS, form("grant_type", "client_credentials"))
            }
        };
        let request = login
            .request(Method::POST, self.path.as_deref().unwrap_or(usual_path))
            .secret_form(form);
        let request = match &self.grant {
            Grant::ApiToken(_) => request,
            Grant::ClientCredentials { id, secret } => {
                request.credentials(&Credentials::basic(id, secret))
            }
        };
        let token = request.send().await?.json::<Token>()?.into_inner();
        let credentials = Credentials::bearer(token.access_token);
        Ok(match token.expires_in {
            Some(lifetime) => credentials.expires_in(lifetime),
            None => credentials,
        })
    }

    fn check(&self) -> Result<(), BoxError> {
        let secret = match &self.grant {
            Grant::ApiToken(secret) | Grant::ClientCredentials { secret, .. } => secret,
        };
        let secret = secret.expose_secret();
        if secret.is_empty() || secret.contains(char::is_whitespace) {
            return Err(
                "the API token, or the secret of the OAuth app, is empty or has a blank in it"
                    .into(),
            );
        }
        self.login()?;
        Ok(())
    }

    fn secrets(&self) -> Vec<Secret> {
        match &self.grant {
            Grant::ApiToken(token) => vec![token.clone()],
            Grant::ClientCredentials { id, secret } => {
                let mut secrets = Credentials::basic(id, secret).secrets().to_vec();
                secrets.push(secret.clone());
                secrets
            }
        }
    }
}

fn form(name: &str, value: &str) -> Zeroizing<String> {
    let mut form = Zeroizing::new(String::new());
    append_pair(&mut form, name, value);
    form
}

/// What comes back, as far as it is needed.
#[derive(Deserialize)]
struct Token {
    access_token: Secret,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
}

/// Seconds, which come as a number or as a string. What is neither says nothing of the life of a token.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(u64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Seconds::deserialize(deserializer)? {
        Seconds::Number(seconds) => Some(Duration::from_secs(seconds)),
        Seconds::Text(text) => text.trim().parse().ok().map(Duration::from_secs),
        Seconds::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_token_is_read_as_a_number_or_a_string() {
        for (json, lifetime) in [
            (r#"{"access_token":"t","expires_in":1799}"#, Some(1799)),
            (r#"{"access_token":"t","expires_in":"1799"}"#, Some(1799)),
            (r#"{"access_token":"t","expires_in":-1}"#, None),
            (r#"{"access_token":"t","expires_in":null}"#, None),
            (r#"{"access_token":"t","token_type":"bearer"}"#, None),
        ] {
            let token: Token = serde_json::from_str(json).unwrap();
            assert_eq!(
                token.expires_in,
                lifetime.map(Duration::from_secs),
                "{json}"
            );
            assert_eq!(token.access_token.expose_secret(), "t");
        }
    }
}
