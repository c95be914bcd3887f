//! The handle that a test holds: starts a stand-in, tells it what to answer, and asks what it
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
use super::credentials::{Policy, Rules};
use super::identity::Identity;
use super::recorded::RecordedRequest;
use super::render::random_text;
use super::script::Script;
use super::server;
use super::state::State;
use crate::auth::{Basic, Session};
use crate::generated::{examples, operations};
use crate::{Client, Error};

/// A running stand-in for an NSX Manager, on a port of 127.0.0.1.
///
/// It stops when it is dropped: connections are closed and the port is free again as soon as the
/// runtime gets to it. Any number of them run side by side, under any tokio runtime with I/O and
/// time.
///
/// A call is answered by the first of these that applies:
/// 1. what [`respond_with`](Self::respond_with) has queued, and then what
///    [`respond_always`](Self::respond_always) said: whatever the credentials, as a proxy in front
///    of a manager would;
/// 2. a refusal, when the call carries no credentials, or not the right ones (below);
/// 3. 403 when it was told to [`forbid`](Self::forbid) the operation;
/// 4. what a closure given to [`on`](Self::on) says;
/// 5. [`Answer::success`], when the document has an operation with this method and path; otherwise
///    405 or 404.
///
/// Request bodies over 16 MiB are refused with 413. Each response carries an `X-NSX-RequestId` of
/// its own.
///
/// # Credentials
/// A call is decided by the first of these that it has:
/// 1. a cookie `JSESSIONID`, which must be that of a live session and come with the session's
///    `X-XSRF-TOKEN`. Without the session it is answered 403 with the code 403, without the token
///    403 with the code 98. An `Authorization` header beside it changes nothing: clients of old send both;
/// 2. one `Authorization` header: `Basic` or `Remote` with the user and the password, or `Bearer`
///    with a token that was [accepted](Self::accept_bearer). Anything else is answered 403 with the
///    code 403;
/// 3. a certificate that it has [issued](Self::issue_client_certificate), on a call that has no
///    `Cookie` header either.
///
/// Without any of them it is answered 403 with the code 403. Behind a
/// [gateway](ManagerBuilder::behind_gateway), 401 takes the place of the code 403.
///
/// # Sessions
/// Two calls do not ask for credentials of the API, but only for these:
/// - `POST /api/session/create` takes the user and the password as the fields `j_username` and
///   `j_password` of a form (`application/x-www-form-urlencoded`). It answers 200 with the cookie
///   and the `X-XSRF-TOKEN` of a new session, or 403 with the code 403. A `%` that was not encoded
///   is not guessed at: the login is refused.
/// - `POST /api/session/destroy` ends the session that it carries (200). It is refused as any other call
///   with a session is.
///
/// They are not calls of the API: an answer that was told to it is for `/api/session/…` only when
/// it is [meant for](Answer::only_for) it, as in `only_for("POST /api/session/create")`. Neither can
/// they be forbidden.
pub struct Manager {
    address: SocketAddr,
    scheme: &'static str,
    identity: Option<Identity>,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Manager {
    /// Starts a manager that speaks HTTP/1.1 and HTTP/2 over TLS, with a password made for it.
    ///
    /// # Errors
    /// When there is no port, or no random number, to be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A manager that differs from the usual one.
    pub fn builder() -> ManagerBuilder {
        ManagerBuilder {
            plain_http: false,
            http1_only: false,
            port: 0,
            credentials: None,
            rules: Rules {
                basic_auth: true,
                behind_gateway: false,
                anyone: false,
            },
            session_timeout: SESSION_TIMEOUT,
            certificate: Certificate::default(),
            client_certificates: false,
        }
    }

    /// Its address, such as `https://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate that a client has to trust, in PEM: that of the authority that signed its
    /// own, or its own if it is self-signed. Empty over plain HTTP.
    pub fn ca_pem(&self) -> &str {
        let identity = self.identity.as_ref();
        identity.map_or("", |identity| &identity.ca_pem)
    }

    /// The certificate that it shows, in PEM. Empty over plain HTTP.
    pub fn certificate_pem(&self) -> &str {
        let identity = self.identity.as_ref();
        identity.map_or("", |identity| &identity.certificate_pem)
    }

    /// Issues a certificate, another each time, with which a client is let in.
    ///
    /// # Errors
    /// When it was not started with [`client_certificates`](ManagerBuilder::client_certificates), or
    /// speaks plain HTTP.
    pub fn issue_client_certificate(&self) -> io::Result<ClientCertificate> {
        match &self.identity {
            Some(identity) => identity.client_certificate(),
            None => Err(io::Error::other(
                "over plain HTTP there are no client certificates",
            )),
        }
    }

    /// The user whose calls it answers.
    pub fn username(&self) -> &str {
        &self.state.policy.username
    }

    /// That user's password.
    pub fn password(&self) -> &str {
        &self.state.policy.password
    }

    /// A client with its address, certificate authority and credentials: by HTTP Basic, so that each call is one request;
    /// by a session where HTTP Basic is refused.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn client(&self) -> Result<Client, Error> {
        let config = match self.ca_pem() {
            "" => Client::builder(self.url()),
            pem => Client::builder(self.url()).ca_pem(pem),
        };
        let (user, password) = (self.username(), self.password());
        match self.state.policy.rules.takes_basic_auth() {
            true => config.auth(Basic::new(user, password)).build(),
            false => config.auth(Session::new(user, password)).build(),
        }
    }

