//! Remembers the operations that were refused again after a refresh, so that a missing privilege
//! does not cause a login for every call.
//!
//! A 403 does not say whether the session has expired or the user lacks a privilege. So an
//! operation that is refused again with new credentials triggers no refresh for a while, and for
//! twice as long each time. Other operations still do: if the session has really expired, the next
//! of them refreshes it for all.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// The initial and the maximum time in which an operation triggers no refresh.
const MIN_PAUSE: Duration = Duration::from_secs(10);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// How long an entry is kept.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);
/// If this many operations are paused at the same time, the user probably lacks all privileges.
const MANY_OPERATIONS: usize = 4;
/// More operations than a program usually calls.
const MAX_ENTRIES: usize = 64;

/// The operations that were refused with new credentials too.
#[derive(Debug, Default)]
pub(super) struct RefusalBackoff(Vec<Entry>);

/// A refused call.
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
    /// Adds an operation, or doubles its pause.
    pub(super) fn add(&mut self, operation: &str, now: Instant) {
        self.0.retain(|entry| entry.age(now) < FORGOTTEN_AFTER);
        let has_room = self.0.len() < MAX_ENTRIES;
        let known = self.0.iter_mut().find(|entry| entry.operation == operation);
        match known {
            // Concurrent calls that are refused together count once.
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

    /// Resets the pause of an operation that succeeded. The operation may still be refused for
    /// another object.
    pub(super) fn on_accepted(&mut self, operation: &str) {
        let mut entries = self.0.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.operation == operation) {
            entry.pause = MIN_PAUSE;
        }
    }

    /// Whether a refusal triggers no refresh: the operation is paused, or many are and the current
    /// credentials, obtained at `obtained`, are new.
    ///
    /// A missing privilege is a 403. After a 401 the pause is therefore never longer than at first.
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
        let is_paused = known.any(|entry| match refused.status {
            StatusCode::UNAUTHORIZED => entry.age(now) < MIN_PAUSE,
            _ => entry.age(now) < entry.pause,
        });
        is_paused || is_new && live.count() >= MANY_OPERATIONS
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
    fn a_forbidden_operation_suppresses_its_own_refresh_for_twice_as_long_each_time() {
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
    fn while_many_operations_are_forbidden_new_credentials_are_not_refreshed() {
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
    fn the_number_of_forbidden_operations_is_bounded() {
        let (mut backoff, start) = (RefusalBackoff::default(), Instant::now());
        for number in 0..1000 {
            backoff.add(&number.to_string(), start);
        }
        assert_eq!(backoff.0.len(), MAX_ENTRIES);
        backoff.add("new", start + FORGOTTEN_AFTER);
        assert_eq!(backoff.0.len(), 1);
    }
}
