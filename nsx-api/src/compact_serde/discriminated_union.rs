//! Discriminated unions: the value of one field determines the variant that an object is decoded
//! as.
//!
//! That field is not necessarily the first one, so all fields are buffered before the variant is
//! decoded. The path of a value that cannot be decoded is collected while the error is returned,
//! and put before the message: `at hosts[0].name: invalid type: …`. Nothing is decoded twice,
//! however deeply unions are nested.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::StringEnum;
use super::unknown::count_unknown;
use crate::error::text::one_line;

/// A union that the shared functions can decode.
pub(crate) trait DiscriminatedUnion: Sized + 'static {
    /// The name of the enum.
    const NAME: &'static str;
    /// The name of the discriminator field.
    const DISCRIMINATOR: &'static str;
    /// The discriminator values of each variant, and the function that decodes it.
    const TABLE: &'static [(&'static [&'static str], DecodeVariant<Self>)];

    /// Decodes an object whose discriminator value is not in the table.
    fn fallback(fields: Fields) -> Result<Self, DecodeError>;
}

/// Decodes one variant.
pub(crate) type DecodeVariant<T> = fn(Fields) -> Result<T, DecodeError>;

/// Decodes the variant that the discriminator selects. An object without a discriminator is decoded
/// like one with an unknown value.
pub(crate) fn deserialize_union<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DiscriminatedUnion,
    D: Deserializer<'de>,
{
    let fields = deserializer.deserialize_map(FieldsVisitor(T::NAME))?;
    let value = fields.string_field(T::DISCRIMINATOR);
    let known = value.and_then(|value| T::TABLE.iter().find(|(values, _)| values.contains(&value)));
    if known.is_none() {
        count_unknown(1);
    }
    let decode = known.map_or(T::fallback as DecodeVariant<T>, |(_, decode)| *decode);
    decode(fields).map_err(D::Error::custom)
}

/// Decodes a type from the fields of an object.
pub(crate) fn decode_fields<T: DeserializeOwned>(fields: Fields) -> Result<T, DecodeError> {
    T::deserialize(fields)
}

/// A discriminator field.
pub(crate) trait Discriminator {
    /// Its value, if it has one.
    fn value(&self) -> Option<&str>;

    /// A field with this value.
    fn of(text: &'static str) -> Self;
}

impl Discriminator for String {
    fn value(&self) -> Option<&str> {
        Some(self)
    }

    fn of(text: &'static str) -> Self {
        text.to_owned()
    }
}

impl<T: StringEnum + Clone> Discriminator for T {
    fn value(&self) -> Option<&str> {
        Some(super::text(self))
    }

    fn of(text: &'static str) -> Self {
        super::variant(text)
    }
}

impl<T: Discriminator> Discriminator for Option<T> {
    fn value(&self) -> Option<&str> {
        self.as_ref().and_then(Discriminator::value)
    }

