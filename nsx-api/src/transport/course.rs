//! How far a call has come: to which manager it goes, with which credentials, and whether there is another attempt.

use std::error::Error as _;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use reqwest::Url;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout};
use tower::retry::budget::Budget;
use tracing::{debug, info};

use super::Outgoing;
use super::time_limit::TimeLimit;
use crate::auth::{Keeper, Kept, Refused, Renewed};
use crate::cluster::{Endpoint, InFlight};
use crate::error::Call;
use crate::failure::Failure;
use crate::limit::Refusal;
use crate::mask::{Mask, mask};
use crate::response::Facts;
use crate::retry::{Author, Cause, Failed, Policy, UNKNOWN_CERTIFICATE};
use crate::{Client, Error, ErrorKind, redirect};

/// How long a call waits before one manager until it looks for a better one.
const BETWEEN_CHOICES: Duration = Duration::from_secs(1);

/// How far a call has come: where it is sent, and what was tried.
pub(super) struct Course<'c> {
    pub(super) client: &'c Client,
    pub(super) outgoing: Outgoing,
    pub(super) endpoint: &'c Endpoint,
    pub(super) url: Url,
    pub(super) deadline: TimeLimit,
    policy: Policy,
    /// The credentials of all attempts, those of the last one at the end.
    pub(super) kept: Vec<Arc<Kept>>,
    retries: u32,
    redirects: u32,
    renewed: Option<Renewed>,
    /// That of the connections that the attempt under way is made on.
    generation: u64,
    reloaded: bool,
    /// Whether it went to another manager as one was not there.
    moved: bool,
    /// What the last attempt came to.
    last: Option<Error>,
}

/// What an attempt takes up at its manager, for as long as this is kept.
pub(super) struct Ready<'c>(
    #[expect(dead_code, reason = "it counts")] InFlight<'c>,
    #[expect(dead_code, reason = "it counts")] Option<SemaphorePermit<'c>>,
);

/// Why an attempt cannot begin where the call is.
enum Unready<'c> {
    /// This manager is to deal with the call.
    Better(&'c Endpoint),
    Failed(Error),
}

