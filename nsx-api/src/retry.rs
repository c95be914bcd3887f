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

/// What a failed attempt means for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The manager did not begin: another attempt is safe, whatever the operation.
    NotDone,
    /// It may have taken effect: another attempt is safe if the operation is idempotent.
    Unknown,
    /// Another attempt would fail as well.
    Final,
}

impl Outcome {
    /// What a status that is not a success means.
    ///
    /// 429 is a refusal before anything was done, and so is 503 when the manager says it itself, with an error body of
    /// its own. Proxies answer 503 too, after they forwarded the request. 500 says that the manager failed, not how far it
    /// came; behind 502 and 504 the proxy does not know either.
    pub(crate) fn of(status: StatusCode, is_managers_own: bool) -> Self {
        match status.as_u16() {
            429 => Self::NotDone,
            503 if is_managers_own => Self::NotDone,
            500 | 502 | 503 | 504 => Self::Unknown,
            _ => Self::Final,
        }
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
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    /// How many retries there were before it.
    pub(crate) retries: u32,
    pub(crate) outcome: Outcome,
    /// What the manager asked to be waited.
    pub(crate) retry_after: Option<Duration>,
    /// What is left of the call's deadline; `None` if there is none.
    pub(crate) left: Option<Duration>,
}

impl Policy {
    /// Whether there is another attempt at all.
    pub(crate) fn allows(&self, failed: Failed) -> bool {
        let allowed = match failed.outcome {
            Outcome::NotDone => true,
            Outcome::Unknown => self.idempotent,
            Outcome::Final => false,
        };
        allowed && self.repeatable && failed.retries < self.max_retries
    }

