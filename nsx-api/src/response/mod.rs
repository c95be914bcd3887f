//! The response of a successful call: its value, status and headers, and the call.

pub(crate) mod decode;
pub(crate) mod headers;
pub(crate) mod metadata;

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, telemetry};
use headers::request_id;
use metadata::ResponseMeta;

/// The value of a successful call, with status, headers, number of attempts and manager.
///
/// It derefs to the value.
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
/// // Any type that implements `Deserialize`, for example `serde_json::Value`.
/// let tags = response.json::<Vec<String>>()?;
/// println!("{} of {}", tags.len(), tags.manager());
/// # assert_eq!(*tags, ["web", "db"]);
/// # Ok(())
/// # }
/// ```
pub struct Response<T> {
    value: T,
    meta: Box<ResponseMeta>,
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, meta: ResponseMeta) -> Self {
        Self {
            value,
            meta: Box::new(meta),
        }
    }

    pub(crate) fn meta(&self) -> &ResponseMeta {
        &self.meta
    }

    /// Returns the value and discards the rest.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Applies a function to the value and keeps the rest.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            value: f(self.value),
            meta: self.meta,
        }
    }

    /// The `operationId`, or method and path of a [`Client::request`](crate::Client::request).
    pub fn operation(&self) -> &str {
        self.meta.call.operation.as_deref().unwrap_or_default()
    }

    /// The status, always a 2xx.
    pub fn status(&self) -> StatusCode {
        self.meta.status
    }

    /// The headers. Those that contain session tokens are marked as sensitive, so `Debug` does not
    /// show them.
    pub fn headers(&self) -> &HeaderMap {
        &self.meta.headers
    }

    /// The id that the manager gave the request, if any. Include it in support requests to the
    /// vendor.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.meta.headers)
    }

    /// The number of times that the request was sent: 1 if it was not resent.
    pub fn attempts(&self) -> u32 {
        self.meta.call.attempts
    }

    /// The manager that responded: its host, and its port unless it is the default port.
    pub fn manager(&self) -> &str {
        self.meta.call.manager.as_deref().unwrap_or_default()
    }
}

impl Response<Bytes> {
    /// Decodes the body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`]: the body is empty, truncated, not JSON, or does not match `T`. The
    /// error contains the location and the expected type, but not the value, which could be a
    /// secret.
    pub fn json<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        match self.decode() {
            Ok(value) => Ok(self.map(|_| value)),
            Err(reason) => {
                telemetry::record_decode_error(&self.meta.call);
                Err(Error::new(ErrorKind::Decode, reason)
                    .with_response(self.meta.error_response())
                    .in_call(self.meta.call))
            }
        }
    }

    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        decode::json(&self.value).map_err(|reason| match &self.meta.misleading_header {
            Some(header) => format!("{reason} ({header})"),
            None => reason,
        })
    }
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

/// Shows a decoded value, but only the number of raw bytes, and no headers.
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
            .field("request_id", &self.meta.shown_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::error::CallInfo;

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
        let call = CallInfo {
            operation: Some("Op".into()),
            manager: Some("nsx".into()),
            attempts: 2,
            ..CallInfo::default()
        };
        let mask = |text: String| text.replace("SECRET", "•••");
        Response::new(
            value,
            ResponseMeta::new(call, StatusCode::OK, headers, mask),
        )
    }

    #[test]
    fn debug_of_a_response_shows_neither_bytes_nor_headers() {
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
    fn a_request_id_is_read_from_either_header() {
        const TOO_LONG: &str = match std::str::from_utf8(&[b'n'; 129]) {
            Ok(text) => text,
            Err(_) => "",
        };
        for (headers, id) in [
            (
                &[("x-nsx-requestid", "n"), ("x-request-id", "r")][..],
                Some("n"),
            ),
            (&[("x-request-id", "r")], Some("r")),
            (&[("x-nsx-requestid", ""), ("x-request-id", "r")], Some("r")),
            // It is shown in errors and logs, so it must be short.
            (
                &[("x-nsx-requestid", TOO_LONG), ("x-request-id", "r")],
                Some("r"),
            ),
            (&[("x-request-id", TOO_LONG)], None),
            (
                &[("x-request-id", TOO_LONG.split_at(128).0)],
                Some(TOO_LONG.split_at(128).0),
            ),
            (&[], None),
        ] {
            assert_eq!(response(Bytes::new(), headers).request_id(), id);
        }
    }

    #[test]
    fn a_decode_error_keeps_the_metadata_and_names_the_header_that_explains_it() {
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
    fn a_decode_error_masks_secrets_in_headers() {
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
    fn the_value_of_a_response_can_be_modified() {
        let mut response = response(Bytes::from_static(b"1"), &[])
            .json::<u8>()
            .unwrap();
        *response += 1;
        assert_eq!(response.into_inner(), 2);
    }
}
