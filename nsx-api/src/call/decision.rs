//! Decides whether, where and when a call continues. The functions are pure: they use no clock and
//! no lock.
//!
//! [`next`] applies the rules in their order of precedence, and [`CallState::apply`] updates the
//! state for each step. `call::run` executes the steps. If the result of a step needs another
//! decision, it becomes the next [`Event`].

use std::time::Duration;

use tokio::time::Instant;

use super::retry::{Cause, LONGEST_OBEYED, RetryInput};
use super::state::{CallState, ClientCredentials, Visit};
use crate::cluster::snapshot::{ClusterSnapshot, Tried};
use crate::credentials::credential_cache::RefreshOutcome;

#[cfg(test)]
mod tests;

/// What has happened to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    AttemptFailed(AttemptFailure),
    /// The refresh after a refusal has ended.
    RefreshEnded(AttemptFailure, RefreshOutcome),
    /// There are no new credentials after a refusal.
    RefreshFailed(LoginFailure),
    /// The TLS files were reloaded; `true` if the connections were replaced.
    ReloadEnded(AttemptFailure, bool),
    /// The next attempt could not start: there were no credentials, or no slot before the deadline.
    AdmissionFailed(LoginFailure),
    /// The retry budget does not cover this step.
    BudgetSpent(Step),
}

/// The facts about a failed attempt that the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AttemptFailure {
    pub(super) cause: Cause,
    /// TLS failed, for any reason.
    pub(super) is_tls: bool,
    pub(super) retry_after: Option<Duration>,
    /// The manager to which the response redirects the same call.
    pub(super) redirect_to: Option<usize>,
}

/// The facts about a failed login that the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LoginFailure {
    /// The manager failed, not the scheme: the login may succeed at another manager or later.
    pub(super) is_transient: bool,
    /// The manager rejected the login with 429, so it is up.
    pub(super) is_rate_limited: bool,
    pub(super) retry_after: Option<Duration>,
}

/// The time and the random number of a decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Instant,
    /// The time until the call's deadline; `None` if it has none.
    pub(super) left: Option<Duration>,
    /// Between 0 and 1.
    pub(super) random: f64,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Refresh the credentials that the manager refused.
    RefreshCredentials(AttemptFailure),
    /// Reload the TLS files.
    ReloadTls(AttemptFailure),
    /// Send the call again at the same manager, at once.
    Resend { reason: &'static str },
    /// Send the call at another manager, because the login has failed at this one.
    TryOtherManager { manager: usize },
    /// Wait, and log in again.
    RetryLogin { manager: usize, wait: Duration },
    /// Send the call to the manager that the redirect points to.
    FollowRedirect {
        manager: usize,
        wait: Duration,
        uses_budget: bool,
    },
    Retry {
        manager: usize,
        wait: Duration,
        reason: &'static str,
        uses_budget: bool,
        /// The request was sent before the call moves to another manager, so its next move uses the
        /// budget.
        ends_free_failover: bool,
        /// When the current manager may be called again, by its `Retry-After`.
        retry_after_until: Option<Instant>,
    },
    /// Fail with the error. The note explains why there is no retry, if that is not obvious.
    GiveUp { note: Option<&'static str> },
}

const TOO_LONG: &str = "which is longer than a call waits";
const BUDGET_SPENT: &str = "the retry budget of the client is spent";

/// Decides what to do next. The rules, in their order of precedence:
///
/// 1. refused credentials are refreshed;
/// 2. if the login fails, the call goes to another manager, or waits for another login;
/// 3. after a TLS failure or a refused client certificate, the TLS files are reloaded;
/// 4. a redirect to another manager of the cluster is followed;
/// 5. the call is retried, if that is safe.
pub(super) fn next(
    state: &CallState,
    event: Event,
    cluster: &ClusterSnapshot,
    moment: Moment,
) -> Step {
    use Event::{
        AdmissionFailed, AttemptFailed, BudgetSpent, RefreshEnded, RefreshFailed, ReloadEnded,
    };
    let decision = Decision {
        state,
        cluster,
        moment,
    };
    match event {
        AttemptFailed(failure) if state.should_refresh(&failure) => {
            Step::RefreshCredentials(failure)
        }
        RefreshEnded(_, outcome) if state.should_use(outcome) => Step::Resend {
            reason: "the credentials were refreshed",
        },
        RefreshFailed(login) => decision.after_refresh_failed(&login),
        AdmissionFailed(login) => decision.after_admission_failed(&login),
        AttemptFailed(failure) | RefreshEnded(failure, _) if state.should_reload_tls(&failure) => {
            Step::ReloadTls(failure)
        }
        ReloadEnded(failure, true) if state.can_resend_with_new_certificates(&failure) => {
            Step::Resend {
                reason: "the TLS files were reloaded",
            }
        }
        AttemptFailed(failure) | RefreshEnded(failure, _) | ReloadEnded(failure, _) => decision
            .redirect(&failure)
            .unwrap_or_else(|| decision.retry(&failure)),
        BudgetSpent(Step::Retry { .. }) => Step::GiveUp {
            note: Some(BUDGET_SPENT),
        },
        BudgetSpent(_) => Step::GiveUp { note: None },
    }
}

/// The manager to which a call moves that is waiting for a slot; `None` if it stays. `is_ejected`
/// says whether its current manager went down in the meantime.
pub(super) fn better_manager(
    state: &CallState,
    cluster: &ClusterSnapshot,
    is_ejected: bool,
) -> Option<usize> {
    let manager = choose(state, cluster, state);
    let is_better = is_ejected || cluster.has_fewer_calls(manager, state.manager);
    (is_better && cluster.is_alternative(state.manager, manager)).then_some(manager)
}

/// The best manager for the next attempt. A request with its own credentials stays at the first
/// manager.
fn choose(state: &CallState, cluster: &ClusterSnapshot, tried: &impl Tried) -> usize {
    match state.auth.of_request {
        true => 0,
        false => cluster.choose(tried),
    }
}

struct Decision<'a> {
    state: &'a CallState,
    cluster: &'a ClusterSnapshot,
    moment: Moment,
}

