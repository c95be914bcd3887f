//! Whether a failed attempt is followed by another, and when: a pure policy, its clock and its randomness handed in.
//!
//! The waits are exponential with full jitter: a random part of 250 ms, of 500 ms, of 1 s and so on, at most of 10 s.
//! A manager counts requests by the second and by the user, so calls that were turned away together must not come
//! back together, and with the four retries of the default they come back over some four seconds, which is
//! several of the manager's windows. A `Retry-After` is obeyed; the jitter comes on top, as the others got the same one.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tower::retry::budget::TpsBudget;

/// Allowed on top of a fifth of the calls, so that a program that calls seldom can retry.
const RETRIES_PER_SECOND: u32 = 10;
const SHARE_OF_CALLS: f32 = 0.2;
const BUDGET_TIME: Duration = Duration::from_secs(10);

const FIRST: Duration = Duration::from_millis(250);
/// A longer `Retry-After` is for the caller to obey: who waits for an answer rather has the error.
const LONGEST_OBEYED: Duration = Duration::from_secs(60);
/// The code of a manager that does not trust the client's certificate yet.
pub(crate) const UNKNOWN_CERTIFICATE: i64 = 99;

/// What an attempt came to that is not the answer the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// An answer with this status, by the manager or by a proxy before it.
    Answer(StatusCode, Author),
    /// No connection came about: nobody listens, or the handshake does not end.
    NoConnection,
    /// No connection came about, as one side does not trust the other's certificate.
    Untrusted,
    /// The other side said that it did not begin with the request. HTTP/2 has words for that.
    NotBegun,
    /// The connection was lost after the request was sent, in part at least.
    Lost,
    /// No whole answer came within the time of an attempt.
    TimedOut,
    /// The caller's own doing: the deadline, a request that cannot be made, a stream of its body that failed.
    Callers,
}

/// Who wrote an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The manager: there is an error of its own in the body, most often with a code.
    Manager(Option<i64>),
    /// A proxy, perhaps.
    Unknown,
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
            Self::NoConnection | Self::Untrusted | Self::Lost | Self::TimedOut => true,
            Self::NotBegun | Self::Callers => false,
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
    /// Whether the next attempt would be at another manager.
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

    fn outcome(&self, failed: Failed) -> Outcome {
        match failed.cause {
            Cause::Answer(status, author) => self.outcome_of(status.as_u16(), author),
            Cause::NoConnection | Cause::NotBegun => Outcome::NotDone,
            // The same manager would show the same certificate.
            Cause::Untrusted if failed.elsewhere => Outcome::NotDone,
            Cause::Lost | Cause::TimedOut => Outcome::Unknown,
            Cause::Untrusted | Cause::Callers => Outcome::Final,
        }
    }

    /// What a status means that is not a success.
    ///
    /// 429 is a refusal before anything was done, and so is 503 when the manager says it itself. Proxies answer 503 too, after they
    /// forwarded the request. 500 says that the manager failed, not how far it came, unless it says that it does not know the
    /// client's certificate yet: then it has looked no further. Behind 502 and 504 the proxy does not know either.
    fn outcome_of(&self, status: u16, author: Author) -> Outcome {
        match (status, author) {
            (429, _) => Outcome::NotDone,
            (503, Author::Manager(_)) if self.retry_unavailable => Outcome::NotDone,
            (500, Author::Manager(Some(UNKNOWN_CERTIFICATE))) if self.by_certificate => {
                Outcome::NotDone
            }
            (500 | 502 | 503 | 504, _) => Outcome::Unknown,
            _ => Outcome::Final,
        }
    }
}

/// What all calls of a client pay their retries from: a fifth of the calls of the last ten seconds, and ten a second.
///
/// So a manager that fails half of what it is sent gets a fifth more requests, and not five times as many.
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
