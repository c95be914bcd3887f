//! Choices by a discriminator: an object is read as what the value of one of its fields says that it is.
//!
//! That field need not come first, so the fields are held until all are there, and read from memory then. What does not
//! fit there has its place found as the error goes up, and put before the message: `at hosts[0].name: invalid type: …`.
//! Nothing is tried twice, however deep one choice stands in another.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::StringEnum;
use crate::error::text::one_line;

/// What the shared functions need to know of a choice.
pub(crate) trait OneOf: Sized + 'static {
    /// The enum's name.
    const NAME: &'static str;
    /// The field that says which variant it is.
    const TAG: &'static str;
    /// The values of that field that stand for a variant, with what reads it.
    const TABLE: &'static [(&'static [&'static str], Read<Self>)];

    /// Reads an object whose variant is not in the table.
    fn other(fields: Fields) -> Result<Self, Misfit>;
}

/// Reads one variant.
pub(crate) type Read<T> = fn(Fields) -> Result<T, Misfit>;

/// Reads the variant that an object says it is. One that does not say it, too, is one that the document does not know.
pub(crate) fn deserialize_one_of<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: OneOf,
    D: Deserializer<'de>,
{
    let fields = deserializer.deserialize_map(FieldsVisitor(T::NAME))?;
    let tag = fields.text(T::TAG);
    let known = tag.and_then(|tag| T::TABLE.iter().find(|(texts, _)| texts.contains(&tag)));
    let read = known.map_or(T::other as Read<T>, |(_, read)| *read);
    read(fields).map_err(D::Error::custom)
}

/// Reads a type from the fields of an object.
pub(crate) fn read<T: DeserializeOwned>(fields: Fields) -> Result<T, Misfit> {
    T::deserialize(fields)
}

/// A field that says which variant its object is.
pub(crate) trait Tag {
    /// What it says, if anything.
    fn text(&self) -> Option<&str>;

    /// A field that says this.
    fn of(text: &'static str) -> Self;
}

impl Tag for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }

    fn of(text: &'static str) -> Self {
        text.to_owned()
    }
}

impl<T: StringEnum + Clone> Tag for T {
    fn text(&self) -> Option<&str> {
        Some(super::text(self))
    }

    fn of(text: &'static str) -> Self {
        super::variant(text)
    }
}

impl<T: Tag> Tag for Option<T> {
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(Tag::text)
    }

    fn of(text: &'static str) -> Self {
        Some(T::of(text))
    }
}

/// Whether a field says one of these.
pub(crate) fn says(tag: &impl Tag, texts: &[&str]) -> bool {
    tag.text().is_some_and(|text| texts.contains(&text))
}

/// Makes a field say the first of these.
pub(crate) fn say<T: Tag>(tag: &mut T, texts: &[&'static str]) {
    if let Some(text) = texts.first() {
        *tag = T::of(text);
    }
}

/// The fields of an object, in the order in which they came.
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    fn text(&self, name: &str) -> Option<&str> {
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
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Entries::new(self.0.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value that is held in memory.
struct Held(Value);

impl<'de> Deserializer<'de> for Held {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
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

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(Misfit::invalid_type(Unexpected::Other("value"), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit> {
        let Some((index, value)) = self.0.next() else {
            return Ok(None);
        };
        let value = seed.deserialize(Held(value));
        value
            .map(Some)
            .map_err(|misfit| misfit.within(&format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// Fields one by one, and the one whose name was read last.
struct Entries<I> {
    rest: I,
    open: Option<(String, Value)>,
}

impl<I> Entries<I> {
    fn new(rest: I) -> Self {
        Self { rest, open: None }
    }
}

impl<'de, I: Iterator<Item = (String, Value)>> MapAccess<'de> for Entries<I> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let key: StringDeserializer<Misfit> = name.clone().into_deserializer();
        self.open = Some((name, value));
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let (name, value) = self.open.take().unwrap_or_default();
        let value = seed.deserialize(Held(value));
        value.map_err(|misfit| misfit.within(&step(&name)))
    }
}

/// A field's name may come from the other side: it is bounded, and holds nothing that ends a path.
fn step(name: &str) -> String {
    one_line(name, crate::error::text::FIELD_NAME_LIMIT).replace(": ", ":")
}

/// Why a value does not fit, and where it stands.
#[derive(Debug)]
pub(crate) struct Misfit {
    path: String,
    reason: String,
}

impl Misfit {
    /// The same, seen from one step further out.
    fn within(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}{}: ", Misfit::AT, self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    /// The reason of a choice within this one begins with a place, which is further in.
    fn custom<T: fmt::Display>(reason: T) -> Self {
        let reason = reason.to_string();
        let (path, reason) = Self::place(&reason).unwrap_or(("", &reason));
        Self {
            path: path.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

impl Misfit {
    const AT: &str = "at ";

    /// The place that a message begins with, and what is behind it.
    pub(crate) fn place(message: &str) -> Option<(&str, &str)> {
        message.strip_prefix(Self::AT)?.split_once(": ")
    }
}

/// Makes a choice of an enum: how it is read and written, and what it is made of. A row is a variant, the field of its type that
/// says which it is, and what that says; a type that only wraps another has no such field.
#[allow(unused_macros, reason = "a document may have no choice")]
macro_rules! one_of {
    (
        $name:ident by $tag:literal or $other:ident($extra:ty);
        $($variant:ident($ty:ty) $(.$field:ident)? = $texts:tt;)*
    ) => {
        impl $crate::compact::OneOf for $name {
            const NAME: &'static str = stringify!($name);
            const TAG: &'static str = $tag;
            const TABLE: &'static [(&'static [&'static str], $crate::compact::Read<Self>)] =
                &[$((&$texts, |fields| $crate::compact::read(fields).map(Self::$variant))),*];

            fn other(
                fields: $crate::compact::Fields,
            ) -> Result<Self, $crate::compact::Misfit> {
                $crate::compact::read(fields).map(Self::$other)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::compact::deserialize_one_of(deserializer)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    // The variant says what it is, whatever its field says.
                    $($(
                        Self::$variant(value)
                            if !$crate::compact::says(&value.$field, &$texts) =>
                        {
                            let mut value = value.clone();
                            $crate::compact::say(&mut value.$field, &$texts);
                            ::serde::Serialize::serialize(&value, serializer)
                        }
                    )?)*
                    $(Self::$variant(value) => ::serde::Serialize::serialize(value, serializer),)*
                    Self::$other(value) => ::serde::Serialize::serialize(value, serializer),
                }
            }
        }

        $(
            // A variant has the name of its type, which may be in a box.
            impl From<$variant> for $name {
                fn from(value: $variant) -> Self {
                    Self::$variant(value.into())
                }
            }
        )*
    };
}
pub(crate) use one_of;
