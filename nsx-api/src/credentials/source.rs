//! Where the credential cache gets its credentials: a scheme of authentication at one manager.
//!
//! The cache knows no more of a scheme than this. So it does not depend on the client whose
//! requests a scheme sends.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Credentials;

pub(crate) type SourceError = Box<dyn StdError + Send + Sync>;
pub(crate) type BoxFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

pub(crate) trait CredentialSource: Send + Sync {
    fn authenticate(&self) -> BoxFuture<'_, Credentials>;
    fn revoke<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, ()>;
    /// Whether each manager needs credentials of its own.
    fn is_per_manager(&self) -> bool;
    /// The name of the scheme, for `Debug` and for logs.
    fn scheme_name(&self) -> &'static str;
    /// The manager that the scheme logs in to.
    fn manager(&self) -> &str;
    /// The time limit for `authenticate`.
    fn deadline(&self) -> Duration;
    /// Replaces the secrets of the scheme in a text.
    fn mask(&self, text: String) -> String;
}
