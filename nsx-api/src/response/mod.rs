//! What came back: the value, and the facts of the call that brought it.

pub(crate) mod decode;

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::error::text;
use crate::error::{Answer, Call};
use crate::{Error, ErrorKind, telemetry};

/// The value of a successful call, with the call's facts.
///
/// It dereferences to the value.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.on("GET /api/v1/tags", |_| Answer::json(200, ["web", "db"]));
/// # let client = manager.client()?;
/// use nsx_api::http::Method;
///
/// let response = client.request(Method::GET, "/api/v1/tags").send().await?;
/// println!("{} after {} attempt(s)", response.status(), response.attempts());
/// // Any type that serde can read: with serde_json its `Value`, for any JSON.
/// let tags = response.json::<Vec<String>>()?;
/// println!("{} of {}", tags.len(), tags.manager());
/// # assert_eq!(*tags, ["web", "db"]);
/// # Ok(())
/// # }
/// ```
pub struct Response<T> {
    value: T,
    facts: Box<Facts>,
}

/// What there is to tell of a call beside its value.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) call: Call,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The request's id, secrets taken out.
    shown_id: Option<String>,
    /// The header that explains why a body is not JSON, secrets taken out.
    misleading_header: Option<String>,
}

impl Facts {
    /// The facts, with what an error may show of the headers passed through `mask`.
    pub(crate) fn new(
        call: Call,
        status: StatusCode,
        headers: HeaderMap,
        mask: impl Fn(String) -> String,
    ) -> Self {
        Self {
            shown_id: request_id(&headers).map(|id| mask(id.to_owned())),
            misleading_header: misleading_header(&headers, &mask),
            call,
            status,
            headers,
        }
    }

    /// What an error about this response knows of it.
    pub(crate) fn answer(&self) -> Answer {
        Answer {
            status: self.status,
            request_id: self.shown_id.clone(),
            ..Answer::default()
        }
    }
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, facts: Facts) -> Self {
        Self {
            value,
            facts: Box::new(facts),
        }
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The value, without the rest.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The same response with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            value: f(self.value),
            facts: self.facts,
        }
    }

    /// The `operationId`, or method and path of a call made by [`Client::request`](crate::Client::request).
    pub fn operation(&self) -> &str {
        self.facts.call.operation.as_deref().unwrap_or_default()
    }

    /// The status: any 2xx.
    pub fn status(&self) -> StatusCode {
        self.facts.status
    }

    /// The headers. Those that carry a session are marked as sensitive, so that `Debug` does not show them.
    pub fn headers(&self) -> &HeaderMap {
        &self.facts.headers
    }

    /// The manager's id of the request, if it sent one: what its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.facts.headers)
    }

    /// How often the request was sent: 1 unless it was retried.
    pub fn attempts(&self) -> u32 {
        self.facts.call.attempts
    }

    /// The manager that answered: host, and port if it is not the usual one.
    pub fn manager(&self) -> &str {
        self.facts.call.manager.as_deref().unwrap_or_default()
    }
}

impl Response<Bytes> {
    /// Decodes the body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`]: the body is empty, cut off, not JSON, or does not fit `T`. The error says where and what
    /// was expected, and not what was found there, which may be a secret.
    pub fn json<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        match self.decode() {
            Ok(value) => Ok(self.map(|_| value)),
            Err(reason) => {
                telemetry::did_not_fit(&self.facts.call);
                Err(Error::new(ErrorKind::Decode, reason)
                    .with_answer(self.facts.answer())
                    .in_call(self.facts.call))
            }
        }
    }

    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        decode::json(&self.value).map_err(|reason| match &self.facts.misleading_header {
            Some(header) => format!("{reason} ({header})"),
            None => reason,
        })
    }
}

/// The header that explains why a body is not JSON, secrets taken out before it is cut: none is cut in two. Of a media type
/// only its name: its parameters may be anything.
fn misleading_header(headers: &HeaderMap, mask: impl Fn(String) -> String) -> Option<String> {
    let text = |name: HeaderName| Some((headers.get(&name)?.to_str().ok()?, name));
    let encoding = text(header::CONTENT_ENCODING).filter(|(value, _)| *value != "identity");
    let (value, name) =
        encoding.or_else(|| text(header::CONTENT_TYPE).filter(|(value, _)| !is_json(value)))?;
    let value = mask(value.to_owned());
    Some(format!(
        "{name}: {}",
        text::one_line(media_type(&value), 80)
    ))
}

fn is_json(content_type: &str) -> bool {
    let mut places = media_type(content_type).as_bytes().windows(4);
    places.any(|place| place.eq_ignore_ascii_case(b"json"))
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default()
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Shows a decoded value, but of raw bytes their number only; no headers.
impl<T: fmt::Debug + 'static> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Response");
        match (&self.value as &dyn Any).downcast_ref::<Bytes>() {
            Some(bytes) => shown.field("bytes", &bytes.len()),
            None => shown.field("value", &self.value),
        };
        shown
            .field("operation", &self.operation())
            .field("manager", &self.manager())
            .field("attempts", &self.attempts())
            .field("status", &self.status())
            .field("request_id", &self.facts.shown_id)
            .finish()
    }
}

