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
//! A manager also returns 403 if the user lacks a privilege. Logging in again does not change that,
//! so the client limits logins after refusals:
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
