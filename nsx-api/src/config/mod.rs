//! The configuration of a client, checked when the client is built.

mod client_parts;
mod health_probe;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::client::options::CallOptions;
use crate::cluster::address::Address;
use crate::cluster::connections::{self, Connections};
use crate::cluster::limits::{Limiter, Limits};
use crate::cluster::managers::{Cluster, Endpoint};
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::Authenticate;
use crate::scheme::dyn_scheme::Scheme;
use crate::secret::mask::Mask;
use crate::tls::{self, Identity, Pin, Source};
use crate::{Error, Secret};
use client_parts::ClientParts;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of a [`Client`], checked when it is built.
///
/// [`Client::builder`] begins one. `Debug` shows what is set, and no secret.
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
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("nsx-ca.pem");
/// # std::fs::write(&file, ca)?;
/// use nsx_api::auth::Session;
/// use nsx_api::{CallOptions, Client};
///
/// let client = Client::builder(address) // "https://nsx.example.com"
///     .auth(Session::new("admin", "VMware1!VMware1!"))
///     .ca_file(file) // "/etc/ssl/nsx-ca.pem"
///     .options(CallOptions::new().max_retries(2))
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until `build` is called"]
pub struct Config {
    address: String,
    others: Vec<String>,
    pub(crate) scheme: Option<Arc<dyn Scheme>>,
    pub(crate) tls: tls::Settings,
    allow_http: bool,
    connect_timeout: Duration,
    limits: Limits,
    pub(crate) options: CallOptions,
}

impl Client {
    /// Begins a client of the manager at `address`: a host name, an IP address, `host:port`, or a URL.
    ///
    /// `https://` is what is meant when nothing is said. A URL may have a path, which a gateway before the manager asks
    /// for; it goes before every operation's path.
    pub fn builder(address: impl Into<String>) -> Config {
        Config::new(address)
    }
}

