//! The source of a credential cache: an authentication scheme at one manager.
//!
//! The cache uses a scheme only through this trait, so it does not depend on the client that sends
//! the scheme's requests.

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
    /// Whether each manager needs its own credentials.
    fn is_per_manager(&self) -> bool;
    /// The name of the scheme, for `Debug` and for logs.
    fn scheme_name(&self) -> &'static str;
    /// The manager that the scheme logs in to.
    fn manager(&self) -> &str;
    /// The time limit for `authenticate`.
    fn deadline(&self) -> Duration;
    /// Masks the secrets of the scheme in a text.
    fn mask(&self, text: String) -> String;
}
