//! The public handle of a mock manager: starts it, sets its answers, and returns the requests it
//! received.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::certificate::{Certificate, ClientCertificate};
use super::credentials::{AuthPolicy, AuthRules};
use super::identity::ServerIdentity;
use super::random::random_hex;
use super::recorded::RecordedRequest;
use super::script::Script;
use super::server;
use super::state::State;
use crate::auth::{Basic, Session};
use crate::generated::{examples, operations};
use crate::{Client, Error};

/// A running mock NSX Manager on a port of 127.0.0.1.
///
/// Dropping it stops it: the runtime then closes its connections and frees the port. Any number of
/// mock managers can run at the same time, on any tokio runtime with I/O and time enabled.
///
/// The first rule that applies determines the answer to a call:
/// 1. The next answer queued by [`respond_with`](Self::respond_with), or else the one set by
///    [`respond_always`](Self::respond_always). Credentials are not checked, as if a proxy in front
///    of the manager had answered.
/// 2. 401 or 403, if the credentials are missing or wrong (see below).
/// 3. 403, if the operation is [forbidden](Self::forbid).
/// 4. The result of the closure set by [`on`](Self::on).
/// 5. [`Answer::success`], if the document has an operation with this method and path. Otherwise
///    405, if the path exists, or 404.
///
/// A request body over 16 MiB gets a 413. Every response has its own `X-NSX-RequestId` header.
///
/// # Credentials
/// The first of these that is present in a call determines whether it is accepted:
/// 1. A `JSESSIONID` cookie. The session must exist (otherwise: status 403, error code 403), and
///    the `X-XSRF-TOKEN` header must be the session's (otherwise: status 403, error code 98). An
///    `Authorization` header is ignored, because old clients send both.
/// 2. Exactly one `Authorization` header: `Basic` or `Remote` with the user name and the password,
///    or `Bearer` with an [accepted](Self::accept_bearer) token. Otherwise: status 403, error code
///    403.
/// 3. A client certificate [issued](Self::issue_client_certificate) by this mock manager, if the
///    call has no `Cookie` header.
///
/// A call without any credentials gets status 403 and error code 403. Behind a
/// [gateway](ManagerBuilder::behind_gateway), status and error code are 401 wherever the error code
/// would be 403.
///
/// # Sessions
/// Two calls have their own rules for credentials:
/// - `POST /api/session/create` is a login. It expects a form (`application/x-www-form-urlencoded`)
///   with the fields `j_username` and `j_password`, and returns 200 with the cookie and the
///   `X-XSRF-TOKEN` of a new session. If the credentials are wrong, or a `%` is not encoded, it
///   returns status 403 and error code 403.
/// - `POST /api/session/destroy` ends the session of the call and returns 200. It requires the
///   cookie and the token of a session like any other call.
///
/// A scripted answer applies to `/api/session/…` only if it is [restricted](Answer::only_for) to
/// such a call, as in `only_for("POST /api/session/create")`. These calls cannot be forbidden.
pub struct Manager {
    address: SocketAddr,
    scheme: &'static str,
    identity: Option<ServerIdentity>,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Manager {
    /// Starts a mock manager that serves HTTP/1.1 and HTTP/2 over TLS, with a random password.
    ///
    /// # Errors
    /// If no port or no random numbers are available.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder to configure a mock manager before it starts.
    pub fn builder() -> ManagerBuilder {
        ManagerBuilder {
            plain_http: false,
            http1_only: false,
            port: 0,
            credentials: None,
            rules: AuthRules {
                basic_auth: true,
                behind_gateway: false,
                accept_anyone: false,
            },
            session_timeout: DEFAULT_SESSION_TIMEOUT,
            certificate: Certificate::default(),
            client_certificates: false,
        }
    }

    /// The URL of the mock manager, such as `https://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate that a client must trust, in PEM. It is the certificate of the issuing CA,
    /// or the server certificate if that is self-signed. Empty over plain HTTP.
    pub fn ca_pem(&self) -> &str {
        let identity = self.identity.as_ref();
        identity.map_or("", |identity| &identity.ca_pem)
    }

    /// The server certificate, in PEM. Empty over plain HTTP.
    pub fn certificate_pem(&self) -> &str {
        let identity = self.identity.as_ref();
        identity.map_or("", |identity| &identity.certificate_pem)
    }

    /// Issues a new client certificate, which authenticates the calls of a client.
    ///
    /// # Errors
    /// If the mock manager was started without
    /// [`client_certificates`](ManagerBuilder::client_certificates), or uses plain HTTP.
    pub fn issue_client_certificate(&self) -> io::Result<ClientCertificate> {
        match &self.identity {
            Some(identity) => identity.client_certificate(),
            None => Err(io::Error::other(
                "client certificates are not available over plain HTTP",
            )),
        }
    }

    /// The name of the user that the mock manager accepts.
    pub fn username(&self) -> &str {
        &self.state.policy.username
    }

    /// The password of the user that the mock manager accepts.
    pub fn password(&self) -> &str {
        &self.state.policy.password
    }

    /// Builds a client that is configured for this mock manager.
    ///
    /// The client uses HTTP Basic, so that each call is one request. If HTTP Basic is refused, it
    /// uses a session.
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn client(&self) -> Result<Client, Error> {
        let config = match self.ca_pem() {
            "" => Client::builder(self.url()),
            pem => Client::builder(self.url()).ca_pem(pem),
        };
        let (user, password) = (self.username(), self.password());
        match self.state.policy.rules.allows_basic_auth() {
            true => config.auth(Basic::new(user, password)).build(),
            false => config.auth(Session::new(user, password)).build(),
        }
    }

    /// Queues an answer for the next API call, or for [several](Answer::times).
    ///
    /// Queued answers are used in order. An answer that is [restricted](Answer::only_for) to an
    /// operation stays in the queue until that operation is called, and does not block the answers
    /// behind it.
    pub fn respond_with(&self, answer: impl Into<Answer>) {
        self.state
            .script()
            .push_answer(answer.into(), self.state.operations);
    }

    /// Sets the answer for every API call that has no queued answer.
    ///
    /// The answer can be [restricted](Answer::only_for) to an operation. If several answers apply,
    /// the last one set is used.
    pub fn respond_always(&self, answer: impl Into<Answer>) {
        self.state
            .script()
            .add_permanent_answer(answer.into(), self.state.operations);
    }

    /// Responds to the calls of an operation with a closure. A closure can keep state, for example
    /// to return from GET what was sent with PUT.
    ///
    /// The operation is an `operationId` of the document, or a method and a path such as `GET
    /// /api/v1/cluster/status`, whose segments may be `{parameters}`. If several closures apply,
    /// the last one set is used.
    ///
    /// The closure is called only if the credentials are correct. A closure for `POST
    /// /api/session/create` or `POST /api/session/destroy` replaces the whole call, including the
    /// check of the credentials.
    ///
    /// If the closure panics, for example because of a failed assertion, the call gets a 500 with
    /// the panic message.
    pub fn on<A: Into<Answer>>(
        &self,
        operation: &str,
        handler: impl Fn(&RecordedRequest) -> A + Send + Sync + 'static,
    ) {
        let handler = Arc::new(move |call: &RecordedRequest| handler(call).into());
        self.state
            .script()
            .add_handler(operation, handler, self.state.operations);
    }

    /// Forbids an operation: calls to it with correct credentials get a 403.
    ///
    /// The operation is given as in [`on`](Self::on). The `error_code` of the body is 289. The code
    /// of a real manager is not documented.
    pub fn forbid(&self, operation: &str) {
        self.state.script().forbid(operation, self.state.operations);
    }

    /// Accepts calls with `Authorization: Bearer <token>` until the token is
    /// [rejected](Self::reject_bearer).
    pub fn accept_bearer(&self, token: impl Into<String>) {
        self.state.auth_state().bearer_tokens.insert(token.into());
    }

    /// Stops accepting this token.
    pub fn reject_bearer(&self, token: &str) {
        self.state.auth_state().bearer_tokens.remove(token);
    }

    /// Ends all sessions, as if they had timed out. New sessions can be created.
    pub fn expire_sessions(&self) {
        self.state.auth_state().sessions.remove_all();
    }

    /// The number of live sessions.
    pub fn sessions(&self) -> usize {
        self.state.auth_state().sessions.live_count(Instant::now())
    }

    /// The number of sessions created since the start.
    ///
    /// Logins with a scripted answer, for example by [`respond_with`](Self::respond_with), create
    /// no session.
    pub fn logins(&self) -> usize {
        self.state.auth_state().sessions.created_count()
    }

    /// All requests received so far, in order, including session calls and rejected requests.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests().clone()
    }

