//! User name and password on every call: HTTP Basic (RFC 7617), and its variant for vIDM users.

use crate::Secret;
use crate::credentials::Credentials;
use crate::credentials::check_user_and_password;
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::{Authenticate, BoxError};

/// HTTP Basic: user and password with every call.
///
/// A manager counts each call as a login of its own, which is slower than a [`Session`](super::Session), and can be told to
/// refuse it.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::Manager;
/// # let manager = Manager::builder().credentials("admin", "VMware1!VMware1!").start().await?;
/// # manager.on("GET /api/v1/node/version", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::Basic;
///
/// let client = Client::builder(address)
///     .auth(Basic::new("admin", "VMware1!VMware1!"))
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Basic {
    user: String,
    password: Secret,
}

impl Basic {
    /// The user and the password. What HTTP Basic cannot carry, a colon in the user or a control character, is refused
    /// when the client is built.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }
}

impl Authenticate for Basic {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Ok(Credentials::basic(&self.user, &self.password))
    }

    fn check(&self) -> Result<(), BoxError> {
        Ok(check_user_and_password(&self.user, &self.password)?)
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![self.password.clone()]
    }
}

/// `Authorization: Remote …`: a user of VMware Identity Manager (vIDM), with every call.
///
/// For NSX managers of early versions that are joined to one. The user is written as `user@domain`.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::Manager;
/// # let manager = Manager::builder().credentials("ann@example.com", "VMware1!VMware1!").start().await?;
/// # manager.on("GET /api/v1/node/version", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::Remote;
///
/// let client = Client::builder(address)
///     .auth(Remote::new("ann@example.com", "VMware1!VMware1!"))
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Remote(Basic);

impl Remote {
    /// The user and the password, as [`Basic::new`] takes them.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self(Basic::new(user, password))
    }
}

impl Authenticate for Remote {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        let Basic { user, password } = &self.0;
        Ok(Credentials::user_and_password("Remote", user, password))
    }

    fn check(&self) -> Result<(), BoxError> {
        self.0.check()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.secrets()
    }
}
