//! The current location of the conversion.

use crate::document::join;

/// A location in the Swagger document. The pointer is built only when a change is recorded, because
/// most locations have none.
#[derive(Clone, Copy)]
pub(super) struct Location<'a> {
    above: Option<&'a Location<'a>>,
    key: Key<'a>,
    operation: Option<&'a str>,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Member(&'a str),
    Item(usize),
}

impl<'a> Location<'a> {
    /// The document itself.
    pub(super) const ROOT: Location<'static> = Location {
        above: None,
        key: Key::Member("#"),
        operation: None,
    };

    /// The location of a member of the object here.
    pub(super) fn member(&'a self, key: &'a str) -> Self {
        self.below(Key::Member(key))
    }

    /// The location of an item of the list here.
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

    /// The same location, attributed to an operation.
    pub(super) fn of(self, operation: Option<&'a str>) -> Self {
        Self { operation, ..self }
    }

    /// The affected operation, if there is one.
    pub(super) fn operation(&self) -> Option<&'a str> {
        self.operation
    }

    /// The JSON pointer in URI form.
    pub(super) fn pointer(&self) -> String {
        let above = self.above.map(Location::pointer);
        match (above, self.key) {
            (None, Key::Member(root)) => root.to_owned(),
            (Some(above), Key::Member(key)) => join(&above, key),
            (above, Key::Item(index)) => format!("{}/{index}", above.unwrap_or_default()),
        }
    }
}
