//! One call: the loop over its attempts, until there is a response or a final error.
//!
//! [`run`] waits until an attempt is [admitted](admission), [executes](attempt) it and records its
//! outcome. After a failure, [decision] determines the next step and `recover` executes it.
//!
//! Nothing here depends on the operation or its types, so this code is compiled only twice: once
//! for each way to receive a body. A call can be dropped at every `await`. Dropping it releases its
//! slot and its place among the calls in flight.

mod admission;
mod attempt;
mod context;
mod credentials;
mod decision;
pub(crate) mod failure;
#[cfg(test)]
pub(crate) mod network;
mod prepared_request;
pub(crate) mod receive;
mod redirect;
pub(crate) mod retry;
mod state;
mod time_limit;

use std::error::Error as _;
use std::pin::pin;

use tokio::runtime::Handle;
use tokio::time::Instant;
use tower::retry::budget::Budget;
use tracing::{Instrument, debug, info};

use crate::client::Core;
use crate::error::CallInfo;
use crate::response::metadata::ResponseMeta;
use crate::telemetry::CallWatch;
use crate::{CallOptions, Error, ErrorKind, Response};
use admission::NotAdmitted;
use attempt::Attempt;
use context::CallContext;
use decision::{Event, Step};
pub(crate) use prepared_request::PreparedRequest;
use receive::Receive;

/// Sends a request until it succeeds, fails finally, or runs out of retries or time.
pub(crate) async fn send<T: Receive>(
    core: &Core,
    options: &CallOptions,
    request: PreparedRequest,
    info: CallInfo,
) -> Result<Response<T>, Error> {
    if Handle::try_current().is_err() {
        let reason = "the call is made outside of a Tokio runtime";
        return Err(Error::new(ErrorKind::InvalidRequest, reason).in_call(info));
    }
    core.budget.deposit();
    let mut watch = CallWatch::new(&request.method, &info);
    let mut call = CallContext::new(core, options, request, info);
    let span = watch.span.clone();
    let result = pin!(run(&mut call, &mut watch)).instrument(span).await;
    watch.finish(result.as_ref().map(Response::status));
    result
}

async fn run<'c, T: Receive>(
    call: &mut CallContext<'c>,
    watch: &mut CallWatch<'c>,
) -> Result<Response<T>, Error> {
    // The error of the last attempt.
    let mut last = None;
    loop {
        // A call that was not admitted still counts as in flight until it tries again.
        let (event, error, _in_flight) = match call.admit().await {
            Ok(admission) => {
                let result = pin!(attempt(call, watch)).await;
                drop(admission);
                match result {
                    Ok(response) => return Ok(response),
                    Err((event, error)) => (event, error, None),
                }
            }
            Err(NotAdmitted { error, in_flight }) => {
                let event = Event::AdmissionFailed(call.login_failed(&error));
                (event, error, Some(in_flight))
            }
        };
        pin!(recover(call, event, error, &mut last)).await?;
    }
}

/// Sends the request once, and records the outcome.
async fn attempt<'c, T: Receive>(
    call: &mut CallContext<'c>,
    watch: &mut CallWatch<'c>,
) -> Result<Response<T>, (Event, Error)> {
    let address = &call.endpoint().address;
    call.state.attempts = call.state.attempts.saturating_add(1);
    call.info.manager = Some(address.manager.clone());
    call.info.attempts = call.state.attempts;
    let watch = watch.attempt(&call.request.method, (&address.host, address.port));
    let sent = Instant::now();
    let attempt = Attempt::new(call);
    let result = pin!(attempt.run()).instrument(watch.span.clone()).await;
    watch.finish(match &result {
        Ok((_, status, _)) => Ok(*status),
        Err(failure) => Err(&failure.error),
    });
    call.record_outcome(sent, result.as_ref().err());
    match result {
        Ok((value, status, headers)) => {
            let info = std::mem::take(&mut call.info);
            let (operation, attempts) = (info.operation.as_deref(), info.attempts);
            debug!(
                operation,
                status = status.as_u16(),
                attempts,
                "call succeeded"
            );
            let facts = ResponseMeta::new(info, status, headers, |text| call.mask(text));
            Ok(Response::new(value, facts))
        }
        Err(failure) => Err((
            Event::AttemptFailed(call.failure_facts(&failure)),
            failure.error,
        )),
    }
}

/// Executes the steps after a failure until the next attempt can start, or returns the final error
/// of the call. `error` is the error of `event`.
async fn recover(
    call: &mut CallContext<'_>,
    mut event: Event,
    error: Error,
    last: &mut Option<Error>,
) -> Result<(), Error> {
    let was_sent = matches!(event, Event::AttemptFailed(_));
    let mut login_error = None;
    loop {
        event = match call.decide(event) {
            Step::RefreshCredentials(failure) => match call.refresh_credentials(&failure).await {
                Ok(outcome) => Event::RefreshEnded(failure, outcome),
                Err(error) => {
                    let login = call.login_failed(&error);
                    login_error = Some(error);
                    Event::RefreshFailed(login)
                }
            },
            Step::ReloadTls(failure) => Event::ReloadEnded(failure, call.reload_tls().await),
            Step::GiveUp { .. } if !was_sent => return Err(unsent(call, error, last.take())),
            Step::GiveUp { note } => {
                let error = match (login_error, note) {
                    (Some(login), _) => error.with_login_error(login),
                    (None, Some(note)) => error.with_note(note),
                    (None, None) => error,
                };
                return Err(gave_up(call, error));
            }
            step if step.uses_budget() && !call.core.budget.withdraw() => Event::BudgetSpent(step),
            step => {
                log_resend(call, step, &error, was_sent);
                if was_sent {
                    *last = Some(error);
                }
                call.go_on(step).await;
                return Ok(());
            }
        }
    }
}

fn log_resend(call: &CallContext<'_>, step: Step, error: &Error, was_sent: bool) {
    let message = match was_sent {
        true => "attempt failed, trying again",
        false => "attempt could not start, trying again",
    };
    info!(
        operation = call.info.operation.as_deref(),
        attempts = call.info.attempts,
        manager = &*call.endpoint().address.manager,
        error = %error,
        wait = ?step.wait(),
        reason = step.reason(),
        "{message}"
    );
}

/// The error of a call whose next attempt could not start. The error of its last attempt is more
/// informative than a timeout.
fn unsent(call: &mut CallContext<'_>, error: Error, last: Option<Error>) -> Error {
    let endpoint = call.endpoint();
    if call.deadline.is_over() && call.core.cluster.has_others() {
        endpoint.probe_if_suspect();
    }
    match last {
        Some(last) if error.source().is_none() => {
            let note = "no other attempt could start before the deadline";
            gave_up(call, last.with_note(note))
        }
        _ => {
            call.info.manager = Some(endpoint.address.manager.clone());
            gave_up(call, error)
        }
    }
}

fn gave_up(call: &mut CallContext<'_>, error: Error) -> Error {
    let info = std::mem::take(&mut call.info);
    let status = error.status().map(|status| status.as_u16());
    debug!(
        operation = info.operation.as_deref(),
        status,
        attempts = info.attempts,
        kind = ?error.kind(),
        "call failed"
    );
    error.in_call(info)
}
