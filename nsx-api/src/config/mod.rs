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

/// The settings of a [`Client`]: managers, credentials, TLS, limits, and the defaults of calls.
///
/// [`Client::builder`] creates it, and [`build`](Self::build) checks it. `Debug` shows the settings
/// without secrets.
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
///
/// # Defaults
///
/// | setting | default |
/// | --- | --- |
/// | [`manager`](Self::manager): more managers of the same cluster | none |
/// | [`auth`](Self::auth) or [`identity`](Self::identity): how calls are authenticated | no credentials |
/// | [`ca_file`](Self::ca_file), [`ca_pem`](Self::ca_pem), [`pin_thumbprint`](Self::pin_thumbprint), [`pin_certificate`](Self::pin_certificate): which certificates are trusted | those of the platform |
/// | [`connect_timeout`](Self::connect_timeout) | 10 seconds |
/// | [`limits`](Self::limits): concurrent calls, and calls per second | 40 per manager, and as many per second as it accepts |
/// | [`options`](Self::options): deadline, timeouts, retries | see [`CallOptions`](CallOptions#defaults) |
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
    /// Starts a client for the manager at `address`: a host name, an IP address, `host:port`, or a
    /// URL.
    ///
    /// The default scheme is `https://`. The URL may contain a path, for example of a gateway in
    /// front of the manager; it is put before the path of every operation.
    pub fn builder(address: impl Into<String>) -> Config {
        Config::new(address)
    }
}

impl Config {
    /// Creates the settings for the manager at `address`, in the format of [`Client::builder`].
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

    /// Adds another manager of the same cluster. The [crate guide](crate#several-managers) has an
    /// example.
    ///
    /// # Which manager gets a call
    ///
    /// A call goes to the manager with the fewest calls in flight. While it waits for a
    /// [limit](crate::Limits), it moves to another manager that has fewer calls. With
    /// [`Session`](crate::auth::Session), each manager has its own session.
    ///
    /// # Ejection
    ///
    /// A manager is ejected after a failed connection or login, a timeout, a lost connection, or a
    /// 502, 503 or 504. An ejected manager gets no calls unless all are ejected, or a redirect
    /// leads to it. It is probed with `GET /api/v1/reverse-proxy/node/health` while there is
    /// traffic: first after one second, then with doubling delays up to 10 seconds. A manager is
    /// also probed when the deadline of a call passes there.
    ///
    /// # Failover
    ///
    /// Whether a call is retried does not depend on the number of managers. A retry goes to a
    /// manager that the call has not tried yet, without a delay, even if the first manager sent a
    /// `Retry-After`.
    ///
    /// The first move of a call to another manager does not use the [retry
    /// budget](CallOptions#the-retry-budget), if a failed manager or a redirect caused it. Nor does
    /// any move before something was sent.
    ///
    /// # Redirects
    ///
    /// If a manager answers 301, 307 or 308 with the same path at another configured manager, the
    /// call is sent there with the same body. Any other redirect fails the call with
    /// [`ErrorKind::Redirect`](crate::ErrorKind::Redirect).
    pub fn manager(mut self, address: impl Into<String>) -> Self {
        self.others.push(address.into());
        self
    }

    /// Sets how calls are authenticated: a scheme from [`auth`](crate::auth), or one of your own.
    /// By default, calls carry no credentials.
    pub fn auth(mut self, scheme: impl Authenticate) -> Self {
        self.scheme = Some(Arc::new(scheme));
        self
    }

