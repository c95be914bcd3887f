//! The settings of a client, checked when it is built.

use std::path::PathBuf;
use std::time::Duration;

use super::{Client, Core};
use crate::address::Address;
use crate::auth::{Anonymous, Authenticate, Basic};
use crate::connections::{self, Connections};
use crate::tls::{self, Pin, Source};
use crate::{CallOptions, Error, ErrorKind, Identity, Secret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
    tls: tls::Settings,
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
            tls: tls::Settings::default(),
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
    ///
    /// They may be those of CAs, and certificates that managers made for themselves (self-signed ones, whether or not they
    /// say `CA:TRUE`). A manager's certificate has to be valid now, and for the name or address that the client uses; one that
    /// is not can be [pinned](Self::pin_certificate).
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.added.push(Source::pem(pem));
        self
    }

    /// Trusts the certificates in a PEM file, of up to 1 MiB, beside those of the platform, like [`ca_pem`](Self::ca_pem).
    ///
    /// [`build`](Self::build) reads it. A file that changes while the client is in use is picked up: within 10 seconds, or
    /// at once when a manager's certificate is not trusted. If it cannot be used the client goes on with what it had, and a
    /// warning is in the log.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.added.push(Source::File(path.into()));
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
    /// ```no_run
    /// # fn build() -> Result<nsx_api::Client, nsx_api::Error> {
    /// nsx_api::Client::builder("10.0.0.5")
    ///     .pin_thumbprint("5E:0B:86:CA:9C:4B:39:1E:2B:B3:7D:3D:F5:7C:79:88:3D:8B:CA:1F:3E:72:4B:6D:B6:0A:61:FE:9C:40:7C:51")
    ///     .build()
    /// # }
    /// ```
    pub fn pin_thumbprint(mut self, thumbprint: impl Into<String>) -> Self {
        self.tls.pins.push(Pin::Thumbprint(thumbprint.into()));
        self
    }

    /// Trusts the first certificate in `pem` and no other, like [`pin_thumbprint`](Self::pin_thumbprint).
    ///
    /// ```no_run
    /// # fn build() -> Result<nsx_api::Client, Box<dyn std::error::Error>> {
    /// let client = nsx_api::Client::builder("10.0.0.5")
    ///     .pin_certificate(std::fs::read("/etc/nsx/manager.pem")?)
    ///     .build()?;
    /// # Ok(client)
    /// # }
    /// ```
    pub fn pin_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.pins.push(Pin::Certificate(Source::pem(pem)));
        self
    }

    /// Shows this certificate to a manager that asks for one.
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

    /// Builds the client. Reads the files; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`]: the address, the user, a header, a certificate or a key cannot be used, or settings contradict each
    /// other. The message says which, and why.
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
        let options = self.options.clone();
        let connections = self.connections(&address)?;
        Ok(Client {
            core: Core {
                connections,
                address,
                auth,
            }
            .into(),
            options,
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

    fn connections(self, address: &Address) -> Result<Connections, Error> {
        let connect_timeout = self.effective_connect_timeout();
        if !address.is_https {
            self.tls.check_unused()?;
        }
        Connections::new(connections::Settings {
            tls: address.is_https.then_some(self.tls),
            connect_timeout,
            // A proxy gets a tunnel to a manager, and sees no credentials; without TLS it would see them all.
            no_proxy: !address.is_https || address.is_loopback(),
        })
    }
}

fn config(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, reason)
}
