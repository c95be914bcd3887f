//! One call: endpoint, credentials, time-outs, attempts and waits, and the reading of what comes back.
//!
//! It knows nothing of operations and types, so that it is compiled for the two ways to receive a body and not for every
//! operation. Nothing is held across an `await` that would have to be undone: dropping the future at any of them leaves
//! nothing half done.

use std::error::Error as _;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};
use tower::retry::budget::Budget;
use tracing::{Instrument, Span, debug, info};

use crate::auth::{Keeper, Kept, Refused, Renewed};
use crate::cluster::Endpoint;
use crate::error::{Answer, Call};
use crate::failure::{self, Failure};
use crate::limit::Refusal;
use crate::mask::{Mask, mask};
use crate::receive::{self, Receive};
use crate::response::{Facts, mark_sensitive, request_id};
use crate::retry::{Failed, Outcome, Policy, retry_after};
use crate::{ApiError, Body, Client, Error, ErrorKind, Response, observe, redirect};

/// A request that is ready to be sent, as often as it takes.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// The place at the first manager.
    pub(crate) url: Url,
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// In the place of the client's.
    pub(crate) credentials: Option<Arc<Kept>>,
    pub(crate) idempotent: bool,
}

/// Sends a request until it succeeds, or its failure is final, or there is no attempt or time left.
pub(crate) async fn send<T: Receive>(
    client: &Client,
    outgoing: Outgoing,
    call: Call,
) -> Result<Response<T>, Error> {
    if Handle::try_current().is_err() {
        let reason = "the call is made outside of a Tokio runtime";
        return Err(Error::new(ErrorKind::InvalidRequest, reason).in_call(call));
    }
    let (span, began) = (observe::call_span(&outgoing, &call), Instant::now());
    let mut course = Course::new(client, outgoing);
    let result = run(&mut course, call).instrument(span.clone()).await;
    observe::ended(&span, &course.endpoint.address, began.elapsed(), &result);
    result
}

async fn run<T: Receive>(course: &mut Course<'_>, mut call: Call) -> Result<Response<T>, Error> {
    loop {
        call.manager = Some(course.endpoint.address.manager.clone());
        let _in_flight = course.endpoint.enter();
        let _room = match (course.prepare().await, course.last.take()) {
            (Ok(room), _) => room,
            (Err(error), _) if course.has_moved(&error) => {
                info!(operation = call.operation.as_deref(), %error, "another manager is to deal with the call");
                continue;
            }
            // What the call has met says more than what it was waiting for.
            (Err(error), Some(last)) if error.source().is_none() => {
                let note = "no other attempt could begin before the deadline";
                return Err(gave_up(last.with_note(note), call));
            }
            (Err(error), _) => return Err(gave_up(error, call)),
        };
        call.attempts = call.attempts.saturating_add(1);
        let span = observe::attempt_span(&course.outgoing, &course.endpoint.address, call.attempts);
        let attempt = Attempt {
            course,
            limit: Limit::of_attempt(course.client, course.deadline),
        };
        let sent = Instant::now();
        let result = attempt.run().instrument(span.clone()).await;
        course.learn(sent, &span, &result);
        let failure = match result {
            Ok((value, status, headers)) => {
                let facts = Facts::new(call, status, headers, |text| course.mask(text));
                course.succeeded(&facts);
                return Ok(Response::new(value, facts));
            }
            Err(failure) => failure,
        };
        drop((_in_flight, _room));
        match course.after(failure, &call).await {
            Ok(wait) if wait.is_zero() => {}
            Ok(wait) => sleep(wait).await,
            Err(error) => return Err(gave_up(error, call)),
        }
    }
}

/// How far a call has come: where it is sent, and what was tried.
struct Course<'c> {
    client: &'c Client,
    outgoing: Outgoing,
    endpoint: &'c Endpoint,
    url: Url,
    deadline: Option<Instant>,
    policy: Policy,
    /// The credentials of all attempts, those of the last one at the end.
    kept: Vec<Arc<Kept>>,
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

impl<'c> Course<'c> {
    fn new(client: &'c Client, outgoing: Outgoing) -> Self {
        client.core.budget.deposit();
        let mut course = Self {
            policy: Policy {
                max_retries: client.options.effective_max_retries(),
                delay: client.options.effective_retry_delay(),
                idempotent: outgoing.idempotent,
                repeatable: outgoing.body.is_repeatable(),
            },
            endpoint: &client.core.cluster.first,
            url: outgoing.url.clone(),
            deadline: Instant::now().checked_add(client.options.effective_deadline()),
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
            self.endpoint = endpoint;
            self.url = url;
            self.renewed = None;
        }
    }

