//! Collects the changes of one subject.

use super::change::{Change, Subject, Usage};
use super::kinds::Kind;

/// Collects the changes of one subject.
pub(super) struct ChangeReporter<'a> {
    subject: Subject,
    usage: Usage,
    methods: Vec<String>,
    changes: &'a mut Vec<Change>,
}

impl<'a> ChangeReporter<'a> {
    pub(super) fn new(
        subject: Subject,
        usage: Usage,
        methods: Vec<String>,
        changes: &'a mut Vec<Change>,
    ) -> Self {
        Self {
            subject,
            usage,
            methods,
            changes,
        }
    }

    /// Whether a request contains the subject.
    pub(super) fn is_sent(&self) -> bool {
        self.usage.sent
    }

    /// The number of changes so far, of all subjects.
    pub(super) fn count(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn add(
        &mut self,
        kind: Kind,
        place: &str,
        old: Option<String>,
        new: Option<String>,
    ) {
        let usage = Usage {
            sent: self.usage.sent && kind.request_level().is_some(),
            received: self.usage.received && kind.response_level().is_some(),
        };
        self.changes.push(Change {
            kind,
            subject: self.subject.clone(),
            place: place.to_owned(),
            old,
            new,
            usage,
            methods: self.methods.clone(),
            inherited_by: Vec::new(),
        });
    }

    pub(super) fn changed(&mut self, kind: Kind, place: &str, old: &str, new: &str) {
        self.add(kind, place, Some(old.to_owned()), Some(new.to_owned()));
    }

    /// Reports a flag that was set or cleared; `kinds` are the kinds for both cases.
    pub(super) fn toggled(&mut self, (old, new): (bool, bool), kinds: (Kind, Kind), place: &str) {
        match (old, new) {
            (false, true) => self.add(kinds.0, place, None, None),
            (true, false) => self.add(kinds.1, place, None, None),
            _ => {}
        }
    }

    /// Reports what only one of two lists has; `kinds` are the kinds for added and removed ones.
    pub(super) fn difference<T: PartialEq>(
        &mut self,
        (old, new): (&[T], &[T]),
        kinds: (Kind, Kind),
        place: impl Fn(&T) -> String,
    ) {
        for added in new.iter().filter(|one| !old.contains(one)) {
            self.add(kinds.0, &place(added), None, None);
        }
        for removed in old.iter().filter(|one| !new.contains(one)) {
            self.add(kinds.1, &place(removed), None, None);
        }
    }
}
