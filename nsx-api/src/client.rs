//! The client: connections to one manager, credentials, and the options of calls.

mod builder;

use std::fmt;
use std::sync::Arc;

use http::Method;

pub use builder::ClientBuilder;

use crate::address::Address;
use crate::auth::Authenticate;
use crate::connections::Connections;
use crate::{CallOptions, Operation, Request};

/// A client of one NSX Manager.
///
/// It is cheap to clone, and its clones share connections and credentials. Share it among tasks as you like.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use nsx_api::Client;
/// use nsx_api::http::Method;
///
/// let client = Client::builder("nsx.example.com")
///     .basic_auth("admin", std::env::var("NSXT_PASSWORD")?)
///     .build()?;
/// let status = client.request(Method::GET, "/api/v1/cluster/status").send().await?;
/// println!("{}", status.status());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    // Fields and not methods: an operation of the document may have the name of a method.
    pub(crate) core: Arc<Core>,
    pub(crate) options: CallOptions,
}

/// What all clones share.
pub(crate) struct Core {
    pub(crate) connections: Connections,
    pub(crate) address: Address,
    pub(crate) auth: Box<dyn Authenticate>,
}

impl Client {
    /// Begins a client of the manager at `address`: a host name, an IP address, `host:port`, or a URL.
    ///
    /// `https://` is what is meant when nothing is said. A URL may have a path, which a gateway before the manager asks
    /// for; it goes before every operation's path.
    pub fn builder(address: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(address.into())
    }

    /// The same client, connections and credentials included, with other options for the calls made through it.
    ///
    /// ```no_run
    /// # async fn run(client: nsx_api::Client) -> Result<(), nsx_api::Error> {
    /// use nsx_api::CallOptions;
    /// use nsx_api::http::Method;
    ///
    /// let once = client.with(CallOptions::new().max_retries(0));
    /// let response = once.request(Method::GET, "/api/v1/node").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "the options hold for the client that comes back"]
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            core: self.core.clone(),
            options: options.or(&self.options),
        }
    }

    /// A call of an operation that the document does not have.
    ///
    /// `path` counts from the manager's root and may have a query: `/api/v1/cluster/status?source=cached`. What it puts into
    /// the path has to be encoded already. Credentials, time-outs, retries and errors are those of every call.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        Request::of_path(self, method, &path.into())
    }

    /// A call of an operation of the document.
    #[allow(dead_code, reason = "a document may have no operation")]
    pub(crate) fn operation(&self, operation: &'static Operation) -> Request<'_> {
        Request::of_operation(self, operation)
    }
}

/// Shows the manager and the scheme of authentication; no secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("manager", &self.core.address.manager)
            .field("auth", &self.core.auth)
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
mod tests;
