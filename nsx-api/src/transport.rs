//! One call: endpoint, credentials, time-outs, attempts and waits, and the reading of what comes back.
//!
//! It knows nothing of operations and types, so that it is compiled for the two ways to receive a body and not for every
//! operation. Nothing is held across an `await` that would have to be undone: dropping the future at any of them leaves
//! nothing half done.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug;

use crate::auth::{Keeper, Kept};
use crate::client::Endpoint;
use crate::error::{Answer, Call};
use crate::failure::{self, Failure};
use crate::receive::{self, Receive};
use crate::response::{Facts, mark_sensitive, request_id};
use crate::retry::{Failed, Outcome, Policy, retry_after};
use crate::{ApiError, Body, Client, Error, ErrorKind, Response, redirect};

/// A request that is ready to be sent, as often as it takes.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// The place of the first manager; a redirect changes it.
    pub(crate) url: Url,
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
    mut call: Call,
) -> Result<Response<T>, Error> {
    if Handle::try_current().is_err() {
        let reason = "the call is made outside of a Tokio runtime";
        return Err(Error::new(ErrorKind::InvalidRequest, reason).in_call(call));
    }
    let mut course = Course::new(client, outgoing);
    loop {
        let kept = match course.credentials().await {
            Ok(kept) => kept,
            Err(error) => return Err(gave_up(error, call)),
        };
        course.generation = client.core.connections.generation();
        call.attempts = call.attempts.saturating_add(1);
        call.manager = Some(course.endpoint.address.manager.clone());
        let attempt = Attempt {
            course: &course,
            kept: kept.as_deref(),
            limit: Limit::of_attempt(client, course.deadline),
        };
        let failure = match attempt.run().await {
            Ok((value, status, headers)) => {
                let facts = Facts::new(call, status, headers, |text| attempt.mask(text));
                return Ok(succeeded(value, facts));
            }
            Err(failure) => failure,
        };
        match course.after(failure, kept.as_ref(), &call).await {
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
    deadline: Option<Instant>,
    policy: Policy,
    retries: u32,
    redirects: u32,
    renewed: bool,
    /// That of the connections that the attempt under way is made on.
    generation: u64,
    reloaded: bool,
}

impl<'c> Course<'c> {
    fn new(client: &'c Client, outgoing: Outgoing) -> Self {
        Self {
            policy: Policy {
                max_retries: client.options.effective_max_retries(),
                delay: client.options.effective_retry_delay(),
                idempotent: outgoing.idempotent,
                repeatable: outgoing.body.is_repeatable(),
            },
            endpoint: &client.core.first,
            deadline: Instant::now().checked_add(client.options.effective_deadline()),
            client,
            outgoing,
            retries: 0,
            redirects: 0,
            renewed: false,
            generation: 0,
            reloaded: false,
        }
    }

    /// The client's credentials at this manager, unless the call has others or needs none.
    fn keeper(&self) -> Option<&'c Arc<Keeper>> {
        let keeper = self.endpoint.keeper.as_ref();
        keeper.filter(|_| self.outgoing.credentials.is_none())
    }

    async fn credentials(&self) -> Result<Option<Arc<Kept>>, Error> {
        match self.keeper() {
            Some(keeper) => self.before_deadline(keeper.credentials()).await.map(Some),
            None => Ok(self.outgoing.credentials.clone()),
        }
    }

    /// What is waited for of a scheme of authentication, for as long as the call has.
    async fn before_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(deadline) = self.deadline else {
            return work.await;
        };
        timeout_at(deadline, work).await.unwrap_or_else(|_| {
            let length = self.client.options.effective_deadline();
            let message = format!("no credentials within the deadline of {length:?}");
            Err(Error::new(ErrorKind::Authentication, message))
        })
    }

    /// How long to wait for the next attempt; or the error, if there is none.
    async fn after(
        &mut self,
        failure: Failure,
        kept: Option<&Arc<Kept>>,
        call: &Call,
    ) -> Result<Duration, Error> {
        if is_refusal(&failure.error) && self.renewal(kept, call).await? {
            return Ok(Duration::ZERO);
        }
        if self.is_reloaded(&failure.error).await {
            return Ok(Duration::ZERO);
        }
        if let Some(target) = &failure.redirect
            && self.policy.repeatable
            && self.redirects < redirect::MOST
            && let Some(endpoint) = self.client.core.endpoint_of(target)
            && !std::ptr::eq(self.endpoint, endpoint)
        {
            self.redirects += 1;
            self.renewed = false;
            self.endpoint = endpoint;
            self.outgoing.url = target.clone();
            return Ok(Duration::ZERO);
        }
        let failed = Failed {
            retries: self.retries,
            outcome: failure.outcome,
            retry_after: failure.retry_after,
            left: self
                .deadline
                .map(|deadline| deadline.saturating_duration_since(Instant::now())),
        };
        let Some(wait) = self.policy.wait(failed, random()) else {
            return Err(failure.error);
        };
        debug!(
            operation = call.operation.as_deref(),
            attempts = call.attempts,
            kind = ?failure.error.kind(),
            ?wait,
            "attempt failed"
        );
        self.retries += 1;
        Ok(wait)
    }

    /// Whether a call that failed for its certificates is to be sent again, with others that are in the files by now.
    async fn is_reloaded(&mut self, error: &Error) -> bool {
        let is_about_certificates =
            error.kind() == ErrorKind::Tls || self.endpoint.keeper.is_none() && is_refusal(error);
        if !is_about_certificates || self.reloaded || !self.policy.repeatable {
            return false;
        }
        let reload = self.client.core.connections.reload(self.generation);
        self.reloaded = match self.deadline {
            Some(deadline) => timeout_at(deadline, reload).await.unwrap_or(false),
            None => reload.await,
        };
        self.reloaded
    }

    /// Whether a call whose credentials were refused is to be sent again, with others.
    async fn renewal(&mut self, kept: Option<&Arc<Kept>>, call: &Call) -> Result<bool, Error> {
        let (Some(keeper), Some(kept)) = (self.keeper(), kept) else {
            return Ok(false);
        };
        let operation = call.operation.as_deref().unwrap_or_default();
        if self.renewed {
            keeper.were_no_use(operation);
            return Ok(false);
        }
        self.renewed = true;
        let renewed = self.before_deadline(keeper.renew(kept, operation)).await?;
        Ok(renewed && self.policy.repeatable)
    }
}

