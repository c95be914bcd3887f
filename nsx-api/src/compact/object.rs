//! Writing: an object, one call a field.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// An object that is being written.
pub(crate) struct Object<S: Serializer>(S::SerializeMap);

impl<S: Serializer> Object<S> {
    /// Begins an object.
    pub(crate) fn new(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Self)
    }

    /// Writes a field.
    pub(crate) fn field<T>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error>
    where
        T: Serialize + ?Sized,
    {
        self.0.serialize_entry(name, value)
    }

    /// Writes a field unless there is nothing in it.
    pub(crate) fn optional<T>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error>
    where
        T: Serialize + MayBeAbsent,
    {
        if value.is_absent() {
            return Ok(());
        }
        self.field(name, value)
    }

    /// Writes the fields that the document does not know.
    pub(crate) fn extra<'e, E, V>(&mut self, entries: &'e E) -> Result<(), S::Error>
    where
        E: MayBeAbsent,
        &'e E: IntoIterator<Item = (&'e String, &'e V)>,
        V: Serialize + 'e,
    {
        if entries.is_absent() {
            return Ok(());
        }
        entries
            .into_iter()
            .try_for_each(|(name, value)| self.0.serialize_entry(name, value))
    }

    /// Ends the object.
    pub(crate) fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// A field's value that stands for no value when it is empty.
pub(crate) trait MayBeAbsent {
    /// Whether the field is left out.
    fn is_absent(&self) -> bool;
}

impl<T> MayBeAbsent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> MayBeAbsent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl MayBeAbsent for serde_json::Map<String, serde_json::Value> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl MayBeAbsent for crate::Extra {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> MayBeAbsent for BTreeMap<K, V> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
