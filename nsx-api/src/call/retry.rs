//! The retry policy: whether a failed attempt is repeated, and after which delay. The functions are
//! pure: the caller passes the remaining time and a random number.
//!
//! Delays grow exponentially with full jitter: a random part of 250 ms, 500 ms, 1 s and so on, up
//! to 10 s. A manager counts the requests of a user per second, so clients that were rejected
//! together must not retry together. The default of four retries is spread over up to four seconds,
//! so over several of the manager's one-second windows. A `Retry-After` is added to the jitter,
//! because the other rejected clients received the same one.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tower::retry::budget::TpsBudget;

/// Retries per second that are allowed in addition to [`SHARE_OF_CALLS`], so that a program with
/// few calls can retry.
pub(crate) const RETRIES_PER_SECOND: u32 = 10;
/// The share of the recent calls that may be retried.
pub(crate) const SHARE_OF_CALLS: f32 = 0.2;
/// How long a call counts as recent.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// The upper bound of the first delay. It doubles with each retry.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// A longer `Retry-After` fails the call: an error now is more useful than a response minutes
/// later.
pub(crate) const LONGEST_OBEYED: Duration = Duration::from_secs(60);
/// The `error_code` of a manager that does not know the client's certificate yet.
pub(crate) const UNKNOWN_CERTIFICATE: i64 = 99;
/// The `error_code` of a missing licence, which is a 403 too.
const MISSING_LICENCE: i64 = 505;

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A response with this status, and the manager's `error_code`. Without a code it may come from
    /// a proxy.
    Status(StatusCode, Option<i64>),
    /// The connection could not be established: it was refused, or the handshake did not finish.
    NoConnection,
    /// The connection could not be established because one side does not trust the other's
    /// certificate.
    Untrusted,
    /// The manager rejected the client certificate after the request was sent, which TLS 1.3
    /// allows. It should not have processed the request, but that is not certain.
    CertificateRejected,
    /// An HTTP/2 error code says that the request was not processed.
    NotProcessed,
    /// The connection was lost after at least a part of the request was sent.
    ConnectionLost,
    /// There was no complete response within the attempt timeout.
    AttemptTimeout,
    /// There was no complete response within half of the call's remaining time. The manager may be
    /// down or just slow.
    FailoverTimeout,
    /// The deadline of the call passed.
    DeadlineExceeded,
    /// The caller's own error: an invalid request, a failed body stream, or a response body above
    /// the caller's limit.
    CallerError,
}

/// Whether the request may have taken effect, according to the cause.
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

    /// Whether the manager may not know the credentials, or no longer.
    pub(crate) fn is_credential_refusal(self) -> bool {
        match self {
            Self::Status(StatusCode::UNAUTHORIZED, _) => true,
            Self::Status(StatusCode::FORBIDDEN, code) => code != Some(MISSING_LICENCE),
            _ => false,
        }
    }

    /// Whether the manager does not know the client certificate yet. It has not processed the
    /// request.
    pub(crate) fn is_unknown_certificate(self) -> bool {
        self == Self::Status(StatusCode::INTERNAL_SERVER_ERROR, Some(UNKNOWN_CERTIFICATE))
    }
}

/// The settings of a call that affect retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// The maximum number of retries.
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

/// The input of the retry decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryInput {
    /// The number of previous retries.
    pub(crate) retries: u32,
    pub(crate) cause: Cause,
    /// The `Retry-After` of the manager of the next attempt.
    pub(crate) retry_after: Option<Duration>,
    /// The time until the call's deadline; `None` if it has none.
    pub(crate) left: Option<Duration>,
    /// Whether the next attempt goes to another manager that the call has not tried yet.
    pub(crate) elsewhere: bool,
}

impl Policy {
    /// The delay before a retry; `None` if the call must not be retried. `random` is between 0 and
    /// 1.
    ///
    /// A retry at another manager starts at once, because that manager has not failed. If the delay
    /// would reach the deadline, the call fails at once.
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
            // The same manager would present the same certificate, and get the same one from the
            // client.
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

    /// The outcome of a non-2xx status.
    ///
    /// A manager returns 429, and 503 with an `error_code`, before it processes a request. Proxies
    /// return 503 too, possibly after they forwarded the request. After a 500, it is unknown how
    /// far the manager got, except with the code for an unknown client certificate. After a 502 or
    /// 504, it is unknown as well.
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
/// It limits the load on a manager that fails every request: to a fifth more requests than calls,
/// instead of five times as many.
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
