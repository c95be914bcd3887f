//! How far a call has come: to which manager it goes, and whether there is another attempt.

use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use tower::retry::budget::Budget;
use tracing::{debug, info};

use super::Outgoing;
use super::time_limit::TimeLimit;
use crate::auth::{Kept, Renewed};
use crate::call::failure::Failure;
use crate::call::retry::{Cause, Failed, LONGEST_OBEYED, Policy};
use crate::cluster::Endpoint;
use crate::error::Call;
use crate::limit::Refusal;
use crate::mask::{Mask, mask};
use crate::response::Facts;
use crate::{Client, Error, ErrorKind};

/// An attempt that is cut short for the sake of the next has at least this: some calls take seconds. A manager that hangs is found
/// out by a look at it, too.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(5);

/// How far a call has come: where it is sent, and what was tried.
pub(super) struct Course<'c> {
    pub(super) client: &'c Client,
    pub(super) outgoing: Outgoing,
    pub(super) endpoint: &'c Endpoint,
    pub(super) deadline: TimeLimit,
    pub(super) policy: Policy,
    /// The credentials of the attempt under way, or of the next.
    pub(super) kept: Option<Arc<Kept>>,
    /// Those of the attempts before.
    pub(super) replaced: Vec<Arc<Kept>>,
    pub(super) retries: u32,
    pub(super) renewed: Option<Renewed>,
    /// That of the connections that the attempt under way is made on.
    pub(super) generation: u64,
    pub(super) reloaded: bool,
    /// The managers that it has failed at, or that have redirected it.
    been: Vec<&'c Endpoint>,
    /// The managers that have redirected it.
    redirected: Vec<&'c Endpoint>,
    /// Whether a manager said that it is this one that is to deal with it.
    pub(super) is_bound: bool,
    /// Until when managers have asked to be left alone.
    asked: Vec<(&'c Endpoint, Instant)>,
    /// Whether anything of it was sent.
    is_sent: bool,
    /// Whether an attempt was cut short for the sake of another.
    is_cut: bool,
    /// Whether it has been at another manager without a share of the budget.
    moved: bool,
    /// What the last attempt came to.
    pub(super) last: Option<Error>,
}

impl<'c> Course<'c> {
    pub(super) fn new(client: &'c Client, outgoing: Outgoing) -> Self {
        client.core.budget.deposit();
        let mut course = Self {
            policy: Policy {
                max_retries: client.options.effective_max_retries(),
                delay: client.options.effective_retry_delay(),
                idempotent: outgoing.idempotent,
                repeatable: outgoing.body.is_repeatable(),
                retry_unavailable: client.options.effective_retry_unavailable(),
                by_certificate: client.core.connections.has_identity()
                    && outgoing.credentials.is_none(),
            },
            endpoint: &client.core.cluster.first,
            deadline: TimeLimit::of_call(&client.options),
            kept: outgoing.credentials.clone(),
            replaced: Vec::new(),
            client,
            outgoing,
            retries: 0,
            renewed: None,
            generation: 0,
            reloaded: false,
            been: Vec::new(),
            redirected: Vec::new(),
            is_bound: false,
            asked: Vec::new(),
            is_sent: false,
            is_cut: false,
            moved: false,
            last: None,
        };
        course.go_to(course.choose());
        client.core.cluster.take_turn();
        course
    }

