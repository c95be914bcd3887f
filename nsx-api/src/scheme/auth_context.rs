//! The context in which a scheme requests credentials from a manager.

use std::fmt;

use http::Method;

use crate::client::Client;
use crate::client::options::CallOptions;
use crate::request::Request;

/// Makes the calls of an authentication scheme: without credentials, over the client's connections,
/// and with its timeouts, retries and errors.
///
/// These calls count as idempotent, whatever their method, so a login is retried if its response
/// was lost.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::builder().accept_anyone().start().await?;
/// # manager.on("POST /tickets", |_| Answer::json(200, "t-1"));
/// # manager.on("GET /api/v1/node", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::{AuthContext, Authenticate, BoxError, Credentials};
/// use nsx_api::http::Method;
///
/// struct Ticket;
///
/// impl Authenticate for Ticket {
///     async fn authenticate(&self, context: &AuthContext) -> Result<Credentials, BoxError> {
///         let response = context.request(Method::POST, "/tickets").send().await?;
///         let ticket = response.json::<String>()?.into_inner();
///         Ok(Credentials::new().header("X-Ticket", ticket))
///     }
/// }
///
/// let client = Client::builder(address)
///     .auth(Ticket)
/// #     .ca_pem(ca)
///     .build()?;
/// # client.request(Method::GET, "/api/v1/node").send().await?;
/// # assert_eq!(manager.requests()[1].header("x-ticket"), Some("t-1"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthContext {
    client: Client,
}

impl AuthContext {
    pub(crate) fn new(client: Client) -> Self {
        let client = client.with(CallOptions::new().idempotent(true));
        Self { client }
    }

    /// The manager to log in to: its host, and its port unless it is the default port.
    pub fn manager(&self) -> &str {
        &self.client.core.cluster.first.address.manager
    }

    /// Creates a request to the manager, as [`Client::request`] does.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        self.client.request(method, path).named("login")
    }

    /// Returns the same context with other options, as [`Client::with`] does.
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            client: self.client.with(options),
        }
    }

    /// The time limit of a login.
    pub(crate) fn deadline(&self) -> std::time::Duration {
        self.client.options.effective_deadline()
    }

    /// Masks the secrets of the scheme.
    pub(crate) fn mask(&self, text: String) -> String {
        self.client.core.cluster.first.mask.apply(text)
    }
}

impl fmt::Debug for AuthContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthContext")
            .field("manager", &self.manager())
            .finish()
    }
}
