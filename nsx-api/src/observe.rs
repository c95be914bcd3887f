//! What can be seen of calls from outside: spans and events of `tracing`, and metrics.
//!
//! Spans bear the names of OpenTelemetry's conventions for HTTP clients. No header, no query and no body gets into them.

use std::borrow::Cow;
use std::time::Duration;

use tracing::field::{Empty, display};
use tracing::{Span, debug_span, info_span};

use crate::address::Address;
use crate::error::Call;
use crate::transport::Outgoing;
use crate::{Error, Response};

/// The span of a call, over all its attempts.
pub(crate) fn call_span(outgoing: &Outgoing, call: &Call) -> Span {
    let operation = call.operation.as_deref();
    info_span!(
        "nsx_call",
        otel.kind = "internal",
        otel.name = name(call).unwrap_or(outgoing.method.as_str()),
        otel.status_code = Empty,
        nsx.operation = operation,
        http.request.method = outgoing.method.as_str(),
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        server.address = Empty,
        server.port = Empty,
        error.r#type = Empty,
    )
}

/// The span of one attempt of a call.
pub(crate) fn attempt_span(outgoing: &Outgoing, address: &Address, attempts: u32) -> Span {
    debug_span!(
        "nsx_attempt",
        otel.kind = "client",
        otel.name = outgoing.method.as_str(),
        otel.status_code = Empty,
        http.request.method = outgoing.method.as_str(),
        http.request.resend_count = resend_count(attempts),
        http.response.status_code = Empty,
        server.address = &*address.host,
        server.port = address.port,
        error.r#type = Empty,
    )
}

/// Fills in what came of it.
pub(crate) fn record(span: &Span, status: Option<u16>, error: Option<&Error>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    if let Some(error) = error {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", display(error_type(error)));
    }
}

/// Fills in what came of a call, and counts it.
pub(crate) fn ended<T>(
    span: &Span,
    address: &Address,
    took: Duration,
    result: &Result<Response<T>, Error>,
) {
    let (call, status, error) = match result {
        Ok(response) => (
            &response.facts().call,
            Some(response.status().as_u16()),
            None,
        ),
        Err(error) => (
            error.call(),
            error.status().map(|status| status.as_u16()),
            Some(error),
        ),
    };
    record(span, status, error);
    span.record("http.request.resend_count", resend_count(call.attempts));
    span.record("server.address", &*address.host);
    span.record("server.port", address.port);
    count(call, error, took);
}

/// The `operationId`. The path of a call that has none is no name: there is no end of them.
fn name(call: &Call) -> Option<&'static str> {
    match &call.operation {
        Some(Cow::Borrowed(id)) => Some(id),
        _ => None,
    }
}

/// How often a request was sent again, if it was.
fn resend_count(attempts: u32) -> Option<u32> {
    attempts.checked_sub(1).filter(|count| *count > 0)
}

/// A status, or the kind of an error that has none.
fn error_type(error: &Error) -> String {
    match error.status() {
        Some(status) if !status.is_success() => status.as_str().to_owned(),
        _ => format!("{:?}", error.kind()),
    }
}

#[cfg(not(feature = "metrics"))]
fn count(_: &Call, _: Option<&Error>, _: Duration) {}

#[cfg(feature = "metrics")]
fn count(call: &Call, error: Option<&Error>, took: Duration) {
    let operation = name(call).unwrap_or("other");
    let outcome = error.map_or("ok".to_owned(), error_type);
    let attempts = call.attempts.into();
    metrics::counter!("nsx_api_calls_total", "operation" => operation, "outcome" => outcome.clone())
        .increment(1);
    metrics::counter!("nsx_api_attempts_total", "operation" => operation).increment(attempts);
    metrics::histogram!("nsx_api_call_duration_seconds", "operation" => operation, "outcome" => outcome)
        .record(took);
}
