//! The client: the core that its clones share, and the options of its calls.

pub(crate) mod options;

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tower::retry::budget::TpsBudget;

use crate::cluster::connections::Connections;
use crate::cluster::managers::Cluster;
use crate::credentials::credential_cache::CredentialCache;
use options::CallOptions;

/// A client of an NSX Manager, or of the managers of one cluster.
///
/// It is cheap to clone. Clones share connections, credentials, limits and the retry budget, so
/// create one client and clone it for each task. The [crate guide](crate#how-a-call-works) explains
/// how a call works.
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
    // Fields instead of methods, because an operation of the document may have the name of a
    // method.
    pub(crate) core: Arc<Core>,
    pub(crate) options: CallOptions,
}

/// What all clones of a client share.
pub(crate) struct Core {
    pub(crate) connections: Arc<Connections>,
    pub(crate) cluster: Cluster,
    /// The retry budget.
    pub(crate) budget: TpsBudget,
}

impl Core {
    pub(crate) fn new(connections: Arc<Connections>, cluster: Cluster, budget: TpsBudget) -> Self {
        Self {
            connections,
            cluster,
            budget,
        }
    }
}

impl Client {
    /// Logs out: ends the client's sessions. Takes up to 10 seconds.
    ///
    /// A failure is logged and otherwise ignored, because a session also expires on the manager
    /// when it is not used. Without this call, it lasts until then. The client and its clones can
    /// still be used; the next call logs in again.
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
        // Without a runtime, there cannot have been a login.
        if Handle::try_current().is_err() {
            return;
        }
        let caches = self
            .core
            .cluster
            .endpoints()
            .filter_map(|endpoint| endpoint.credential_cache.clone());
        let mut tasks: JoinSet<()> = caches.map(CredentialCache::close).collect();
        while tasks.join_next().await.is_some() {}
    }

    /// Returns the same client with other options for the calls made through it. Connections,
    /// credentials and everything else are shared.
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
    #[must_use = "the options apply only to the returned client"]
    pub fn with(&self, options: CallOptions) -> Self {
        Self {
            core: self.core.clone(),
            options: options.with_defaults(&self.options),
        }
    }
}

/// Shows the managers and the authentication scheme, without secrets.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("manager", &self.core.cluster.first.address.manager)
            .field("auth", &self.core.cluster.first.credential_cache)
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
mod tests;
