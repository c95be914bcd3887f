//! What a stand-in is told to answer: a documented response, one made by hand, or a fault of the
//! network.
//!
//! An [`Answer`] is a description; what it comes to for a given operation is worked out in
//! `render`.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// What a [`Manager`](super::Manager) answers to a request.
///
/// A constructor says what is answered, the modifiers how it arrives, how often, and to which
/// calls. A status code is short for [`Answer::documented`] wherever an answer is asked for.
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
#[must_use = "an answer is given only when a manager is told of it"]
pub struct Answer {
    pub(super) source: Source,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
    pub(super) times: usize,
    pub(super) target: Option<String>,
}

/// Where an answer comes from.
#[derive(Clone)]
pub(super) enum Source {
    /// The operation's successful response.
    Success,
    /// The operation's response of this status, by the document.
    Documented(StatusCode),
    /// This status and nothing else.
    Status(StatusCode),
    /// No answer: the connection is closed.
    Dropped,
    /// These bytes, instead of a response.
    Raw(Bytes),
    /// The test asked for what cannot be; the text says why.
    Mistake(String),
}

/// How the body goes out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    /// The size of a chunk; without one the body is sent in one piece under a `Content-Length`.
    pub(super) chunk: Option<usize>,
    /// How long to wait before each chunk.
    pub(super) pause: Duration,
    pub(super) ending: Ending,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it should.
    #[default]
    Complete,
    /// After this many bytes the connection is closed.
    TruncatedAt(usize),
    /// After this many bytes nothing more comes.
    StalledAt(usize),
}

impl Answer {
    /// The operation's successful response with the document's example: what the manager answers
    /// when nobody has told it otherwise.
    ///
    /// Secrets in the example are made afresh for each call.
    pub fn success() -> Self {
        Self::new(Source::Success)
    }

    /// The operation's response of this status, with the document's example.
    ///
    /// When the document has no such response, or no example of it, an error status comes with an
    /// error body made up for it.
    pub fn documented(status: u16) -> Self {
        Self::new(final_status(status).map_or_else(Source::Mistake, Source::Documented))
    }

    /// This status with an empty body.
    pub fn status(status: u16) -> Self {
        Self::new(final_status(status).map_or_else(Source::Mistake, Source::Status))
    }

    /// This status with a JSON body.
    pub fn json(status: u16, body: impl Serialize) -> Self {
        match serde_json::to_vec(&body) {
            Ok(body) => Self::status(status)
                .header("content-type", "application/json")
                .body(body),
            Err(error) => Self::new(Source::Mistake(format!(
                "the body of the answer is not JSON: {error}"
            ))),
        }
    }

    /// This status with the error body of an NSX Manager. As real ones do, it writes the code as a
    /// string; in what the stand-in says by itself it is a number, as in the documents.
    pub fn api_error(status: u16, error_code: i64, error_message: &str) -> Self {
        Self::json(status, error_body(error_code.to_string(), error_message))
    }

    /// What the stand-in says by itself, in the form of the documents: the code is a number.
    pub(super) fn refusal(status: u16, error_code: i64, error_message: &str) -> Self {
        Self::json(status, error_body(error_code, error_message))
    }

    /// No answer: once the request has been read (and after [`delay`](Self::delay)), the connection
    /// is closed.
    ///
    /// TLS is not closed properly either. Over HTTP/2 all calls of the connection share its end.
    pub fn dropped() -> Self {
        Self::new(Source::Dropped)
    }

