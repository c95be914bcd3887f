//! Whether a failed attempt is followed by another, and when: a pure policy, its clock and its randomness handed in.
//!
//! The waits are exponential with full jitter: a random part of 250 ms, of 500 ms, of 1 s and so on, at most of 10 s.
//! A manager counts requests by the second and by the user, so calls that were turned away together must not come
//! back together, and with the four retries of the default they come back over up to four seconds, which is
//! several of the manager's windows. A `Retry-After` is obeyed; the jitter comes on top, as the others got the same one.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tower::retry::budget::TpsBudget;

/// Allowed on top of a fifth of the calls, so that a program that calls seldom can retry.
pub(crate) const RETRIES_PER_SECOND: u32 = 10;
pub(crate) const SHARE_OF_CALLS: f32 = 0.2;
const BUDGET_TIME: Duration = Duration::from_secs(10);

const FIRST: Duration = Duration::from_millis(250);
/// A longer `Retry-After` is for the caller to obey: who waits for an answer rather has the error.
pub(crate) const LONGEST_OBEYED: Duration = Duration::from_secs(60);
/// The code of a manager that does not trust the client's certificate yet.
pub(crate) const UNKNOWN_CERTIFICATE: i64 = 99;

/// What an attempt came to that is not the answer the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// An answer with this status, and the code of the manager's own error in it. Without one it may be a proxy's.
    Answer(StatusCode, Option<i64>),
    /// No connection came about: nobody listens, or the handshake does not end.
    NoConnection,
    /// No connection came about, as one side does not trust the other's certificate.
    Untrusted,
    /// The manager refused the client's certificate when the request was sent already, as it may with TLS 1.3. It should have looked
    /// at nothing by then, but nobody can tell.
    Refused,
    /// The other side said that it did not begin with the request. HTTP/2 has words for that.
    NotBegun,
    /// The connection was lost after the request was sent, in part at least.
    Lost,
    /// No whole answer came within the time of an attempt.
    TimedOut,
    /// No whole answer came within half of the time that the call had left. That may be the manager's fault, or nobody's.
    CutShort,
    /// The call's deadline ended it.
    OutOfTime,
    /// The caller's own doing: a request that cannot be made, a stream of its body that failed, a body larger than it takes.
    Callers,
}

/// What that means for another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The manager did not begin: another attempt is safe, whatever the operation.
    NotDone,
    /// It may have taken effect: another attempt is safe if the operation is idempotent.
    Unknown,
    /// Another attempt would fail as well.
    Final,
}

impl Cause {
    /// Whether it says that the manager cannot be reached, does not answer, or is not there behind its proxy.
    pub(crate) fn is_of_manager(self) -> bool {
        match self {
            Self::Answer(status, _) => matches!(status.as_u16(), 502..=504),
            Self::NoConnection | Self::Untrusted | Self::Refused | Self::Lost | Self::TimedOut => {
                true
            }
            Self::NotBegun | Self::CutShort | Self::OutOfTime | Self::Callers => false,
        }
    }

    /// Whether not a byte of the request was sent.
    pub(crate) fn is_before_request(self) -> bool {
        matches!(self, Self::NoConnection | Self::Untrusted)
    }
}

/// What holds for the whole of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// How many attempts may follow the first.
    pub(crate) max_retries: u32,
    /// The shortest and the longest wait.
    pub(crate) delay: (Duration, Duration),
    /// Whether sending twice is the same as sending once.
    pub(crate) idempotent: bool,
    /// Whether the body can be sent again at all.
    pub(crate) repeatable: bool,
    /// Whether a 503 of the manager's own says that it did not begin.
    pub(crate) retry_unavailable: bool,
    /// Whether it is the client's certificate that says who calls.
    pub(crate) by_certificate: bool,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    /// How many retries there were before it.
    pub(crate) retries: u32,
    pub(crate) cause: Cause,
    /// What the manager asked to be waited.
    pub(crate) retry_after: Option<Duration>,
    /// What is left of the call's deadline; `None` if there is none.
    pub(crate) left: Option<Duration>,
    /// Whether the next attempt would be at another manager, where the call has not been yet.
    pub(crate) elsewhere: bool,
}

