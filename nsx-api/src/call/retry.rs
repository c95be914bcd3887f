//! The retry policy: whether a failed attempt may be repeated, and after which delay. It is pure:
//! the caller passes the time that is left and a random number.
//!
//! Delays grow exponentially with full jitter: a random part of 250 ms, 500 ms, 1 s and so on, up
//! to 10 s. A manager counts the requests of a user per second, so clients that were rejected
//! together must not retry together. The four retries of the default are spread over up to four
//! seconds, which is several of the manager's windows. A `Retry-After` is added to the jitter,
//! because the other rejected clients received the same one.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tower::retry::budget::TpsBudget;

/// Retries that are allowed on top of [`SHARE_OF_CALLS`], so that a program with few calls can
/// retry.
pub(crate) const RETRIES_PER_SECOND: u32 = 10;
/// The share of the recent calls that may be retried.
pub(crate) const SHARE_OF_CALLS: f32 = 0.2;
/// How long a call counts as recent.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// The upper bound of the first delay. It doubles with each retry.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// A longer `Retry-After` fails the call: the caller rather has the error now than an answer
/// minutes later.
pub(crate) const LONGEST_OBEYED: Duration = Duration::from_secs(60);
/// The `error_code` of a manager that does not know the client's certificate yet.
pub(crate) const UNKNOWN_CERTIFICATE: i64 = 99;
/// The `error_code` of a missing licence, which is answered with 403 too.
const MISSING_LICENCE: i64 = 505;

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A response with this status, and the manager's `error_code`. Without a code it may come from
    /// a proxy.
    Status(StatusCode, Option<i64>),
    /// The connection could not be established: nobody listens, or the handshake did not finish.
    NoConnection,
    /// The connection could not be established because one side does not trust the other's
    /// certificate.
    Untrusted,
    /// The manager rejected the client's certificate after the request was sent, as it may with TLS
    /// 1.3. It should not have processed the request by then, but this is not certain.
    CertificateRejected,
    /// The other side said, in the terms of HTTP/2, that it did not process the request.
    NotProcessed,
    /// The connection was lost after at least a part of the request was sent.
    ConnectionLost,
    /// There was no complete response within the time-out of an attempt.
    AttemptTimeout,
    /// There was no complete response within half of the time that the call had left. The manager
    /// may be down, or just slow.
    FailoverTimeout,
    /// The deadline of the call passed.
    DeadlineExceeded,
    /// The caller's own error: an invalid request, a failed body stream, or a response body above
    /// the caller's limit.
    CallerError,
}

/// What a cause says about the effect of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The manager did not process the request: every operation can be retried.
    NotProcessed,
    /// The request may have taken effect: only idempotent operations can be retried.
    Unknown,
    /// A retry would fail in the same way.
    Final,
}

impl Cause {
    /// Whether the manager is unreachable, does not respond, or is missing behind its proxy.
    pub(crate) fn is_of_manager(self) -> bool {
        match self {
            Self::Status(status, _) => matches!(status.as_u16(), 502..=504),
            Self::NoConnection
            | Self::Untrusted
            | Self::CertificateRejected
            | Self::ConnectionLost
            | Self::AttemptTimeout => true,
            Self::NotProcessed
            | Self::FailoverTimeout
            | Self::DeadlineExceeded
            | Self::CallerError => false,
        }
    }

    /// Whether the attempt failed before the first byte of the request was sent.
    pub(crate) fn is_before_request(self) -> bool {
        matches!(self, Self::NoConnection | Self::Untrusted)
    }

    /// Whether the manager may not know the credentials, or not any more.
    pub(crate) fn is_credential_refusal(self) -> bool {
        match self {
            Self::Status(StatusCode::UNAUTHORIZED, _) => true,
            Self::Status(StatusCode::FORBIDDEN, code) => code != Some(MISSING_LICENCE),
            _ => false,
        }
    }

    /// Whether the manager does not know the client's certificate yet. It has not processed the
    /// request.
    pub(crate) fn is_unknown_certificate(self) -> bool {
        self == Self::Status(StatusCode::INTERNAL_SERVER_ERROR, Some(UNKNOWN_CERTIFICATE))
    }
}

/// The settings of a call that decide about retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// How many retries may follow the first attempt.
    pub(crate) max_retries: u32,
    /// The lower and the upper bound of a delay.
    pub(crate) delay: (Duration, Duration),
    /// Whether applying the request twice has the same effect as applying it once.
    pub(crate) idempotent: bool,
    /// Whether the body can be sent again. A stream cannot.
    pub(crate) repeatable: bool,
    /// Whether a 503 with an `error_code` means that the manager did not process the request.
    pub(crate) retry_unavailable: bool,
    /// Whether the call is authenticated by the client's certificate.
    pub(crate) by_certificate: bool,
}

