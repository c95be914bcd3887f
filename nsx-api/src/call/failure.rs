//! What a failed attempt means: its kind, and whether the request may have been carried out. It is an answer that is not a
//! success, or an error of the HTTP library.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use reqwest::Url;
use rustls::AlertDescription;

use crate::call::retry::{Cause, retry_after};
use crate::call::{receive, redirect};
use crate::error::Answer;
use crate::response::request_id;
use crate::text::one_line;
use crate::{ApiError, Error, ErrorKind, tls};

/// A failed attempt: the error, and what the policy for retries makes its decision from.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) cause: Cause,
    /// What the manager asked to be waited.
    pub(crate) retry_after: Option<Duration>,
    /// Where the answer points, if that may be followed.
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

    /// The same failure, with what is known of the answer that it befell.
    pub(crate) fn with_answer(mut self, answer: Answer) -> Self {
        self.error = self.error.with_answer(answer);
        self
    }
}

/// The failure of a request that could not be made.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error, Cause::Callers)
    }
}

/// The failure of an answer that is not a success, to a call of `url`. Whatever may be shown of it passes through `mask`.
pub(crate) fn refused(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    url: &Url,
    mask: impl Fn(String) -> String,
) -> Failure {
    let retry_after = retry_after(headers, SystemTime::now());
    let answer = Answer {
        status,
        request_id: request_id(headers).map(|id| mask(id.to_owned())),
        retry_after,
        api_error: ApiError::from_body(body).map(|error| error.map_texts(&mask)),
        body: Some(receive::kept(body, &mask)),
    };
    let code = answer.api_error.as_ref().and_then(|error| error.error_code);
    let message = match ErrorKind::of(status) {
        ErrorKind::Redirect => redirect::message(headers, mask),
        _ => String::new(),
    };
    let error = Error::new(ErrorKind::of(status), message).with_answer(answer);
    Failure {
        retry_after,
        redirect: redirect::target(status, headers, url),
        ..Failure::new(error, Cause::Answer(status, code))
    }
}

/// The failure of a request that got no answer, by a client that has a certificate or none.
pub(crate) fn request(error: reqwest::Error, has_identity: bool) -> Failure {
    if error.is_builder() {
        let what = "the request cannot be made";
        return failure(ErrorKind::InvalidRequest, what, Cause::Callers, error);
    }
    if is_of_callers_stream(&error) {
        let what = "the stream of the request's body failed";
        return failure(ErrorKind::Connection, what, Cause::Callers, error);
    }
    if let Some(refusal) = refusal_of_certificate(&error, has_identity) {
        let cause = match error.is_connect() {
            true => Cause::Untrusted,
            false => Cause::Refused,
        };
        return refused_certificate(refusal, cause, error);
    }
    if error.is_connect() {
        return no_connection(error);
    }
    if was_refused(&error) {
        let what = "the connection was closed";
        return failure(ErrorKind::Connection, what, Cause::NotBegun, error);
    }
    body(error)
}

/// The failure of a connection that did not come about. TLS that fails later is a connection lost like another.
fn no_connection(error: reqwest::Error) -> Failure {
    let (kind, what, cause) = match find::<rustls::Error>(&error) {
        None => (ErrorKind::Connect, "cannot connect", Cause::NoConnection),
        Some(fault) if is_passing(fault) => (ErrorKind::Tls, "no TLS", Cause::NoConnection),
        Some(_) => (ErrorKind::Tls, "no trusted connection", Cause::Untrusted),
    };
    failure(kind, what, cause, error)
}

