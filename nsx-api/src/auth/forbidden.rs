//! The operations that new credentials did not help: what keeps a missing privilege from being a login for each call.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than programs usually wait between two tries, and short beside the life of a session.
const REMEMBERED: Duration = Duration::from_secs(300);
const MOST: usize = 4;

/// Operations that were refused with new credentials as with the old ones, and when.
#[derive(Debug, Default)]
pub(super) struct Forbidden(Vec<(String, Instant)>);

impl Forbidden {
    /// Remembers an operation.
    pub(super) fn add(&mut self, operation: &str, now: Instant) {
        self.0
            .retain(|(other, since)| is_live(*since, now) && other != operation);
        if self.0.len() < MOST {
            self.0.push((operation.to_owned(), now));
        }
    }

    /// Whether new credentials are of no use to an operation: it is remembered, or so many others are that it is the user
    /// who may do nothing.
    pub(super) fn covers(&self, operation: &str, now: Instant) -> bool {
        let live = || self.0.iter().filter(|(_, since)| is_live(*since, now));
        live().count() >= MOST || live().any(|(other, _)| other == operation)
    }
}

fn is_live(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_remembered_for_its_time_and_others_are_not_concerned() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        assert!(!forbidden.covers("A", start));
        forbidden.add("A", start);
        let last = start + REMEMBERED - Duration::from_millis(1);
        for (operation, now, covered) in [
            ("A", start, true),
            ("A", last, true),
            ("B", start, false),
            ("A", start + REMEMBERED, false),
        ] {
            assert_eq!(forbidden.covers(operation, now), covered, "{operation}");
        }
    }

    #[test]
    fn four_of_them_stand_for_all() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        for operation in ["A", "B", "B", "C", "D", "E", "F"] {
            assert!(!forbidden.covers("Other", start) || forbidden.0.len() == MOST);
            forbidden.add(operation, start);
        }
        assert!(forbidden.covers("Other", start));
        assert_eq!(forbidden.0.len(), MOST);
        assert!(!forbidden.covers("Other", start + REMEMBERED));
    }
}
