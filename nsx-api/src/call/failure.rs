//! Failed attempts: the error for the caller, and the cause that determines whether the call is
//! retried. A failure is a non-2xx response, an error of the HTTP library, or a timeout.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use reqwest::Url;
use rustls::AlertDescription;

use super::redirect;
use super::retry::{Cause, retry_after};
use super::time_limit::{Expired, LimitKind, TimeLimit};
use crate::error::ErrorResponse;
use crate::error::text::{self, one_line};
use crate::response::headers::request_id;
use crate::{ApiError, Error, ErrorKind, tls};

/// The maximum number of bytes of an error body that are read: enough for a manager's error with
/// all its related errors.
const ERROR_BODY_LIMIT: usize = 1 << 20;
/// The maximum number of those bytes that are kept as text.
const KEPT_BODY: usize = 4 << 10;

/// A failed attempt.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) cause: Cause,
    /// The `Retry-After` of the response.
    pub(crate) retry_after: Option<Duration>,
    /// The target of a redirect for the same call, on any host.
    pub(crate) redirect: Option<Url>,
}

impl Failure {
    pub(crate) fn new(error: Error, cause: Cause) -> Self {
        Self {
            error,
            cause,
            retry_after: None,
            redirect: None,
        }
    }

    /// Adds the metadata of the response whose body could not be read.
    pub(crate) fn with_response(mut self, answer: ErrorResponse) -> Self {
        self.error = self.error.with_response(answer);
        self
    }
}

/// The caller's request cannot be sent.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error, Cause::CallerError)
    }
}

/// There was no complete response in time.
impl From<Expired> for Failure {
    fn from(expired: Expired) -> Self {
        let error = Error::new(
            ErrorKind::Timeout,
            format!("no complete response {expired}"),
        );
        let cause = match expired.kind {
            LimitKind::Deadline => Cause::DeadlineExceeded,
            LimitKind::Attempt => Cause::AttemptTimeout,
            LimitKind::FailoverShare => Cause::FailoverTimeout,
        };
        Self::new(error, cause)
    }
}

/// Reads as much of an error body as arrives in time. It may be incomplete: the status is enough to
/// handle the error.
pub(super) async fn read_error_body(mut response: reqwest::Response, limit: TimeLimit) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = limit.timeout(pin!(response.chunk())).await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BODY_LIMIT {
            break;
        }
    }
    body
}

/// The part of an error body that is kept. All of it is masked before it is truncated, so that no
/// secret is cut in two.
fn kept_body(body: &[u8], mask: impl Fn(String) -> String) -> String {
    let text = mask(String::from_utf8_lossy(text::without_bom(body)).into_owned());
    text::beginning(text.as_bytes(), KEPT_BODY)
}

/// The failure for a non-2xx response to a request to `url`. `mask` is applied to all text that may
/// be shown.
pub(crate) fn refused(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    url: &Url,
    mask: impl Fn(String) -> String,
) -> Failure {
    let retry_after = retry_after(headers, SystemTime::now());
    let answer = ErrorResponse {
        status,
        request_id: request_id(headers).map(|id| mask(id.to_owned())),
        retry_after,
        api_error: ApiError::from_body(body).map(|error| error.map_texts(&mask)),
        body: Some(kept_body(body, &mask)),
    };
    let code = answer.api_error.as_ref().and_then(|error| error.error_code);
    let message = match ErrorKind::from_status(status) {
        ErrorKind::Redirect => redirect::message(headers, mask),
        _ => String::new(),
    };
    let error = Error::new(ErrorKind::from_status(status), message).with_response(answer);
    Failure {
        retry_after,
        redirect: redirect::target(status, headers, url),
        ..Failure::new(error, Cause::Status(status, code))
    }
}

/// The failure for a request without a response. `has_identity` says whether the client has a
/// certificate.
pub(crate) fn request(error: reqwest::Error, has_identity: bool) -> Failure {
    if error.is_builder() {
        let what = "the request cannot be built";
        return failure(ErrorKind::InvalidRequest, what, Cause::CallerError, error);
    }
    if is_of_body_stream(&error) {
        let what = "the request body stream failed";
        return failure(ErrorKind::Connection, what, Cause::CallerError, error);
    }
    if let Some(message) = certificate_rejection(&error, has_identity) {
        let cause = match error.is_connect() {
            true => Cause::Untrusted,
            false => Cause::CertificateRejected,
        };
        let error = Error::new(ErrorKind::Tls, message).with_source(error.without_url());
        return Failure::new(error, cause);
    }
    if error.is_connect() {
        return no_connection(error);
    }
    if was_not_processed(&error) {
        let what = "the connection was closed";
        return failure(ErrorKind::Connection, what, Cause::NotProcessed, error);
    }
    body(error)
}

