//! One change of a document, from the point of view of a user of the SDK.

use std::fmt;

use super::kinds::{Kind, Level};

/// Whether the changed item is sent, received, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// It is part of a request.
    pub sent: bool,
    /// It is part of a success response.
    pub received: bool,
}

impl Usage {
    pub(super) const SENT: Self = Self {
        sent: true,
        received: false,
    };
    pub(super) const RECEIVED: Self = Self {
        sent: false,
        received: true,
    };
    pub(super) const CALL: Self = Self {
        sent: true,
        received: true,
    };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            sent: self.sent || other.sent,
            received: self.received || other.received,
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.sent, self.received) {
            (true, true) => "sent and received",
            (true, false) => "sent",
            (false, true) => "received",
            (false, false) => "not used in requests or success responses",
        })
    }
}

/// What a change belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The document as a whole.
    Document,
    /// An operation of the new document; a removed one of the old document.
    Operation {
        /// The operationId.
        id: String,
        /// The name of the client's method.
        name: String,
        /// The HTTP method in upper case.
        method: String,
        /// The path with that of the server and the fixed query: `/api/v1/node?action=restart`.
        path: String,
    },
    /// A component schema.
    Type {
        /// The name of its type in `nsx_api::types`.
        name: String,
    },
}

/// One change.
///
/// Its `Display` is a line without the subject: ``parameter `limit` has another type: `i64` →
/// `String` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of change.
    pub kind: Kind,
    /// What the change belongs to.
    pub subject: Subject,
    /// The changed part of the subject, in words: ``property `tags[].scope` ``.
    pub place: String,
    /// The old value, if there is one to show.
    pub old: Option<String>,
    /// The new value, if there is one to show.
    pub new: Option<String>,
    /// Whether the part is sent or received, before or after the change.
    pub usage: Usage,
    /// The methods of the client that are affected, in document order. Empty for a change of the
    /// whole document.
    pub methods: Vec<String>,
    /// The types that inherit the change from the subject.
    pub inherited_by: Vec<String>,
}

impl Change {
    /// The level of the change for requests; `None` if the part is not sent.
    ///
    /// A type that is neither sent nor received can still be used in Rust, so it counts as both.
    pub fn request_level(&self) -> Option<Level> {
        self.kind
            .request_level()
            .filter(|_| self.usage.sent || !self.usage.received)
    }

    /// The level of the change for responses; `None` if the part is not received.
    pub fn response_level(&self) -> Option<Level> {
        self.kind
            .response_level()
            .filter(|_| self.usage.received || !self.usage.sent)
    }

    /// The higher of the two levels.
    pub fn level(&self) -> Level {
        let level = self.request_level().max(self.response_level());
        level.unwrap_or(Level::Note)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.kind.phrase())?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, ": `{old}` → `{new}`"),
            (Some(one), None) | (None, Some(one)) => write!(f, ": `{one}`"),
            (None, None) => Ok(()),
        }
    }
}
