//! HTTP Basic (RFC 7617), and its variant for vIDM users.

use crate::Secret;
use crate::credentials::Credentials;
use crate::credentials::check_user_and_password;
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::{Authenticate, BoxError};

/// HTTP Basic: sends the user name and password with every call.
///
/// This is slower than a [`Session`](super::Session), because a manager treats each call as a
/// login. A manager can be configured to reject it.
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
    /// Takes the user name and password. HTTP Basic allows no control characters, and no colon in
    /// the user name: [`Config::build`](crate::Config::build) fails with those.
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

/// `Authorization: Remote …`: sends a vIDM user and password with every call.
///
/// For early versions of NSX Manager that are connected to VMware Identity Manager (vIDM). The user
/// name has the form `user@domain`.
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
    /// Takes the user name and password, with the restrictions of [`Basic::new`].
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
