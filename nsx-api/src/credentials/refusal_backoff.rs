//! The operations that new credentials did not help: what keeps a missing privilege from being a login for each call.
//!
//! A refusal does not say whether the manager has forgotten a session or the user may not do this. So an operation that is refused
//! again with new credentials is left alone for a while, and for twice as long each time. Others are not concerned: when the
//! session has really ended, the next of them gets a new one for all.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// For how long an operation is left alone, at first and at most.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);
/// How long it is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);
/// So many operations that are refused at the same time are more likely all of them.
const MANY: usize = 4;
/// More than a program calls.
const MOST: usize = 64;

/// Operations that were refused with new credentials as with the old ones.
#[derive(Debug, Default)]
pub(super) struct Forbidden(Vec<Entry>);

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

impl Forbidden {
    /// Remembers an operation.
    pub(super) fn add(&mut self, operation: &str, now: Instant) {
        self.0.retain(|entry| entry.age(now) < REMEMBERED);
        let has_room = self.0.len() < MOST;
        let known = self.0.iter_mut().find(|entry| entry.operation == operation);
        match known {
            // Of calls that were refused together one counts.
            Some(entry) if entry.age(now) < entry.pause => {}
            Some(entry) => {
                entry.pause = (entry.pause * 2).min(LONGEST);
                entry.since = now;
            }
            None if has_room => self.0.push(Entry {
                operation: operation.to_owned(),
                since: now,
                pause: SHORTEST,
            }),
            None => {}
        }
    }

    /// An operation was answered: from now on it is left alone for no longer than at first. It may still be refused for
    /// another object.
    pub(super) fn was_answered(&mut self, operation: &str) {
        let mut entries = self.0.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.operation == operation) {
            entry.pause = SHORTEST;
        }
    }

    /// Whether new credentials are of no use to an operation, when the current ones have been there since `fetched`: it is
    /// left alone, or many others are and there were new ones just now.
    ///
    /// A missing privilege is answered 403. What is answered 401 is left alone no longer than at first.
    pub(super) fn covers(&self, refused: Refused<'_>, fetched: Instant, now: Instant) -> bool {
        let is_new = now.saturating_duration_since(fetched) < SHORTEST;
        let live = self.0.iter().filter(|entry| entry.age(now) < REMEMBERED);
        let mut known = self
            .0
            .iter()
            .filter(|entry| entry.operation == refused.operation);
        let is_left_alone = known.any(|entry| match refused.status {
            StatusCode::UNAUTHORIZED => entry.age(now) < SHORTEST,
            _ => entry.age(now) < entry.pause,
        });
        is_left_alone || is_new && live.count() >= MANY
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
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        let mut now = start;
        let covers = |forbidden: &Forbidden, operation, now| {
            forbidden.covers(refused(operation), start, now)
        };
        assert!(!covers(&forbidden, "A", now));
        for pause in [10, 20, 40, 60, 60] {
            for _ in 0..3 {
                forbidden.add("A", now);
            }
            let last = now + seconds(pause) - Duration::from_millis(1);
            assert!(covers(&forbidden, "A", now) && covers(&forbidden, "A", last));
            assert!(!covers(&forbidden, "B", now));
            let status = StatusCode::UNAUTHORIZED;
            let refused = Refused {
                status,
                ..refused("A")
            };
            assert!(forbidden.covers(refused, start, now));
            assert!(!forbidden.covers(refused, start, now + seconds(10)));
            now += seconds(pause);
            assert!(!covers(&forbidden, "A", now), "{pause}");
        }
        forbidden.add("A", now);
        forbidden.was_answered("A");
        assert!(covers(&forbidden, "A", now) && !covers(&forbidden, "A", now + seconds(10)));
    }

    #[test]
    fn while_many_are_left_alone_no_other_gets_credentials_that_are_newer_than_ten_seconds() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        for operation in ["A", "B", "B", "C"] {
            forbidden.add(operation, start);
            assert!(!forbidden.covers(refused("Other"), start, start));
        }
        forbidden.add("D", start);
        for (after, covered) in [(0, true), (9, true), (10, false)] {
            let now = start + seconds(after);
            assert_eq!(
                forbidden.covers(refused("Other"), start, now),
                covered,
                "{after}"
            );
        }
        let late = start + REMEMBERED;
        assert!(!forbidden.covers(refused("Other"), late, late));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        for number in 0..1000 {
            forbidden.add(&number.to_string(), start);
        }
        assert_eq!(forbidden.0.len(), MOST);
        forbidden.add("new", start + REMEMBERED);
        assert_eq!(forbidden.0.len(), 1);
    }
}
