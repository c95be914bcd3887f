//! The state of a call, as plain data: where it is sent, and what it has tried.

use std::time::Duration;

use tokio::time::Instant;

use super::retry::Policy;
use crate::cluster::snapshot::Tried;
use crate::credentials::credential_cache::RefreshOutcome;

/// The state of a call. Managers are identified by their index in the cluster.
#[derive(Clone, Debug)]
pub(super) struct CallState {
    /// The call's settings for retries.
    pub(super) policy: Policy,
    pub(super) auth: Auth,
    /// The manager of the current or the next attempt.
    pub(super) manager: usize,
    pub(super) attempts: u32,
    /// The attempts that count as retries. A resend after a credential refresh, a TLS reload or a
    /// redirect does not.
    pub(super) retries: u32,
    /// The managers that the call has left or failed at, the latest last.
    pub(super) tried: Vec<Visit>,
    /// The last credential refresh at the current manager.
    pub(super) refreshed: Option<RefreshOutcome>,
    pub(super) reloaded_tls: bool,
    /// The call was redirected to the current manager.
    pub(super) pinned_by_redirect: bool,
    /// An attempt was stopped early to leave time for another manager. This happens once.
    pub(super) attempt_was_shortened: bool,
    /// The call has moved to another manager after its request was sent. Later moves use the retry
    /// budget.
    pub(super) used_free_failover: bool,
}

/// How a call is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Auth {
    pub(super) client: ClientCredentials,
    /// The request has its own credentials, which replace the client's. They are only sent to the
    /// first manager.
    pub(super) of_request: bool,
}

/// The credentials that a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientCredentials {
    /// No credentials, or a client certificate.
    None,
    /// One set for all managers.
    Shared,
    /// One set for each manager, such as sessions.
    PerManager,
}

/// A manager that the call has left or failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) manager: usize,
    /// The end of the manager's `Retry-After`.
    pub(super) retry_after_until: Option<Instant>,
    /// The manager redirected the call.
    pub(super) redirected: bool,
}

impl CallState {
    pub(super) fn new(policy: Policy, auth: Auth) -> Self {
        Self {
            policy,
            auth,
            manager: 0,
            attempts: 0,
            retries: 0,
            tried: Vec::new(),
            refreshed: None,
            reloaded_tls: false,
            pinned_by_redirect: false,
            attempt_was_shortened: false,
            used_free_failover: false,
        }
    }

    /// Moves the call to `manager`. The last refresh is forgotten, because it was for the
    /// credentials of another manager.
    pub(super) fn move_to(&mut self, manager: usize, by_redirect: bool) {
        if manager != self.manager {
            self.manager = manager;
            self.refreshed = None;
            self.pinned_by_redirect = by_redirect;
        }
    }

    /// Whether the call uses credentials that the client caches and can refresh.
    pub(super) fn uses_client_credentials(&self) -> bool {
        self.auth.client != ClientCredentials::None && !self.auth.of_request
    }

    /// The same, if each manager has its own credentials. A failed login is then a failure of one
    /// manager.
    pub(super) fn uses_credentials_per_manager(&self) -> bool {
        self.auth.client == ClientCredentials::PerManager && !self.auth.of_request
    }

    /// Whether the request can still be sent. A stream body can be sent only once.
    pub(super) fn can_send(&self) -> bool {
        self.policy.repeatable || self.attempts == 0
    }

    /// Whether the next attempt may be stopped early to leave time for another manager, if there is
    /// one.
    pub(super) fn may_shorten_attempt(&self) -> bool {
        self.policy.idempotent
            && self.policy.repeatable
            && self.retries < self.policy.max_retries
            && !self.attempt_was_shortened
            && !self.pinned_by_redirect
    }

    pub(super) fn was_redirected_by(&self, manager: usize) -> bool {
        let mut visits = self.tried.iter();
        visits.any(|visit| visit.redirected && visit.manager == manager)
    }

    /// The remaining `Retry-After` of a manager at `now`.
    pub(super) fn retry_after(&self, manager: usize, now: Instant) -> Option<Duration> {
        let visits = self.tried.iter().rev();
        let mut visits = visits.filter(|visit| visit.manager == manager);
        let until = visits.find_map(|visit| visit.retry_after_until)?;
        Some(until.saturating_duration_since(now))
    }
}

impl Tried for CallState {
    fn has_tried(&self, manager: usize) -> bool {
        self.tried.iter().any(|visit| visit.manager == manager)
    }

    fn last_tried(&self) -> Option<usize> {
        self.tried.last().map(|visit| visit.manager)
    }
}
