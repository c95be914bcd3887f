//! The client: connections to the managers of one cluster, credentials, and the options of calls.

use std::fmt;
use std::sync::Arc;

use http::Method;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tower::retry::budget::TpsBudget;

use crate::auth::Keeper;
use crate::call::retry;
use crate::cluster::Cluster;
use crate::connections::Connections;
use crate::{CallOptions, Config, Error, Operation, Request};

/// A client of an NSX Manager, or of the managers of one cluster.
///
/// It is cheap to clone, and its clones share connections and credentials. Share it among tasks as you like.
///
/// ```
/// # #[cfg(feature = "mock")]
/// # nsx_api::mock::example(async |client| {
/// use nsx_api::ErrorKind;
/// use nsx_api::http::Method;
///
/// let result = client.request(Method::GET, "/api/v1/cluster/status").send().await;
/// assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
/// # Ok::<_, nsx_api::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    // Fields and not methods: an operation of the document may have the name of a method.
    pub(crate) core: Arc<Core>,
    pub(crate) options: CallOptions,
}

/// What all clones share.
pub(crate) struct Core {
    pub(crate) connections: Arc<Connections>,
    pub(crate) cluster: Cluster,
    /// Pays for retries.
    pub(crate) budget: TpsBudget,
}

impl Core {
    pub(crate) fn new(connections: Arc<Connections>, cluster: Cluster) -> Self {
        Self {
            connections,
            cluster,
            budget: retry::budget(),
        }
    }
}

impl Client {
    /// Begins a client of the manager at `address`: a host name, an IP address, `host:port`, or a URL.
    ///
    /// `https://` is what is meant when nothing is said. A URL may have a path, which a gateway before the manager asks
    /// for; it goes before every operation's path.
    pub fn builder(address: impl Into<String>) -> Config {
        Config::new(address)
    }

    /// A client with the settings of the environment: [`Config::from_env`] has the names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): a variable is missing, cannot be used, or contradicts another. The
    /// message names it.
    ///
    /// ```
    /// use nsx_api::Client;
    ///
    /// match Client::from_env() {
    ///     Ok(client) => println!("{client:?}"),
    ///     // It names the variable.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Config::from_env()?.build()
    }

    /// Logs out: the client's sessions are destroyed. It takes no more than ten seconds.
    ///
    /// A failure is logged and otherwise ignored: a manager forgets a session that is not used by itself. Without this call the
    /// session lives on until its idle time-out. The client and its clones can go on, with a new login.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::auth::Session;
    /// # use nsx_api::http::Method;
    /// # use nsx_api::mock::Manager;
    /// # let manager = Manager::start().await?;
    /// # manager.on("GET /api/v1/node", |_| 200);
    /// # let client = nsx_api::Client::builder(manager.url())
    /// #     .ca_pem(manager.ca_pem())
    /// #     .auth(Session::new(manager.username(), manager.password()))
    /// #     .build()?;
    /// client.request(Method::GET, "/api/v1/node").send().await?;
    /// client.close().await;
    /// # assert_eq!((manager.logins(), manager.sessions()), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        // Outside of a runtime nothing was begun.
        if Handle::try_current().is_err() {
            return;
        }
        let keepers = self
            .core
            .cluster
            .endpoints()
            .filter_map(|endpoint| endpoint.keeper.clone());
        let mut tasks: JoinSet<()> = keepers.map(Keeper::close).collect();
        while tasks.join_next().await.is_some() {}
    }

    /// The same client, connections and credentials included, with other options for the calls made through it.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::{Answer, Manager};
    /// # let manager = Manager::start().await?;
    /// # manager.respond_always(503);
    /// # let client = manager.client()?;
    /// use nsx_api::CallOptions;
    /// use nsx_api::http::Method;
    ///
    /// let once = client.with(CallOptions::new().max_retries(0));
    /// let result = once.request(Method::GET, "/api/v1/node").send().await;
    /// # assert_eq!((result.is_ok(), manager.count()), (false, 1));
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
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::{Answer, Manager};
    /// # let manager = Manager::start().await?;
    /// # manager.on("POST /api/v1/ns-groups", |call| Answer::status(201).body(call.body.clone()));
    /// # let client = manager.client()?;
    /// use nsx_api::http::Method;
    /// use serde_json::{Value, json};
    ///
    /// let group = client
    ///     .request(Method::POST, "/api/v1/ns-groups")
    ///     .json(&json!({ "display_name": "web" }))
    ///     .send()
    ///     .await?
    ///     .json::<Value>()?;
    /// println!("{} {}", group.status(), group["display_name"]);
    /// # assert_eq!(group["display_name"], "web");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None here: what is wrong with the path comes back when the request is sent, as
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest).
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
            .field("manager", &self.core.cluster.first.address.manager)
            .field("auth", &self.core.cluster.first.keeper)
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
mod tests;