/// The id that the manager, or the proxy before it, gave the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    const NAMES: [HeaderName; 2] = [
        HeaderName::from_static("x-nsx-requestid"),
        HeaderName::from_static("x-request-id"),
    ];
    NAMES
        .iter()
        .filter_map(|name| headers.get(name))
        .filter_map(|value| value.to_str().ok())
        .find(|id| !id.is_empty() && id.len() <= 128)
}

/// Marks the headers that carry a session, or a URL that may, so that their values do not show in `Debug`.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap) {
    for (name, value) in headers {
        let is_sensitive = matches!(
            name.as_str(),
            "authorization"
                | "cookie"
                | "location"
                | "proxy-authorization"
                | "set-cookie"
                | "x-xsrf-token"
        );
        if is_sensitive {
            value.set_sensitive(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn response(value: Bytes, headers: &[(&'static str, &'static str)]) -> Response<Bytes> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let call = Call {
            operation: Some("Op".into()),
            manager: Some("nsx".into()),
            attempts: 2,
            ..Call::default()
        };
        let mask = |text: String| text.replace("SECRET", "•••");
        Response::new(value, Facts::new(call, StatusCode::OK, headers, mask))
    }

    #[test]
    fn debug_shows_neither_bytes_nor_headers() {
        let response = response(
            Bytes::from_static(b"\"SECRET\""),
            &[("set-cookie", "SECRET")],
        );
        assert!(!format!("{response:?}").contains("SECRET"), "{response:?}");
        let secret = response.json::<crate::Secret>().unwrap();
        assert!(!format!("{secret:?}").contains("SECRET"), "{secret:?}");
        assert_eq!(secret.expose_secret(), "SECRET");
    }

    #[test]
    fn session_headers_are_marked_wherever_they_stand() {
        let mut headers = HeaderMap::new();
        for value in ["a=SECRET", "b=SECRET"] {
            headers.append("set-cookie", HeaderValue::from_static(value));
        }
        for name in ["x-xsrf-token", "cookie", "proxy-authorization"] {
            headers.append(name, HeaderValue::from_static("SECRET"));
        }
        mark_sensitive(&mut headers);
        assert!(!format!("{headers:?}").contains("SECRET"), "{headers:?}");
    }

    #[test]
    fn a_request_id_is_read_from_either_header() {
        for (headers, id) in [
            (
                &[("x-nsx-requestid", "n"), ("x-request-id", "r")][..],
                Some("n"),
            ),
            (&[("x-request-id", "r")], Some("r")),
            (&[("x-nsx-requestid", ""), ("x-request-id", "r")], Some("r")),
            (&[], None),
        ] {
            assert_eq!(response(Bytes::new(), headers).request_id(), id);
        }
    }

    #[test]
    fn a_misfit_keeps_the_facts_and_names_the_header_that_explains_it() {
        for (headers, message) in [
            (
                &[("x-request-id", "r")][..],
                "Op: 200 OK: the body is not JSON, line 1 column 1 (2 attempts)",
            ),
            (
                &[("x-request-id", "r"), ("content-type", "text/html; x=a")],
                "Op: 200 OK: the body is not JSON, line 1 column 1 (content-type: text/html) (2 attempts)",
            ),
            (
                &[
                    ("x-request-id", "r"),
                    ("content-type", "application/json"),
                    ("content-encoding", "gzip"),
                ],
                "Op: 200 OK: the body is not JSON, line 1 column 1 (content-encoding: gzip) (2 attempts)",
            ),
        ] {
            let error = response(Bytes::from_static(b"<html>"), headers)
                .json::<u8>()
                .unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert_eq!(
                (error.status(), error.attempts(), error.request_id()),
                (Some(StatusCode::OK), 2, Some("r"))
            );
        }
    }

    #[test]
    fn an_error_shows_no_secret_of_a_header() {
        let headers = [
            ("x-request-id", "a SECRET"),
            ("content-type", "text/SECRET; x=SECRET"),
        ];
        let error = response(Bytes::from_static(b"<"), &headers)
            .json::<u8>()
            .unwrap_err();
        assert_eq!(error.request_id(), Some("a •••"));
        let long = format!("{}SECRET", "x".repeat(77));
        let headers = [("content-type", &*long.leak())];
        let cut = response(Bytes::from_static(b"<"), &headers)
            .json::<u8>()
            .unwrap_err();
        assert!(cut.to_string().contains("x•••)"), "{cut}");
        assert!(
            error.to_string().contains("(content-type: text/•••)"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        let response = response(Bytes::new(), &headers);
        assert!(!format!("{response:?}").contains("SECRET"), "{response:?}");
    }

    #[test]
    fn a_value_can_be_changed_in_place() {
        let mut response = response(Bytes::from_static(b"1"), &[])
            .json::<u8>()
            .unwrap();
        *response += 1;
        assert_eq!(response.into_inner(), 2);
    }
}
