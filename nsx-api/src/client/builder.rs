//! The settings of a client, checked when it is built.

use std::path::PathBuf;
use std::time::Duration;

use super::{Client, Core};
use crate::address::Address;
use crate::auth::{Anonymous, Authenticate, Basic};
use crate::ca::Source;
use crate::tls::{self, Trust};
use crate::{CallOptions, Error, ErrorKind, Secret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than the time after which managers close a connection, so that no call is sent on one just closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds a [`Client`].
///
/// ```no_run
/// # fn build() -> Result<nsx_api::Client, nsx_api::Error> {
/// nsx_api::Client::builder("https://nsx.example.com")
///     .basic_auth("admin", "VMware1!VMware1!")
///     .ca_file("/etc/ssl/nsx-ca.pem")
///     .build()
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    address: Hidden,
    credentials: Option<(String, Secret)>,
    trust: Trust,
    allow_http: bool,
    connect_timeout: Duration,
    options: CallOptions,
}

/// What the caller gave as an address: not looked at yet, so there may be a password in it.
struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Address::parse(&self.0) {
            Ok(address) => address.manager.fmt(f),
            Err(_) => f.write_str("…"),
        }
    }
}

impl ClientBuilder {
    pub(super) fn new(address: String) -> Self {
        Self {
            address: Hidden(address),
            credentials: None,
            trust: Trust::default(),
            allow_http: false,
            connect_timeout: CONNECT_TIMEOUT,
            options: CallOptions::default(),
        }
    }

    /// Sends this user and password with every call (HTTP Basic). Without it calls carry no credentials.
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Trusts the certificates in `pem` beside those of the platform. May be called more than once.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust.added.push(Source::Pem(pem.into()));
        self
    }

    /// Trusts the certificates in a PEM file beside those of the platform. [`build`](Self::build) reads it, once, up to
    /// 1 MiB.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.trust.added.push(Source::File(path.into()));
        self
    }

    /// Trusts any certificate under any name.
    ///
    /// **Anyone on the way can then pose as the manager and read the password.** Add the manager's CA instead, with
    /// [`ca_file`](Self::ca_file).
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.trust.anyone = accept;
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

    /// How long a connection may take to come about. 10 seconds by default.
    ///
    /// It is never more than three quarters of the [attempt's time-out](CallOptions::attempt_timeout) that the client is
    /// built with, so that a handshake that stalls is [`ErrorKind::Connect`], which is tried again, and not
    /// [`ErrorKind::Timeout`]. An attempt's time-out given by [`Client::with`] does not shorten it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The options of the calls made through the client, unless [`Client::with`] says otherwise.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Builds the client. Reads the CA files; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`]: the address, the user, a header or a CA cannot be used. The message says which, and why.
    pub fn build(self) -> Result<Client, Error> {
        let address = Address::parse(&self.address.0).map_err(config)?;
        if address.is_open() && !self.allow_http {
            return Err(config(
                "plain http:// shows the password to everyone on the way: use https://",
            ));
        }
        if let Some(fault) = self.options.fault() {
            return Err(config(fault));
        }
        let auth = self.auth()?;
        let http = self.http(&address)?;
        Ok(Client {
            core: Core {
                http,
                address,
                auth,
            }
            .into(),
            options: self.options,
        })
    }

    /// Ends before the attempt does, so that a connection that does not come about is told apart from an answer that
    /// does not, and is tried again.
    fn effective_connect_timeout(&self) -> Duration {
        let attempt = self.options.effective_attempt_timeout();
        self.connect_timeout.min(attempt / 4 * 3)
    }

    fn auth(&self) -> Result<Box<dyn Authenticate>, Error> {
        match &self.credentials {
            Some((user, password)) => Ok(Box::new(Basic::new(user, password).map_err(config)?)),
            None => Ok(Box::new(Anonymous)),
        }
    }

    /// The HTTP library, with what it does by itself switched off: redirects would carry credentials to another host,
    /// and its retries know nothing of operations.
    fn http(&self, address: &Address) -> Result<reqwest::Client, Error> {
        let tls = match address.is_https {
            true => self.trust.config()?,
            false => tls::unused()?,
        };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("nsx-api/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.effective_connect_timeout())
            .pool_idle_timeout(IDLE_TIMEOUT);
        // A proxy gets a tunnel to a manager, and sees no credentials; without TLS it would see them all.
        if !address.is_https || address.is_loopback() {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            let error = error.without_url();
            Error::new(ErrorKind::Config, "the HTTP client cannot be set up").with_source(error)
        })
    }
}

fn config(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, reason)
}
