//! Where the upgrade is in the document.

use crate::document::join;

/// A place in the Swagger document. Its pointer is written out only where there is something to tell of it: most places
/// are passed without a word.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    above: Option<&'a At<'a>>,
    key: Key<'a>,
    operation: Option<&'a str>,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Member(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    /// The document itself.
    pub(super) const ROOT: At<'static> = At {
        above: None,
        key: Key::Member("#"),
        operation: None,
    };

    /// The place of a member of the object here.
    pub(super) fn member(&'a self, key: &'a str) -> Self {
        self.below(Key::Member(key))
    }

    /// The place of an item of the list here.
    pub(super) fn item(&'a self, index: usize) -> Self {
        self.below(Key::Item(index))
    }

    fn below(&'a self, key: Key<'a>) -> Self {
        Self {
            above: Some(self),
            key,
            operation: self.operation,
        }
    }

    /// The same place, seen by an operation.
    pub(super) fn of(self, operation: Option<&'a str>) -> Self {
        Self { operation, ..self }
    }

    /// The operation that is concerned, where it is one.
    pub(super) fn operation(&self) -> Option<&'a str> {
        self.operation
    }

    /// The JSON pointer in URI form.
    pub(super) fn pointer(&self) -> String {
        let above = self.above.map(At::pointer);
        match (above, self.key) {
            (None, Key::Member(root)) => root.to_owned(),
            (Some(above), Key::Member(key)) => join(&above, key),
            (above, Key::Item(index)) => format!("{}/{index}", above.unwrap_or_default()),
        }
    }
}