/// The managers that a call has tried, including the one where it has just failed.
struct TriedWithCurrent<'a>(&'a CallState);

impl Tried for TriedWithCurrent<'_> {
    fn has_tried(&self, manager: usize) -> bool {
        manager == self.0.manager || self.0.has_tried(manager)
    }

    fn last_tried(&self) -> Option<usize> {
        Some(self.0.manager)
    }
}

impl Decision<'_> {
    fn choose_after_failure(&self) -> usize {
        choose(self.state, self.cluster, &TriedWithCurrent(self.state))
    }

    fn is_alternative(&self, manager: usize) -> bool {
        self.cluster.is_alternative(self.state.manager, manager)
    }

    fn after_refresh_failed(&self, login: &LoginFailure) -> Step {
        self.try_other_manager(login)
            .or_else(|| self.retry_login(login, self.state.manager))
            .unwrap_or(Step::GiveUp { note: None })
    }

    /// If no other manager is up, the call waits and logs in at one that is down. With a single
    /// manager, the login has already been retried.
    fn after_admission_failed(&self, login: &LoginFailure) -> Step {
        let give_up = Step::GiveUp { note: None };
        if let Some(step) = self.try_other_manager(login) {
            return step;
        }
        if !self.cluster.has_others() {
            return give_up;
        }
        let manager = match self.state.should_leave(login, self.moment.left) {
            true => self.choose_after_failure(),
            false => choose(self.state, self.cluster, self.state),
        };
        self.retry_login(login, manager).unwrap_or(give_up)
    }

    fn try_other_manager(&self, login: &LoginFailure) -> Option<Step> {
        let manager = self.choose_after_failure();
        let should_move = self.state.should_leave(login, self.moment.left)
            && self.state.can_send()
            && self.is_alternative(manager);
        should_move.then_some(Step::TryOtherManager { manager })
    }

    /// The manager only refused the call, so this is safe for every operation.
    fn retry_login(&self, login: &LoginFailure, manager: usize) -> Option<Step> {
        let mut policy = self.state.policy;
        policy.repeatable = self.state.can_send();
        let input = RetryInput {
            retries: self.state.retries,
            cause: Cause::NotProcessed,
            retry_after: login.retry_after,
            left: self.moment.left,
            elsewhere: false,
        };
        let wait = policy.wait(input, self.moment.random)?;
        login
            .is_transient
            .then_some(Step::RetryLogin { manager, wait })
    }

    /// A request with its own credentials stays at the first manager, and a call never returns to a
    /// manager that redirected it.
    fn redirect(&self, failure: &AttemptFailure) -> Option<Step> {
        let Moment { now, left, .. } = self.moment;
        let state = self.state;
        let manager = failure.redirect_to?;
        let may_follow = manager != state.manager
            && !state.was_redirected_by(manager)
            && state.policy.repeatable
            && !state.auth.of_request;
        let wait = state.retry_after(manager, now).unwrap_or_default();
        let is_in_time = wait <= LONGEST_OBEYED && left.is_none_or(|left| wait < left);
        (may_follow && is_in_time).then_some(Step::FollowRedirect {
            manager,
            wait,
            uses_budget: state.used_free_failover,
        })
    }

    fn retry(&self, failure: &AttemptFailure) -> Step {
        let (state, cause) = (self.state, failure.cause);
        let best = self.choose_after_failure();
        let elsewhere = self.is_alternative(best) && !state.has_tried(best);
        let manager = match elsewhere {
            true => best,
            false => self.earliest_available(best, failure),
        };
        let retry_after = match manager == state.manager {
            true => failure.retry_after,
            false => state.retry_after(manager, self.moment.now),
        };
        let input = RetryInput {
            retries: state.retries,
            cause,
            retry_after,
            left: self.moment.left,
            elsewhere,
        };
        let Some(wait) = state.policy.wait(input, self.moment.random) else {
            let without_retry_after = RetryInput {
                retry_after: None,
                ..input
            };
            let is_too_long = state.policy.wait(without_retry_after, 0.0).is_some();
            return Step::GiveUp {
                note: is_too_long.then_some(TOO_LONG),
            };
        };
        // A request that was not sent caused no load. After one that was sent, a call may fail over
        // once without using the budget.
        let is_new_load = !cause.is_before_request();
        let is_free =
            elsewhere && cause.is_of_manager() && !(is_new_load && state.used_free_failover);
        Step::Retry {
            manager,
            wait,
            reason: state.policy.reason(input),
            uses_budget: !is_free,
            ends_free_failover: elsewhere && is_new_load,
            retry_after_until: self.retry_after_until(failure),
        }
    }

    /// The manager that accepts the call earlier according to `Retry-After`: the current one or
    /// `other`. Both were tried.
    fn earliest_available(&self, other: usize, failure: &AttemptFailure) -> usize {
        let (state, now) = (self.state, self.moment.now);
        let of_current = self
            .retry_after_until(failure)
            .map(|until| until.saturating_duration_since(now))
            .or_else(|| state.retry_after(state.manager, now));
        let of_other = match other == state.manager {
            true => of_current,
            false => state.retry_after(other, now),
        };
        match of_other.unwrap_or_default() <= of_current.unwrap_or_default() {
            true => other,
            false => state.manager,
        }
    }

    /// `None` without a `Retry-After`, or if its end cannot be represented.
    fn retry_after_until(&self, failure: &AttemptFailure) -> Option<Instant> {
        self.moment.now.checked_add(failure.retry_after?)
    }
}

