//! The answers that a test can script: a documented response, a custom one, or a network fault.
//!
//! An [`Answer`] is only a description. The module `render` turns it into a response to an
//! operation.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// The answer of a [`Manager`](super::Manager) to a request.
///
/// Constructors such as [`documented`](Self::documented) create an answer. Other methods set its
/// content, how it is delivered, how often it is used, and for which operation. A status code can
/// be passed instead of an answer, as a shorthand for [`Answer::documented`].
///
/// ```
/// use std::time::Duration;
/// use nsx_api::mock::Answer;
///
/// let busy = Answer::documented(503).header("retry-after", "1").times(2);
/// let proxy = Answer::status(502).header("content-type", "text/html").body("Bad Gateway");
/// let stuck = Answer::success().stalled_at(10).delay(Duration::from_millis(5));
/// # let _ = (busy, proxy, stuck);
/// ```
#[derive(Clone)]
#[must_use = "an answer has no effect until it is passed to a manager"]
pub struct Answer {
    pub(super) kind: AnswerKind,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
    pub(super) times: usize,
    pub(super) target: Option<String>,
}

/// The kind of an answer.
#[derive(Clone)]
pub(super) enum AnswerKind {
    /// The operation's successful response.
    Success,
    /// The operation's documented response with this status.
    Documented(StatusCode),
    /// Only this status.
    Status(StatusCode),
    /// No response: the connection is closed.
    Dropped,
    /// These bytes, instead of a response.
    Raw(Bytes),
    /// The test set an answer that is impossible, for this reason.
    Invalid(String),
}

/// How the body is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    /// The size of a chunk. `None` sends the body in one piece, with a `Content-Length`.
    pub(super) chunk: Option<usize>,
    /// The delay before each chunk.
    pub(super) pause: Duration,
    pub(super) ending: Ending,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// The whole body is sent.
    #[default]
    Complete,
    /// The connection is closed after this many bytes.
    TruncatedAt(usize),
    /// Nothing more is sent after this many bytes, and the connection stays open.
    StalledAt(usize),
}

impl Answer {
    /// The operation's successful response with the example of the document. This is the default
    /// answer of a mock manager.
    ///
    /// Secrets in the example are replaced with a new random value for each call.
    pub fn success() -> Self {
        Self::new(AnswerKind::Success)
    }

    /// The operation's documented response with this status and the example of the document.
    ///
    /// If the document has no such response or no example of it, an error status gets a generic
    /// error body.
    pub fn documented(status: u16) -> Self {
        Self::new(final_status(status).map_or_else(AnswerKind::Invalid, AnswerKind::Documented))
    }