    fn of(text: &'static str) -> Self {
        Some(T::of(text))
    }
}

/// Whether a discriminator has one of these values.
pub(crate) fn discriminator_is(discriminator: &impl Discriminator, values: &[&str]) -> bool {
    discriminator
        .value()
        .is_some_and(|value| values.contains(&value))
}

/// Sets a discriminator to the first of these values.
pub(crate) fn set_discriminator<T: Discriminator>(discriminator: &mut T, values: &[&'static str]) {
    if let Some(value) = values.first() {
        *discriminator = T::of(value);
    }
}

/// The fields of an object, in their original order.
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    fn string_field(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.and_then(|(_, value)| value.as_str())
    }
}

struct FieldsVisitor(&'static str);

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

impl<'de> Deserializer<'de> for Fields {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Entries::new(self.0.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A buffered value.
pub(super) struct BufferedValue(pub(super) Value);

impl<'de> Deserializer<'de> for BufferedValue {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter().enumerate())),
            Value::Object(fields) => visitor.visit_map(Entries::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(DecodeError::invalid_type(
                Unexpected::Other("value"),
                &visitor,
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let Some((index, value)) = self.0.next() else {
            return Ok(None);
        };
        let value = seed.deserialize(BufferedValue(value));
        value
            .map(Some)
            .map_err(|error| error.at_step(&format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// An iterator over fields, with the value of the last key.
struct Entries<I> {
    rest: I,
    pending: Option<(String, Value)>,
}

impl<I> Entries<I> {
    fn new(rest: I) -> Self {
        Self {
            rest,
            pending: None,
        }
    }
}

impl<'de, I: Iterator<Item = (String, Value)>> MapAccess<'de> for Entries<I> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let key: StringDeserializer<DecodeError> = name.clone().into_deserializer();
        self.pending = Some((name, value));
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let (name, value) = self.pending.take().unwrap_or_default();
        let value = seed.deserialize(BufferedValue(value));
        value.map_err(|error| error.at_step(&path_step(&name)))
    }
}

/// The name of a field comes from the manager. It is truncated, and cannot contain the end of a
/// path.
fn path_step(name: &str) -> String {
    one_line(name, crate::error::text::FIELD_NAME_LIMIT).replace(": ", ":")
}

/// Why a value cannot be decoded, and its path.
#[derive(Debug)]
pub(crate) struct DecodeError {
    path: String,
    reason: String,
}

impl DecodeError {
    /// Prepends a step to the path.
    fn at_step(mut self, path_step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{path_step}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}{}: ", DecodeError::AT, self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for DecodeError {}

impl Error for DecodeError {
    /// The message of a nested union starts with a path, which is an inner one.
    fn custom<T: fmt::Display>(reason: T) -> Self {
        let reason = reason.to_string();
        let (path, reason) = Self::split_location(&reason).unwrap_or(("", &reason));
        Self {
            path: path.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl DecodeError {
    const AT: &str = "at ";

    /// Splits a message into its path and the rest.
    pub(crate) fn split_location(message: &str) -> Option<(&str, &str)> {
        message.strip_prefix(Self::AT)?.split_once(": ")
    }
}

/// Implements serde's traits for a union, and `From` for its variants. Each row has a variant, the
/// discriminator field of its type, and the discriminator values. A newtype has no such field.
#[allow(unused_macros, reason = "a document may have no discriminated union")]
macro_rules! discriminated_union {
    (
        $name:ident by $discriminator:literal or $other:ident($extra:ty);
        $($variant:ident($ty:ty) $(.$field:ident)? = $texts:tt;)*
    ) => {
        impl $crate::compact_serde::DiscriminatedUnion for $name {
            const NAME: &'static str = stringify!($name);
            const DISCRIMINATOR: &'static str = $discriminator;
            const TABLE: &'static [(&'static [&'static str], $crate::compact_serde::DecodeVariant<Self>)] =
                &[$((&$texts, |fields| $crate::compact_serde::decode_fields(fields).map(Self::$variant))),*];

            fn fallback(
                fields: $crate::compact_serde::Fields,
            ) -> Result<Self, $crate::compact_serde::DecodeError> {
                $crate::compact_serde::decode_fields(fields).map(Self::$other)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::compact_serde::deserialize_union(deserializer)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    // The variant determines the value, whatever its field contains.
                    $($(
                        Self::$variant(value)
                            if !$crate::compact_serde::discriminator_is(&value.$field, &$texts) =>
                        {
                            let mut value = value.clone();
                            $crate::compact_serde::set_discriminator(&mut value.$field, &$texts);
                            ::serde::Serialize::serialize(&value, serializer)
                        }
                    )?)*
                    $(Self::$variant(value) => ::serde::Serialize::serialize(value, serializer),)*
                    Self::$other(value) => ::serde::Serialize::serialize(value, serializer),
                }
            }
        }

        $(
            // A variant has the name of its type, which may be boxed.
            impl From<$variant> for $name {
                fn from(value: $variant) -> Self {
                    Self::$variant(value.into())
                }
            }
        )*
    };
}
pub(crate) use discriminated_union;
