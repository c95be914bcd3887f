//! A request that a mock manager received.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method, Version};
use serde::de::DeserializeOwned;

/// The headers that contain credentials.
const CREDENTIALS: [HeaderName; 4] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-xsrf-token"),
];

/// A request that a [`Manager`](super::Manager) received.
///
/// `Debug` hides the values of headers that contain credentials. It shows only the length of the
/// body and of the certificate.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: Method,
    /// The whole path, percent-encoded as received.
    pub path: String,
    /// The query after the `?`, percent-encoded as received.
    pub query: Option<String>,
    /// The headers, without the pseudo-headers of HTTP/2.
    pub headers: HeaderMap,
    /// The body. Empty if it was too long and therefore refused.
    pub body: Bytes,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: Version,
    /// The client certificate of the connection, in DER. Only a mock manager with
    /// [`client_certificates`](super::ManagerBuilder::client_certificates) requests one.
    pub client_certificate: Option<Bytes>,
    /// The `operationId`, if the document has an operation with this method and path.
    pub operation: Option<&'static str>,
}

impl RecordedRequest {
    pub(super) fn new(
        head: &http::request::Parts,
        body: Bytes,
        client_certificate: Option<Bytes>,
        operation: Option<&'static str>,
    ) -> Self {
        let mut headers = head.headers.clone();
        mark_credentials_sensitive(&mut headers);
        Self {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers,
            body,
            version: head.version,
            client_certificate,
            operation,
        }
    }

    /// The value of a header, if it is present and visible ASCII. If the header occurs more than
    /// once, the first value is returned.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Deserializes the body as JSON.
    ///
    /// # Errors
    /// If the body is not JSON, or does not match the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// The value of a header that occurs exactly once and is visible ASCII.
pub(super) fn single_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        Some(_) => None,
        None => value.to_str().ok(),
    }
}

/// Marks the values as sensitive, which hides them in the `Debug` output of `HeaderMap`.
fn mark_credentials_sensitive(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if CREDENTIALS.contains(name) {
            value.set_sensitive(true);
        }
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = match &self.client_certificate {
            Some(der) => format!("{} bytes", der.len()),
            None => "none".to_owned(),
        };
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("version", &self.version)
            .field("client_certificate", &format_args!("{certificate}"))
            .field("operation", &self.operation)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_recorded_request_hides_credentials() {
        let (head, ()) = http::Request::post("/api/session/create?x=1")
            .header("authorization", "Basic SECRET")
            .header("cookie", "a=SECRET")
            .header("cookie", "b=SECRET")
            .header("x-xsrf-token", "SECRET")
            .header("accept", "text/plain")
            .body(())
            .unwrap()
            .into_parts();
        let recorded =
            RecordedRequest::new(&head, Bytes::from_static(b"j_password=SECRET"), None, None);
        let shown = format!("{recorded:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(
            shown.contains("text/plain") && shown.contains("17 bytes"),
            "{shown}"
        );
        assert_eq!(recorded.header("authorization"), Some("Basic SECRET"));
    }
}
