//! One call: endpoint, credentials, time-outs, attempts and waits, and the reading of what comes back.
//!
//! It knows nothing of operations and types, so that it is compiled for the two ways to receive a body and not for every
//! operation. Nothing is held across an `await` that would have to be undone: dropping the future at any of them leaves
//! nothing half done.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug;

use crate::error::{Answer, Call};
use crate::failure::{self, Failure};
use crate::receive::{self, Receive};
use crate::response::{Facts, mark_sensitive, request_id};
use crate::retry::{Failed, Outcome, Policy, retry_after};
use crate::{ApiError, Body, Client, Error, ErrorKind, Response};

/// A request that is ready to be sent, as often as it takes.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
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
    let policy = policy(client, &outgoing);
    let deadline = Instant::now().checked_add(client.options.effective_deadline());
    let mut retries = 0;
    let mut renewed = false;
    let mut reloaded = false;
    loop {
        let generation = client.core.connections.generation();
        call.attempts = call.attempts.saturating_add(1);
        let failure = match attempt(client, &outgoing, Limit::of_attempt(client, deadline)).await {
            Ok((value, status, headers)) => {
                let facts = Facts::new(call, status, headers, |text| client.core.auth.mask(text));
                return Ok(succeeded(value, facts));
            }
            Err(failure) => failure,
        };
        if !renewed && policy.repeatable && is_renewed(client, &failure.error, deadline).await {
            renewed = true;
            continue;
        }
        let is_tls = failure.error.kind() == ErrorKind::Tls;
        if !reloaded && policy.repeatable && is_tls && is_new(client, generation, deadline).await {
            reloaded = true;
            continue;
        }
        let Some(wait) = policy.wait(failed(retries, &failure, deadline), random()) else {
            return Err(gave_up(failure.error, call));
        };
        debug!(
            operation = call.operation.as_deref(),
            attempts = call.attempts,
            kind = ?failure.error.kind(),
            ?wait,
            "attempt failed"
        );
        sleep(wait).await;
        retries += 1;
    }
}

fn policy(client: &Client, outgoing: &Outgoing) -> Policy {
    Policy {
        max_retries: client.options.effective_max_retries(),
        idempotent: outgoing.idempotent,
        repeatable: outgoing.body.is_repeatable(),
    }
}

fn failed(retries: u32, failure: &Failure, deadline: Option<Instant>) -> Failed {
    Failed {
        retries,
        outcome: failure.outcome,
        retry_after: failure.retry_after,
        left: deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())),
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

/// Whether the credentials were refused, and are new since.
async fn is_renewed(client: &Client, error: &Error, deadline: Option<Instant>) -> bool {
    let Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) = error.status() else {
        return false;
    };
    let renewal = client.core.auth.refused(status, error.api_error());
    match deadline {
        Some(deadline) => timeout_at(deadline, renewal).await.unwrap_or(false),
        None => renewal.await,
    }
}

/// Whether certificates or keys are other ones than those of a generation of connections. A call that failed for them was
/// not sent.
async fn is_new(client: &Client, generation: u64, deadline: Option<Instant>) -> bool {
    let reload = client.core.connections.reload(generation);
    match deadline {
        Some(deadline) => timeout_at(deadline, reload).await.unwrap_or(false),
        None => reload.await,
    }
}

/// Sends the request once, and reads what comes back.
async fn attempt<T: Receive>(
    client: &Client,
    outgoing: &Outgoing,
    limit: Limit,
) -> Result<(T, StatusCode, HeaderMap), Failure> {
    let mut response = limit.hold(execute(client, outgoing)).await??;
    let status = response.status();
    let mut headers = std::mem::take(response.headers_mut());
    mark_sensitive(&mut headers);
    if !status.is_success() {
        return Err(refused(client, response, headers, limit).await);
    }
    let announced = receive::announced(&outgoing.method, status, &headers);
    match T::receive(response, announced, limit).await {
        Ok(value) => Ok((value, status, headers)),
        Err(failure) => Err(failure.with_answer(Answer {
            status,
            request_id: request_id(&headers).map(|id| client.core.auth.mask(id.to_owned())),
            ..Answer::default()
        })),
    }
}

async fn execute(client: &Client, outgoing: &Outgoing) -> Result<reqwest::Response, Failure> {
    let mut request = reqwest::Request::new(outgoing.method.clone(), outgoing.url.clone());
    *request.headers_mut() = outgoing.headers.clone();
    *request.body_mut() = outgoing.body.take()?;
    client.core.auth.apply(request.headers_mut()).await?;
    let http = client.core.connections.http().await;
    http.execute(request).await.map_err(failure::request)
}

/// The failure of an answer that is not a success. Its body is read as far as it comes.
async fn refused(
    client: &Client,
    response: reqwest::Response,
    headers: HeaderMap,
    limit: Limit,
) -> Failure {
    let status = response.status();
    let body = receive::as_far_as_it_comes(response, limit).await;
    let mask = |text: String| client.core.auth.mask(text);
    let retry_after = retry_after(&headers, SystemTime::now());
    let answer = Answer {
        status,
        request_id: request_id(&headers).map(|id| mask(id.to_owned())),
        retry_after,
        api_error: ApiError::from_body(&body).map(|error| error.map_texts(&mask)),
        body: Some(receive::kept(&body, mask)),
    };
    let message = match ErrorKind::of(status) {
        ErrorKind::Redirect => redirect(&headers, mask),
        _ => String::new(),
    };
    Failure {
        outcome: Outcome::of(status, answer.api_error.is_some()),
        error: Error::new(ErrorKind::of(status), message).with_answer(answer),
        retry_after,
    }
}

/// Where a redirect points, without path and query. A place that secrets are in is none.
fn redirect(headers: &HeaderMap, mask: impl Fn(String) -> String) -> String {
    let target = headers
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| Url::parse(&mask(location.to_owned())).ok())
        .filter(Url::has_host);
    match target {
        Some(url) => format!(
            "it points to {}, and is not followed",
            url.origin().ascii_serialization()
        ),
        None => "it points to another path, and is not followed".to_owned(),
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