/// The failure to establish a connection. A TLS error after that is handled as a lost connection.
fn no_connection(error: reqwest::Error) -> Failure {
    let (kind, what, cause) = match find::<rustls::Error>(&error) {
        None => (ErrorKind::Connect, "cannot connect", Cause::NoConnection),
        Some(fault) if is_transient(fault) => {
            (ErrorKind::Tls, "TLS handshake failed", Cause::NoConnection)
        }
        Some(_) => (ErrorKind::Tls, "TLS handshake failed", Cause::Untrusted),
    };
    failure(kind, what, cause, error)
}

/// Whether a TLS handshake may succeed the next time. A manager that is starting, or a proxy in
/// front of it, may send invalid messages for a while. Rejected certificates, versions and ciphers
/// will be rejected again.
fn is_transient(fault: &rustls::Error) -> bool {
    use rustls::Error as Fault;
    matches!(
        fault,
        Fault::InvalidMessage(_)
            | Fault::InappropriateMessage { .. }
            | Fault::InappropriateHandshakeMessage { .. }
            | Fault::DecryptError
            | Fault::PeerSentOversizedRecord
            | Fault::AlertReceived(AlertDescription::InternalError)
    )
}

/// The message for a TLS alert about the client certificate; `None` if no cause is such an alert.
///
/// With TLS 1.3, managers send the alert after the handshake, instead of a response. They process
/// no request before they have accepted the certificate. If the client has no certificate, only
/// `CertificateRequired` counts after the handshake: the peer may send any other alert after it has
/// processed the request.
fn certificate_rejection(error: &reqwest::Error, has_identity: bool) -> Option<String> {
    let alert = match find::<rustls::Error>(error) {
        Some(rustls::Error::AlertReceived(alert)) => *alert,
        _ => {
            // An HTTP/2 error contains only the text of the alert.
            let message = find::<io::Error>(error)?.to_string();
            (0..=u8::MAX)
                .map(AlertDescription::from)
                .find(|alert| message == rustls::Error::AlertReceived(*alert).to_string())?
        }
    };
    let is_plausible =
        has_identity || error.is_connect() || alert == AlertDescription::CertificateRequired;
    tls::client_certificate_refusal(alert).filter(|_| is_plausible)
}

/// Whether the caller's request body stream failed. With HTTP/2, the error is then a reset by this
/// client.
fn is_of_body_stream(error: &reqwest::Error) -> bool {
    let within = causes(error)
        .skip(1)
        .filter_map(|cause| cause.downcast_ref::<reqwest::Error>())
        .any(reqwest::Error::is_body);
    let reset = find::<h2::Error>(error)
        .is_some_and(|error| error.is_reset() && !error.is_remote() && !error.is_library());
    within || reset
}

/// The failure for a response body that could not be read completely.
pub(crate) fn body(error: reqwest::Error) -> Failure {
    match error.is_timeout() {
        true => failure(
            ErrorKind::Timeout,
            "the connection timed out",
            Cause::AttemptTimeout,
            error,
        ),
        false => failure(
            ErrorKind::Connection,
            "the connection was lost",
            Cause::ConnectionLost,
            error,
        ),
    }
}

/// The failure for a response body that ended without an error, but before its announced length.
pub(crate) fn cut_off(received: u64, announced: u64) -> Failure {
    let cause = MessageError(format!(
        "the body ended after {received} of {announced} bytes"
    ));
    let message = format!("the connection was lost: {cause}");
    let error = Error::new(ErrorKind::Connection, message).with_source(cause);
    Failure::new(error, Cause::ConnectionLost)
}

fn failure(kind: ErrorKind, what: &str, cause: Cause, error: reqwest::Error) -> Failure {
    // The URL may contain a query, and the error contains the operation and the manager anyway.
    let error = error.without_url();
    let root = one_line(&root_cause(&error), 300);
    let failed = Error::new(kind, format!("{what}: {root}"));
    let failed = match is_safe_to_show(&error) {
        true => failed.with_source(error),
        false => failed.with_source(MessageError(root)),
    };
    Failure::new(failed, cause)
}

/// A message that replaces a cause that is not safe to show.
#[derive(Debug)]
struct MessageError(String);

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for MessageError {}

/// Whether the causes can be shown unchanged. Those of HTTP/2 may contain the debug data of a
/// GOAWAY frame.
fn is_safe_to_show(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_none()
        && !causes(error).any(|cause| cause.to_string().contains(MANUAL))
}