impl CallState {
    /// Whether the manager refused credentials that the client can refresh. Credentials from a
    /// refresh are not refreshed again.
    fn should_refresh(&self, failure: &AttemptFailure) -> bool {
        failure.cause.is_credential_refusal()
            && self.uses_client_credentials()
            && self.refreshed != Some(RefreshOutcome::Refreshed)
    }

    /// Whether a refresh returned different credentials. At each manager, a call is resent once
    /// with credentials that another call obtained, and once with new ones.
    fn should_use(&self, outcome: RefreshOutcome) -> bool {
        outcome != RefreshOutcome::Unchanged
            && self.refreshed != Some(outcome)
            && self.policy.repeatable
    }

    /// Whether reloading the TLS files may help: after a TLS failure, or after a refusal of a call
    /// that is authenticated by the client certificate.
    fn should_reload_tls(&self, failure: &AttemptFailure) -> bool {
        let cause = failure.cause;
        let is_refused_identity = self.auth.client == ClientCredentials::None
            && (cause.is_credential_refusal() || cause.is_unknown_certificate());
        (is_refused_identity || failure.is_tls) && !self.reloaded_tls && self.policy.repeatable
    }

    /// Whether the call can be resent with new certificates. If the old one was rejected after the
    /// request was sent, only an idempotent call can be.
    fn can_resend_with_new_certificates(&self, failure: &AttemptFailure) -> bool {
        failure.cause != Cause::CertificateRejected || self.policy.idempotent
    }