    /// Answers the next call of the API, or the next [few](Answer::times), like this.
    ///
    /// Answers queue up, and are used in the order they were given in. One that is [meant
    /// for](Answer::only_for) an operation waits for it without holding up those behind it.
    pub fn respond_with(&self, answer: impl Into<Answer>) {
        self.state
            .script()
            .push(answer.into(), self.state.operations);
    }

    /// Answers every call of the API, or every call of the operation that it is [meant for](Answer::only_for),
    /// like this once the queue has nothing for it. Of several that fit, the one given last counts.
    pub fn respond_always(&self, answer: impl Into<Answer>) {
        self.state
            .script()
            .always(answer.into(), self.state.operations);
    }

    /// Hands the calls of an operation to a closure, so that a test can keep state: what was PUT
    /// comes back to GET.
    ///
    /// The operation is an `operationId` of the document, or a method and a path such as `GET
    /// /api/v1/cluster/status`, whose segments may be `{parameters}`. Only calls with the right
    /// credentials get here, but for those that create and destroy a session, whose closure takes
    /// their place. Of several closures that fit, the one given last counts. When it panics, as an
    /// assertion in it does, the call is answered 500 with what it said.
    pub fn on<A: Into<Answer>>(
        &self,
        operation: &str,
        handler: impl Fn(&RecordedRequest) -> A + Send + Sync + 'static,
    ) {
        let handler = Arc::new(move |call: &RecordedRequest| handler(call).into());
        self.state
            .script()
            .on(operation, handler, self.state.operations);
    }

    /// Takes the privilege for an operation away: calls of it that have the right credentials are
    /// answered 403.
    ///
    /// The operation is named as in [`on`](Self::on). The body has the `error_code` 289, which is
    /// this stand-in's choice: no document says which one a manager uses.
    pub fn forbid(&self, operation: &str) {
        self.state.script().forbid(operation, self.state.operations);
    }

    /// Lets calls with `Authorization: Bearer <token>` in, until the token is
    /// [rejected](Self::reject_bearer).
    pub fn accept_bearer(&self, token: impl Into<String>) {
        self.state.granted().bearer_tokens.insert(token.into());
    }

    /// Lets calls with this token in no longer.
    pub fn reject_bearer(&self, token: &str) {
        self.state.granted().bearer_tokens.remove(token);
    }