/// What the policy decides about a retry from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryInput {
    /// How many retries there were before.
    pub(crate) retries: u32,
    pub(crate) cause: Cause,
    /// How long the manager of the next attempt asked to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The time until the call's deadline; `None` if it has none.
    pub(crate) left: Option<Duration>,
    /// Whether the next attempt goes to another manager that the call has not tried yet.
    pub(crate) elsewhere: bool,
}

impl Policy {
    /// The delay before a retry; `None` if there must be none. `random` is between 0 and 1.
    ///
    /// A retry at another manager starts at once, because that manager has nothing to recover from.
    /// A delay that would reach the deadline is not started: it is better to fail now than later.
    pub(crate) fn wait(&self, input: RetryInput, random: f64) -> Option<Duration> {
        if !self.repeatable || input.retries >= self.max_retries || !self.is_safe(input) {
            return None;
        }
        if input.elsewhere {
            return Some(Duration::ZERO);
        }
        let asked = input.retry_after.unwrap_or_default();
        if asked > LONGEST_OBEYED {
            return None;
        }
        let (shortest, longest) = self.delay;
        let spread = backoff(input.retries, longest).saturating_sub(shortest);
        let wait = asked
            .saturating_add(shortest)
            .saturating_add(spread.mul_f64(random.clamp(0.0, 1.0)));
        input.left.is_none_or(|left| wait < left).then_some(wait)
    }

    fn is_safe(&self, input: RetryInput) -> bool {
        match self.outcome(input) {
            Outcome::NotProcessed => true,
            Outcome::Unknown => self.idempotent,
            Outcome::Final => false,
        }
    }

    /// Why there is a retry, for the log.
    pub(crate) fn reason(&self, input: RetryInput) -> &'static str {
        match self.outcome(input) {
            Outcome::NotProcessed => "the request was not processed",
            Outcome::Unknown => "the request may have been processed, and is idempotent",
            Outcome::Final => "the request would fail again",
        }
    }

    fn outcome(&self, input: RetryInput) -> Outcome {
        match input.cause {
            Cause::Status(status, code) => self.outcome_of_status(status.as_u16(), code),
            Cause::NoConnection | Cause::NotProcessed => Outcome::NotProcessed,
            // The same manager would present the same certificate, and receive the same one.
            Cause::Untrusted if input.elsewhere => Outcome::NotProcessed,
            Cause::CertificateRejected if input.elsewhere => Outcome::Unknown,
            Cause::ConnectionLost | Cause::AttemptTimeout | Cause::FailoverTimeout => {
                Outcome::Unknown
            }
            Cause::Untrusted
            | Cause::CertificateRejected
            | Cause::DeadlineExceeded
            | Cause::CallerError => Outcome::Final,
        }
    }

    /// What a status other than a success means.
    ///
    /// A manager answers 429, and 503 with an `error_code`, before it processes a request. Proxies
    /// answer 503 too, possibly after they forwarded the request. 500 says that the manager failed,
    /// but not how far it came, except with the code for an unknown client certificate. With 502
    /// and 504 the proxy does not know either.
    fn outcome_of_status(&self, status: u16, code: Option<i64>) -> Outcome {
        match (status, code) {
            (429, _) => Outcome::NotProcessed,
            (503, Some(_)) if self.retry_unavailable => Outcome::NotProcessed,
            (500, Some(UNKNOWN_CERTIFICATE)) if self.by_certificate => Outcome::NotProcessed,
            (500 | 502 | 503 | 504, _) => Outcome::Unknown,
            _ => Outcome::Final,
        }
    }
}

/// The retry budget of a client: a fifth of the calls of the last ten seconds, plus ten retries a
/// second.
///
/// It limits what a manager that fails every request is sent: a fifth more requests than calls, and
/// not five times as many.
pub(crate) fn budget() -> TpsBudget {
    TpsBudget::new(BUDGET_WINDOW, RETRIES_PER_SECOND, SHARE_OF_CALLS)
}

/// The upper bound of the random part of a delay.
fn backoff(retries: u32, longest: Duration) -> Duration {
    // 2^30 times the first delay is more than eight years.
    let doublings = retries.min(30);
    FIRST_DELAY.saturating_mul(1 << doublings).min(longest)
}

/// Parses `Retry-After`, which is a number of seconds or a date; `None` if it is neither.
///
/// A number that is too large to represent is the longest duration.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests;
