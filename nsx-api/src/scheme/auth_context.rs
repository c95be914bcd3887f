//! What a scheme gets to log in with: a client without credentials.

use std::fmt;

use http::Method;

use crate::client::Client;
use crate::client::options::CallOptions;
use crate::request::Request;

/// The way to a manager for a scheme of authentication: calls without credentials, over the client's connections, with its
/// time-outs, retries and errors.
///
/// A call of it counts as idempotent, whatever its method: a login that got no answer is tried again.
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
/// use nsx_api::auth::{Authenticate, BoxError, Credentials, AuthContext};
/// use nsx_api::http::Method;
///
/// struct Ticket;
///
/// impl Authenticate for Ticket {
///     async fn authenticate(&self, context: &AuthContext) -> Result<Credentials, BoxError> {
///         let answer = context.request(Method::POST, "/tickets").send().await?;
///         let ticket = answer.json::<String>()?.into_inner();
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

    /// The manager to log in to: host, and port if it is not the usual one.
    pub fn manager(&self) -> &str {
        &self.client.core.cluster.first.address.manager
    }

    /// A call. Its path counts from the manager's root, as that of [`Client::request`].
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        self.client.request(method, path).named("login")
    }

    /// The same way with other options, as [`Client::with`].
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