    /// Waits for all that an attempt needs: credentials, and room for it within the client's own limits.
    async fn prepare(&mut self) -> Result<Option<SemaphorePermit<'c>>, Error> {
        self.fetch_credentials().await?;
        let mut room = self.room().await?;
        if !self.has_current_credentials() {
            // They are fetched without taking room from others, and once: those of some schemes never hold for long.
            drop(room);
            self.fetch_credentials().await?;
            room = self.room().await?;
        }
        self.generation = self.client.core.connections.generation();
        Ok(room)
    }

    async fn room(&self) -> Result<Option<SemaphorePermit<'c>>, Error> {
        let enter = self.endpoint.limiter.enter();
        let Some(deadline) = self.deadline else {
            return Ok(enter.await);
        };
        timeout_at(deadline, enter).await.map_err(|_| {
            let length = self.client.options.effective_deadline();
            let message =
                format!("the client's own limits left no room within the deadline of {length:?}");
            Error::new(ErrorKind::TooManyRequests, message)
        })
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

    /// What an attempt that was sent then tells of the manager.
    fn learn<T>(
        &self,
        sent: Instant,
        span: &Span,
        result: &Result<(T, StatusCode, HeaderMap), Failure>,
    ) {
        let (status, failure) = match result {
            Ok((_, status, _)) => (Some(*status), None),
            Err(failure) => (failure.error.status(), Some(failure)),
        };
        let error = failure.map(|failure| &failure.error);
        observe::record(span, status.map(|status| status.as_u16()), error);
        let Endpoint {
            limiter,
            health,
            address,
            ..
        } = self.endpoint;
        let is_managers_own = error.is_some_and(|error| error.api_error().is_some());
        match status {
            Some(StatusCode::TOO_MANY_REQUESTS) => limiter.refused(Refusal::Rate, sent),
            Some(StatusCode::SERVICE_UNAVAILABLE) if is_managers_own => {
                limiter.refused(Refusal::Busy, sent);
            }
            Some(_) => limiter.answered(),
            None => {}
        }
        if !self.client.core.cluster.has_others() {
            return;
        }
        match failure {
            Some(failure) if failure.is_of_manager() => {
                health.failed(&address.manager, Instant::now());
            }
            Some(failure) if failure.is_callers => {}
            _ => health.answered(&address.manager),
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
        if std::ptr::eq(failed, next) || !next.health.is_up() {
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
        let kept = self.before_deadline(keeper.credentials()).await?;
        self.keep(kept);
        Ok(())
    }

    /// What is waited for of a scheme of authentication: for as long as the call has, or as an attempt has where another manager
    /// may do better.
    async fn before_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let options = &self.client.options;
        let attempt = Instant::now().checked_add(options.effective_attempt_timeout());
        let attempt = attempt.filter(|_| self.client.core.cluster.has_others());
        let (until, name, length) = match (self.deadline, attempt) {
            (Some(deadline), Some(attempt)) if attempt < deadline => (
                attempt,
                "the attempt's time-out",
                options.effective_attempt_timeout(),
            ),
            (Some(deadline), _) => (deadline, "the deadline", options.effective_deadline()),
            (None, Some(attempt)) => (
                attempt,
                "the attempt's time-out",
                options.effective_attempt_timeout(),
            ),
            (None, None) => return work.await,
        };
        timeout_at(until, work).await.unwrap_or_else(|_| {
            let message = format!("no credentials within {name} of {length:?}");
            Err(Error::new(ErrorKind::Authentication, message))
        })
    }

    /// How long to wait for the next attempt; or the error, if there is none.
    async fn after(&mut self, failure: Failure, call: &Call) -> Result<Duration, Error> {
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
        let failed_at = self.endpoint;
        let next = self.choose(Some(failed_at));
        let is_other =
            !std::ptr::eq(failed_at, next) && next.health.is_up() && failure.is_of_manager();
        let outcome = match failure.error.kind() {
            // Nothing was sent; but the same manager will show the same certificate.
            ErrorKind::Tls if is_other => Outcome::NotDone,
            _ => failure.outcome,
        };
        let failed = Failed {
            retries: self.retries,
            outcome,
            retry_after: failure.retry_after,
            left: self
                .deadline
                .map(|deadline| deadline.saturating_duration_since(Instant::now())),
        };
        // Another manager has nothing to recover from, so a call goes there at once.
        let wait = match is_other {
            true => self.policy.allows(failed).then_some(Duration::ZERO),
            false => self.policy.wait(failed, random()),
        };
        let wait = wait.ok_or(None)?;
        // What was not begun is no more load there than the first time; and each call may move once.
        let is_free = is_other && (outcome == Outcome::NotDone || !self.moved);
        self.moved |= is_other;
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
        let renewed = self.before_deadline(renewal).await?;
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
        self.reloaded = match self.deadline {
            Some(deadline) => timeout_at(deadline, reload).await.unwrap_or(false),
            None => reload.await,
        };
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
        self.renewed = None;
        self.endpoint = endpoint;
        self.url = target.clone();
        true
    }

    fn succeeded(&self, facts: &Facts) {
        let call = &facts.call;
        let operation = call.operation.as_deref();
        if let Some(keeper) = self.keeper() {
            keeper.were_good(operation.unwrap_or_default());
        }
        let (status, attempts) = (facts.status.as_u16(), call.attempts);
        debug!(operation, status, attempts, "call succeeded");
    }

    /// `text` of the other side without the secrets of the call, should they be echoed in it.
    fn mask(&self, text: String) -> String {
        let kept = self.kept.iter().map(|kept| &kept.mask);
        let masks: Vec<&Mask> = kept.chain([&self.endpoint.mask]).collect();
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
    error.status() == Some(StatusCode::INTERNAL_SERVER_ERROR) && error.error_code() == Some(99)
}

fn gave_up(error: Error, call: Call) -> Error {
    let status = error.status().map(|status| status.as_u16());
    debug!(
        operation = call.operation.as_deref(),
        status,
        attempts = call.attempts,
        kind = ?error.kind(),
        "call failed"
    );
    error.in_call(call)
}

/// One attempt: the request is sent once, and what comes back is read.
struct Attempt<'a> {
    course: &'a Course<'a>,
    limit: Limit,
}

