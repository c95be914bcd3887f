//! Bearer tokens of VMware Cloud Services (CSP), for managers of VMware Cloud on AWS.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Deserializer};

use super::bearer::check_token;
use crate::credentials::Credentials;
use crate::credentials::{check_user_and_password, encode_form};
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::{Authenticate, BoxError};
use crate::{Config, Error, Request, Response, Secret};

const HOST: &str = "console.cloud.vmware.com";
const API_TOKENS: &str = "/csp/gateway/am/api/auth/api-tokens/authorize";
const CLIENT_CREDENTIALS: &str = "/csp/gateway/am/api/auth/authorize";

/// VMware Cloud Services: exchanges an API token, or the credentials of an OAuth app, for a bearer
/// token, and refreshes that before it expires.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::Manager;
/// # let manager = Manager::builder().credentials("admin", "VMware1!VMware1!").start().await?;
/// # manager.on("GET /api/v1/node/version", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// # manager.accept_bearer("access");
/// # manager.on("GET /vmc/reverse-proxy/api/v1/node/version", |_| 200);
/// # let console = Manager::builder().accept_anyone().start().await?;
/// # console.on("POST /csp/gateway/am/api/auth/api-tokens/authorize", |_| {
/// #     let token = serde_json::json!({"access_token": "access", "expires_in": 1799});
/// #     nsx_api::mock::Answer::json(200, token)
/// # });
/// # let endpoint = Client::builder(console.url()).ca_pem(console.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::Csp;
///
/// let token = Csp::api_token("7d1c0f");
/// # let token = token.endpoint(endpoint);
/// // "nsx-10-0-0-1.rp.vmwarevmc.com/vmc/reverse-proxy/api/orgs/…"
/// let client = Client::builder(format!("{address}/vmc/reverse-proxy"))
///     .auth(token)
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Csp {
    grant: Grant,
    config: Config,
    path: Option<String>,
    /// Created from the configuration on first use.
    context: OnceLock<AuthContext>,
}

/// The credentials that are exchanged for a token.
#[derive(Clone, Debug)]
enum Grant {
    ApiToken(Secret),
    ClientCredentials { id: String, secret: Secret },
}

impl Csp {
    /// Uses an API token, which a user creates in the console.
    pub fn api_token(token: impl Into<Secret>) -> Self {
        Self::new(Grant::ApiToken(token.into()))
    }

    /// Uses the id and the secret of an OAuth app (server to server).
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
            context: OnceLock::new(),
        }
    }

    /// Sets another host than `console.cloud.vmware.com`, or other settings for it, such as its CA,
    /// timeouts and retries. `config` must not contain other managers or an authentication scheme.
    ///
    /// ```
    /// use nsx_api::Client;
    /// use nsx_api::auth::Csp;
    ///
    /// let csp = Csp::api_token("7d1c0f")
    ///     .endpoint(Client::builder("csp.example.com").ca_file("/etc/ssl/csp-ca.pem"));
    /// ```
    pub fn endpoint(mut self, config: Config) -> Self {
        self.config = config;
        self.context = OnceLock::new();
        self
    }

    /// Sets another path than that of VMware Cloud Services.
    pub(crate) fn path(mut self, path: String) -> Self {
        self.path = Some(path);
        self
    }

    /// Checks the API token or the credentials.
    pub(crate) fn check_grant(&self) -> Result<(), BoxError> {
        match &self.grant {
            Grant::ApiToken(token) => check_token(token, "API token"),
            Grant::ClientCredentials { id, secret } => {
                check_user_and_password(id, secret)?;
                check_token(secret, "secret of the OAuth app")
            }
        }
    }

    /// Reads the token from the response to a login.
    pub(crate) fn parse_response(response: Response<Bytes>) -> Result<Credentials, BoxError> {
        let token = response.json::<Token>()?.into_inner();
        check_token(&token.access_token, "token in the response")?;
        let credentials = Credentials::bearer(token.access_token);
        Ok(match token.expires_in {
            Some(lifetime) => credentials.expires_in(lifetime),
            None => credentials,
        })
    }

    fn context(&self) -> Result<&AuthContext, Error> {
        if let Some(context) = self.context.get() {
            return Ok(context);
        }
        let context = self.config.clone().into_auth_context(&self.secrets())?;
        Ok(self.context.get_or_init(|| context))
    }

    fn request<'a>(&self, context: &'a AuthContext) -> Request<'a> {
        match &self.grant {
            Grant::ApiToken(token) => context
                .request(Method::POST, self.path.as_deref().unwrap_or(API_TOKENS))
                .secret_form(encode_form(&[("refresh_token", token.expose_secret())])),
            Grant::ClientCredentials { id, secret } => context
                .request(
                    Method::POST,
                    self.path.as_deref().unwrap_or(CLIENT_CREDENTIALS),
                )
                .secret_form(encode_form(&[("grant_type", "client_credentials")]))
                .credentials(&Credentials::basic(id, secret)),
        }
    }
}

impl Authenticate for Csp {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Self::parse_response(self.request(self.context()?).send().await?)
    }

    fn check(&self) -> Result<(), BoxError> {
        self.check_grant()?;
        Ok(self.request(self.context()?).check()?)
    }

    fn secrets(&self) -> Vec<Secret> {
        match &self.grant {
            Grant::ApiToken(token) => vec![token.clone()],
            Grant::ClientCredentials { id, secret } => {
                Credentials::basic(id, secret).secrets().to_vec()
            }
        }
    }
}

/// The fields of the response that are used.
#[derive(Deserialize)]
struct Token {
    access_token: Secret,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
}

/// Seconds, as a number or as a string. Any other value is ignored.
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
    fn the_lifetime_of_a_token_is_a_number_or_a_string() {
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