/// Whether TLS failed for what was said and not for who said it: a manager that is starting, or what stands before it, may do better
/// the next time. What one side thinks of the other's certificate, versions and ciphers it will think again.
fn is_passing(fault: &rustls::Error) -> bool {
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

/// What an alert about the client's certificate means, should there be one among the causes.
///
/// Managers that speak TLS 1.3 send it once the handshake is over for the client, and in the place of an answer. They look
/// at no request before they have accepted the certificate. Of a client that has none they can only say that they ask for one:
/// whoever says more of it, and not in the handshake, is not to be believed, and may have carried out the request.
fn refusal_of_certificate(error: &reqwest::Error, has_identity: bool) -> Option<String> {
    let alert = match find::<rustls::Error>(error) {
        Some(rustls::Error::AlertReceived(alert)) => *alert,
        _ => {
            // HTTP/2 keeps no more of it than its words.
            let words = find::<io::Error>(error)?.to_string();
            (0..=u8::MAX)
                .map(AlertDescription::from)
                .find(|alert| words == rustls::Error::AlertReceived(*alert).to_string())?
        }
    };
    let is_meant =
        has_identity || error.is_connect() || alert == AlertDescription::CertificateRequired;
    tls::refusal(alert).filter(|_| is_meant)
}

fn refused_certificate(refusal: String, cause: Cause, error: reqwest::Error) -> Failure {
    let error = Error::new(ErrorKind::Tls, refusal).with_source(error.without_url());
    Failure::new(error, cause)
}

/// Whether it is the stream of the request's body that failed. HTTP/2 tells of it by a reset from this side.
fn is_of_callers_stream(error: &reqwest::Error) -> bool {
    let within = causes(error)
        .skip(1)
        .filter_map(|cause| cause.downcast_ref::<reqwest::Error>())
        .any(reqwest::Error::is_body);
    let reset = find::<h2::Error>(error)
        .is_some_and(|error| error.is_reset() && !error.is_remote() && !error.is_library());
    within || reset
}

/// The failure of a body that broke off.
pub(crate) fn body(error: reqwest::Error) -> Failure {
    match error.is_timeout() {
        true => failure(
            ErrorKind::Timeout,
            "the connection timed out",
            Cause::TimedOut,
            error,
        ),
        false => failure(
            ErrorKind::Connection,
            "the connection was lost",
            Cause::Lost,
            error,
        ),
    }
}

/// The failure of a body that ended, without an error, before its announced length.
pub(crate) fn cut_off(received: u64, announced: u64) -> Failure {
    let cause = Words(format!(
        "the body ended after {received} of {announced} bytes"
    ));
    let message = format!("the connection was lost: {cause}");
    let error = Error::new(ErrorKind::Connection, message).with_source(cause);
    Failure::new(error, Cause::Lost)
}

fn failure(kind: ErrorKind, what: &str, cause: Cause, error: reqwest::Error) -> Failure {
    // The URL may hold a query, and says no more than operation and manager do.
    let error = error.without_url();
    let root = one_line(&root(&error), 300);
    let failed = Error::new(kind, format!("{what}: {root}"));
    let failed = match is_discreet(&error) {
        true => failed.with_source(error),
        false => failed.with_source(Words(root)),
    };
    Failure::new(failed, cause)
}

/// A cause in our own words, in the place of one that says too much.
#[derive(Debug)]
struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Words {}

/// Whether the causes may be shown as they are. Those of HTTP/2 may hold what the other side wrote into a GOAWAY.
fn is_discreet(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_none()
        && !causes(error).any(|cause| cause.to_string().contains(MANUAL))
}

/// The manual that rustls' messages point to, which is not for those who read ours.
const MANUAL: &str = "https://docs.rs/rustls/";

/// Whether the other side said that it did not begin with the request: HTTP/2 has words for that.
fn was_refused(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let leaving = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (refused || leaving)
    })
}

/// The message of the last cause, in our own words where its own are no help or say too much.
fn root(error: &(dyn StdError + 'static)) -> String {
    if let Some(error) = find::<h2::Error>(error) {
        return http2(error);
    }
    if let Some(advice) = find::<rustls::Error>(error).and_then(tls::advice) {
        return advice;
    }
    causes(error)
        .last()
        .map(|cause| plain(&cause.to_string()))
        .unwrap_or_default()
}

/// An error of HTTP/2 by its reason alone: the rest may be what the other side wrote.
fn http2(error: &h2::Error) -> String {
    match (error.get_io(), error.reason()) {
        (Some(error), _) => plain(&error.to_string()),
        (None, Some(reason)) if error.is_go_away() => format!("HTTP/2 GOAWAY {reason:?}"),
        (None, Some(reason)) => format!("HTTP/2 {reason:?}"),
        (None, None) => "HTTP/2 was not kept to".to_owned(),
    }
}

/// A message without the pointer to a manual.
fn plain(message: &str) -> String {
    match message.split_once(MANUAL) {
        Some((message, _)) if message.contains("close_notify") => {
            "the other side closed the connection without the notice that TLS asks for".to_owned()
        }
        Some((message, _)) => message.trim_end_matches([':', ' ']).to_owned(),
        None => message.to_owned(),
    }
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and its causes, with what is wrapped in an I/O error, which `source` steps over.
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
    fn a_cause_within_an_io_error_is_found() {
        let tls = rustls::Error::DecryptError;
        let error = std::io::Error::other(std::io::Error::other(tls));
        assert!(find::<rustls::Error>(&error).is_some());
        assert_eq!(root(&error), "cannot decrypt peer's message");
    }

    #[test]
    fn a_message_has_no_pointer_to_a_manual() {
        for (message, shown) in [
            ("plain: words", "plain: words"),
            (
                "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/x",
                "the other side closed the connection without the notice that TLS asks for",
            ),
            ("see here: https://docs.rs/rustls/latest", "see here"),
        ] {
            assert_eq!(plain(message), shown);
        }
    }

    #[test]
    fn an_error_of_http2_shows_its_reason_alone() {
        assert_eq!(
            root(&h2::Error::from(h2::Reason::ENHANCE_YOUR_CALM)),
            "HTTP/2 ENHANCE_YOUR_CALM"
        );
    }
}
