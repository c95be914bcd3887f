//! What a stand-in received: one request, as it came.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method, Version};
use serde::de::DeserializeOwned;

/// The headers that carry credentials.
const CREDENTIALS: [HeaderName; 4] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("x-xsrf-token"),
];

/// A request that a [`Manager`](super::Manager) received.
///
/// `Debug` hides the values of the headers that carry credentials, and shows no more of the body
/// and of the certificate than their length.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: Method,
    /// The path from the host's root, percent-encoded as it came.
    pub path: String,
    /// What stood after the `?`, percent-encoded as it came.
    pub query: Option<String>,
    /// The header fields; over HTTP/2 without the pseudo-header fields.
    pub headers: HeaderMap,
    /// The body; empty when it was refused for its length.
    pub body: Bytes,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: Version,
    /// The certificate that the client presented when it connected, in DER. Only a stand-in with
    /// [`client_certificates`](super::ManagerBuilder::client_certificates) asks for one.
    pub client_certificate: Option<Bytes>,
    /// The `operationId`, when the document has an operation with this method and path.
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
        hide_credentials(&mut headers);
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

    /// A header's value, when it is there and is text. The first one, when it is there more than
    /// once.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// When the body is not JSON, or does not fit the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// A header's value, when the header is there once and is text.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        Some(_) => None,
        None => value.to_str().ok(),
    }
}

/// Marks the values as sensitive, which is what keeps them out of `HeaderMap`'s `Debug`.
fn hide_credentials(headers: &mut HeaderMap) {
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
    fn debug_shows_no_credentials() {
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