impl Policy {
    /// How long to wait before the next attempt, or `None` if there is none. `random` is from 0 to 1.
    ///
    /// Another manager has nothing to recover from, so a call goes there at once. A wait that would not end before the deadline is not
    /// begun: the error is better now than later.
    pub(crate) fn wait(&self, failed: Failed, random: f64) -> Option<Duration> {
        if !self.repeatable || failed.retries >= self.max_retries || !self.is_safe(failed) {
            return None;
        }
        if failed.elsewhere {
            return Some(Duration::ZERO);
        }
        let asked = failed.retry_after.unwrap_or_default();
        if asked > LONGEST_OBEYED {
            return None;
        }
        let (shortest, longest) = self.delay;
        let spread = backoff(failed.retries, longest).saturating_sub(shortest);
        let wait = asked
            .saturating_add(shortest)
            .saturating_add(spread.mul_f64(random.clamp(0.0, 1.0)));
        failed.left.is_none_or(|left| wait < left).then_some(wait)
    }

    fn is_safe(&self, failed: Failed) -> bool {
        match self.outcome(failed) {
            Outcome::NotDone => true,
            Outcome::Unknown => self.idempotent,
            Outcome::Final => false,
        }
    }

    /// Why there is another attempt, for those who read the log.
    pub(crate) fn reason(&self, failed: Failed) -> &'static str {
        match self.outcome(failed) {
            Outcome::NotDone => "nothing was done",
            Outcome::Unknown => "it may have been done, and may be done twice",
            Outcome::Final => "it would fail again",
        }
    }

    fn outcome(&self, failed: Failed) -> Outcome {
        match failed.cause {
            Cause::Answer(status, code) => self.outcome_of(status.as_u16(), code),
            Cause::NoConnection | Cause::NotBegun => Outcome::NotDone,
            // The same manager would show the same certificate, and be shown the same.
            Cause::Untrusted if failed.elsewhere => Outcome::NotDone,
            Cause::Refused if failed.elsewhere => Outcome::Unknown,
            Cause::Lost | Cause::TimedOut | Cause::CutShort => Outcome::Unknown,
            Cause::Untrusted | Cause::Refused | Cause::OutOfTime | Cause::Callers => Outcome::Final,
        }
    }

    /// What a status means that is not a success.
    ///
    /// 429 is a refusal before anything was done, and so is 503 when the manager says it itself. Proxies answer 503 too, after they
    /// forwarded the request. 500 says that the manager failed, not how far it came, unless it says that it does not know the
    /// client's certificate yet: then it has looked no further. Behind 502 and 504 the proxy does not know either.
    fn outcome_of(&self, status: u16, code: Option<i64>) -> Outcome {
        match (status, code) {
            (429, _) => Outcome::NotDone,
            (503, Some(_)) if self.retry_unavailable => Outcome::NotDone,
            (500, Some(UNKNOWN_CERTIFICATE)) if self.by_certificate => Outcome::NotDone,
            (500 | 502 | 503 | 504, _) => Outcome::Unknown,
            _ => Outcome::Final,
        }
    }
}

/// What all calls of a client pay their retries from: a fifth of the calls of the last ten seconds, and ten a second.
///
/// So a manager that fails all that it is sent gets a fifth more requests, and not five times as many.
pub(crate) fn budget() -> TpsBudget {
    TpsBudget::new(BUDGET_TIME, RETRIES_PER_SECOND, SHARE_OF_CALLS)
}

fn backoff(retries: u32, longest: Duration) -> Duration {
    // Eight years, by then.
    let doublings = retries.min(30);
    FIRST.saturating_mul(1 << doublings).min(longest)
}

/// What a `Retry-After` asks for, in seconds or as a date; `None` if it cannot be read.
///
/// A number too large to be one is the longest wait there is.
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
