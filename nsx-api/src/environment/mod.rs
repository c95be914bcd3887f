//! Configuration from environment variables, with the names of the Terraform provider.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::time::Duration;

use crate::auth::{Authenticate, Basic, Csp, Identity, Remote, Session};
use crate::tls::Source;
use crate::{CallOptions, Client, Config, Error, Secret};

const HOST: &str = "NSXT_MANAGER_HOST";
const USERNAME: &str = "NSXT_USERNAME";
const PASSWORD: &str = "NSXT_PASSWORD";
const USER_AND_PASSWORD: &str = "NSXT_USERNAME and NSXT_PASSWORD";
const SESSION_AUTH: &str = "NSXT_SESSION_AUTH";
const REMOTE_AUTH: &str = "NSXT_REMOTE_AUTH";
const CERT: &str = "NSXT_CLIENT_AUTH_CERT";
const KEY: &str = "NSXT_CLIENT_AUTH_KEY";
const CERT_FILE: &str = "NSXT_CLIENT_AUTH_CERT_FILE";
const KEY_FILE: &str = "NSXT_CLIENT_AUTH_KEY_FILE";
const VMC_TOKEN: &str = "NSXT_VMC_TOKEN";
const VMC_AUTH_HOST: &str = "NSXT_VMC_AUTH_HOST";
const CA: &str = "NSXT_CA";
const CA_FILE: &str = "NSXT_CA_FILE";
const ALLOW_UNVERIFIED_SSL: &str = "NSXT_ALLOW_UNVERIFIED_SSL";
const MAX_RETRIES: &str = "NSXT_MAX_RETRIES";
const RETRY_MIN_DELAY: &str = "NSXT_RETRY_MIN_DELAY";
const RETRY_MAX_DELAY: &str = "NSXT_RETRY_MAX_DELAY";

impl Client {
    /// Builds a client from environment variables. [`Config::from_env`] lists them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): a variable is missing, invalid, or
    /// contradicts another. The message names it.
    ///
    /// ```
    /// use nsx_api::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // The message names the variable.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Config::from_env()?.build()
    }
}

impl Config {
    /// Reads the settings from environment variables, the same as those of the Terraform provider.
    /// They can be changed before the client is built; [`Client::from_env`] builds it at once.
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `NSXT_MANAGER_HOST` | the manager: `nsx.example.com`, `nsx.example.com:8443` or a URL |
    /// | `NSXT_USERNAME`, `NSXT_PASSWORD` | a user name and password, for a [`Session`] |
    /// | `NSXT_SESSION_AUTH` | `false`: user name and password are sent with every call ([`Basic`]) |
    /// | `NSXT_REMOTE_AUTH` | `true`: the user is a vIDM user ([`Remote`]) |
    /// | `NSXT_CLIENT_AUTH_CERT_FILE`, `NSXT_CLIENT_AUTH_KEY_FILE` | PEM files of a client certificate and its key, instead of a user name and password ([`Identity`]) |
    /// | `NSXT_CLIENT_AUTH_CERT`, `NSXT_CLIENT_AUTH_KEY` | the same as PEM text |
    /// | `NSXT_VMC_TOKEN` | an API token of VMware Cloud Services, instead of a user name and password ([`Csp`]) |
    /// | `NSXT_VMC_AUTH_HOST` | where the token is exchanged: a host, or a host with a path; `console.cloud.vmware.com` by default |
    /// | `NSXT_CA_FILE` | a PEM file with the CA of the manager's certificate, or with a self-signed certificate itself |
    /// | `NSXT_CA` | the same as PEM text |
    /// | `NSXT_ALLOW_UNVERIFIED_SSL` | `true`: accepts any certificate; anyone who can intercept the connection can then read the password |
    /// | `NSXT_MAX_RETRIES` | how many attempts may follow a failed one; 4 by default |
    /// | `NSXT_RETRY_MIN_DELAY`, `NSXT_RETRY_MAX_DELAY` | the shortest and the longest delay before a retry, in milliseconds; 0 and 10000 by default |
    ///
    /// An empty variable counts as not set. Flags are `true`, `t`, `1`, `false`, `f` or `0`, in
    /// lower or upper case.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): a variable is missing, invalid, or
    /// contradicts another. The message names it. Files and PEM are read when the client is
    /// [built](Self::build); the message names the variable then too.
    ///
    /// ```
    /// use std::time::Duration;
    /// use nsx_api::Config;
    ///
    /// match Config::from_env() {
    ///     Ok(config) => {
    ///         println!("{config:?}");
    ///         let client = config.connect_timeout(Duration::from_secs(3)).build()?;
    ///     }
    ///     // The message names the variable.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # Ok::<_, nsx_api::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&|name| env::var_os(name))
    }

    fn from_variables(lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let host = variables.required(HOST)?;
        let config = Self::new(&host).options(variables.options()?);
        let config = variables.with_auth(variables.with_trust(config)?)?;
        let address = config
            .address(&host)
            .map_err(|reason| invalid_value(HOST, reason))?;
        if !address.is_https {
            config
                .tls
                .check_unused()
                .map_err(|reason| invalid_value(HOST, reason))?;
        }
        Ok(config)
    }
}

