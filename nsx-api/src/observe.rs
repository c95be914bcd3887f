//! What can be seen of calls from outside: spans and events of `tracing`, and metrics.
//!
//! Spans bear the names of OpenTelemetry's conventions for HTTP clients. No header, no query and no body gets into them.

use std::borrow::Cow;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;
use tracing::field::{Empty, display};
use tracing::{Span, debug, debug_span, info_span};

use crate::Error;
use crate::address::Address;
use crate::error::Call;

/// What a call comes to, and an attempt, whose end nobody waits for.
const CANCELLED: &str = "cancelled";

/// The span of a call, over all its attempts. What came of it is filled in when this is dropped, and counted.
pub(crate) struct CallWatch<'c> {
    pub(crate) span: Span,
    began: Instant,
    name: Option<&'static str>,
    address: Option<&'c Address>,
    attempts: u32,
    end: End,
}

impl<'c> CallWatch<'c> {
    pub(crate) fn new(method: &Method, call: &Call) -> Self {
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
            address: None,
            attempts: 0,
            end: End::default(),
        }
    }

    /// Another attempt begins.
    pub(crate) fn attempt(&mut self, method: &Method, address: &'c Address) -> AttemptWatch {
        self.attempts = self.attempts.saturating_add(1);
        self.address = Some(address);
        let span = debug_span!(
            "nsx_attempt",
            otel.kind = "client",
            otel.name = method.as_str(),
            otel.status_code = Empty,
            http.request.method = method.as_str(),
            http.request.resend_count = resend_count(self.attempts),
            http.response.status_code = Empty,
            server.address = &*address.host,
            server.port = address.port,
            error.r#type = Empty,
        );
        AttemptWatch {
            span,
            end: End::default(),
        }
    }

    pub(crate) fn ended(mut self, result: Result<StatusCode, &Error>) {
        self.end = End::of(result);
    }
}

impl Drop for CallWatch<'_> {
    fn drop(&mut self) {
        self.end.record(&self.span);
        self.span
            .record("http.request.resend_count", resend_count(self.attempts));
        if let Some(address) = self.address {
            self.span.record("server.address", &*address.host);
            self.span.record("server.port", address.port);
        }
        let outcome = self.end.error_type.take().unwrap_or("ok".into());
        count(self.name, outcome, self.attempts, self.began.elapsed());
    }
}

/// The span of one attempt of a call. What came of it is filled in when this is dropped.
pub(crate) struct AttemptWatch {
    pub(crate) span: Span,
    end: End,
}

impl AttemptWatch {
    pub(crate) fn ended(mut self, result: Result<StatusCode, &Error>) {
        self.end = End::of(result);
    }
}

impl Drop for AttemptWatch {
    fn drop(&mut self) {
        self.end.record(&self.span);
    }
}

/// What came of a call or an attempt.
struct End {
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
}

impl Default for End {
    fn default() -> Self {
        Self {
            status: None,
            error_type: Some(CANCELLED.into()),
        }
    }
}

impl End {
    fn of(result: Result<StatusCode, &Error>) -> Self {
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

/// An answer came whose body is not what the document says.
pub(crate) fn did_not_fit(call: &Call) {
    debug!(
        operation = call.operation.as_deref(),
        "the body does not fit"
    );
    #[cfg(feature = "metrics")]
    metrics::counter!("nsx_api_decode_errors_total", "operation" => call.name.unwrap_or(OTHER))
        .increment(1);
}

/// What calls are counted as whose path is all that they have of a name: there is no end of those.
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
