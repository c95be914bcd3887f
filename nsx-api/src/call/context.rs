//! A call in progress: its state, and the resources that its steps use.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::Arc;

use tokio::time::{Instant, sleep};

use super::credentials::CallCredentials;
use super::decision::{Event, Moment, Step, next};
use super::failure::Failure;
use super::prepared_request::PreparedRequest;
use super::retry::Policy;
use super::state::{Auth, CallState, ClientCredentials};
use super::time_limit::TimeLimit;
use crate::CallOptions;
use crate::client::Core;
use crate::cluster::managers::Endpoint;
use crate::credentials::credential_cache::CredentialCache;
use crate::error::CallInfo;

/// A call in progress.
pub(super) struct CallContext<'c> {
    pub(super) core: &'c Core,
    pub(super) options: &'c CallOptions,
    pub(super) request: PreparedRequest,
    pub(super) info: CallInfo,
    pub(super) deadline: TimeLimit,
    pub(super) credentials: CallCredentials,
    /// The generation of the connections of the current attempt, or of the last one.
    pub(super) generation: u64,
    pub(super) state: CallState,
}

impl<'c> CallContext<'c> {
    pub(super) fn new(
        core: &'c Core,
        options: &'c CallOptions,
        request: PreparedRequest,
        info: CallInfo,
    ) -> Self {
        let of_request = request.credentials.is_some();
        let client = match &core.cluster.first.credential_cache {
            None => ClientCredentials::None,
            Some(cache) if cache.is_per_manager() => ClientCredentials::PerManager,
            Some(_) => ClientCredentials::Shared,
        };
        let policy = Policy {
            max_retries: options.effective_max_retries(),
            delay: options.effective_retry_delay(),
            idempotent: request.idempotent,
            repeatable: request.body.is_repeatable(),
            retry_unavailable: options.effective_retry_unavailable(),
            by_certificate: core.connections.has_identity() && !of_request,
        };
        let mut call = Self {
            core,
            options,
            deadline: TimeLimit::of_call(options),
            credentials: CallCredentials::new(request.credentials.clone()),
            request,
            info,
            generation: 0,
            state: CallState::new(policy, Auth { client, of_request }),
        };
        if !of_request {
            call.go_to(core.cluster.choose(), false);
        }
        core.cluster.advance_round_robin();
        call
    }

    /// The manager of the current attempt or, between attempts, of the next one.
    pub(super) fn endpoint(&self) -> &'c Endpoint {
        self.core.cluster.endpoint(self.state.manager)
    }

    /// The cache of the credentials that the call uses; `None` if it has its own or needs none.
    pub(super) fn cache(&self) -> Option<&'c Arc<CredentialCache>> {
        let cache = self.endpoint().credential_cache.as_ref();
        cache.filter(|_| self.state.uses_client_credentials())
    }

    pub(super) fn operation(&self) -> &str {
        self.info.operation.as_deref().unwrap_or_default()
    }

    /// Moves the call to another manager. It stays at the current one if its URL would be too long
    /// for the other.
    pub(super) fn go_to(&mut self, manager: usize, by_redirect: bool) {
        if manager != self.state.manager
            && let Ok(url) = self.url_at(manager)
        {
            self.request.url = url;
            self.state.move_to(manager, by_redirect);
        }
    }

    fn url_at(&self, manager: usize) -> Result<reqwest::Url, String> {
        let endpoint = self.core.cluster.endpoint(manager);
        endpoint.address.url(&self.request.path_and_query)
    }

    /// Whether the call can move to another manager that is up. A request with its own credentials
    /// must stay at the first manager.
    pub(super) fn has_alternative(&self) -> bool {
        !self.state.auth.of_request && self.core.cluster.has_alternative(self.state.manager)
    }

    /// The manager to which a response redirects this call; `None` if the target is outside of the
    /// cluster or has another path.
    pub(super) fn redirect_target(&self, failure: &Failure) -> Option<usize> {
        let target = failure.redirect.as_ref()?;
        let manager = self.core.cluster.index_of(target)?;
        let is_same_call = self.url_at(manager).is_ok_and(|url| url == *target);
        is_same_call.then_some(manager)
    }

    /// Decides what to do after `event`, and updates the state.
    pub(super) fn decide(&mut self, event: Event) -> Step {
        let moment = Moment {
            now: Instant::now(),
            left: self.deadline.left(),
            random: random(),
        };
        let step = next(&self.state, event, &self.core.cluster.snapshot(), moment);
        self.state.apply(event, step);
        step
    }

    /// Reloads the TLS files. Returns whether the connections have been replaced since the last
    /// attempt.
    pub(super) async fn reload_tls(&self) -> bool {
        let reload = self.core.connections.reload(self.generation);
        self.deadline.timeout(pin!(reload)).await.unwrap_or(false)
    }

    /// Moves to the manager of `step`, if it has one, and waits for its delay.
    pub(super) async fn go_on(&mut self, step: Step) {
        if let Some(manager) = step.manager() {
            self.go_to(manager, matches!(step, Step::FollowRedirect { .. }));
        }
        if !step.wait().is_zero() {
            sleep(step.wait()).await;
        }
    }

    /// Masks the call's secrets in text from a server, which may echo them.
    pub(super) fn mask(&self, text: String) -> String {
        self.credentials.mask(text, &self.endpoint().mask)
    }
}

/// A number from 0 to 1. The standard library seeds its hasher at random, which is enough for
/// jitter.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn random_numbers_for_jitter_are_spread_evenly() {
        let mut numbers: Vec<f64> = (0..1000).map(|_| random()).collect();
        numbers.sort_by(f64::total_cmp);
        for (index, number) in numbers.iter().enumerate() {
            let expected = index as f64 / 1000.0;
            assert!((number - expected).abs() < 0.15, "{index}: {number}");
        }
    }
}
