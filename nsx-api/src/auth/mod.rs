//! Authentication schemes, and a trait for your own.
//!
//! A scheme obtains [`Credentials`]: the headers that authenticate a call. The client caches them,
//! adds them to each attempt, and refreshes them when necessary. Set the scheme with
//! [`Config::auth`](crate::Config::auth). Without a scheme, calls carry no credentials.
//!
//! | scheme | use it for |
//! | --- | --- |
//! | [`Session`] | a user name and password: one login, then a session that refreshes itself |
//! | [`Basic`] | a user name and password, if sessions are not available, or for a single call |
//! | [`Remote`] | a vIDM user, on early versions |
//! | [`Identity`], with [`Config::identity`](crate::Config::identity) | a client certificate (principal identity) |
//! | [`Bearer`] | a token that your program already has |
//! | [`Csp`] | an API token or an OAuth app of VMware Cloud Services |
//! | [`Authenticate`] | a scheme of your own, for example a token that must be refreshed |
//!
//! # Refresh
//!
//! For every scheme, the client obtains new credentials
//!
//! - before the first call;
//! - shortly before they expire ([`Credentials::expires_in`]). Calls use the old credentials in the
//!   meantime. If the refresh fails, it is retried every 10 seconds until they expire;
//! - before a call, if they have been idle for too long ([`Credentials::idle_timeout`]);
//! - after a 401 or 403, which a manager also returns if it no longer knows a session or token. The
//!   call is then resent once, because the manager has not processed it.
//!
//! Concurrent calls share one refresh and its result.
//!
//! Without valid credentials, a failed login is not cached: the next call logs in again. A wrong
//! password is therefore sent with every call, and a manager may lock the account. With valid
//! credentials, calls continue to use them. After a failed refresh, the next one is attempted 10
//! seconds later, or after one second if the manager was unreachable or failed itself.
//!
//! # Missing privileges
//!
//! A manager also returns 403 if the user lacks a privilege. A login does not help then, so the
//! client limits logins after refusals:
//!
//! | situation | limit |
//! | --- | --- |
//! | An operation is refused with new credentials too | its 403s trigger no login for 10 s, doubling to 60 s |
//! | Four or more operations were refused like that within five minutes | other refusals trigger no login while the credentials are less than 10 s old |
//! | Any | at most 8 logins after refusals in 10 s |
//!
//! The refused calls fail with their 403 in the meantime. A user without any privileges therefore
//! causes five logins at first, and then at most one every 10 seconds. A session that has ended is
//! refreshed after at most 10 seconds, or 60 seconds if only such operations are called.

mod basic;
mod bearer;
mod credentials;
mod csp;
mod forbidden;
mod keeper;
mod login;
mod session;

use std::error::Error as StdError;
use std::future::{Future, ready};
use std::pin::Pin;

pub use basic::{Basic, Remote};
pub use bearer::Bearer;
pub use credentials::Credentials;
pub(crate) use credentials::Wiped;
pub use csp::Csp;
pub(crate) use forbidden::Refused;
pub(crate) use keeper::{Keeper, Kept, Renewed};
pub use login::Login;
pub use session::Session;

pub use crate::tls::Identity;

use crate::Secret;

/// The error of an [authentication scheme](Authenticate), of any type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An authentication scheme. Only [`authenticate`](Self::authenticate) is required; the client does
/// [everything else](self#refresh).
///
/// ```
/// use std::path::PathBuf;
/// use std::time::Duration;
/// use nsx_api::Client;
/// use nsx_api::auth::{Authenticate, BoxError, Credentials, Login};
///
/// /// A token that another program writes to a file, every hour.
/// struct TokenFile(PathBuf);
///
/// impl Authenticate for TokenFile {
///     async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
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
    /// It runs in a task of its own, once for all calls that wait for credentials, and no longer
    /// than the [deadline](crate::CallOptions::deadline) that the client was built with.
    ///
    /// # Errors
    ///
    /// Any error. It becomes the [source](std::error::Error::source) of the error of each waiting
    /// call.
    fn authenticate(
        &self,
        login: &Login,
    ) -> impl Future<Output = Result<Credentials, BoxError>> + Send;

    /// Revokes credentials, for example by destroying a session. Does nothing by default.
    ///
    /// [`Client::close`](crate::Client::close) calls it for the current credentials, and for older
    /// ones that were replaced after a refusal although they were still valid. It may take up to 10
    /// seconds. An error is logged.
    fn revoke(
        &self,
        login: &Login,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (login, credentials);
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
    /// What is wrong with the settings. [`Config::build`](crate::Config::build) fails with it.
    fn check(&self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Values to mask in errors in addition to the credentials, for example a password. None by
    /// default.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// [`Authenticate`] as an object.
pub(crate) trait Scheme: Send + Sync {
    fn begin<'a>(&'a self, login: &'a Login) -> Waiting<'a, Credentials>;
    fn end<'a>(&'a self, login: &'a Login, credentials: &'a Credentials) -> Waiting<'a, ()>;
    fn is_for_each_manager(&self) -> bool;
    fn fault(&self) -> Option<BoxError>;
    fn hidden(&self) -> Vec<Secret>;
    /// What it is called where settings are shown.
    fn name(&self) -> &'static str;
}

impl<T: Authenticate> Scheme for T {
    fn begin<'a>(&'a self, login: &'a Login) -> Waiting<'a, Credentials> {
        Box::pin(self.authenticate(login))
    }

    fn end<'a>(&'a self, login: &'a Login, credentials: &'a Credentials) -> Waiting<'a, ()> {
        Box::pin(self.revoke(login, credentials))
    }

    fn is_for_each_manager(&self) -> bool {
        self.is_per_manager()
    }

    fn fault(&self) -> Option<BoxError> {
        self.check().err()
    }

    fn hidden(&self) -> Vec<Secret> {
        self.secrets()
    }

    fn name(&self) -> &'static str {
        let name = std::any::type_name::<T>();
        let path = name.split('<').next().unwrap_or(name);
        path.rsplit("::").next().unwrap_or(name)
    }
}