    /// The number of requests received so far.
    pub fn count(&self) -> usize {
        self.state.requests().len()
    }

    /// Removes all recorded requests, scripted answers, closures, and forbidden operations.
    ///
    /// Sessions, the number of logins, and accepted bearer tokens are kept.
    pub fn reset(&self) {
        *self.state.script() = Script::default();
        self.state.requests().clear();
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Configures and starts a [`Manager`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use nsx_api::mock::Manager;
///
/// let builder = Manager::builder().plain_http().credentials("audit", "p+ss:wörd");
/// let manager = builder.start().await?;
/// assert!(manager.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing runs until `start` is called"]
pub struct ManagerBuilder {
    plain_http: bool,
    http1_only: bool,
    port: u16,
    credentials: Option<(String, String)>,
    rules: AuthRules,
    session_timeout: Duration,
    certificate: Certificate,
    client_certificates: bool,
}

/// The default of a real manager.
const DEFAULT_SESSION_TIMEOUT: Duration = Duration::from_secs(1800);

impl ManagerBuilder {
    /// Uses plain HTTP/1.1, without TLS.
    pub fn plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Disables HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// Listens on this port instead of a free one, for example to restart a manager at the same
    /// address.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the accepted user name and password. The default is `admin` with a random password.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((username.into(), password.into()));
        self
    }

    /// Refuses HTTP Basic, like a manager on which it is disabled.
    ///
    /// Logins and `Authorization: Remote` still work.
    pub fn without_basic_auth(mut self) -> Self {
        self.rules.basic_auth = false;
        self
    }

    /// Behaves like a manager behind the gateway of VCF 9.
    ///
    /// Calls with missing or wrong credentials or an expired session get status and error code 401
    /// instead of 403, and HTTP Basic is refused. Calls with a wrong XSRF token and of
    /// [forbidden](Manager::forbid) operations still get a 403.
    pub fn behind_gateway(mut self) -> Self {
        self.rules.behind_gateway = true;
        self
    }

    /// Does not check credentials. Use it to mock servers other than a manager, such as a proxy or
    /// a token endpoint.
    pub fn accept_anyone(mut self) -> Self {
        self.rules.accept_anyone = true;
        self
    }

    /// Sets how long a session may be idle before it expires. The default is 1800 seconds.
    ///
    /// The time is measured by tokio's clock, so a test can pause it instead of waiting.
    pub fn session_timeout(mut self, timeout: Duration) -> Self {
        self.session_timeout = timeout;
        self
    }

    /// Requests a certificate from clients when they connect. Clients without one can still
    /// connect.
    ///
    /// The handshake fails if the certificate was not
    /// [issued](Manager::issue_client_certificate) by this mock manager.
    pub fn client_certificates(mut self) -> Self {
        self.client_certificates = true;
        self
    }

    /// Sets the kind of server certificate. The default is [`Certificate::Issued`].
    ///
    /// It has no effect over plain HTTP. [`Manager::client`] verifies the certificate like any
    /// other client.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Starts the mock manager.
    ///
    /// # Errors
    /// If the port or random numbers are not available.
    pub async fn start(self) -> io::Result<Manager> {
        let identity = self.identity()?;
        let tls = identity
            .as_ref()
            .map(|identity| TlsAcceptor::from(Arc::clone(&identity.config)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(self.state()?);
        let task = tokio::spawn(server::serve(listener, tls, Arc::clone(&state)));
        Ok(Manager {
            address,
            scheme: if identity.is_some() { "https" } else { "http" },
            identity,
            state,
            task,
        })
    }

    /// The server certificate and TLS configuration. `None` for plain HTTP.
    fn identity(&self) -> io::Result<Option<ServerIdentity>> {
        if self.plain_http {
            return Ok(None);
        }
        let protocols: &[&[u8]] = match self.http1_only {
            true => &[b"http/1.1"],
            false => &[b"h2", b"http/1.1"],
        };
        ServerIdentity::new(self.certificate, protocols, self.client_certificates).map(Some)
    }

    fn state(self) -> io::Result<State> {
        let (username, password) = match self.credentials {
            Some(credentials) => credentials,
            None => ("admin".to_owned(), random_hex()?),
        };
        let policy = AuthPolicy {
            username,
            password,
            rules: self.rules,
        };
        Ok(State::new(
            operations::ALL,
            examples::EXAMPLES,
            policy,
            self.session_timeout,
        ))
    }
}

impl fmt::Debug for ManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerBuilder")
            .field("plain_http", &self.plain_http)
            .field("http1_only", &self.http1_only)
            .field("port", &self.port)
            .field("rules", &self.rules)
            .field("session_timeout", &self.session_timeout)
            .field("certificate", &self.certificate)
            .field("client_certificates", &self.client_certificates)
            .finish_non_exhaustive()
    }
}
