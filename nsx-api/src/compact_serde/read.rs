//! Deserializes objects: the loop over fields, the lookup of names, and the errors for missing and
//! duplicate fields.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::names::Names;
use super::unknown::{count_unknown_field, skip_unknown};

/// A struct that is built from the fields of an object.
pub(crate) trait FromMap<'de>: Sized {
    /// The name of the type, for the error about a value that is not an object.
    const NAME: &'static str;
    /// The names of the fields in JSON.
    const FIELDS: &'static [&'static str];
    /// The lookup table for the names.
    const NAMES: &'static Names = &Names::new(Self::FIELDS);

    /// Builds the struct from the entries of `map`.
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

/// Deserializes a struct from an object.
pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromMap<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(StructVisitor(PhantomData))
}

struct StructVisitor<T>(PhantomData<T>);

impl<'de, T: FromMap<'de>> Visitor<'de> for StructVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_map(map)
    }
}

/// The index of the next known field. Unknown fields are skipped.
pub(crate) fn next_field<'de, A: MapAccess<'de>>(
    map: &mut A,
    names: &'static Names,
) -> Result<Option<usize>, A::Error> {
    while let Some(found) = map.next_key_seed(Known(names))? {
        if found.is_some() {
            return Ok(found);
        }
        skip_unknown(map)?;
    }
    Ok(None)
}

/// Like [`next_field`], but keeps unknown fields.
pub(crate) fn next_field_or_keep<'de, A, E>(
    map: &mut A,
    names: &'static Names,
    extra: &mut E,
) -> Result<Option<usize>, A::Error>
where
    A: MapAccess<'de>,
    E: KeepUnknown<'de>,
{
    while let Some(found) = map.next_key_seed(KnownOrName(names))? {
        match found {
            Ok(index) => return Ok(Some(index)),
            Err(name) => keep(map, name, extra)?,
        }
    }
    Ok(None)
}

/// Keeps an unknown field. Unknown fields are rare, so this is not inlined into the loop.
#[inline(never)]
fn keep<'de, A, E>(map: &mut A, name: String, extra: &mut E) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    E: KeepUnknown<'de>,
{
    extra.keep(name, map.next_value()?);
    Ok(())
}

/// A collection of unknown fields.
pub(crate) trait KeepUnknown<'de> {
    /// The type of the values.
    type Value: Deserialize<'de>;

    /// Keeps a field. The last one with the same name wins.
    fn keep(&mut self, name: String, value: Self::Value);
}

impl<'de> KeepUnknown<'de> for crate::Extra {
    type Value = serde_json::Value;

    fn keep(&mut self, name: String, value: Self::Value) {
        count_unknown_field(&value);
        self.insert(name, value);
    }
}

impl<'de, V: Deserialize<'de>> KeepUnknown<'de> for BTreeMap<String, V> {
    type Value = V;

    fn keep(&mut self, name: String, value: V) {
        self.insert(name, value);
    }
}

/// Reads the value of the field `name` into `slot`, which must be empty.
// Inlining makes reading a list 2% faster.
#[inline]
pub(crate) fn set<'de, T, A>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

/// Like [`set`], for an optional field. Null counts as missing.
#[inline]
pub(crate) fn set_optional<'de, T, A>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = map.next_value()?;
    Ok(())
}

/// The value of a required field. As in serde's derives, a field whose type can be null may be
/// missing.
pub(crate) fn required<'de, T, E>(slot: Option<T>, name: &'static str) -> Result<T, E>
where
    T: Deserialize<'de>,
    E: Error,
{
    slot.map_or_else(|| T::deserialize(Missing(name, PhantomData)), Ok)
}

/// The value of a required field that must be present even if its type can be null.
pub(crate) fn present<T, E: Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(name))
}

/// Looks up the name of a field.
struct Known(&'static Names);

impl<'de> DeserializeSeed<'de> for Known {
    type Value = Option<usize>;

    // Called for each field of each object, once per format.
    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Known {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

/// Looks up the name of a field, and returns unknown names.
struct KnownOrName(&'static Names);

impl<'de> DeserializeSeed<'de> for KnownOrName {
    type Value = Result<usize, String>;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KnownOrName {
    type Value = Result<usize, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name).ok_or_else(|| name.to_owned()))
    }
}

/// Deserializes a missing field: as null if its type can be null, otherwise as an error.
struct Missing<E>(&'static str, PhantomData<E>);

impl<'de, E: Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