impl From<Error> for Unready<'_> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
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
            url: outgoing.url.clone(),
            deadline: TimeLimit::of_call(&client.options),
            kept: outgoing.credentials.iter().cloned().collect(),
            client,
            outgoing,
            retries: 0,
            redirects: 0,
            renewed: None,
            generation: 0,
            reloaded: false,
            moved: false,
            last: None,
        };
        course.go_to(course.choose(None));
        course
    }

    /// The manager to go to. Credentials that were given for this call are for the first.
    fn choose(&self, failed: Option<&'c Endpoint>) -> &'c Endpoint {
        let cluster = &self.client.core.cluster;
        match self.outgoing.credentials {
            Some(_) => &cluster.first,
            None => cluster.choose(failed),
        }
    }

    /// Goes to a manager, unless the call is there already. What is a path at one manager is one at all.
    fn go_to(&mut self, endpoint: &'c Endpoint) {
        if !std::ptr::eq(self.endpoint, endpoint)
            && let Ok(url) = endpoint.address.url(&self.outgoing.path_and_query)
        {
            self.arrive(endpoint, url);
        }
    }

    /// What is known of the credentials of one manager says nothing of those of another.
    fn arrive(&mut self, endpoint: &'c Endpoint, url: Url) {
        self.endpoint = endpoint;
        self.url = url;
        self.renewed = None;
    }

    /// Whether it is another manager than the one that the call is at, and is up.
    fn is_way_out(&self, next: &Endpoint) -> bool {
        !std::ptr::eq(self.endpoint, next) && next.health.is_up()
    }

    /// Waits for all that an attempt needs: a manager, credentials there, and room within the client's own limits.
    pub(super) async fn prepare(&mut self, call: &Call) -> Result<Ready<'c>, Error> {
        loop {
            let in_flight = self.endpoint.enter();
            let error = match self.credentials_and_room().await {
                Ok(room) => {
                    self.generation = self.client.core.connections.generation();
                    return Ok(Ready(in_flight, room));
                }
                Err(Unready::Better(next)) => {
                    self.go_to(next);
                    continue;
                }
                Err(Unready::Failed(error)) => error,
            };
            if !self.has_moved(&error) {
                return Err(self.unsent(error));
            }
            info!(operation = call.operation.as_deref(), %error, "another manager is to deal with the call");
        }
    }

    async fn credentials_and_room(&mut self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        self.fetch_credentials().await?;
        let room = self.room().await?;
        if self.has_current_credentials() {
            return Ok(room);
        }
        // They are fetched without taking room from others, and once: those of some schemes never hold for long.
        drop(room);
        self.fetch_credentials().await?;
        self.room().await
    }

    async fn room(&self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        let room = self.deadline.wait(self.room_here_or_elsewhere()).await;
        room.unwrap_or_else(|within| {
            let message = format!("the client's own limits left no room {within}");
            Err(Error::new(ErrorKind::TooManyRequests, message).into())
        })
    }

    /// Waits for room at the manager, but no longer than until another one is better.
    async fn room_here_or_elsewhere(&self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        let mut room = pin!(self.endpoint.limiter.enter());
        if !self.client.core.cluster.has_others() {
            return Ok(room.await);
        }
        let was_up = self.endpoint.health.is_up();
        loop {
            let room = timeout(BETWEEN_CHOICES, room.as_mut()).await;
            let is_down = !self.endpoint.health.is_up();
            // One that was out already when the call came is the best that there was.
            if room.is_err() || (was_up && is_down) {
                let next = self.choose(Some(self.endpoint));
                if self.is_way_out(next) && (is_down || next.has_fewer_calls_than(self.endpoint)) {
                    return Err(Unready::Better(next));
                }
            }
            if let Ok(room) = room {
                return Ok(room);
            }
        }
    }

    /// Takes the credentials of this moment, if there are any: those of before the wait for room may not be good any more.
    fn has_current_credentials(&mut self) -> bool {
        let Some(keeper) = self.keeper() else {
            return true;
        };
        match keeper.current() {
            Some(current) => {
                self.keep(current);
                true
            }
            None => false,
        }
    }

    fn keep(&mut self, kept: Arc<Kept>) {
        let last = self.kept.last();
        if !last.is_some_and(|last| Arc::ptr_eq(last, &kept)) {
            self.kept.push(kept);
        }
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
        match cause {
            Some(Cause::Answer(StatusCode::TOO_MANY_REQUESTS, _)) => {
                limiter.refused(Refusal::Rate, sent);
            }
            Some(Cause::Answer(StatusCode::SERVICE_UNAVAILABLE, Author::Manager(_))) => {
                limiter.refused(Refusal::Busy, sent);
            }
            None | Some(Cause::Answer(..)) => limiter.answered(),
            Some(_) => {}
        }
        if !self.client.core.cluster.has_others() {
            return;
        }
        match cause {
            Some(cause) if cause.is_of_manager() => health.failed(&address.manager, Instant::now()),
            None | Some(Cause::Answer(..)) => health.answered(&address.manager),
            Some(_) => {}
        }
    }

    /// The error of a call whose next attempt could not begin. What it has met says more than what it was waiting for.
    fn unsent(&mut self, error: Error) -> Error {
        let note = "no other attempt could begin before the deadline";
        match self.last.take() {
            Some(last) if error.source().is_none() => last.with_note(note),
            _ => error,
        }
    }

    /// Whether a call for which there were no credentials, as the manager's login could not be reached or failed, has gone to
    /// another manager. Nothing of it was sent.
    fn has_moved(&mut self, error: &Error) -> bool {
        let is_of_login = match error.kind() {
            ErrorKind::Connect | ErrorKind::Tls => true,
            ErrorKind::Authentication => {
                error.status().is_none_or(|status| status.is_server_error())
            }
            _ => false,
        };
        let is_of_one_manager = self
            .keeper()
            .is_some_and(|keeper| keeper.is_of_one_manager());
        if !is_of_login || !is_of_one_manager || self.retries >= self.policy.max_retries {
            return false;
        }
        let failed = self.endpoint;
        failed
            .health
            .failed(&failed.address.manager, Instant::now());
        let next = self.choose(Some(failed));
        if !self.is_way_out(next) {
            return false;
        }
        self.retries += 1;
        self.go_to(next);
        true
    }

    /// The client's credentials at this manager, unless the call has others or needs none.
    fn keeper(&self) -> Option<&'c Arc<Keeper>> {
        let keeper = self.endpoint.keeper.as_ref();
        keeper.filter(|_| self.outgoing.credentials.is_none())
    }

    async fn fetch_credentials(&mut self) -> Result<(), Error> {
        let Some(keeper) = self.keeper() else {
            return Ok(());
        };
        let kept = self.in_time(keeper.credentials()).await?;
        self.keep(kept);
        Ok(())
    }

    /// What is waited for of a scheme of authentication: for as long as the call has, or as an attempt has where another manager
    /// may do better.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let limit = match self.client.core.cluster.has_others() {
            true => self.deadline.of_attempt(&self.client.options),
            false => self.deadline,
        };
        limit.wait(work).await.unwrap_or_else(|within| {
            let message = format!("no credentials {within}");
            Err(Error::new(ErrorKind::Authentication, message))
        })
    }

    /// How long to wait for the next attempt; or the error, if there is none.
    pub(super) async fn after(&mut self, failure: Failure, call: &Call) -> Result<Duration, Error> {
        let (wait, reason) = match self.is_renewed(&failure.error, call).await {
            Ok(true) => (Duration::ZERO, "there are new credentials"),
            Err(login) => return Err(failure.error.after_login(login)),
            Ok(false) if self.is_reloaded(&failure.error).await => {
                (Duration::ZERO, "there are new certificates")
            }
            Ok(false) if self.is_redirected(&failure) => {
                (Duration::ZERO, "another manager is to deal with it")
            }
            Ok(false) => match self.retry(&failure) {
                Ok(wait) => (wait, "it is worth another attempt"),
                Err(None) => return Err(failure.error),
                Err(Some(note)) => return Err(failure.error.with_note(note)),
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

    /// How long to wait before a failed attempt is repeated, here or at another manager; or why it is not, if that is not
    /// plain.
    fn retry(&mut self, failure: &Failure) -> Result<Duration, Option<&'static str>> {
        let next = self.choose(Some(self.endpoint));
        let cause = failure.cause;
        let failed = Failed {
            retries: self.retries,
            cause,
            retry_after: failure.retry_after,
            left: self.deadline.left(),
            elsewhere: self.is_way_out(next) && cause.is_of_manager(),
        };
        let wait = self.policy.wait(failed, random()).ok_or(None)?;
        // Where nothing was sent there was no load; and each call may move once.
        let is_free = failed.elsewhere && (cause.is_before_request() || !self.moved);
        self.moved |= failed.elsewhere && !cause.is_before_request();
        if !is_free && !self.client.core.budget.withdraw() {
            return Err(Some("the retry budget of the client is spent"));
        }
        self.retries += 1;
        self.go_to(next);
        Ok(wait)
    }

    /// Whether the credentials were refused, and there are others to send the call again with: once with those that another
    /// call has got, and once with new ones.
    async fn is_renewed(&mut self, error: &Error, call: &Call) -> Result<bool, Error> {
        let (Some(keeper), Some(kept)) = (self.keeper(), self.kept.last()) else {
            return Ok(false);
        };
        let operation = call.operation.as_deref().unwrap_or_default();
        let Some(status) = error.status().filter(|_| is_refusal(error)) else {
            return Ok(false);
        };
        if self.renewed == Some(Renewed::Now) {
            keeper.were_no_use(kept, operation);
            return Ok(false);
        }
        let renewal = keeper.renew(kept, Refused { operation, status });
        let renewed = self.in_time(renewal).await?;
        let again = renewed != Renewed::No && self.renewed != Some(renewed);
        self.renewed = Some(renewed);
        Ok(again && self.policy.repeatable)
    }

    /// Whether a call that failed for its certificates is to be sent again, with others that are in the files by now.
    async fn is_reloaded(&mut self, error: &Error) -> bool {
        let is_of_identity =
            self.endpoint.keeper.is_none() && (is_refusal(error) || is_unknown_certificate(error));
        if !(is_of_identity || error.kind() == ErrorKind::Tls)
            || self.reloaded
            || !self.policy.repeatable
        {
            return false;
        }
        let reload = self.client.core.connections.reload(self.generation);
        self.reloaded = self.deadline.wait(reload).await.unwrap_or(false);
        self.reloaded
    }

    /// Whether the call is to be made at another manager of the cluster. Credentials that were given for this call stay here.
    fn is_redirected(&mut self, failure: &Failure) -> bool {
        let Some(target) = &failure.redirect else {
            return false;
        };
        let endpoint = match self.client.core.cluster.endpoint_of(target) {
            Some(endpoint) if !std::ptr::eq(self.endpoint, endpoint) => endpoint,
            _ => return false,
        };
        if !self.policy.repeatable
            || self.redirects >= redirect::MOST
            || self.outgoing.credentials.is_some()
        {
            return false;
        }
        self.redirects += 1;
        self.arrive(endpoint, target.clone());
        true
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
        let kept = self.kept.iter().map(|kept| &kept.mask);
        let masks: Vec<&Mask> = kept.chain([&*self.endpoint.mask]).collect();
        mask(text, &masks)
    }
}

/// Whether an answer may mean that the manager does not know the credentials, or not any more. A missing licence, which is
/// answered 403 too, has a code of its own.
fn is_refusal(error: &Error) -> bool {
    match error.status() {
        Some(StatusCode::UNAUTHORIZED) => true,
        Some(StatusCode::FORBIDDEN) => error.error_code() != Some(505),
        _ => false,
    }
}

/// Whether a manager says that it does not trust the client's certificate yet. It has looked no further.
fn is_unknown_certificate(error: &Error) -> bool {
    error.status() == Some(StatusCode::INTERNAL_SERVER_ERROR)
        && error.error_code() == Some(UNKNOWN_CERTIFICATE)
}

/// A number from 0 to 1. The standard library's hasher is seeded at random, which is enough to spread calls out.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}
