//! Telemetry of calls: `tracing` spans, and metrics.
//!
//! Field names follow OpenTelemetry's conventions for HTTP clients. Spans contain no headers, no
//! query and no body.

use std::borrow::Cow;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;
use tracing::field::{Empty, display};
use tracing::{Span, debug, debug_span, info_span};

use crate::Error;
use crate::error::CallInfo;

/// The outcome of a call or an attempt that was dropped.
const CANCELLED: &str = "cancelled";

/// The span of a call with all its attempts. Dropping it records and counts the outcome.
pub(crate) struct CallWatch<'c> {
    pub(crate) span: Span,
    began: Instant,
    name: Option<&'static str>,
    /// Host and port of the manager that the last attempt went to.
    server: Option<(&'c str, u16)>,
    attempts: u32,
    outcome: Outcome,
}

impl<'c> CallWatch<'c> {
    pub(crate) fn new(method: &Method, call: &CallInfo) -> Self {
        let span = info_span!(
            "nsx_call",
            otel.kind = "internal",
            otel.name = call.name.unwrap_or(method.as_str()),
            otel.status_code = Empty,
            nsx.operation = call.operation.as_deref(),
            http.request.method = method.as_str(),
            http.request.resend_count = Empty,
            http.response.status_code = Empty,
            server.address = Empty,
            server.port = Empty,
            error.r#type = Empty,
        );
        Self {
            span,
            began: Instant::now(),
            name: call.name,
            server: None,
            attempts: 0,
            outcome: Outcome::default(),
        }
    }

    /// Starts the span of another attempt.
    pub(crate) fn attempt(&mut self, method: &Method, server: (&'c str, u16)) -> AttemptWatch {
        self.attempts = self.attempts.saturating_add(1);
        let (host, port) = server;
        self.server = Some(server);
        let span = debug_span!(
            "nsx_attempt",
            otel.kind = "client",
            otel.name = method.as_str(),
            otel.status_code = Empty,
            http.request.method = method.as_str(),
            http.request.resend_count = resend_count(self.attempts),
            http.response.status_code = Empty,
            server.address = host,
            server.port = port,
            error.r#type = Empty,
        );
        AttemptWatch {
            span,
            outcome: Outcome::default(),
        }
    }

    pub(crate) fn finish(mut self, result: Result<StatusCode, &Error>) {
        self.outcome = Outcome::from_result(result);
    }
}

impl Drop for CallWatch<'_> {
    fn drop(&mut self) {
        self.outcome.record(&self.span);
        self.span
            .record("http.request.resend_count", resend_count(self.attempts));
        if let Some((host, port)) = self.server {
            self.span.record("server.address", host);
            self.span.record("server.port", port);
        }
        let outcome = self.outcome.error_type.take().unwrap_or("ok".into());
        count(self.name, outcome, self.attempts, self.began.elapsed());
    }
}

/// The span of one attempt of a call. Dropping it records the outcome.
pub(crate) struct AttemptWatch {
    pub(crate) span: Span,
    outcome: Outcome,
}

impl AttemptWatch {
    pub(crate) fn finish(mut self, result: Result<StatusCode, &Error>) {
        self.outcome = Outcome::from_result(result);
    }
}

impl Drop for AttemptWatch {
    fn drop(&mut self) {
        self.outcome.record(&self.span);
    }
}

/// The outcome of a call or an attempt.
struct Outcome {
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            status: None,
            error_type: Some(CANCELLED.into()),
        }
    }
}

impl Outcome {
    fn from_result(result: Result<StatusCode, &Error>) -> Self {
        Self {
            status: result.map_or_else(Error::status, Some),
            error_type: result.err().map(|error| error_type(error).into()),
        }
    }

    fn record(&self, span: &Span) {
        if let Some(status) = self.status {
            span.record("http.response.status_code", status.as_u16());
        }
        if let Some(error_type) = &self.error_type {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", display(error_type));
        }
    }
}

/// The number of resends; `None` for the first attempt.
fn resend_count(attempts: u32) -> Option<u32> {
    attempts.checked_sub(1).filter(|count| *count > 0)
}

/// The status, or the error kind if there is no status.
fn error_type(error: &Error) -> String {
    match error.status() {
        Some(status) if !status.is_success() => status.as_str().to_owned(),
        _ => format!("{:?}", error.kind()),
    }
}

/// Records a successful response whose body does not match the document.
pub(crate) fn record_decode_error(call: &CallInfo) {
    debug!(operation = call.operation.as_deref(), "decoding failed");
    #[cfg(feature = "metrics")]
    metrics::counter!("nsx_api_decode_errors_total", "operation" => call.name.unwrap_or(OTHER))
        .increment(1);
}

/// The metric label of calls without an operation. Their paths would make too many labels.
#[cfg(feature = "metrics")]
const OTHER: &str = "other";

#[cfg(not(feature = "metrics"))]
fn count(_: Option<&'static str>, _: Cow<'static, str>, _: u32, _: Duration) {}

#[cfg(feature = "metrics")]
fn count(name: Option<&'static str>, outcome: Cow<'static, str>, attempts: u32, took: Duration) {
    let operation = name.unwrap_or(OTHER);
    metrics::counter!("nsx_api_calls_total", "operation" => operation, "outcome" => outcome.clone())
        .increment(1);
    metrics::counter!("nsx_api_attempts_total", "operation" => operation)
        .increment(attempts.into());
    metrics::histogram!("nsx_api_call_duration_seconds", "operation" => operation, "outcome" => outcome)
        .record(took);
}