    /// Whether a failed login is a failure of the current manager and the call may move to another.
    pub(super) fn should_leave(&self, login: &LoginFailure, left: Option<Duration>) -> bool {
        login.is_transient
            && self.uses_credentials_per_manager()
            && self.retries < self.policy.max_retries
            && left.is_none_or(|left| !left.is_zero())
    }

    /// The state after an event and the resulting step. The executor changes the manager with
    /// [`CallState::move_to`].
    pub(super) fn apply(&mut self, event: Event, step: Step) {
        match event {
            Event::AttemptFailed(failure) => {
                self.attempt_was_shortened |= failure.cause == Cause::FailoverTimeout;
            }
            Event::RefreshEnded(_, outcome) => self.refreshed = Some(outcome),
            Event::ReloadEnded(_, is_new) => self.reloaded_tls = is_new,
            Event::RefreshFailed(_) | Event::AdmissionFailed(_) | Event::BudgetSpent(_) => {}
        }
        let leave = Visit {
            manager: self.manager,
            retry_after_until: None,
            redirected: false,
        };
        match step {
            Step::TryOtherManager { .. } => {
                self.retries += 1;
                self.tried.push(leave);
            }
            Step::RetryLogin { .. } => {
                self.retries += 1;
                if self.uses_credentials_per_manager() {
                    self.tried.push(leave);
                }
            }
            Step::FollowRedirect { .. } => {
                self.used_free_failover = true;
                self.tried.push(Visit {
                    redirected: true,
                    ..leave
                });
            }
            Step::Retry {
                ends_free_failover,
                retry_after_until,
                ..
            } => {
                self.retries += 1;
                self.used_free_failover |= ends_free_failover;
                self.tried.push(Visit {
                    retry_after_until,
                    ..leave
                });
            }
            Step::RefreshCredentials(_)
            | Step::ReloadTls(_)
            | Step::Resend { .. }
            | Step::GiveUp { .. } => {}
        }
    }
}

impl Step {
    /// The manager that the step moves the call to, if any.
    pub(super) fn manager(self) -> Option<usize> {
        match self {
            Self::TryOtherManager { manager }
            | Self::RetryLogin { manager, .. }
            | Self::FollowRedirect { manager, .. }
            | Self::Retry { manager, .. } => Some(manager),
            _ => None,
        }
    }

    pub(super) fn wait(self) -> Duration {
        match self {
            Self::RetryLogin { wait, .. }
            | Self::FollowRedirect { wait, .. }
            | Self::Retry { wait, .. } => wait,
            _ => Duration::ZERO,
        }
    }

    /// Whether the step uses the retry budget.
    pub(super) fn uses_budget(self) -> bool {
        match self {
            Self::RetryLogin { .. } => true,
            Self::FollowRedirect { uses_budget, .. } | Self::Retry { uses_budget, .. } => {
                uses_budget
            }
            _ => false,
        }
    }

    /// Why the call is resent, for the log.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Resend { reason } | Self::Retry { reason, .. } => reason,
            Self::TryOtherManager { .. } => "the login failed at this manager",
            Self::RetryLogin { .. } => "a later login may succeed",
            Self::FollowRedirect { .. } => "the manager redirected the call",
            Self::RefreshCredentials(_) | Self::ReloadTls(_) | Self::GiveUp { .. } => "",
        }
    }
}