    /// How long to wait before the next attempt, or `None` if there is none. `random` is from 0 to 1.
    ///
    /// A wait that would not end before the deadline is not begun: the error is better now than later.
    pub(crate) fn wait(&self, failed: Failed, random: f64) -> Option<Duration> {
        if !self.allows(failed) {
            return None;
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy {
        max_retries: 4,
        delay: (Duration::ZERO, Duration::from_secs(10)),
        idempotent: false,
        repeatable: true,
    };
    const FAILED: Failed = Failed {
        retries: 0,
        outcome: Outcome::NotDone,
        retry_after: None,
        left: None,
    };

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_call_is_sent_again_only_when_that_is_safe() {
        for (outcome, idempotent, again) in [
            (Outcome::NotDone, false, true),
            (Outcome::NotDone, true, true),
            (Outcome::Unknown, false, false),
            (Outcome::Unknown, true, true),
            (Outcome::Final, false, false),
            (Outcome::Final, true, false),
        ] {
            let policy = Policy {
                idempotent,
                ..POLICY
            };
            let wait = policy.wait(Failed { outcome, ..FAILED }, 0.5);
            assert_eq!(wait.is_some(), again, "{outcome:?} {idempotent}");
            let once = Policy {
                repeatable: false,
                ..policy
            };
            assert_eq!(once.wait(Failed { outcome, ..FAILED }, 0.5), None);
        }
    }

    #[test]
    fn each_status_has_its_outcome() {
        for (status, outcome) in [
            (429, Outcome::NotDone),
            (500, Outcome::Unknown),
            (502, Outcome::Unknown),
            (504, Outcome::Unknown),
            (400, Outcome::Final),
            (401, Outcome::Final),
            (403, Outcome::Final),
            (404, Outcome::Final),
            (409, Outcome::Final),
            (412, Outcome::Final),
            (501, Outcome::Final),
            (307, Outcome::Final),
        ] {
            for is_managers_own in [false, true] {
                let found = Outcome::of(StatusCode::from_u16(status).unwrap(), is_managers_own);
                assert_eq!(found, outcome, "{status}");
            }
        }
        for (is_managers_own, outcome) in [(true, Outcome::NotDone), (false, Outcome::Unknown)] {
            let found = Outcome::of(StatusCode::SERVICE_UNAVAILABLE, is_managers_own);
            assert_eq!(found, outcome, "503, {is_managers_own}");
        }
    }

    #[test]
    fn the_waits_double_up_to_ten_seconds() {
        let policy = Policy {
            max_retries: u32::MAX,
            ..POLICY
        };
        for (retries, longest) in [
            (0, 250),
            (1, 500),
            (2, 1000),
            (3, 2000),
            (5, 8000),
            (6, 10_000),
            (31, 10_000),
            (4_000_000, 10_000),
        ] {
            let failed = Failed { retries, ..FAILED };
            assert_eq!(policy.wait(failed, 1.0), Some(ms(longest)), "{retries}");
            assert_eq!(policy.wait(failed, 0.0), Some(Duration::ZERO), "{retries}");
        }
    }

    #[test]
    fn the_waits_stay_within_the_bounds_that_are_set() {
        for (delay, retries, shortest, longest) in [
            ((500, 5000), 0, 500, 500),
            ((500, 5000), 2, 500, 1000),
            ((500, 5000), 9, 500, 5000),
            ((0, 500), 9, 0, 500),
            ((700, 700), 3, 700, 700),
            ((0, 0), 3, 0, 0),
        ] {
            let policy = Policy {
                max_retries: u32::MAX,
                delay: (ms(delay.0), ms(delay.1)),
                ..POLICY
            };
            let failed = Failed { retries, ..FAILED };
            assert_eq!(policy.wait(failed, 0.0), Some(ms(shortest)), "{delay:?}");
            assert_eq!(policy.wait(failed, 1.0), Some(ms(longest)), "{delay:?}");
        }
    }

    #[test]
    fn the_retries_are_counted() {
        assert!(
            POLICY
                .wait(
                    Failed {
                        retries: 3,
                        ..FAILED
                    },
                    0.0
                )
                .is_some()
        );
        assert_eq!(
            POLICY.wait(
                Failed {
                    retries: 4,
                    ..FAILED
                },
                0.0
            ),
            None
        );
        assert_eq!(
            Policy {
                max_retries: 0,
                ..POLICY
            }
            .wait(FAILED, 0.0),
            None
        );
    }

    #[test]
    fn a_wait_past_the_deadline_is_not_begun() {
        let failed = Failed {
            left: Some(ms(200)),
            ..FAILED
        };
        assert_eq!(POLICY.wait(failed, 0.5), Some(ms(125)));
        assert_eq!(POLICY.wait(failed, 1.0), None);
        let failed = Failed {
            retry_after: Some(ms(300)),
            ..failed
        };
        assert_eq!(POLICY.wait(failed, 0.0), None);
    }

    #[test]
    fn what_the_manager_asks_for_comes_before_the_jitter() {
        let failed = Failed {
            retry_after: Some(ms(3000)),
            ..FAILED
        };
        assert_eq!(POLICY.wait(failed, 1.0), Some(ms(3250)));
        for (asked, obeyed) in [
            (LONGEST_OBEYED, true),
            (LONGEST_OBEYED + ms(1), false),
            (Duration::MAX, false),
        ] {
            let failed = Failed {
                retry_after: Some(asked),
                ..FAILED
            };
            assert_eq!(POLICY.wait(failed, 1.0).is_some(), obeyed, "{asked:?}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, expected) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), expected.map(ms), "{text:?}");
        }
        for text in ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            assert!(
                retry_after(&headers, now).unwrap() > LONGEST_OBEYED,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_input_panics_and_no_wait_reaches_the_deadline(
            retries: u32, max_retries: u32, random: f64, after: Option<u64>, left: Option<u64>,
            shortest: u64, longest: u64,
        ) {
            let failed = Failed {
                retries,
                retry_after: after.map(Duration::from_secs),
                left: left.map(ms),
                ..FAILED
            };
            // Not a number is no random number, but must not panic either.
            let random = if random.is_nan() { 0.0 } else { random };
            let delay = (ms(shortest), ms(longest));
            let wait = Policy { max_retries, delay, ..POLICY }.wait(failed, random);
            if let (Some(wait), Some(left)) = (wait, failed.left) {
                prop_assert!(wait < left);
            }
            prop_assert!(wait.is_none() || retries < max_retries);
        }
    }
}