impl Config {
    /// Settings for the manager at `address`, as [`Client::builder`] takes it.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            others: Vec::new(),
            scheme: None,
            tls: tls::Settings::default(),
            allow_http: false,
            connect_timeout: CONNECT_TIMEOUT,
            limits: Limits::default(),
            options: CallOptions::default(),
        }
    }

    /// Adds another manager of the same cluster.
    ///
    /// A call goes to the manager with the fewest calls under way among those that are up. One is taken out when a connection to it
    /// or a login fails, an answer does not come in time, or it answers 502, 503 or 504, and looked at again while there are calls, by
    /// `GET /api/v1/reverse-proxy/node/health`: a second later, and then at most every ten seconds. One at which the deadline of a
    /// call passes is looked at too.
    ///
    /// A retry goes at once to a manager that is up and that the call has not been at, whatever the `Retry-After` of the first one;
    /// and one because of a manager that is not there, or a redirect, does not use up the retry budget, once for each call; nor does one
    /// before anything was sent. Whether there is a
    /// retry is decided as with one manager. A call that waits for room before one manager goes to another that has fewer calls.
    ///
    /// When a manager answers 301, 307 or 308 and points to the same path at another that was added, the call is made there, with the
    /// same body.
    /// A redirect to any other host is not followed and ends in [`ErrorKind::Redirect`](crate::ErrorKind::Redirect). Where the scheme is
    /// [`Session`](crate::auth::Session) each manager has a session of its own. An example is in the [tour](crate#several-managers).
    pub fn manager(mut self, address: impl Into<String>) -> Self {
        self.others.push(address.into());
        self
    }

    /// How calls are authenticated: with one of the schemes in [`auth`](crate::auth), or one of your own. Without it calls carry
    /// no credentials.
    pub fn auth(mut self, scheme: impl Authenticate) -> Self {
        self.scheme = Some(Arc::new(scheme));
        self
    }

    /// Trusts the certificates in `pem` beside those of the platform. May be called more than once.
    ///
    /// They may be those of CAs, and certificates that managers made for themselves (self-signed ones, whether or not they
    /// say `CA:TRUE`). Only one that says `CA:TRUE` vouches for others; any other is trusted as itself alone. Certificates of
    /// version 1 are refused. A manager's certificate has to be valid now, and for the name or address that the client uses;
    /// one that is not can be [pinned](Self::pin_certificate).
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.added.push(Source::pem(pem));
        self
    }

    /// Trusts the certificates in a PEM file, of up to 1 MiB, beside those of the platform, like [`ca_pem`](Self::ca_pem).
    ///
    /// [`build`](Self::build) reads it. A file that changes while the client is in use is picked up: within 10 seconds, or
    /// at once when a manager's certificate is not trusted. If it cannot be used the client goes on with what it had, and a
    /// warning is in the log. What is no regular file, such as a pipe, is read once, when the client is built.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.added.push(Source::file(path));
        self
    }

    /// Trusts the certificate with this SHA-256 thumbprint and no other: 64 hexadecimal digits, with colons or blanks
    /// between them or without. May be called more than once, and with [`pin_certificate`](Self::pin_certificate); any of them
    /// will do then.
    ///
    /// Name, dates and issuer of the certificate do not matter, and neither do the platform's. The manager still has to prove
    /// that it has the certificate's key. `openssl x509 -noout -fingerprint -sha256 -in manager.pem` shows the thumbprint, as
    /// does `get certificate api thumbprint` on the manager's command line.
    ///
    /// ```
    /// use nsx_api::Client;
    ///
    /// let client = Client::builder("10.0.0.5")
    ///     .pin_thumbprint("5E0B86CA9C4B391E2BB37D3DF57C79883D8BCA1F3E724B6DB60A61FE9C407C51")
    ///     .build()?;
    /// # Ok::<_, nsx_api::Error>(())
    /// ```
    pub fn pin_thumbprint(mut self, thumbprint: impl Into<String>) -> Self {
        self.tls.pins.push(Pin::Thumbprint(thumbprint.into()));
        self
    }

    /// Trusts the first certificate in `pem` and no other, like [`pin_thumbprint`](Self::pin_thumbprint).
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("manager.pem");
    /// # std::fs::write(&path, manager.certificate_pem())?;
    /// use nsx_api::Client;
    ///
    /// let client = Client::builder(address)
    ///     .pin_certificate(std::fs::read(path)?)
    /// #     .auth(nsx_api::auth::Basic::new("admin", "VMware1!VMware1!"))
    ///     .build()?;
    /// # use nsx_api::http::Method;
    /// # client.request(Method::GET, "/api/v1/node/version").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pin_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.pins.push(Pin::Certificate(Source::pem(pem)));
        self
    }

    /// Authenticates with this client certificate. Cannot be combined with [`auth`](Self::auth): a manager would ignore the
    /// certificate.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.tls.identity = Some(identity);
        self
    }

    /// Trusts any certificate under any name.
    ///
    /// **Anyone on the way can then pose as the manager and read the password.** Add the manager's CA instead, with
    /// [`ca_file`](Self::ca_file), or pin its certificate, with [`pin_thumbprint`](Self::pin_thumbprint). Beside either of
    /// them this is a contradiction, and an error.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.tls.anyone = accept;
        self
    }

    /// Allows `http://` to another machine.
    ///
    /// **Anyone on the way can then read and change everything, the password included.** To this machine (`localhost`,
    /// `127.0.0.1`, `::1`) it is always allowed.
    pub fn danger_allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// The connect time-out, TLS included. 10 seconds by default.
    ///
    /// It is never more than three quarters of the [attempt's time-out](CallOptions::attempt_timeout) that the client is
    /// built with, so that a handshake that stalls is [`ErrorKind::Connect`](crate::ErrorKind::Connect), which is tried again, and not
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). An attempt's time-out given by [`Client::with`] does not shorten it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How calls are held back so that a manager need not refuse them. [`Limits::adaptive`] by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The options of the calls made through the client, unless [`Client::with`] says otherwise.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Builds the client. Reads the files; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): an address, the scheme of authentication, a header or a file cannot be used, or two settings
    /// contradict each other. The message says which, and why.
    pub fn build(self) -> Result<Client, Error> {
        let secrets = self
            .scheme
            .as_ref()
            .map_or_else(Vec::new, |scheme| scheme.secrets());
        self.check_auth(&secrets)?;
        let parts = self.resolve(&secrets)?;
        let scheme = self.scheme.as_ref();
        let first = parts.endpoint(&parts.first);
        let shared = scheme
            .filter(|scheme| !scheme.is_per_manager())
            .map(|scheme| parts.credential_cache(scheme, &first));
        let with_cache = |mut endpoint: Endpoint| {
            let own = || scheme.map(|scheme| parts.credential_cache(scheme, &endpoint));
            endpoint.credential_cache = shared.clone().or_else(own);
            endpoint
        };
        let others = parts.others.iter().map(|address| parts.endpoint(address));
        let cluster = Cluster::new(with_cache(first), others.map(with_cache).collect());
        Ok(parts.client(cluster))
    }

    /// Checks the scheme of authentication, and that there is no client certificate beside it.
    fn check_auth(&self, secrets: &[Secret]) -> Result<(), Error> {
        let Some(scheme) = &self.scheme else {
            return Ok(());
        };
        if self.tls.identity.is_some() {
            return Err(Error::config(
                "a client certificate and a scheme of authentication contradict each other: how are calls authenticated?",
            ));
        }
        scheme
            .check()
            .map_err(|error| Error::config(Mask::new(secrets).apply(error.to_string())))
    }

    /// Requests without credentials, to the host that issues tokens. Their errors show none of
    /// `secrets`.
    pub(crate) fn into_auth_context(self, secrets: &[Secret]) -> Result<AuthContext, Error> {
        if self.scheme.is_some() || !self.others.is_empty() {
            return Err(Error::config(
                "the settings for a token have a scheme of authentication, or other managers, which they cannot have",
            ));
        }
        let parts = self.resolve(secrets)?;
        Ok(parts.auth_context(&parts.first, &Limiter::new(self.limits).into()))
    }

    /// Checks the settings, and makes the parts of a client from them.
    fn resolve(&self, secrets: &[Secret]) -> Result<ClientParts, Error> {
        let first = self.address(&self.address)?;
        let mut others = Vec::new();
        for text in &self.others {
            let address = self.address(text)?;
            if std::iter::once(&first)
                .chain(&others)
                .any(|known| known.is_same_as(&address))
            {
                return Err(Error::config(format!(
                    "the manager {} is given twice",
                    address.manager
                )));
            }
            others.push(address);
        }
        if let Some(error) = self.options.deferred_error() {
            return Err(Error::config(error));
        }
        let all: Vec<&Address> = std::iter::once(&first).chain(&others).collect();
        Ok(ClientParts {
            connections: self.connections(&all)?.into(),
            mask: Mask::new(secrets).into(),
            options: self.options.clone(),
            limits: self.limits,
            first,
            others,
        })
    }

    pub(crate) fn address(&self, text: &str) -> Result<Address, Error> {
        let address = Address::parse(text).map_err(Error::config)?;
        match address.is_plaintext() && !self.allow_http {
            true => Err(Error::config(
                "plain http:// shows the password to everyone on the way: use https://",
            )),
            false => Ok(address),
        }
    }

    /// Shorter than an attempt, so that a connection that cannot be made fails as such, and is
    /// retried.
    fn effective_connect_timeout(&self) -> Duration {
        let attempt = self.options.effective_attempt_timeout();
        self.connect_timeout.min(attempt / 4 * 3)
    }

    fn connections(&self, addresses: &[&Address]) -> Result<Connections, Error> {
        let any = |is: fn(&Address) -> bool| addresses.iter().any(|address| is(address));
        if any(|address| !address.is_https) {
            self.tls.check_unused()?;
        }
        Connections::new(connections::Settings {
            tls: any(|address| address.is_https).then(|| self.tls.clone()),
            connect_timeout: self.effective_connect_timeout(),
            // A proxy tunnels TLS and sees no credentials. Without TLS it would see all of them.
            no_proxy: any(|address| !address.is_https || address.is_loopback()),
        })
    }
}

/// Shows what is set, and hides an invalid address, which may contain a password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &String| match Address::parse(text) {
            Ok(address) => address.manager.to_string(),
            Err(_) => "…".to_owned(),
        };
        f.debug_struct("Config")
            .field("address", &shown(&self.address))
            .field(
                "managers",
                &self.others.iter().map(shown).collect::<Vec<_>>(),
            )
            .field("auth", &self.scheme.as_ref().map(|scheme| scheme.name()))
            .field("identity", &self.tls.identity)
            .field("ca", &self.tls.added)
            .field("pins", &self.tls.pins)
            .field("danger_accept_invalid_certs", &self.tls.anyone)
            .field("danger_allow_http", &self.allow_http)
            .field("connect_timeout", &self.connect_timeout)
            .field("limits", &self.limits)
            .field("options", &self.options)
            .finish()
    }
}