    /// These bytes in a response's place, as they are; then the connection is closed.
    ///
    /// For what a well-behaved server cannot send: a broken status line, an interim response, two
    /// `Content-Length`s. HTTP/1.1 only (see [`ManagerBuilder::http1_only`](super::ManagerBuilder::http1_only)):
    /// over HTTP/2 the connection is closed without an answer.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new(Source::Raw(bytes.into()))
    }

    /// Adds a header field, in place of those of the same name that the answer would have had by
    /// itself.
    ///
    /// A `Content-Length` is sent as it is given, whatever the body's length: more than the body
    /// has, and the connection is closed when the body is used up; fewer, and HTTP/1.1 sends no
    /// more than that.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let added = match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.headers.try_append(name, value).is_ok(),
            _ => false,
        };
        if !added {
            self.source =
                Source::Mistake(format!("{name:?} with this value is not a header field"));
        }
        self
    }

    /// The body, in place of the one that the answer would have had. With a status that has none, 204
    /// or 304, it is not sent.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Waits this long before the status and the headers.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body in chunks of this many bytes (at least one), without a `Content-Length`.
    pub fn chunked(mut self, size: usize) -> Self {
        self.delivery.chunk = Some(size.max(1));
        self
    }

    /// Waits this long before each chunk of the body, the first one included.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.delivery.pause = pause;
        self
    }

    /// Announces the whole body, sends this many bytes of it, and closes the connection. With 0 it
    /// is closed right after the headers.
    ///
    /// Over HTTP/2 all calls of the connection share its end.
    pub fn truncated_at(mut self, bytes: usize) -> Self {
        self.delivery.ending = Ending::TruncatedAt(bytes);
        self
    }

    /// Announces the whole body, sends this many bytes of it, and nothing more until the caller
    /// hangs up.
    pub fn stalled_at(mut self, bytes: usize) -> Self {
        self.delivery.ending = Ending::StalledAt(bytes);
        self
    }

    /// Answers this many calls with it, instead of one. For
    /// [`Manager::respond_with`](super::Manager::respond_with).
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Answers only calls of this operation: an `operationId` of the document, or a method and a
    /// path such as `GET /api/v1/cluster/status`, whose segments may be `{parameters}`.
    ///
    /// `POST /api/session/create` and `POST /api/session/destroy` are answered by what is meant for
    /// them, and by nothing else.
    pub fn only_for(mut self, operation: &str) -> Self {
        self.target = Some(operation.to_owned());
        self
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            headers: HeaderMap::new(),
            body: None,
            delay: Duration::ZERO,
            delivery: Delivery::default(),
            times: 1,
            target: None,
        }
    }

    /// What a test is told that asked for what cannot be: loudly, and as an answer, so that its
    /// call fails.
    pub(super) fn mistake(what: &str) -> Self {
        Self::refusal(
            500,
            0,
            &format!("the test asked the stand-in for what it cannot do: {what}"),
        )
    }
}

/// The body of an error, as a manager writes it.
pub(super) fn error_body(error_code: impl Into<Value>, error_message: &str) -> Value {
    json!({
        "module_name": "common-services",
        "error_message": error_message,
        "error_code": error_code.into(),
    })
}

/// Hides the body and the values of the headers, which may hold what a client has to keep secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Answer")
            .field("source", &self.source)
            .field("headers", &headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("delay", &self.delay)
            .field("delivery", &self.delivery)
            .field("times", &self.times)
            .field("target", &self.target)
            .finish()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Documented(status) => write!(f, "documented {}", status.as_u16()),
            Self::Status(status) => write!(f, "{}", status.as_u16()),
            Self::Dropped => f.write_str("dropped"),
            Self::Raw(bytes) => write!(f, "{} raw bytes", bytes.len()),
            Self::Mistake(what) => write!(f, "mistake: {what}"),
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

/// A status that can end a call: an interim one (1xx) cannot.
fn final_status(status: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or_else(|| format!("{status} is not the status of a response"))
}

impl Delivery {
    /// How much of a body of this length is sent.
    pub(super) fn sent(self, length: usize) -> usize {
        match self.ending {
            Ending::Complete => length,
            Ending::TruncatedAt(bytes) | Ending::StalledAt(bytes) => bytes.min(length),
        }
    }

    /// What the answer's own headers say about its length is kept; with a truncated or stalled body
    /// it has to be said.
    pub(super) fn announce(self, headers: &mut HeaderMap, length: usize) {
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
    fn debug_hides_the_body_and_the_values_of_headers() {
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
        for part in ["source: 503,", "headers: [\"a\"]", "body_bytes: Some(6)"] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
