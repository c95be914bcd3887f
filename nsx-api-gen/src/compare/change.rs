//! One change of a document, as a user of the SDK meets it.

use std::fmt;

use super::kinds::Kind;

/// How much a change matters to code that uses the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Only docs and facts for people are otherwise.
    Note,
    /// Code goes on compiling and makes the same calls. There is more to use, or a warning, or another thing worth a line.
    Compatible,
    /// Code may not compile any more, or makes another call.
    Breaking,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
        })
    }
}

/// The ways that what changed goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// A request is made of it.
    pub sent: bool,
    /// A success is read into it.
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
            (false, false) => "in no request and no success",
        })
    }
}

/// What a change is a change of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// All operations.
    Document,
    /// One operation, as the new document has it; a removed one as the old document had it.
    Operation {
        /// The operationId.
        id: String,
        /// The client's method.
        name: String,
        /// The HTTP method in capitals.
        method: String,
        /// The path from the host's root.
        path: String,
    },
    /// A component schema, by its Rust type.
    Type {
        /// The type's name in `nsx_api::types`.
        name: String,
    },
}

/// One change.
///
/// Its `Display` is a line without the subject: ``parameter `limit` has another type: `i64` → `String` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What kind of change it is.
    pub kind: Kind,
    /// What it is a change of.
    pub subject: Subject,
    /// The part of the subject that changed, in words: ``property `tags[].scope` ``.
    pub place: String,
    /// What it was, where there is something to name.
    pub old: Option<String>,
    /// What it is, where there is something to name.
    pub new: Option<String>,
    /// Whether it is sent or received, before the change or after it.
    pub usage: Usage,
    /// The client's methods that it reaches, in the document's order; empty for a change of the whole document.
    pub methods: Vec<String>,
}

impl Change {
    /// What the change is for what is sent; `None` where it is not sent.
    ///
    /// A type that no request and no success is made of can be used in Rust all the same, and is judged as if it were both.
    pub fn request_level(&self) -> Option<Level> {
        self.kind
            .request_level()
            .filter(|_| self.usage.sent || !self.usage.received)
    }

    /// What the change is for what is received; `None` where it is not received.
    pub fn response_level(&self) -> Option<Level> {
        self.kind
            .response_level()
            .filter(|_| self.usage.received || !self.usage.sent)
    }

    /// The higher one of the two levels.
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
