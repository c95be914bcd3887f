//! The operations that new credentials did not help: what keeps a missing privilege from being a login for each call.
//!
//! A refusal does not say whether the manager has forgotten a session or the user may not do this. So an operation that is refused
//! again with new credentials is left alone for a while, and for twice as long each time. Others are not concerned: when the
//! session has really ended, the next of them gets a new one for all.

use std::time::Duration;

use tokio::time::Instant;

/// The first time that an operation is left alone.
const SHORTEST: Duration = Duration::from_secs(10);
/// The longest; and how long an operation is remembered.
const LONGEST: Duration = Duration::from_secs(300);
/// So many operations that are refused at the same time are more likely all of them.
const MANY: usize = 4;
/// More than a program calls.
const MOST: usize = 64;

/// Operations that were refused with new credentials as with the old ones.
#[derive(Debug, Default)]
pub(super) struct Forbidden(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    operation: String,
    since: Instant,
    pause: Duration,
}

impl Forbidden {
    /// Remembers an operation.
    pub(super) fn add(&mut self, operation: &str, now: Instant) {
        self.0
            .retain(|entry| entry.age(now) < LONGEST + entry.pause);
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

    /// Forgets an operation that was answered.
    pub(super) fn remove(&mut self, operation: &str) {
        self.0.retain(|entry| entry.operation != operation);
    }

    /// Whether new credentials are of no use to an operation, when the current ones have been there since `fetched`: it is
    /// left alone, or many others are and there were new ones just now.
    pub(super) fn covers(&self, operation: &str, fetched: Instant, now: Instant) -> bool {
        let is_new = now.saturating_duration_since(fetched) < SHORTEST;
        let live = self.0.iter().filter(|entry| entry.age(now) < LONGEST);
        let known = self.0.iter().find(|entry| entry.operation == operation);
        known.is_some_and(|entry| entry.age(now) < entry.pause) || is_new && live.count() >= MANY
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

    #[test]
    fn an_operation_is_left_alone_for_twice_as_long_each_time_and_others_are_not_concerned() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        let mut now = start;
        assert!(!forbidden.covers("A", start, now));
        for pause in [10, 20, 40, 80, 160, 300, 300] {
            for _ in 0..3 {
                forbidden.add("A", now);
            }
            let last = now + seconds(pause) - Duration::from_millis(1);
            assert!(forbidden.covers("A", start, now) && forbidden.covers("A", start, last));
            assert!(!forbidden.covers("B", now, now));
            now += seconds(pause);
            assert!(!forbidden.covers("A", start, now), "{pause}");
        }
        // After as long again it is forgotten.
        now += seconds(301);
        forbidden.add("A", now);
        assert!(!forbidden.covers("A", start, now + seconds(10)));
    }

    #[test]
    fn while_many_are_left_alone_no_other_gets_credentials_that_are_newer_than_ten_seconds() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        for operation in ["A", "B", "B", "C"] {
            forbidden.add(operation, start);
            assert!(!forbidden.covers("Other", start, start));
        }
        forbidden.add("D", start);
        for (after, covered) in [(0, true), (9, true), (10, false)] {
            let now = start + seconds(after);
            assert_eq!(forbidden.covers("Other", start, now), covered, "{after}");
        }
        assert!(!forbidden.covers("Other", start + seconds(300), start + seconds(300)));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        for number in 0..1000 {
            forbidden.add(&number.to_string(), start);
        }
        assert_eq!(forbidden.0.len(), MOST);
        forbidden.add("new", start + LONGEST + SHORTEST);
        assert_eq!(forbidden.0.len(), 1);
    }
}
