//! A bearer token that the caller already has.

use crate::Secret;
use crate::credentials::Credentials;
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::{Authenticate, BoxError};

/// `Authorization: Bearer …`: sends a token that you already have.
///
/// The token is not refreshed: when it has expired, calls fail. For a token that must be refreshed,
/// implement [`Authenticate`].
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
/// # manager.accept_bearer("eyJhbGciOi");
/// use nsx_api::Client;
/// use nsx_api::auth::Bearer;
///
/// let client = Client::builder(address)
///     .auth(Bearer::new("eyJhbGciOi"))
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bearer(Secret);

impl Bearer {
    /// Takes the token, without the word `Bearer`. [`Config::build`](crate::Config::build) fails if
    /// the token is empty or contains characters that a header cannot carry, such as a line break.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(token.into())
    }
}

impl Authenticate for Bearer {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Ok(Credentials::bearer(self.0.clone()))
    }

    fn check(&self) -> Result<(), BoxError> {
        check_token(&self.0, "bearer token")
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![self.0.clone()]
    }
}

/// Rejects a token that a header cannot carry, for example one from a file with a line break.
pub(super) fn check_token(token: &Secret, what: &str) -> Result<(), BoxError> {
    let text = token.expose_secret();
    match text.is_empty() || !text.chars().all(|character| character.is_ascii_graphic()) {
        true => Err(format!(
            "the {what} is empty or contains a character that tokens cannot contain, such as a space"
        )
        .into()),
        false => Ok(()),
    }
}
