//! Serializes objects, with one call per field.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// An object that is being serialized. The first error is returned by [`end`](Self::end), and
/// nothing is written after it. This way the generated code checks for errors once per type, not
/// once per field.
pub(crate) struct Object<S: Serializer>(Result<S::SerializeMap, S::Error>);

impl<S: Serializer> Object<S> {
    /// Starts an object.
    pub(crate) fn new(serializer: S) -> Self {
        Self(serializer.serialize_map(None))
    }

    /// Writes a field.
    pub(crate) fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if let Ok(map) = &mut self.0
            && let Err(error) = map.serialize_entry(name, value)
        {
            self.0 = Err(error);
        }
    }

    /// Writes a field if it has a value.
    pub(crate) fn optional<T: Serialize>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    /// Writes the unknown fields.
    pub(crate) fn extra<'e, V: Serialize + 'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e String, &'e V)>,
    ) {
        for (name, value) in entries {
            self.field(name, value);
        }
    }

    /// Ends the object.
    pub(crate) fn end(self) -> Result<S::Ok, S::Error> {
        self.0?.end()
    }
}