    /// Ends all sessions there are, as their time-out would. New ones can be created.
    pub fn expire_sessions(&self) {
        self.state.granted().sessions.end_all();
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.state.granted().sessions.live(Instant::now())
    }

    /// How many sessions were created since it was started.
    ///
    /// A login that was answered by [`respond_with`](Self::respond_with) and the like created none.
    pub fn logins(&self) -> usize {
        self.state.granted().sessions.created()
    }

    /// What it received so far, in order: calls about sessions, and refused ones, too.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests().clone()
    }

    /// How many requests it received so far.
    pub fn count(&self) -> usize {
        self.state.requests().len()
    }

    /// Forgets what it received, what it was told to answer, and what it was told to forbid.
    ///
    /// Sessions go on, their creations stay counted, and bearer tokens stay accepted.
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

/// Starts a [`Manager`] that differs from the usual one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use nsx_api::mock::Manager;
///
/// let audited = Manager::builder().plain_http().credentials("audit", "p+ss:wörd");
/// let manager = audited.start().await?;
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
    rules: Rules,
    session_timeout: Duration,
    certificate: Certificate,
    client_certificates: bool,
}

/// That of a manager nobody has configured otherwise.
const SESSION_TIMEOUT: Duration = Duration::from_secs(1800);

impl ManagerBuilder {
    /// Speaks plain HTTP/1.1, without TLS.
    pub fn plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Does not offer HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// Listens on this port, instead of a free one: so a manager that was dropped comes back to its place.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Answers this user, instead of `admin` with a password made at random.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((username.into(), password.into()));
        self
    }

    /// Refuses HTTP Basic, as a manager does on which it was switched off.
    ///
    /// Logins and `Authorization: Remote` go on.
    pub fn without_basic_auth(mut self) -> Self {
        self.rules.basic_auth = false;
        self
    }

    /// Behaves as behind the gateway of VCF 9: missing and wrong credentials and a session that has
    /// ended are answered 401 (with the code 401) instead of 403, and HTTP Basic is refused.
    ///
    /// A wrong XSRF token, and what is [forbidden](Manager::forbid), are still answered 403.
    pub fn behind_gateway(mut self) -> Self {
        self.rules.behind_gateway = true;
        self
    }

    /// Answers anyone, whatever the credentials: for what is not a manager, such as a proxy or an
    /// endpoint that gives out tokens.
    pub fn accept_anyone(mut self) -> Self {
        self.rules.anyone = true;
        self
    }

    /// How long a session lives that is not used; 1800 seconds by default.
    ///
    /// By Tokio's clock, so that a test that pauses it need not wait.
    pub fn session_timeout(mut self, timeout: Duration) -> Self {
        self.session_timeout = timeout;
        self
    }

    /// Asks clients for a certificate when they connect, which they need not have.
    ///
    /// One that the stand-in did not [issue](Manager::issue_client_certificate) ends the handshake.
    pub fn client_certificates(mut self) -> Self {
        self.client_certificates = true;
        self
    }

    /// Shows this certificate, instead of one issued by its authority for its address.
    ///
    /// There is none over plain HTTP. [`Manager::client`] verifies it as any client does.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the port, or a random number, is not to be had.
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

    /// What it needs for TLS, if it speaks TLS.
    fn identity(&self) -> io::Result<Option<Identity>> {
        if self.plain_http {
            return Ok(None);
        }
        let protocols: &[&[u8]] = match self.http1_only {
            true => &[b"http/1.1"],
            false => &[b"h2", b"http/1.1"],
        };
        Identity::new(self.certificate, protocols, self.client_certificates).map(Some)
    }

    fn state(self) -> io::Result<State> {
        let (username, password) = match self.credentials {
            Some(credentials) => credentials,
            None => ("admin".to_owned(), random_text()?),
        };
        let policy = Policy {
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
