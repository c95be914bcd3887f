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

pub use basic::{Basic, Remote};
pub use bearer::Bearer;
pub use csp::Csp;
pub use session::Session;

pub use crate::credentials::Credentials;
pub use crate::scheme::auth_context::AuthContext;
pub use crate::scheme::authenticate::{Authenticate, BoxError};
pub use crate::tls::Identity;
