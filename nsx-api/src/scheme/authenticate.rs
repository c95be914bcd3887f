//! The trait that every scheme of authentication implements, the library's own and the caller's.

use std::error::Error as StdError;
use std::future::{Future, ready};

use super::auth_context::AuthContext;
use crate::Secret;
use crate::credentials::Credentials;

/// Any error, of a scheme of your own.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A scheme of authentication. One method is enough, [`authenticate`](Self::authenticate); the library sees to
/// [everything else](crate::auth#renewal).
///
/// ```
/// use std::path::PathBuf;
/// use std::time::Duration;
/// use nsx_api::Client;
/// use nsx_api::auth::{Authenticate, BoxError, Credentials, AuthContext};
///
/// /// A token that another program writes to a file, every hour.
/// struct TokenFile(PathBuf);
///
/// impl Authenticate for TokenFile {
///     async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
///         let token = std::fs::read_to_string(&self.0)?;
///         let hour = Duration::from_secs(3600);
///         Ok(Credentials::bearer(token.trim()).expires_in(hour))
///     }
/// }
///
/// let client = Client::builder("nsx.example.com")
///     .auth(TokenFile("/run/secrets/nsx-token".into()))
///     .build()?;
/// # Ok::<_, nsx_api::Error>(())
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// Gets credentials: reads them, makes them, or asks for them.
    ///
    /// It runs in a task of its own, once for all calls that wait, and never longer than the
    /// [deadline](crate::CallOptions::deadline) that the client was built with. Its error becomes the
    /// [source](std::error::Error::source) of the error of each of those calls.
    fn authenticate(
        &self,
        context: &AuthContext,
    ) -> impl Future<Output = Result<Credentials, BoxError>> + Send;

    /// Gives credentials back: a session is destroyed, a token revoked. Does nothing by default.
    ///
    /// [`Client::close`](crate::Client::close) calls it for the current credentials, and for those that a refusal had replaced
    /// although they were good. It may take ten seconds. Its error is logged.
    fn revoke(
        &self,
        context: &AuthContext,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (context, credentials);
        ready(Ok(()))
    }

    /// Whether each manager of a cluster needs credentials of its own. By default those of the first are for all of them.
    fn is_per_manager(&self) -> bool {
        false
    }

    /// Checks the scheme's settings when a client is built. Does nothing by default.
    ///
    /// # Errors
    ///
    /// What is wrong with them; [`Config::build`](crate::Config::build) fails with it.
    fn check(&self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Values to mask in errors beside the credentials themselves, for example a password. None by default.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}