impl Attempt<'_> {
    async fn run<T: Receive>(&self) -> Result<(T, StatusCode, HeaderMap), Failure> {
        let mut response = self.limit.hold(self.execute()).await??;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        mark_sensitive(&mut headers);
        if !status.is_success() {
            return Err(self.refused(response, headers).await);
        }
        let announced = receive::announced(&self.course.outgoing.method, status, &headers);
        let most = self.course.client.options.effective_body_limit();
        match T::receive(response, announced, self.limit, most).await {
            Ok(value) => Ok((value, status, headers)),
            Err(failure) => Err(failure.with_answer(Answer {
                status,
                request_id: request_id(&headers).map(|id| self.course.mask(id.to_owned())),
                ..Answer::default()
            })),
        }
    }

    async fn execute(&self) -> Result<reqwest::Response, Failure> {
        let outgoing = &self.course.outgoing;
        let mut request = reqwest::Request::new(outgoing.method.clone(), self.course.url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        *request.body_mut() = outgoing.body.take()?;
        if let Some(kept) = self.course.kept.last() {
            kept.credentials.apply(request.headers_mut());
        }
        let connections = &self.course.client.core.connections;
        let http = connections.http(self.limit.left()).await;
        http.execute(request).await.map_err(failure::request)
    }

    /// The failure of an answer that is not a success. Its body is read as far as it comes.
    async fn refused(&self, response: reqwest::Response, headers: HeaderMap) -> Failure {
        let status = response.status();
        let body = receive::as_far_as_it_comes(response, self.limit).await;
        let mask = |text: String| self.course.mask(text);
        let retry_after = retry_after(&headers, SystemTime::now());
        let answer = Answer {
            status,
            request_id: request_id(&headers).map(|id| mask(id.to_owned())),
            retry_after,
            api_error: ApiError::from_body(&body).map(|error| error.map_texts(&mask)),
            body: Some(receive::kept(&body, mask)),
        };
        let is_undone =
            answer.api_error.is_some() && self.course.client.options.effective_retry_unavailable();
        let message = match ErrorKind::of(status) {
            ErrorKind::Redirect => redirect::message(&headers, mask),
            _ => String::new(),
        };
        Failure {
            outcome: Outcome::of(status, is_undone),
            error: Error::new(ErrorKind::of(status), message).with_answer(answer),
            retry_after,
            is_callers: false,
            redirect: redirect::target(status, &headers, &self.course.url),
        }
    }
}

/// A number from 0 to 1. The standard library's hasher is seeded at random, which is enough to spread calls out.
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

/// The end of an attempt, and which of the two time-outs it is.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    until: Option<Instant>,
    is_deadline: bool,
    name: &'static str,
    length: Duration,
}

impl Limit {
    fn of_attempt(client: &Client, deadline: Option<Instant>) -> Self {
        let options = &client.options;
        let timeout = options.effective_attempt_timeout();
        let until = Instant::now().checked_add(timeout);
        match (until, deadline) {
            (until, Some(deadline)) if until.is_none_or(|until| deadline <= until) => Self {
                until: Some(deadline),
                is_deadline: true,
                name: "the deadline",
                length: options.effective_deadline(),
            },
            _ => Self {
                until,
                is_deadline: false,
                name: "the attempt's time-out",
                length: timeout,
            },
        }
    }

    /// What is left until then.
    fn left(&self) -> Duration {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        self.until.map_or(Duration::MAX, left)
    }

    /// Waits for `work`, but no longer than this.
    pub(crate) async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let Some(until) = self.until else {
            return Ok(work.await);
        };
        timeout_at(until, work).await.map_err(|_| {
            let message = format!("no whole answer within {} of {:?}", self.name, self.length);
            let failure = Failure::new(Error::new(ErrorKind::Timeout, message), Outcome::Unknown);
            match self.is_deadline {
                true => failure.of_caller(),
                false => failure,
            }
        })
    }
}
