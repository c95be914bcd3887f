//! What an error of the HTTP library means: its kind, and whether the request may have been carried out.

use std::error::Error as StdError;
use std::time::Duration;

use crate::error::Answer;
use crate::retry::Outcome;
use crate::text::one_line;
use crate::{Error, ErrorKind};

/// A failed attempt: the error, and what it means for another attempt.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) outcome: Outcome,
    /// What the manager asked to be waited.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(error: Error, outcome: Outcome) -> Self {
        Self {
            error,
            outcome,
            retry_after: None,
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
        Self::new(error, Outcome::Final)
    }
}

/// The failure of a request that got no answer.
pub(crate) fn request(error: reqwest::Error) -> Failure {
    if error.is_builder() {
        return failure(
            ErrorKind::InvalidRequest,
            "the request cannot be made",
            Outcome::Final,
            error,
        );
    }
    if is_of_callers_stream(&error) {
        let what = "the stream of the request's body failed";
        return failure(ErrorKind::Connection, what, Outcome::Final, error);
    }
    if find::<rustls::Error>(&error).is_some() {
        return failure(
            ErrorKind::Tls,
            "no trusted connection",
            Outcome::Final,
            error,
        );
    }
    if error.is_connect() {
        return failure(
            ErrorKind::Connect,
            "cannot connect",
            Outcome::NotDone,
            error,
        );
    }
    if was_refused(&error) {
        return failure(
            ErrorKind::Connection,
            "the connection was closed",
            Outcome::NotDone,
            error,
        );
    }
    body(error)
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
    if error.is_timeout() {
        return failure(
            ErrorKind::Timeout,
            "the connection timed out",
            Outcome::Unknown,
            error,
        );
    }
    failure(
        ErrorKind::Connection,
        "the connection was lost",
        Outcome::Unknown,
        error,
    )
}

fn failure(kind: ErrorKind, what: &str, outcome: Outcome, error: reqwest::Error) -> Failure {
    // The URL may hold a query, and says no more than operation and manager do.
    let error = error.without_url();
    let message = format!("{what}: {}", one_line(&root(&error), 200));
    Failure::new(Error::new(kind, message).with_source(error), outcome)
}

/// Whether the other side said that it did not begin with the request: HTTP/2 has words for that.
fn was_refused(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let leaving = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (refused || leaving)
    })
}

/// The message of the last cause.
fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
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
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
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
}
