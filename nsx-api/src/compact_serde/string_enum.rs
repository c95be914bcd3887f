//! Enums of strings: a table of (value, variant) for each, and shared functions for all.
//!
//! A newer manager may return a value that the document does not list. It is kept and sent back
//! unchanged.

use super::unknown::count_unknown;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// An enum that the shared functions can convert.
pub(crate) trait StringEnum: Sized + PartialEq + 'static {
    /// The name of the enum.
    const NAME: &'static str;
    /// The values and variants, in document order.
    const TABLE: &'static [(&'static str, Self)];

    /// The variant for a value that is not in the table.
    fn from_unrecognized(text: String) -> Self;

    /// The value, if it is not in the table.
    fn unrecognized(&self) -> Option<&str>;
}

/// The value of a variant.
pub(crate) fn text<T: StringEnum>(value: &T) -> &str {
    value.unrecognized().unwrap_or_else(|| {
        T::TABLE
            .iter()
            .find(|(_, variant)| variant == value)
            .map_or("", |(text, _)| text)
    })
}

/// The variant for a value.
pub(crate) fn variant<T: StringEnum + Clone>(text: &str) -> T {
    T::TABLE
        .iter()
        .find(|(known, _)| *known == text)
        .map_or_else(
            || {
                count_unknown(1);
                T::from_unrecognized(text.to_owned())
            },
            |(_, variant)| variant.clone(),
        )
}

/// Serializes a variant.
pub(crate) fn serialize_text<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: StringEnum,
    S: Serializer,
{
    serializer.serialize_str(text(value))
}

/// Deserializes a variant from any string.
pub(crate) fn deserialize_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: StringEnum + Clone,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: StringEnum + Clone> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "string of enum {}", T::NAME)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(variant(text))
    }
}

/// The JSON Schema of an enum: the values that the document lists.
#[cfg(feature = "schemars")]
pub(crate) fn schema<T: StringEnum>() -> schemars::Schema {
    let texts: Vec<&str> = T::TABLE.iter().map(|(text, _)| *text).collect();
    schemars::json_schema!({ "type": "string", "enum": texts })
}

/// Implements the traits that users expect of an enum.
#[allow(unused_macros, reason = "a document may have no enum")]
macro_rules! string_enum {
    ($name:ident) => {
        impl $name {
            /// The value as sent to and received from the manager.
            pub fn as_str(&self) -> &str {
                $crate::compact_serde::text(self)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            // `Self::Err` could be a variant.
            fn from_str(text: &str) -> Result<Self, ::std::convert::Infallible> {
                Ok(Self::from(text))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $crate::compact_serde::variant(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::compact_serde::serialize_text(self, serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::compact_serde::deserialize_text(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <Self as $crate::compact_serde::StringEnum>::NAME.into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $crate::compact_serde::schema::<Self>()
            }
        }
    };
}
pub(crate) use string_enum;