    /// The manager to go to. Credentials that were given for this call are for the first.
    pub(super) fn choose(&self) -> &'c Endpoint {
        let cluster = &self.client.core.cluster;
        match self.outgoing.credentials {
            Some(_) => &cluster.first,
            None => cluster.choose(&self.been),
        }
    }

    /// The manager to go to next, as the call has failed where it is.
    fn choose_next(&mut self) -> &'c Endpoint {
        self.been.push(self.endpoint);
        self.choose()
    }

    /// Goes to a manager, unless the call is there already. What is a path at one manager is one at all. What is known of the
    /// credentials of one says nothing of those of another.
    pub(super) fn go_to(&mut self, endpoint: &'c Endpoint) {
        if !ptr::eq(self.endpoint, endpoint)
            && let Ok(url) = endpoint.address.url(&self.outgoing.path_and_query)
        {
            self.endpoint = endpoint;
            self.outgoing.url = url;
            self.renewed = None;
            self.is_bound = false;
        }
    }

    /// Whether it is another manager than the one that the call is at, and is up.
    pub(super) fn is_way_out(&self, next: &Endpoint) -> bool {
        !ptr::eq(self.endpoint, next) && next.health.is_up()
    }

    /// Whether there is such a manager. Credentials that were given for this call are for the first.
    pub(super) fn has_way_out(&self) -> bool {
        let mut others = self.client.core.cluster.endpoints();
        self.outgoing.credentials.is_none() && others.any(|other| self.is_way_out(other))
    }

    /// What an attempt that was sent then tells of the manager: how it failed, if it did.
    pub(super) fn learn(&self, sent: Instant, failure: Option<&Failure>) {
        let Endpoint {
            limiter,
            health,
            address,
            ..
        } = self.endpoint;
        let cause = failure.map(|failure| failure.cause);
        let has_answered = failure.is_none_or(|failure| failure.error.status().is_some());
        match cause {
            Some(Cause::Answer(StatusCode::TOO_MANY_REQUESTS, _)) => {
                limiter.refused(Refusal::Rate, sent);
            }
            Some(Cause::Answer(StatusCode::SERVICE_UNAVAILABLE, Some(_))) => {
                limiter.refused(Refusal::Busy, sent);
            }
            _ if has_answered => limiter.answered(),
            _ => {}
        }
        if !self.client.core.cluster.has_others() {
            return;
        }
        match cause {
            Some(Cause::OutOfTime | Cause::CutShort) => self.endpoint.suspect(),
            Some(cause) if cause.is_of_manager() => health.failed(&address.manager, Instant::now()),
            _ if has_answered => health.answered(&address.manager, sent),
            _ => {}
        }
    }

    /// How long to wait for the next attempt; or the error, if there is none.
    pub(super) async fn after(&mut self, failure: Failure, call: &Call) -> Result<Duration, Error> {
        self.is_cut |= failure.cause == Cause::CutShort;
        let (wait, reason) = match self.is_renewed(&failure.error, call).await {
            Ok(true) => (Duration::ZERO, "there are new credentials"),
            Err(login) if self.has_moved(&login) => {
                (Duration::ZERO, "there are no credentials here")
            }
            Err(login) => match self.login_again(&login) {
                Some(wait) => (wait, "there may be credentials later"),
                None => return Err(failure.error.after_login(login)),
            },
            Ok(false) if self.is_reloaded(&failure).await => {
                (Duration::ZERO, "there are new certificates")
            }
            Ok(false) => match self.redirected_wait(&failure) {
                Some(wait) => (wait, "another manager is to deal with it"),
                None => match self.retry(&failure) {
                    Ok(retry) => retry,
                    Err(None) => return Err(failure.error),
                    Err(Some(note)) => return Err(failure.error.with_note(note)),
                },
            },
        };
        info!(
            operation = call.operation.as_deref(),
            attempts = call.attempts,
            manager = call.manager.as_deref(),
            error = %failure.error,
            ?wait,
            reason,
            "attempt failed, there will be another"
        );
        self.last = Some(failure.error);
        Ok(wait)
    }

    /// How long to wait before a failed attempt is repeated, here or at another manager, and why it is; or why it is not, if that
    /// is not plain.
    fn retry(
        &mut self,
        failure: &Failure,
    ) -> Result<(Duration, &'static str), Option<&'static str>> {
        let cause = failure.cause;
        if let Some(after) = failure.retry_after {
            let until = Instant::now().checked_add(after);
            self.asked.extend(until.map(|until| (self.endpoint, until)));
        }
        let next = self.choose_next();
        let elsewhere = self.is_way_out(next) && !self.has_been_at(next);
        let next = if elsewhere { next } else { self.sooner(next) };
        let failed = Failed {
            retries: self.retries,
            cause,
            // Too far away for a clock is what the manager said itself.
            retry_after: match ptr::eq(next, self.endpoint) {
                true => failure.retry_after,
                false => self.asked_of(next),
            },
            left: self.deadline.left(),
            elsewhere,
        };
        let Some(wait) = self.policy.wait(failed, random()) else {
            let without = Failed {
                retry_after: None,
                ..failed
            };
            let is_too_long = self.policy.wait(without, 0.0).is_some();
            return Err(is_too_long.then_some("which is longer than a call waits"));
        };
        // Where nothing was sent there was no load; and each call may move once.
        let is_new_load = !cause.is_before_request();
        let is_free = failed.elsewhere && cause.is_of_manager() && !(is_new_load && self.moved);
        self.moved |= failed.elsewhere && is_new_load;
        if !is_free && !self.client.core.budget.withdraw() {
            return Err(Some("the retry budget of the client is spent"));
        }
        self.retries += 1;
        self.go_to(next);
        Ok((wait, self.policy.reason(failed)))
    }

    fn has_been_at(&self, endpoint: &Endpoint) -> bool {
        self.been.iter().any(|one| ptr::eq(*one, endpoint))
    }

    /// How long a manager is to be left alone yet, by its own word.
    fn asked_of(&self, endpoint: &Endpoint) -> Option<Duration> {
        let mut asked = self.asked.iter().rev();
        let (_, until) = asked.find(|(one, _)| ptr::eq(*one, endpoint))?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// The one that takes the call sooner: where it is, or the next. The call has been at both.
    fn sooner(&self, next: &'c Endpoint) -> &'c Endpoint {
        let wait = |endpoint| self.asked_of(endpoint).unwrap_or_default();
        match wait(next) <= wait(self.endpoint) {
            true => next,
            false => self.endpoint,
        }
    }

    /// How long the next attempt may take. Where another manager may do better, what may be sent again does not stay at one that hangs
    /// for all of the time that is left: once.
    pub(super) fn attempt_limit(&mut self) -> TimeLimit {
        self.is_sent = true;
        let may_go_on = self.policy.idempotent
            && self.policy.repeatable
            && self.retries < self.policy.max_retries
            && !self.is_cut
            && !self.is_bound
            && !self.client.options.has_attempt_timeout();
        if !may_go_on || !self.has_way_out() {
            return self.deadline.of_attempt(&self.client.options);
        }
        self.half_at_most(SHORTEST_ATTEMPT)
    }

    /// The end of what is done for an attempt, so that half of the time is left for another manager, where that is as long as this.
    pub(super) fn half_at_most(&self, shortest: Duration) -> TimeLimit {
        let limit = self.deadline.of_attempt(&self.client.options);
        let half = self.deadline.left().map(|left| left / 2);
        match half.filter(|half| *half >= shortest) {
            Some(half) => limit.at_most(half),
            None => limit,
        }
    }

    /// Whether a call for which there were no credentials, as the manager's login could not be reached or failed, has gone to
    /// another manager. Nothing of it was done.
    pub(super) fn has_moved(&mut self, error: &Error) -> bool {
        let keeper = self.keeper();
        let is_of_manager =
            is_passing(error) && keeper.is_some_and(|keeper| keeper.is_of_one_manager());
        if !is_of_manager || self.retries >= self.policy.max_retries || self.deadline.is_over() {
            return false;
        }
        let failed = self.endpoint;
        // One that is asked for too much is there.
        if error.kind() != ErrorKind::TooManyRequests {
            let manager = &failed.address.manager;
            failed.health.failed(manager, Instant::now());
        }
        let next = self.choose_next();
        let may_go_on = self.policy.repeatable || !self.is_sent;
        let is_way_out = self.is_way_out(next) && may_go_on;
        if is_way_out {
            self.retries += 1;
            self.go_to(next);
        }
        is_way_out
    }

    /// How long to wait for another login, after one that may do better then. The manager has done nothing but refuse the call.
    fn login_again(&mut self, login: &Error) -> Option<Duration> {
        let failed = Failed {
            retries: self.retries,
            cause: Cause::NotBegun,
            retry_after: login.retry_after(),
            left: self.deadline.left(),
            elsewhere: false,
        };
        let policy = Policy {
            repeatable: self.policy.repeatable || !self.is_sent,
            ..self.policy
        };
        let wait = policy.wait(failed, random())?;
        if !is_passing(login) || !self.client.core.budget.withdraw() {
            return None;
        }
        self.retries += 1;
        Some(wait)
    }

    /// The same for a call that was not sent yet, where no manager is up that it has not been at: it goes to one that is not.
    pub(super) fn other_login(&mut self, login: &Error) -> Option<Duration> {
        if !self.client.core.cluster.has_others() {
            return None;
        }
        let wait = self.login_again(login)?;
        self.go_to(self.choose());
        Some(wait)
    }

    /// How long to wait before the same call is made at another manager of the cluster, where that is to be done: as long as that one
    /// has asked for. Credentials that were given for this call stay here, and a call does not go round in circles.
    fn redirected_wait(&mut self, failure: &Failure) -> Option<Duration> {
        let target = failure.redirect.as_ref()?;
        let endpoint = self.client.core.cluster.endpoint_of(target)?;
        let same_call = endpoint.address.url(&self.outgoing.path_and_query);
        let is_circle = self.redirected.iter().any(|one| ptr::eq(*one, endpoint));
        if ptr::eq(self.endpoint, endpoint)
            || !same_call.is_ok_and(|url| url == *target)
            || is_circle
            || !self.policy.repeatable
            || self.outgoing.credentials.is_some()
        {
            return None;
        }
        let wait = self.asked_of(endpoint).unwrap_or_default();
        let is_in_time = self.deadline.left().is_none_or(|left| wait < left);
        if !is_in_time || wait > LONGEST_OBEYED {
            return None;
        }
        // A call goes once to another manager without a share of the budget.
        if self.moved && !self.client.core.budget.withdraw() {
            return None;
        }
        self.moved = true;
        self.redirected.push(self.endpoint);
        self.been.push(self.endpoint);
        self.go_to(endpoint);
        self.is_bound = true;
        Some(wait)
    }

    pub(super) fn succeeded(&self, facts: &Facts) {
        let call = &facts.call;
        let operation = call.operation.as_deref();
        if let Some(keeper) = self.keeper() {
            keeper.were_good(operation.unwrap_or_default());
        }
        let (status, attempts) = (facts.status.as_u16(), call.attempts);
        debug!(operation, status, attempts, "call succeeded");
    }

    /// `text` of the other side without the secrets of the call, should they be echoed in it.
    pub(super) fn mask(&self, text: String) -> String {
        let kept = self.replaced.iter().chain(&self.kept);
        let kept = kept.map(|kept| &kept.mask);
        let masks: Vec<&Mask> = kept.chain([&*self.endpoint.mask]).collect();
        mask(text, &masks)
    }
}

/// Whether a login failed for the manager's sake, so that another manager, or the same one later, may do better. What a scheme fails at
/// by itself it will fail at again.
fn is_passing(login: &Error) -> bool {
    let is_of_manager = |error: &Error| {
        matches!(
            error.kind(),
            ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Timeout
                | ErrorKind::Connection
                | ErrorKind::TooManyRequests
        ) || error
            .status()
            .is_some_and(|status| status.is_server_error())
    };
    match login.login() {
        // It has not ended in time.
        None => login.kind() == ErrorKind::Authentication || is_of_manager(login),
        Some(login) => is_of_manager(login),
    }
}

/// A number from 0 to 1. The standard library's hasher is seeded at random, which is enough to spread calls out.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn random_numbers_are_spread() {
        let mut numbers: Vec<f64> = (0..1000).map(|_| random()).collect();
        numbers.sort_by(f64::total_cmp);
        for (index, number) in numbers.iter().enumerate() {
            let expected = index as f64 / 1000.0;
            assert!((number - expected).abs() < 0.15, "{index}: {number}");
        }
    }
}
