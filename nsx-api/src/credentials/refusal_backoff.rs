//! The operations that new credentials did not help: what keeps a missing privilege from being a login for each call.
//!
//! A refusal does not say whether the manager has forgotten a session or the user may not do this. So an operation that is refused
//! again with new credentials is left alone for a while, and for twice as long each time. Others are not concerned: when the
//! session has really ended, the next of them gets a new one for all.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// For how long an operation is left alone, at first and at most.
const MIN_PAUSE: Duration = Duration::from_secs(10);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// How long it is remembered.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);
/// So many operations that are refused at the same time are more likely all of them.
const MANY_OPERATIONS: usize = 4;
/// More than a program calls.
const MAX_ENTRIES: usize = 64;

/// Operations that were refused with new credentials as with the old ones.
#[derive(Debug, Default)]
pub(super) struct RefusalBackoff(Vec<Entry>);

/// What was refused, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) operation: &'a str,
    pub(crate) status: StatusCode,
}

#[derive(Debug)]
struct Entry {
    operation: String,
    since: Instant,
    pause: Duration,
}

impl RefusalBackoff {
    /// Remembers an operation.
    pub(super) fn add(&mut self, operation: &str, now: Instant) {
        self.0.retain(|entry| entry.age(now) < FORGOTTEN_AFTER);
        let has_room = self.0.len() < MAX_ENTRIES;
        let known = self.0.iter_mut().find(|entry| entry.operation == operation);
        match known {
            // Of calls that were refused together one counts.
            Some(entry) if entry.age(now) < entry.pause => {}
            Some(entry) => {
                entry.pause = (entry.pause * 2).min(MAX_PAUSE);
                entry.since = now;
            }
            None if has_room => self.0.push(Entry {
                operation: operation.to_owned(),
                since: now,
                pause: MIN_PAUSE,
            }),
            None => {}
        }
    }

    /// An operation was answered: from now on it is left alone for no longer than at first. It may still be refused for
    /// another object.
    pub(super) fn on_accepted(&mut self, operation: &str) {
        let mut entries = self.0.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.operation == operation) {
            entry.pause = MIN_PAUSE;
        }
    }

    /// Whether new credentials are of no use to an operation, when the current ones have been there since `obtained`: it is
    /// left alone, or many others are and there were new ones just now.
    ///
    /// A missing privilege is answered 403. What is answered 401 is left alone no longer than at first.
    pub(super) fn suppresses_refresh(
        &self,
        refused: Refused<'_>,
        obtained: Instant,
        now: Instant,
    ) -> bool {
        let is_new = now.saturating_duration_since(obtained) < MIN_PAUSE;
        let live = self
            .0
            .iter()
            .filter(|entry| entry.age(now) < FORGOTTEN_AFTER);
        let mut known = self
            .0
            .iter()
            .filter(|entry| entry.operation == refused.operation);
        let is_suppressed = known.any(|entry| match refused.status {
            StatusCode::UNAUTHORIZED => entry.age(now) < MIN_PAUSE,
            _ => entry.age(now) < entry.pause,
        });
        is_suppressed || is_new && live.count() >= MANY_OPERATIONS
    }
}

impl Entry {
    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn refused(operation: &str) -> Refused<'_> {
        let status = StatusCode::FORBIDDEN;
        Refused { operation, status }
    }

    #[test]
    fn an_operation_is_left_alone_for_twice_as_long_each_time_and_others_are_not_concerned() {
        let (mut backoff, start) = (RefusalBackoff::default(), Instant::now());
        let mut now = start;
        let suppresses = |backoff: &RefusalBackoff, operation, now| {
            backoff.suppresses_refresh(refused(operation), start, now)
        };
        assert!(!suppresses(&backoff, "A", now));
        for pause in [10, 20, 40, 60, 60] {
            for _ in 0..3 {
                backoff.add("A", now);
            }
            let last = now + seconds(pause) - Duration::from_millis(1);
            assert!(suppresses(&backoff, "A", now) && suppresses(&backoff, "A", last));
            assert!(!suppresses(&backoff, "B", now));
            let status = StatusCode::UNAUTHORIZED;
            let refused = Refused {
                status,
                ..refused("A")
            };
            assert!(backoff.suppresses_refresh(refused, start, now));
            assert!(!backoff.suppresses_refresh(refused, start, now + seconds(10)));
            now += seconds(pause);
            assert!(!suppresses(&backoff, "A", now), "{pause}");
        }
        backoff.add("A", now);
        backoff.on_accepted("A");
        assert!(suppresses(&backoff, "A", now) && !suppresses(&backoff, "A", now + seconds(10)));
    }

    #[test]
    fn while_many_are_left_alone_no_other_gets_credentials_that_are_newer_than_ten_seconds() {
        let (mut backoff, start) = (RefusalBackoff::default(), Instant::now());
        for operation in ["A", "B", "B", "C"] {
            backoff.add(operation, start);
            assert!(!backoff.suppresses_refresh(refused("Other"), start, start));
        }
        backoff.add("D", start);
        for (after, suppressed) in [(0, true), (9, true), (10, false)] {
            let now = start + seconds(after);
            assert_eq!(
                backoff.suppresses_refresh(refused("Other"), start, now),
                suppressed,
                "{after}"
            );
        }
        let late = start + FORGOTTEN_AFTER;
        assert!(!backoff.suppresses_refresh(refused("Other"), late, late));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut backoff, start) = (RefusalBackoff::default(), Instant::now());
        for number in 0..1000 {
            backoff.add(&number.to_string(), start);
        }
        assert_eq!(backoff.0.len(), MAX_ENTRIES);
        backoff.add("new", start + FORGOTTEN_AFTER);
        assert_eq!(backoff.0.len(), 1);
    }
}
