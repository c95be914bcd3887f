//! The trait of all authentication schemes, both built-in and custom.

use std::error::Error as StdError;
use std::future::{Future, ready};

use super::auth_context::AuthContext;
use crate::Secret;
use crate::credentials::Credentials;

/// The error of an [authentication scheme](Authenticate), of any type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An authentication scheme. Only [`authenticate`](Self::authenticate) is required; the client does
/// [everything else](crate::auth#refresh).
///
/// ```
/// use std::path::PathBuf;
/// use std::time::Duration;
/// use nsx_api::Client;
/// use nsx_api::auth::{AuthContext, Authenticate, BoxError, Credentials};
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
    /// Obtains credentials: reads them, computes them, or requests them.
    ///
    /// It runs in its own task, once for all calls that wait for credentials, and no longer than
    /// the [deadline](crate::CallOptions::deadline) that the client was built with.
    ///
    /// # Errors
    ///
    /// Any error. It becomes the [source](std::error::Error::source) of the error of each waiting
    /// call.
    fn authenticate(
        &self,
        context: &AuthContext,
    ) -> impl Future<Output = Result<Credentials, BoxError>> + Send;

    /// Revokes credentials, for example by destroying a session. Does nothing by default.
    ///
    /// [`Client::close`](crate::Client::close) calls it for the current credentials, and for older
    /// ones that were replaced after a refusal although they were still valid. It may take up to 10
    /// seconds. An error is logged.
    fn revoke(
        &self,
        context: &AuthContext,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (context, credentials);
        ready(Ok(()))
    }

    /// Whether each manager of a cluster needs its own credentials. By default, all managers share
    /// those of the first.
    fn is_per_manager(&self) -> bool {
        false
    }

    /// Checks the settings of the scheme when a client is built. Does nothing by default.
    ///
    /// # Errors
    ///
    /// If the settings are invalid, an error that explains why.
    /// [`Config::build`](crate::Config::build) fails with it.
    fn check(&self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Values to mask in errors in addition to the credentials, for example a password. None by
    /// default.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}