    /// Trusts the certificates in `pem`, in addition to those of the platform. Can be called more
    /// than once.
    ///
    /// They can be CA certificates or self-signed certificates of managers, with or without
    /// `CA:TRUE`. A certificate with `CA:TRUE` can sign others; any other is trusted only as
    /// itself. X.509 version 1 certificates are rejected.
    ///
    /// The manager's certificate must not be expired, and must match the name or address that the
    /// client uses. If it does not, [pin it](Self::pin_certificate).
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.extra_roots.push(Source::pem(pem));
        self
    }

    /// Trusts the certificates in a PEM file of up to 1 MiB, in addition to those of the platform,
    /// like [`ca_pem`](Self::ca_pem).
    ///
    /// [`build`](Self::build) reads the file. If it changes later, the client reloads it within 10
    /// seconds, or at once when a manager's certificate is not trusted. If the new file is invalid,
    /// the client logs a warning and keeps the old certificates. Anything that is not a regular
    /// file, such as a pipe, is read only once.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.extra_roots.push(Source::file(path));
        self
    }

    /// Trusts only the certificate with this SHA-256 thumbprint: 64 hexadecimal digits, optionally
    /// separated by colons or spaces.
    ///
    /// Can be called more than once, and combined with [`pin_certificate`](Self::pin_certificate);
    /// then any of the pinned certificates is trusted. Its name, validity and issuer are not
    /// checked, and the certificates of the platform are not trusted. The manager still has to
    /// prove that it has the private key.
    ///
    /// To get the thumbprint, run `get certificate api thumbprint` on the manager, or `openssl x509
    /// -noout -fingerprint -sha256 -in manager.pem`.
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

    /// Trusts only the first certificate in `pem`, like [`pin_thumbprint`](Self::pin_thumbprint).
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

    /// Authenticates with this client certificate. Cannot be combined with [`auth`](Self::auth),
    /// because a manager ignores the certificate if a call carries other credentials.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.tls.identity = Some(identity);
        self
    }

    /// Accepts any certificate, for any name.
    ///
    /// **Anyone who can intercept the connection can then impersonate the manager and read the
    /// password.** Add the manager's CA with [`ca_file`](Self::ca_file), or pin its certificate
    /// with [`pin_thumbprint`](Self::pin_thumbprint), instead. Combining this with either of them
    /// is an error.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.tls.accept_invalid_certs = accept;
        self
    }

    /// Allows `http://` to other machines. To this machine (`localhost`, `127.0.0.1`, `::1`) it is
    /// always allowed.
    ///
    /// **Anyone who can intercept the connection can then read and change everything, including the
    /// password.**
    pub fn danger_allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Sets how long connecting may take, including the TLS handshake. 10 seconds by default.
    ///
    /// It is limited to three quarters of the [attempt timeout](CallOptions::attempt_timeout) that
    /// the client is built with. A stalled handshake therefore fails with
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect), which is always retried, instead of
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). An attempt timeout set with
    /// [`Client::with`] does not change the connect timeout.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the limits of concurrent calls and calls per second. [`Limits::adaptive`] by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the default options of all calls. [`Client::with`] overrides them for some calls.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Checks the settings and builds the client. Reads the files, but does not connect yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): an address, the authentication scheme, a
    /// header or a file is invalid, or two settings contradict each other. The message names the
    /// setting and the reason.
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

    /// Checks the authentication scheme, and that it is not combined with a client certificate.
    fn check_auth(&self, secrets: &[Secret]) -> Result<(), Error> {
        let Some(scheme) = &self.scheme else {
            return Ok(());
        };
        if self.tls.identity.is_some() {
            return Err(Error::config(
                "a client certificate and an authentication scheme cannot be combined: use only one of them",
            ));
        }
        scheme
            .check()
            .map_err(|error| Error::config(Mask::new(secrets).apply(error.to_string())))
    }

    /// Creates the context for requests without credentials to the host that issues tokens.
    /// `secrets` are masked in its errors.
    pub(crate) fn into_auth_context(self, secrets: &[Secret]) -> Result<AuthContext, Error> {
        if self.scheme.is_some() || !self.others.is_empty() {
            return Err(Error::config(
                "the settings of the token endpoint must not contain an authentication scheme or other managers",
            ));
        }
        let parts = self.resolve(secrets)?;
        Ok(parts.auth_context(&parts.first, &Limiter::new(self.limits).into()))
    }

    /// Checks the settings and creates the parts of a client.
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
                    "the manager {} is configured twice",
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
                "plain http:// exposes the password to anyone who can intercept the connection: use https://",
            )),
            false => Ok(address),
        }
    }

    /// Shorter than an attempt, so that a connection that cannot be established fails with
    /// `Connect`, which is retried.
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

/// Shows the settings. An invalid address is hidden, because it may contain a password.
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
            .field("ca", &self.tls.extra_roots)
            .field("pins", &self.tls.pins)
            .field(
                "danger_accept_invalid_certs",
                &self.tls.accept_invalid_certs,
            )
            .field("danger_allow_http", &self.allow_http)
            .field("connect_timeout", &self.connect_timeout)
            .field("limits", &self.limits)
            .field("options", &self.options)
            .finish()
    }
}
