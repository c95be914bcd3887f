//! One call: endpoint, credentials, time-outs, attempts and waits, and the reading of what comes back.
//!
//! It knows nothing of operations and types, so that it is compiled for the two ways to receive a body and not for every
//! operation. What is held across an `await`, a place at the manager and its room, gives itself back when it is dropped: so
//! does a call, at any of them.

mod admission;
mod attempt;
mod context;
mod credentials;
pub(crate) mod failure;
#[cfg(test)]
pub(crate) mod network;
pub(crate) mod receive;
pub(crate) mod redirect;
pub(crate) mod retry;
mod time_limit;

use std::borrow::Cow;
use std::error::Error as _;
use std::pin::pin;
use std::sync::Arc;

use http::{HeaderMap, Method};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};
use tracing::{Instrument, debug};

use crate::auth::Kept;
use crate::call::receive::Receive;
use crate::error::Call;
use crate::observe::CallWatch;
use crate::response::Facts;
use crate::{Body, Client, Error, ErrorKind, Response};
use attempt::Attempt;
use context::Course;
pub(crate) use time_limit::TimeLimit;

/// A request that is ready to be sent, as often as it takes.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// The place at the manager that it goes to, which is the first one at first.
    pub(crate) url: Url,
    pub(crate) path_and_query: Cow<'static, str>,
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
    let mut course = Course::new(client, outgoing);
    let mut watch = CallWatch::new(&course.outgoing, &call);
    let span = watch.span.clone();
    let result = pin!(run(&mut course, &mut watch, call))
        .instrument(span)
        .await;
    watch.ended(result.as_ref().map(Response::status));
    result
}

async fn run<'c, T: Receive>(
    course: &mut Course<'c>,
    watch: &mut CallWatch<'c>,
    mut call: Call,
) -> Result<Response<T>, Error> {
    loop {
        let ready = match course.prepare(&call).await {
            Ok(ready) => ready,
            Err(error) => return Err(unsent(course, error, call)),
        };
        call.manager = Some(course.endpoint.address.manager.clone());
        call.attempts = call.attempts.saturating_add(1);
        let watch = watch.attempt(&course.outgoing, &course.endpoint.address);
        let limit = course.attempt_limit();
        let attempt = Attempt { course, limit };
        let sent = Instant::now();
        let result = pin!(attempt.run()).instrument(watch.span.clone()).await;
        watch.ended(match &result {
            Ok((_, status, _)) => Ok(*status),
            Err(failure) => Err(&failure.error),
        });
        course.learn(sent, result.as_ref().err());
        let failure = match result {
            Ok((value, status, headers)) => {
                let facts = Facts::new(call, status, headers, |text| course.mask(text));
                course.succeeded(&facts);
                return Ok(Response::new(value, facts));
            }
            Err(failure) => failure,
        };
        drop(ready);
        match course.after(failure, &call).await {
            Ok(wait) if wait.is_zero() => {}
            Ok(wait) => sleep(wait).await,
            Err(error) => return Err(gave_up(error, call)),
        }
    }
}

/// The error of a call whose next attempt could not begin. What it has met says more than what it was waiting for.
fn unsent(course: &mut Course<'_>, error: Error, mut call: Call) -> Error {
    match course.last.take() {
        Some(last) if error.source().is_none() => {
            let note = "no other attempt could begin before the deadline";
            gave_up(last.with_note(note), call)
        }
        _ => {
            call.manager = Some(course.endpoint.address.manager.clone());
            gave_up(error, call)
        }
    }
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