/// Some messages of rustls link to its manual, which does not help the users of this library.
const MANUAL: &str = "https://docs.rs/rustls/";

/// Whether an HTTP/2 error code says that the server did not process the request.
fn was_not_processed(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(says_not_processed)
}

fn says_not_processed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let leaving = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    error.is_remote() && (refused || leaving)
}

/// The message of the last cause, or our own if that is not helpful or not safe to show.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    if let Some(error) = find::<h2::Error>(error) {
        return http2_reason(error);
    }
    if let Some(advice) = find::<rustls::Error>(error).and_then(tls::advice) {
        return advice;
    }
    causes(error)
        .last()
        .map(|cause| without_manual(&cause.to_string()))
        .unwrap_or_default()
}

/// The reason of an HTTP/2 error. The rest may be text from the server.
fn http2_reason(error: &h2::Error) -> String {
    match (error.get_io(), error.reason()) {
        (Some(error), _) => without_manual(&error.to_string()),
        (None, Some(reason)) if error.is_go_away() => format!("HTTP/2 GOAWAY {reason:?}"),
        (None, Some(reason)) => format!("HTTP/2 {reason:?}"),
        (None, None) => "HTTP/2 protocol error".to_owned(),
    }
}

/// A message without the link to the manual.
fn without_manual(message: &str) -> String {
    match message.split_once(MANUAL) {
        Some((message, _)) if message.contains("close_notify") => {
            "the peer closed the connection without a close_notify alert".to_owned()
        }
        Some((message, _)) => message.trim_end_matches([':', ' ']).to_owned(),
        None => message.to_owned(),
    }
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and its causes, including those wrapped in an I/O error, which `source` skips.
fn causes<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|wrapped| wrapped as &(dyn StdError + 'static));
        wrapped.or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_at_the_body_limit_is_masked_completely() {
        let mask = |text: String| text.replace("SECRET", "•••");
        for before in KEPT_BODY - 7..KEPT_BODY + 2 {
            let body = format!("{}SECRET{}", "x".repeat(before), "y".repeat(KEPT_BODY));
            let kept = kept_body(body.as_bytes(), mask);
            assert!(kept.len() <= KEPT_BODY && !kept.contains('S'), "{before}");
        }
        // Masking may shorten the text, so that text beyond the limit moves into the part that is
        // kept.
        let many = "SECRET".repeat(20_000);
        let kept = kept_body(many.as_bytes(), |text| text.replace("SECRET", ""));
        assert_eq!(kept, "");
    }

    #[tokio::test]
    async fn only_a_refusal_by_the_server_says_that_a_request_was_not_processed() {
        use h2::Reason;
        for (reason, by_server, expected) in [
            (Reason::REFUSED_STREAM, true, true),
            (Reason::REFUSED_STREAM, false, false),
            (Reason::CANCEL, true, false),
            (Reason::NO_ERROR, true, false),
            (Reason::INTERNAL_ERROR, true, false),
        ] {
            let (client, server) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(server).await.unwrap();
                while let Some(Ok((_, mut response))) = connection.accept().await {
                    response.send_reset(reason);
                }
            });
            let (mut client, connection) = h2::client::handshake(client).await.unwrap();
            tokio::spawn(connection);
            let request = http::Request::post("https://manager/").body(()).unwrap();
            let (response, mut body) = client.send_request(request, false).unwrap();
            if !by_server {
                body.send_reset(reason);
            }
            let error = response.await.unwrap_err();
            assert_eq!(error.is_remote(), by_server, "{error}");
            assert_eq!(says_not_processed(&error), expected, "{error}");
        }
    }

    #[test]
    fn a_tls_error_wrapped_in_an_io_error_is_found() {
        let tls = rustls::Error::DecryptError;
        let error = std::io::Error::other(std::io::Error::other(tls));
        assert!(find::<rustls::Error>(&error).is_some());
        assert_eq!(root_cause(&error), "cannot decrypt peer's message");
    }

    #[test]
    fn a_tls_message_does_not_link_to_the_manual_of_rustls() {
        for (message, shown) in [
            ("plain: words", "plain: words"),
            (
                "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/x",
                "the peer closed the connection without a close_notify alert",
            ),
            ("see here: https://docs.rs/rustls/latest", "see here"),
        ] {
            assert_eq!(without_manual(message), shown);
        }
    }

    #[test]
    fn an_http2_error_shows_only_its_reason() {
        assert_eq!(
            root_cause(&h2::Error::from(h2::Reason::ENHANCE_YOUR_CALM)),
            "HTTP/2 ENHANCE_YOUR_CALM"
        );
    }
}