/// Whether an answer may mean that the manager does not know the credentials, or not any more. A missing licence is known
/// by its code (505); a client certificate that is not trusted yet is answered 500, and has a code too (99).
fn is_refusal(error: &Error) -> bool {
    match (
        error.status().map(|status| status.as_u16()),
        error.error_code(),
    ) {
        (Some(403), code) => code != Some(505),
        (Some(401), _) | (Some(500), Some(99)) => true,
        _ => false,
    }
}

fn succeeded<T>(value: T, facts: Facts) -> Response<T> {
    let call = &facts.call;
    debug!(
        operation = call.operation.as_deref(),
        status = facts.status.as_u16(),
        attempts = call.attempts,
        "call succeeded"
    );
    Response::new(value, facts)
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
    kept: Option<&'a Kept>,
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
        match T::receive(response, announced, self.limit).await {
            Ok(value) => Ok((value, status, headers)),
            Err(failure) => Err(failure.with_answer(Answer {
                status,
                request_id: request_id(&headers).map(|id| self.mask(id.to_owned())),
                ..Answer::default()
            })),
        }
    }

    async fn execute(&self) -> Result<reqwest::Response, Failure> {
        let outgoing = &self.course.outgoing;
        let mut request = reqwest::Request::new(outgoing.method.clone(), outgoing.url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        *request.body_mut() = outgoing.body.take()?;
        if let Some(kept) = self.kept {
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
        let mask = |text: String| self.mask(text);
        let retry_after = retry_after(&headers, SystemTime::now());
        let answer = Answer {
            status,
            request_id: request_id(&headers).map(|id| mask(id.to_owned())),
            retry_after,
            api_error: ApiError::from_body(&body).map(|error| error.map_texts(&mask)),
            body: Some(receive::kept(&body, mask)),
        };
        let message = match ErrorKind::of(status) {
            ErrorKind::Redirect => redirect::message(&headers, mask),
            _ => String::new(),
        };
        Failure {
            outcome: Outcome::of(status, answer.api_error.is_some()),
            error: Error::new(ErrorKind::of(status), message).with_answer(answer),
            retry_after,
            redirect: redirect::target(status, &headers, &self.course.outgoing.url),
        }
    }

    /// `text` of the other side without the secrets of the call, should they be echoed in it.
    fn mask(&self, text: String) -> String {
        // The credentials first: a password may be a part of them.
        let text = match self.kept {
            Some(kept) => kept.mask.apply(text),
            None => text,
        };
        self.course.endpoint.mask.apply(text)
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
                name: "the deadline",
                length: options.effective_deadline(),
            },
            _ => Self {
                until,
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
            Failure::new(Error::new(ErrorKind::Timeout, message), Outcome::Unknown)
        })
    }
}
