//! The handle that a test holds: starts a stand-in, tells it what to answer, and asks what it
//! received.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::certificate;
use super::recorded::RecordedRequest;
use super::render::random_text;
use super::script::Script;
use super::server;
use super::state::State;
use crate::generated::{examples, operations};
use crate::{Client, Error};

/// A running stand-in for an NSX Manager, on a free port of 127.0.0.1.
///
/// It stops when it is dropped: connections are closed and the port is free again as soon as the
/// runtime gets to it. Any number of them run side by side, under any tokio runtime with I/O and
/// time.
///
/// What it answers to a call is the first of these that there is:
/// 1. what [`respond_with`](Self::respond_with) has queued, and then what
///    [`respond_always`](Self::respond_always) said: whatever the credentials, as a proxy in front
///    of a manager would;
/// 2. 403 when the call does not carry its credentials by HTTP Basic;
/// 3. what a closure given to [`on`](Self::on) says;
/// 4. [`Answer::success`], when the document has an operation with this method and path; otherwise
///    405 or 404.
///
/// Request bodies over 16 MiB are refused with 413. Each response carries an `X-NSX-RequestId` of
/// its own.
pub struct Manager {
    address: SocketAddr,
    scheme: &'static str,
    ca_pem: String,
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
            credentials: None,
        }
    }

    /// Its address, such as `https://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate of the authority that signed its own, in PEM. Empty over plain HTTP.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The user whose calls it answers.
    pub fn username(&self) -> &str {
        &self.state.username
    }

    /// That user's password.
    pub fn password(&self) -> &str {
        &self.state.password
    }

    /// A client with its address, certificate authority and credentials.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn client(&self) -> Result<Client, Error> {
        let builder = Client::builder(self.url()).basic_auth(self.username(), self.password());
        match self.ca_pem() {
            "" => builder.build(),
            pem => builder.ca_pem(pem).build(),
        }
    }

    /// Answers the next call, or the next [few](Answer::times), like this.
    ///
    /// Answers queue up, and are used in the order they were given in. One that is [meant
    /// for](Answer::only_for) an operation waits for it without holding up those behind it.
    pub fn respond_with(&self, answer: impl Into<Answer>) {
        self.state
            .script()
            .push(answer.into(), self.state.operations);
    }

    /// Answers every call, or every call of the operation that it is [meant for](Answer::only_for),
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
    /// credentials get here. Of several closures that fit, the one given last counts. When it panics, as
    /// an assertion in it does, the call is answered 500 with what it said.
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

    /// What it received so far, in order.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.requests().clone()
    }

    /// How many requests it received so far.
    pub fn count(&self) -> usize {
        self.state.requests().len()
    }

    /// Forgets what it received and what it was told.
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
/// let manager = Manager::builder().plain_http().credentials("audit", "p+ss:wörd").start().await?;
/// assert!(manager.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing runs until `start` is called"]
pub struct ManagerBuilder {
    plain_http: bool,
    http1_only: bool,
    credentials: Option<(String, String)>,
}

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

    /// Answers this user, instead of `admin` with a password made at random.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((username.into(), password.into()));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When there is no port, or no random number, to be had.
    pub async fn start(self) -> io::Result<Manager> {
        let credentials = match self.credentials {
            Some(credentials) => credentials,
            None => ("admin".to_owned(), random_text()?),
        };
        let protocols: &[&[u8]] = if self.http1_only {
            &[b"http/1.1"]
        } else {
            &[b"h2", b"http/1.1"]
        };
        let (scheme, ca_pem, tls) = if self.plain_http {
            ("http", String::new(), None)
        } else {
            let identity = certificate::issue(protocols)?;
            let tls = TlsAcceptor::from(identity.config);
            ("https", identity.ca_pem, Some(tls))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(operations::ALL, examples::EXAMPLES, credentials));
        let task = tokio::spawn(server::serve(listener, tls, Arc::clone(&state)));
        Ok(Manager {
            address,
            scheme,
            ca_pem,
            state,
            task,
        })
    }
}

impl fmt::Debug for ManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerBuilder")
            .field("plain_http", &self.plain_http)
            .field("http1_only", &self.http1_only)
            .finish_non_exhaustive()
    }
}
