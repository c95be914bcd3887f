//! The one error of the library: what kind it is, what the manager said, and which call it was.
//!
//! It is opaque, so that it can tell more later, and one word, so that a `Result` stays small. No header, no query
//! and no body of a success ever gets into it.

pub(crate) mod api_error;
mod kind;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

pub use kind::ErrorKind;

use api_error::ApiError;
use text::one_line;

/// No message that is shown is longer, in characters.
const MESSAGE_LIMIT: usize = 500;

/// Why a call failed, or why a client could not be built.
///
/// [`kind`](Self::kind) is for the program, `Display` for a person: one line with the operation, the status and what
/// the manager said. The causes are behind [`source`](StdError::source).
///
/// What to do about each kind is in [a table](crate#errors).
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{ErrorResponse, Manager};
/// # let manager = Manager::start().await?;
/// # manager.respond_with(ErrorResponse::api_error(404, 600, "The object was not found."));
/// # let client = manager.client()?;
/// use nsx_api::ErrorKind;
/// use nsx_api::http::Method;
///
/// let result = client.request(Method::GET, "/api/v1/ns-groups/7").send().await;
/// if let Err(error) = &result {
///     // GET /api/v1/ns-groups/7: 404 Not Found:
///     // The object was not found. (error_code 600, …)
///     println!("{error}");
///     let hint = match error.kind() {
///         ErrorKind::Unauthorized | ErrorKind::Forbidden => "look at the credentials",
///         ErrorKind::Connect | ErrorKind::Tls => "look at the address and the CA",
///         _ => "read the message",
///     };
///     println!("{hint}");
/// }
/// # let line = result.unwrap_err().to_string();
/// # assert!(line.starts_with(
/// #     "GET /api/v1/ns-groups/7: 404 Not Found: The object was not found. (error_code 600"
/// # ), "{line}");
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    call: CallInfo,
    response: Option<ErrorResponse>,
    source: Option<Source>,
    /// Why there was no other attempt, if that is not plain.
    note: Option<&'static str>,
}

/// What caused an error.
enum Source {
    Other(Box<dyn StdError + Send + Sync>),
    /// The failure of a login, which all calls that waited for it share.
    Login(Arc<Error>),
}

impl Source {
    fn as_error(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Other(error) => error.as_ref(),
            Self::Login(error) => error.as_ref(),
        }
    }
}

/// Which call it was; also what a response tells of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallInfo {
    /// The `operationId`; method and path of a call that has none.
    pub(crate) operation: Option<Cow<'static, str>>,
    /// What it is counted as: one of few names.
    pub(crate) name: Option<&'static str>,
    pub(crate) manager: Option<Arc<str>>,
    pub(crate) attempts: u32,
}

