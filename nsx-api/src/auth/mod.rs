//! How calls are authenticated: a scheme for each way into a manager, and a trait for your own.
//!
//! | scheme | when to use it |
//! | --- | --- |
//! | [`Session`] | with a user and a password: one login, then a session that renews itself |
//! | [`Basic`] | where sessions are not available, or for a single call |
//! | [`Remote`] | with a user of vIDM, on early versions |
//! | [`Identity`], by [`Config::identity`](crate::Config::identity) | with a client certificate (a principal identity) |
//! | [`Bearer`] | with a token from elsewhere, as it is |
//! | [`Csp`] | with an API token of VMware Cloud Services, or an OAuth app |
//! | [`Authenticate`] | with your own scheme, for example a token that has to be renewed |
//!
//! Without any of them calls carry no credentials.
//!
//! # Renewal
//!
//! Whatever the scheme, the library keeps the credentials that it returned, and asks for new ones
//! - before the first call;
//! - some time before they expire ([`Credentials::expires_in`]). Calls keep using the current credentials meanwhile, and a failed
//!   renewal is tried again every ten seconds until they expire;
//! - before a call that finds them unused for too long ([`Credentials::idle_timeout`]);
//! - when the manager answers 401 or 403, as it does when it does not know a session or a token any more. The call is then sent
//!   again once, because the manager has not processed it.
//!
//! Concurrent calls share one renewal and its result. A failure is not cached: the next call asks again. (So a wrong password is
//! sent with each call, and a manager may lock the account.) While there are credentials that still hold, calls go on with
//! them, and after a failure those that are refused ask again ten seconds later: one second, if the manager did not answer or was not able to.
//!
//! # A missing privilege
//!
//! Managers answer 403 for a missing privilege too. When a call is refused with new credentials as it was with the old ones, its
//! operation is left alone: its refusals are passed on without asking for credentials again, for ten seconds, and for
//! twice as long each time up to a minute. While four operations or more are left alone, the others ask for no credentials when
//! the current ones are newer than ten seconds. So a user who may do nothing costs a manager five logins at first, and then
//! at most one every ten seconds; and an ended session is renewed after ten seconds, or a minute, at the latest. Whatever a
//! manager answers, refusals cost no more than eight logins in ten seconds.

mod basic;
mod bearer;
mod csp;
mod session;

use std::error::Error as StdError;
use std::future::{Future, ready};
use std::pin::Pin;

pub use basic::{Basic, Remote};
pub use bearer::Bearer;
pub use csp::Csp;
pub use session::Session;

pub use crate::credentials::Credentials;
pub use crate::scheme::auth_context::Login;
pub use crate::tls::Identity;

use crate::Secret;

/// Any error, of a scheme of your own.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A scheme of authentication. One method is enough, [`authenticate`](Self::authenticate); the library sees to
/// [everything else](self#renewal).
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
    /// Gets credentials: reads them, makes them, or asks for them.
    ///
    /// It runs in a task of its own, once for all calls that wait, and never longer than the
    /// [deadline](crate::CallOptions::deadline) that the client was built with. Its error becomes the
    /// [source](std::error::Error::source) of the error of each of those calls.
    fn authenticate(
        &self,
        login: &Login,
    ) -> impl Future<Output = Result<Credentials, BoxError>> + Send;

    /// Gives credentials back: a session is destroyed, a token revoked. Does nothing by default.
    ///
    /// [`Client::close`](crate::Client::close) calls it for the current credentials, and for those that a refusal had replaced
    /// although they were good. It may take ten seconds. Its error is logged.
    fn revoke(
        &self,
        login: &Login,
        credentials: &Credentials,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (login, credentials);
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
