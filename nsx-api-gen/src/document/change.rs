//! The changes that a step makes to a document. Every change is reported.

use std::fmt;

/// A change, and the name of the pass that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) pass: &'static str,
    pub(crate) pointer: String,
    pub(crate) operation: Option<String>,
    pub(crate) message: String,
}

impl Change {
    /// A change that does not belong to an operation.
    pub(crate) fn of_document(
        pass: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pass,
            pointer: pointer.into(),
            operation: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.pass, self.pointer)?;
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The passes that changed something, in order, with the number of changes each made.
pub(crate) fn summary(changes: &[Change]) -> Vec<(&'static str, usize)> {
    let mut list: Vec<(&'static str, usize)> = Vec::new();
    for change in changes {
        match list.iter_mut().find(|(pass, _)| *pass == change.pass) {
            Some((_, count)) => *count += 1,
            None => list.push((change.pass, 1)),
        }
    }
    list
}