/// What came back before it failed.
#[derive(Default)]
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) request_id: Option<String>,
    pub(crate) api_error: Option<ApiError>,
    pub(crate) body: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            call: CallInfo::default(),
            response: None,
            source: None,
            note: None,
        }))
    }

    /// The error of settings that cannot be used.
    pub(crate) fn config(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, reason)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Source::Other(source.into()));
        self
    }

    /// The error of a call that was not sent, as there were no credentials for it.
    pub(crate) fn login_failed(login: Arc<Self>) -> Self {
        let mut error = Self::new(
            login.kind().for_unsent_call(),
            format!("the login failed: {login}"),
        );
        error.0.source = Some(Source::Login(login));
        error
    }

    /// The login that failed, where that is what this is of.
    pub(crate) fn login_error(&self) -> Option<&Self> {
        match &self.0.source {
            Some(Source::Login(login)) => Some(login),
            _ => None,
        }
    }

    /// This refusal, after which the login that was to follow failed.
    pub(crate) fn with_login_error(mut self, login: Self) -> Self {
        self.0.message = format!("no new credentials: {login}");
        match login.0.source {
            Some(source @ Source::Login(_)) => self.0.source = Some(source),
            _ => self.0.source = Some(Source::Login(Arc::new(login))),
        }
        self
    }

    pub(crate) fn with_response(mut self, response: ErrorResponse) -> Self {
        self.0.response = Some(response);
        self
    }

    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.0.note = Some(note);
        self
    }

    pub(crate) fn in_call(mut self, call: CallInfo) -> Self {
        self.0.call = call;
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status that the manager answered, if it answered: to the call, or to the login before it.
    ///
    /// Also there when a success could not be read or decoded.
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(|answer| answer.status)
    }

    /// The manager's number for the error, from its error body.
    pub fn error_code(&self) -> Option<i64> {
        self.api_error()?.error_code
    }

    /// The manager's error body, when it sent one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.response()?.api_error.as_ref()
    }

    /// The beginning of the body of an answer that is not a success, as text, at most 4 KiB.
    ///
    /// It is here whatever the body is, a proxy's HTML too. The body of a success is never kept. Bytes that are not UTF-8
    /// show as `U+FFFD`, and the client's credentials, should they be echoed, as `•••`. The text is as it came, control characters included: escape it before showing it.
    pub fn body(&self) -> Option<&str> {
        self.response()?.body.as_deref()
    }

    /// The `operationId` of the call, or method and path of one made by [`Client::request`](crate::Client::request).
    pub fn operation(&self) -> Option<&str> {
        self.0.call.operation.as_deref()
    }

    /// The manager's id of the request, if it sent one.
    pub fn request_id(&self) -> Option<&str> {
        self.response()?.request_id.as_deref()
    }

    /// How long the manager, or a proxy before it, asks to be left alone (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        self.response()?.retry_after
    }

    /// How often the request was sent, or tried to be: 0 if the call never got that far.
    pub fn attempts(&self) -> u32 {
        self.0.call.attempts
    }

    /// The manager that was called: host, and port if it is not the usual one.
    pub fn manager(&self) -> Option<&str> {
        self.0.call.manager.as_deref()
    }

    /// What came back to the call, or to the login that it waited for.
    fn response(&self) -> Option<&ErrorResponse> {
        match (&self.0.response, &self.0.source) {
            (Some(answer), _) => Some(answer),
            (None, Some(Source::Login(login))) => login.response(),
            _ => None,
        }
    }

    /// The manager's message, else its details, else the text that came in place of an error body.
    fn manager_message(&self) -> Option<String> {
        let answer = self.0.response.as_ref()?;
        let texts = match &answer.api_error {
            Some(error) => [error.error_message.as_deref(), error.details.as_deref()],
            None => [answer.body.as_deref(), None],
        };
        texts
            .into_iter()
            .flatten()
            .map(|text| one_line(text, MESSAGE_LIMIT))
            .find(|line| !line.is_empty())
    }

    /// The details in brackets at the end of the line.
    fn details(&self) -> Vec<String> {
        let mut details = Vec::new();
        // Those of a login are in its own line, which is a part of this one.
        let said = self
            .0
            .response
            .as_ref()
            .and_then(|answer| answer.api_error.as_ref());
        if let Some(code) = said.and_then(|said| said.error_code) {
            details.push(format!("error_code {code}"));
        }
        if let Some(module) = said.and_then(|said| said.module_name.as_deref()) {
            details.push(format!("module {}", one_line(module, 80)));
        }
        details.extend(self.retry_after_text());
        if self.attempts() > 1 {
            details.push(format!("{} attempts", self.attempts()));
        }
        details.extend(self.0.note.map(str::to_owned));
        details
    }

    /// How long the manager asks to be left alone.
    fn retry_after_text(&self) -> Option<String> {
        let asked = self.0.response.as_ref()?.retry_after?;
        let part = u64::from(asked.subsec_nanos() > 0);
        match asked.as_secs().saturating_add(part) {
            0 => None,
            // Longer than a century is no number that anybody means.
            seconds @ 1..=3_155_760_000 => Some(format!("retry after {seconds} s")),
            _ => Some("retry after more than a century".to_owned()),
        }
    }

    /// The manager, where the line is about the way to it and no answer says who gave it.
    fn manager_if_unreachable(&self) -> Option<String> {
        let is_of_the_way = matches!(
            self.kind(),
            ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout | ErrorKind::Connection
        );
        let is_of_login = matches!(self.0.source, Some(Source::Login(_)));
        self.manager()
            .filter(|_| is_of_the_way && !is_of_login)
            .map(|manager| one_line(manager, MESSAGE_LIMIT))
    }

    /// The parts of the line that a colon divides.
    fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        parts.extend(
            self.operation()
                .map(|operation| one_line(operation, MESSAGE_LIMIT)),
        );
        parts.extend(self.manager_if_unreachable());
        parts.extend(
            self.0
                .response
                .as_ref()
                .map(|answer| answer.status.to_string()),
        );
        if !self.0.message.is_empty() {
            parts.push(one_line(&self.0.message, MESSAGE_LIMIT));
        }
        parts.extend(self.manager_message());
        parts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join(": "))?;
        match self.details() {
            details if details.is_empty() => Ok(()),
            details => write!(f, " ({})", details.join(", ")),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each text is bounded as in `Display`: errors end up in logs in this form too.
        let short = |text: &str| one_line(text, MESSAGE_LIMIT);
        let debug = |value: &dyn fmt::Debug| PreformattedDebug(short(&format!("{value:?}")));
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &short(&self.0.message))
            .field("operation", &self.operation().map(short))
            .field("manager", &self.manager().map(short))
            .field("attempts", &self.attempts())
            .field("status", &self.status())
            .field("request_id", &self.request_id().map(short))
            .field("api_error", &self.api_error().map(|error| debug(error)))
            .field("body_bytes", &self.body().map(str::len))
            .field(
                "source",
                &self
                    .0
                    .source
                    .as_ref()
                    .map(|source| debug(&source.as_error())),
            )
            .finish()
    }
}

/// A text that is the `Debug` of something already.
struct PreformattedDebug(String);

impl fmt::Debug for PreformattedDebug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(Source::as_error)
    }
}