    /// A response with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::new(final_status(status).map_or_else(AnswerKind::Invalid, AnswerKind::Status))
    }

    /// A response with this status and a JSON body.
    pub fn json(status: u16, body: impl Serialize) -> Self {
        match serde_json::to_vec(&body) {
            Ok(body) => Self::status(status)
                .header("content-type", "application/json")
                .body(body),
            Err(error) => Self::new(AnswerKind::Invalid(format!(
                "the body of the answer cannot be serialized as JSON: {error}"
            ))),
        }
    }

    /// A response with this status and the error body of an NSX Manager.
    ///
    /// The error code is a string, as real managers write it. In the errors that the mock manager
    /// generates itself, it is a number, as the OpenAPI documents declare it.
    pub fn api_error(status: u16, error_code: i64, error_message: &str) -> Self {
        Self::json(status, error_body(error_code.to_string(), error_message))
    }

    /// An error of the mock manager itself. The code is a number, as the documents declare it.
    pub(super) fn generated_error(status: u16, error_code: i64, error_message: &str) -> Self {
        Self::json(status, error_body(error_code, error_message))
    }

    /// No response: the connection is closed after the request has been read and the
    /// [`delay`](Self::delay) is over.
    ///
    /// TLS is closed without `close_notify`. Over HTTP/2, all other calls on the connection fail
    /// too.
    pub fn dropped() -> Self {
        Self::new(AnswerKind::Dropped)
    }

    /// These bytes instead of a response. The connection is closed after them.
    ///
    /// Use it for malformed responses, such as an invalid status line or two `Content-Length`
    /// headers, and for interim responses. It requires HTTP/1.1 (see
    /// [`ManagerBuilder::http1_only`](super::ManagerBuilder::http1_only)). Over HTTP/2, the
    /// connection is closed without a response.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new(AnswerKind::Raw(bytes.into()))
    }

    /// Adds a header. It replaces default headers with the same name.
    ///
    /// A `Content-Length` is sent unchanged. If it is larger than the body, the connection is
    /// closed after the body. If it is smaller, HTTP/1.1 sends only that many bytes.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let is_added = match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.headers.try_append(name, value).is_ok(),
            _ => false,
        };
        if !is_added {
            self.kind =
                AnswerKind::Invalid(format!("{name:?} with this value is not a valid header"));
        }
        self
    }

    /// Sets the body. It replaces the default body. With status 204 and 304 no body is sent.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Waits before the status and the headers are sent.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body in chunks of this many bytes, without a `Content-Length`. 0 is treated as 1.
    pub fn chunked(mut self, size: usize) -> Self {
        self.delivery.chunk = Some(size.max(1));
        self
    }

    /// Waits before each chunk of the body, including the first one.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.delivery.pause = pause;
        self
    }

    /// Announces the whole body, but closes the connection after this many bytes of it. With 0,
    /// the connection is closed right after the headers.
    ///
    /// Over HTTP/2, all other calls on the connection fail too.
    pub fn truncated_at(mut self, bytes: usize) -> Self {
        self.delivery.ending = Ending::TruncatedAt(bytes);
        self
    }

    /// Announces the whole body, but sends only this many bytes of it. The connection stays open
    /// until the client closes it.
    pub fn stalled_at(mut self, bytes: usize) -> Self {
        self.delivery.ending = Ending::StalledAt(bytes);
        self
    }

    /// Uses the answer for this many calls instead of one. It affects only
    /// [`Manager::respond_with`](super::Manager::respond_with).
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Restricts the answer to calls of one operation. The operation is an `operationId` of the
    /// document, or a method and a path such as `GET /api/v1/cluster/status`, whose segments may be
    /// `{parameters}`.
    ///
    /// `POST /api/session/create` and `POST /api/session/destroy` only use answers that are
    /// restricted to them.
    pub fn only_for(mut self, operation: &str) -> Self {
        self.target = Some(operation.to_owned());
        self
    }

    fn new(kind: AnswerKind) -> Self {
        Self {
            kind,
            headers: HeaderMap::new(),
            body: None,
            delay: Duration::ZERO,
            delivery: Delivery::default(),
            times: 1,
            target: None,
        }
    }

    /// Returns 500 if a test set an impossible answer, so that its call fails with the reason.
    pub(super) fn invalid(reason: &str) -> Self {
        Self::generated_error(
            500,
            0,
            &format!("the test set an answer that the mock manager cannot give: {reason}"),
        )
    }
}

/// The error body of an NSX Manager.
pub(super) fn error_body(error_code: impl Into<Value>, error_message: &str) -> Value {
    json!({
        "module_name": "common-services",
        "error_message": error_message,
        "error_code": error_code.into(),
    })
}

/// Hides the body and the header values, which may contain secrets.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Answer")
            .field("kind", &self.kind)
            .field("headers", &headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("delay", &self.delay)
            .field("delivery", &self.delivery)
            .field("times", &self.times)
            .field("target", &self.target)
            .finish()
    }
}

impl fmt::Debug for AnswerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Documented(status) => write!(f, "documented {}", status.as_u16()),
            Self::Status(status) => write!(f, "{}", status.as_u16()),
            Self::Dropped => f.write_str("dropped"),
            Self::Raw(bytes) => write!(f, "{} raw bytes", bytes.len()),
            Self::Invalid(reason) => write!(f, "invalid: {reason}"),
        }
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::documented(status)
    }
}

impl From<StatusCode> for Answer {
    fn from(status: StatusCode) -> Self {
        Self::documented(status.as_u16())
    }
}

/// Refuses interim statuses (1xx), which do not end a call.
fn final_status(status: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or_else(|| format!("{status} is not a final status of a response"))
}

impl Delivery {
    /// The number of bytes that are sent of a body of this length.
    pub(super) fn sent_length(self, length: usize) -> usize {
        match self.ending {
            Ending::Complete => length,
            Ending::TruncatedAt(bytes) | Ending::StalledAt(bytes) => bytes.min(length),
        }
    }

    /// Adds a `Content-Length` for a truncated or stalled body, unless the headers have one.
    pub(super) fn announce_length(self, headers: &mut HeaderMap, length: usize) {
        if self.ending != Ending::Complete
            && self.chunk.is_none()
            && !headers.contains_key(header::CONTENT_LENGTH)
        {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_mock_answer_hides_body_and_header_values() {
        for answer in [
            Answer::json(200, "SECRET"),
            Answer::status(200)
                .header("set-cookie", "SECRET")
                .body("SECRET"),
            Answer::raw("SECRET"),
        ] {
            assert!(!format!("{answer:?}").contains("SECRET"), "{answer:?}");
        }
        let shown = format!("{:?}", Answer::status(503).body("SECRET").header("a", "b"));
        for part in ["kind: 503,", "headers: [\"a\"]", "body_bytes: Some(6)"] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
