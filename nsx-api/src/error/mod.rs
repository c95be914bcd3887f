//! The error type: the kind, the manager's message, and the call.
//!
//! It is opaque, so that fields can be added, and one pointer wide, so that a `Result` stays small.
//! It never contains headers, a query, or the body of a successful response.

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

/// The longest message that is shown, in characters.
const MESSAGE_LIMIT: usize = 500;

/// The reason why a call failed, or why a client could not be built.
///
/// Match on [`kind`](Self::kind). `Display` is one line for people: the operation, the status and
/// the manager's message. [`source`](StdError::source) is the cause. [`api_error`](Self::api_error)
/// is the manager's error body.
///
/// The [crate guide](crate#errors) lists for each kind what to do, and whether the client retries
/// it.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.respond_with(Answer::api_error(404, 600, "The object was not found."));
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
///         ErrorKind::Unauthorized | ErrorKind::Forbidden => "check the credentials",
///         ErrorKind::Connect | ErrorKind::Tls => "check the address and the CA",
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
    /// Why there was no other attempt, unless that is obvious.
    note: Option<&'static str>,
}

enum Source {
    Other(Box<dyn StdError + Send + Sync>),
    /// A failed login, shared by all calls that waited for it.
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

/// The call that an error or a response belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallInfo {
    /// The `operationId`, or method and path if there is none.
    pub(crate) operation: Option<Cow<'static, str>>,
    /// The label in metrics, out of a small set of names.
    pub(crate) name: Option<&'static str>,
    pub(crate) manager: Option<Arc<str>>,
    pub(crate) attempts: u32,
}

/// The metadata of the response to a failed call.
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

    /// Invalid configuration.
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

    /// The error of a call that was not sent, because the login before it failed.
    pub(crate) fn login_failed(login: Arc<Self>) -> Self {
        let mut error = Self::new(
            login.kind().for_unsent_call(),
            format!("the login failed: {login}"),
        );
        error.0.source = Some(Source::Login(login));
        error
    }

    /// The error of the login, if a failed login is the reason.
    pub(crate) fn login_error(&self) -> Option<&Self> {
        match &self.0.source {
            Some(Source::Login(login)) => Some(login),
            _ => None,
        }
    }

    /// Adds the error of the login that was tried after this refusal.
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

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status of the response, or of the login's response if the login failed. `None` if there
    /// was no response.
    ///
    /// It is also set if a 2xx response could not be read or decoded.
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(|response| response.status)
    }

    /// The manager's error code, from its error body.
    pub fn error_code(&self) -> Option<i64> {
        self.api_error()?.error_code
    }

    /// The manager's error body, if there was one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.response()?.api_error.as_ref()
    }

    /// The start of the body of a non-2xx response as text, up to 4 KiB.
    ///
    /// It can be anything, for example the HTML page of a proxy. The body of a 2xx response is
    /// never kept. Invalid UTF-8 is replaced by `U+FFFD`, and the client's credentials by `•••` if
    /// they are echoed. Control characters are kept: escape the text before you show it.
    pub fn body(&self) -> Option<&str> {
        self.response()?.body.as_deref()
    }

    /// The `operationId` of the call, or method and path of a
    /// [`Client::request`](crate::Client::request).
    pub fn operation(&self) -> Option<&str> {
        self.0.call.operation.as_deref()
    }

    /// The id that the manager gave the request, if any.
    pub fn request_id(&self) -> Option<&str> {
        self.response()?.request_id.as_deref()
    }

    /// The `Retry-After` of the response: how long the manager or a proxy asks clients to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.response()?.retry_after
    }

    /// The number of times that the request was sent, or that sending it was attempted. 0 if the
    /// call failed before that.
    pub fn attempts(&self) -> u32 {
        self.0.call.attempts
    }

    /// The manager that was called: its host, and its port unless it is the default port.
    pub fn manager(&self) -> Option<&str> {
        self.0.call.manager.as_deref()
    }

    /// The response to the call, or to the login that it waited for.
    fn response(&self) -> Option<&ErrorResponse> {
        match (&self.0.response, &self.0.source) {
            (Some(response), _) => Some(response),
            (None, Some(Source::Login(login))) => login.response(),
            _ => None,
        }
    }

    /// The manager's message, or its details, or the body if it is not a manager's error.
    fn manager_message(&self) -> Option<String> {
        let response = self.0.response.as_ref()?;
        let texts = match &response.api_error {
            Some(error) => [error.error_message.as_deref(), error.details.as_deref()],
            None => [response.body.as_deref(), None],
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
        // A login's details are part of its own message, which this message contains.
        let api_error = self
            .0
            .response
            .as_ref()
            .and_then(|response| response.api_error.as_ref());
        if let Some(code) = api_error.and_then(|error| error.error_code) {
            details.push(format!("error_code {code}"));
        }
        if let Some(module) = api_error.and_then(|error| error.module_name.as_deref()) {
            details.push(format!("module {}", one_line(module, 80)));
        }
        details.extend(self.retry_after_text());
        if self.attempts() > 1 {
            details.push(format!("{} attempts", self.attempts()));
        }
        details.extend(self.0.note.map(str::to_owned));
        details
    }

    /// The `Retry-After` of the response.
    fn retry_after_text(&self) -> Option<String> {
        let asked = self.0.response.as_ref()?.retry_after?;
        let part = u64::from(asked.subsec_nanos() > 0);
        match asked.as_secs().saturating_add(part) {
            0 => None,
            // A longer time is not shown as a number.
            seconds @ 1..=3_155_760_000 => Some(format!("retry after {seconds} s")),
            _ => Some("retry after more than a century".to_owned()),
        }
    }

    /// The manager, if the failure is about the connection to it.
    fn manager_if_unreachable(&self) -> Option<String> {
        let is_of_connection = matches!(
            self.kind(),
            ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout | ErrorKind::Connection
        );
        let is_of_login = matches!(self.0.source, Some(Source::Login(_)));
        self.manager()
            .filter(|_| is_of_connection && !is_of_login)
            .map(|manager| one_line(manager, MESSAGE_LIMIT))
    }

    /// The parts of the line, which colons separate.
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
                .map(|response| response.status.to_string()),
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
        // Texts are truncated as in `Display`, because logs contain this form too.
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

/// A text that is `Debug` output already.
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
