//! The retry budget that all clones of a client share.

use std::time::Duration;

use tower::retry::budget::TpsBudget;

/// Retries that are allowed on top of [`SHARE_OF_CALLS`], so that a program with few calls can retry.
pub(crate) const RETRIES_PER_SECOND: u32 = 10;
/// The share of the recent calls that may be retried.
pub(crate) const SHARE_OF_CALLS: f32 = 0.2;
/// How long a call counts as recent.
const WINDOW: Duration = Duration::from_secs(10);

/// A budget of a fifth of the calls of the last ten seconds, plus ten retries a second.
///
/// It limits what a manager that fails every request is sent: a fifth more requests than calls, and not five times as many.
pub(super) fn retry_budget() -> TpsBudget {
    TpsBudget::new(WINDOW, RETRIES_PER_SECOND, SHARE_OF_CALLS)
}