/// Reads the variables. No error repeats a value.
struct Variables<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Variables<'_> {
    fn with_auth(&self, config: Config) -> Result<Config, Error> {
        let identity = self.identity()?;
        let token = self.value_of(VMC_TOKEN)?.map(Secret::from);
        let user = self.user()?;
        self.check_contradictions(user.is_some(), identity.is_some(), token.is_some())?;
        match (user, identity, token) {
            (_, Some(identity), _) => Ok(config.identity(identity)),
            (_, _, Some(token)) => self.with_token(config, token),
            (Some((user, password)), ..) => self.with_user(config, user, password),
            (None, None, None) => Err(Error::config(format!(
                "there are no credentials: set {USERNAME} and {PASSWORD}, or {CERT_FILE} and {KEY_FILE}, or {VMC_TOKEN}"
            ))),
        }
    }

    /// Rejects two kinds of credentials at once, because a manager would silently use one of them.
    fn check_contradictions(&self, user: bool, identity: bool, token: bool) -> Result<(), Error> {
        let of_user = [
            (USERNAME, user),
            (SESSION_AUTH, self.flag(SESSION_AUTH)? == Some(true)),
            (REMOTE_AUTH, self.flag(REMOTE_AUTH)? == Some(true)),
        ];
        let of_user = of_user.into_iter().find(|(_, set)| *set);
        let identity_name = [CERT_FILE, CERT].into_iter().find(|name| self.is_set(name));
        let others = [
            (identity_name.unwrap_or(CERT_FILE), identity),
            (VMC_TOKEN, token),
        ];
        let mut set = others
            .into_iter()
            .chain(of_user)
            .filter(|(_, set)| *set)
            .map(|(name, _)| name);
        match (set.next(), set.next()) {
            (Some(one), Some(other)) => Err(contradiction(one, other)),
            _ if self.flag(SESSION_AUTH)? == Some(true)
                && self.flag(REMOTE_AUTH)? == Some(true) =>
            {
                Err(contradiction(SESSION_AUTH, REMOTE_AUTH))
            }
            _ if self.is_set(VMC_AUTH_HOST) && !token => Err(variable_error(
                VMC_AUTH_HOST,
                format!("is set, but {VMC_TOKEN} is not"),
            )),
            _ => Ok(()),
        }
    }

    fn user(&self) -> Result<Option<(String, Secret)>, Error> {
        match (self.value_of(USERNAME)?, self.value_of(PASSWORD)?) {
            (Some(user), Some(password)) => Ok(Some((user, password.into()))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing(PASSWORD, USERNAME)),
            (None, Some(_)) => Err(missing(USERNAME, PASSWORD)),
        }
    }

    fn with_user(&self, config: Config, user: String, password: Secret) -> Result<Config, Error> {
        let session = self.flag(SESSION_AUTH)?.unwrap_or(true);
        if self.flag(REMOTE_AUTH)?.unwrap_or(false) {
            return with_scheme(config, Remote::new(user, password), USER_AND_PASSWORD);
        }
        match session {
            true => with_scheme(config, Session::new(user, password), USER_AND_PASSWORD),
            false => with_scheme(config, Basic::new(user, password), USER_AND_PASSWORD),
        }
    }

    fn with_token(&self, config: Config, token: Secret) -> Result<Config, Error> {
        let csp = Csp::api_token(token);
        csp.check_grant()
            .map_err(|reason| invalid_value(VMC_TOKEN, reason))?;
        let Some(place) = self.value_of(VMC_AUTH_HOST)? else {
            return Ok(config.auth(csp));
        };
        let (scheme, rest) = place.split_once("://").unwrap_or(("https", &place));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let csp = csp.endpoint(Config::new(format!("{scheme}://{host}")));
        match path {
            "" => with_scheme(config, csp, VMC_AUTH_HOST),
            path => with_scheme(config, csp.path(format!("/{path}")), VMC_AUTH_HOST),
        }
    }

    fn identity(&self) -> Result<Option<Identity>, Error> {
        for (one, other) in [
            (CERT_FILE, CERT),
            (KEY_FILE, KEY),
            (CERT_FILE, KEY),
            (CERT, KEY_FILE),
        ] {
            if self.is_set(one) && self.is_set(other) {
                return Err(contradiction(one, other));
            }
        }
        for (certificate, key, is_file) in [(CERT_FILE, KEY_FILE, true), (CERT, KEY, false)] {
            let identity = match (self.value_of(certificate)?, self.value_of(key)?) {
                (None, None) => continue,
                (Some(_), None) => return Err(missing(key, certificate)),
                (None, Some(_)) => return Err(missing(certificate, key)),
                (Some(certificate), Some(key)) if is_file => {
                    Identity::from_pem_files(certificate, key)
                }
                (Some(certificate), Some(key)) => Identity::from_pem(certificate, key),
            };
            return Ok(Some(identity.with_variables(certificate, key)));
        }
        Ok(None)
    }

    fn with_trust(&self, mut config: Config) -> Result<Config, Error> {
        let unverified = self.flag(ALLOW_UNVERIFIED_SSL)?.unwrap_or(false);
        let set: Vec<&'static str> = [CA_FILE, CA]
            .into_iter()
            .filter(|name| self.is_set(name))
            .collect();
        match *set.as_slice() {
            [] => Ok(config.danger_accept_invalid_certs(unverified)),
            [name] if unverified => Err(contradiction(ALLOW_UNVERIFIED_SSL, name)),
            [one, other, ..] => Err(contradiction(one, other)),
            [name] => {
                let value = self.required(name)?;
                let source = match name == CA_FILE {
                    true => Source::file(value),
                    false => Source::pem(value),
                };
                config.tls.extra_roots.push(source.with_variable(name));
                Ok(config)
            }
        }
    }

    fn options(&self) -> Result<CallOptions, Error> {
        let mut options = CallOptions::new();
        if let Some(retries) = self.number(MAX_RETRIES, "number of retries")? {
            options = options.max_retries(retries);
        }
        let delay = |name| -> Result<Option<Duration>, Error> {
            let milliseconds = self.number(name, "number of milliseconds")?;
            Ok(milliseconds.map(|milliseconds: u32| Duration::from_millis(milliseconds.into())))
        };
        let (shortest, longest) = (delay(RETRY_MIN_DELAY)?, delay(RETRY_MAX_DELAY)?);
        if let Some(shortest) = shortest {
            options = options.min_retry_delay(shortest);
        }
        if let Some(longest) = longest {
            options = options.max_retry_delay(longest);
        }
        let (shortest, longest) = options.effective_retry_delay();
        match shortest > longest {
            true => Err(variable_error(
                RETRY_MIN_DELAY,
                format!("is longer than {RETRY_MAX_DELAY}, {longest:?}"),
            )),
            false => Ok(options),
        }
    }

    fn number(&self, name: &str, what: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.value_of(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(variable_error(name, format!("is not a {what}"))),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.value_of(name)? else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Ok(Some(true)),
            "false" | "f" | "0" => Ok(Some(false)),
            _ => Err(variable_error(name, "is neither true nor false")),
        }
    }

    fn required(&self, name: &str) -> Result<String, Error> {
        self.value_of(name)?
            .ok_or_else(|| variable_error(name, "is not set or is empty"))
    }

    /// The value of a variable that is set and not empty.
    fn value_of(&self, name: &str) -> Result<Option<String>, Error> {
        match (self.0)(name) {
            Some(value) => match value.into_string() {
                Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
                Err(_) => Err(variable_error(name, "is not valid UTF-8")),
            },
            None => Ok(None),
        }
    }

    fn is_set(&self, name: &str) -> bool {
        (self.0)(name).is_some_and(|value| !value.is_empty())
    }
}

/// Adds a scheme to `config`. An invalid scheme is an error that names the variable.
fn with_scheme(config: Config, scheme: impl Authenticate, name: &str) -> Result<Config, Error> {
    match scheme.check() {
        Ok(()) => Ok(config.auth(scheme)),
        Err(reason) => Err(invalid_value(name, reason)),
    }
}

fn invalid_value(name: &str, reason: impl Display) -> Error {
    Error::config(format!("{name}: {reason}"))
}

fn variable_error(name: &str, what: impl Display) -> Error {
    Error::config(format!("{name} {what}"))
}

fn missing(name: &str, other: &str) -> Error {
    variable_error(name, format!("is not set, but {other} is"))
}

fn contradiction(one: &str, other: &str) -> Error {
    Error::config(format!(
        "{one} and {other} are both set, but contradict each other"
    ))
}

#[cfg(test)]
mod tests;
