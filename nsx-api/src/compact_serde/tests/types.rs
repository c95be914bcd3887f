//! Some types as the generator writes them, and the same types with serde's derives.

use std::collections::BTreeMap;

use serde::de::{Deserializer, MapAccess};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::compact_serde::{
    FromMap, Object, StringEnum, deserialize, next_field, next_field_or_keep, required, set,
    set_optional, string_enum,
};

/// Kinds
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub(super) enum Kind {
    /// The first.
    A,
    BC,
    /// A value that the document does not list.
    Unrecognized(String),
}

impl StringEnum for Kind {
    const NAME: &'static str = "Kind";
    const TABLE: &'static [(&'static str, Self)] = &[("A", Self::A), ("b-c", Self::BC)];

    fn from_unrecognized(text: String) -> Self {
        Self::Unrecognized(text)
    }

    fn unrecognized(&self) -> Option<&str> {
        match self {
            Self::Unrecognized(text) => Some(text),
            _ => None,
        }
    }
}

string_enum!(Kind);

/// A generated type that skips unknown fields.
#[derive(Clone, Debug)]
pub(super) struct Node {
    id: String,
    name: Option<String>,
    list: Option<Vec<String>>,
    count: Option<i64>,
    nested: Option<Box<Node>>,
    kind: Option<Kind>,
    nullable: Option<u8>,
    labels: Option<BTreeMap<String, String>>,
}

impl<'de> FromMap<'de> for Node {
    const NAME: &'static str = "Node";
    const FIELDS: &'static [&'static str] = &[
        "id", "name", "list", "count", "nested", "kind", "nullable", "labels",
    ];

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let (mut id, mut name, mut list, mut count) = (None, None, None, None);
        let (mut nested, mut kind, mut nullable, mut labels) = (None, None, None, None);
        while let Some(field) = next_field(&mut map, Self::NAMES)? {
            match field {
                0 => set(&mut id, "id", &mut map),
                1 => set_optional(&mut name, "name", &mut map),
                2 => set_optional(&mut list, "list", &mut map),
                3 => set_optional(&mut count, "count", &mut map),
                4 => set_optional(&mut nested, "nested", &mut map),
                5 => set_optional(&mut kind, "kind", &mut map),
                6 => set(&mut nullable, "nullable", &mut map),
                _ => set_optional(&mut labels, "labels", &mut map),
            }?;
        }
        Ok(Self {
            id: required(id, "id")?,
            name,
            list,
            count,
            nested,
            kind,
            nullable: required(nullable, "nullable")?,
            labels,
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::new(serializer);
        object.field("id", &self.id);
        object.optional("name", &self.name);
        object.optional("list", &self.list);
        object.optional("count", &self.count);
        object.optional("nested", &self.nested);
        object.optional("kind", &self.kind);
        object.field("nullable", &self.nullable);
        object.optional("labels", &self.labels);
        object.end()
    }
}

/// A generated type that keeps unknown fields.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: String,
    list: Option<Vec<String>>,
    nested: Option<Box<Kept>>,
    extra: crate::Extra,
}

impl<'de> FromMap<'de> for Kept {
    const NAME: &'static str = "Kept";
    const FIELDS: &'static [&'static str] = &["id", "list", "nested"];

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let (mut id, mut list, mut nested) = (None, None, None);
        let mut extra = crate::Extra::default();
        while let Some(field) = next_field_or_keep(&mut map, Self::NAMES, &mut extra)? {
            match field {
                0 => set(&mut id, "id", &mut map),
                1 => set_optional(&mut list, "list", &mut map),
                _ => set_optional(&mut nested, "nested", &mut map),
            }?;
        }
        Ok(Self {
            id: required(id, "id")?,
            list,
            nested,
            extra,
        })
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::new(serializer);
        object.field("id", &self.id);
        object.optional("list", &self.list);
        object.optional("nested", &self.nested);
        object.extra(&self.extra);
        object.end()
    }
}

/// A map of typed values next to a field.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    id: String,
    extra: BTreeMap<String, u8>,
}

impl<'de> FromMap<'de> for Typed {
    const NAME: &'static str = "Typed";
    const FIELDS: &'static [&'static str] = &["id"];

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut id = None;
        let mut extra = BTreeMap::new();
        while next_field_or_keep(&mut map, Self::NAMES, &mut extra)?.is_some() {
            set(&mut id, "id", &mut map)?;
        }
        Ok(Self {
            id: required(id, "id")?,
            extra,
        })
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::new(serializer);
        object.field("id", &self.id);
        object.extra(&self.extra);
        object.end()
    }
}

/// The same types with derives.
pub(super) mod derived {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    pub enum Kind {
        A,
        #[serde(rename = "b-c")]
        BC,
        #[serde(untagged)]
        Unrecognized(String),
    }

    #[derive(Debug, Deserialize, Serialize)]
    pub(in crate::compact_serde::tests) struct Node {
        id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        list: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nested: Option<Box<Node>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
        nullable: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        labels: Option<BTreeMap<String, String>>,
    }

    #[derive(Debug, Deserialize, Serialize)]
    pub(in crate::compact_serde::tests) struct Kept {
        id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        list: Option<Vec<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nested: Option<Box<Kept>>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }

    #[derive(Debug, Deserialize, Serialize)]
    pub(in crate::compact_serde::tests) struct Typed {
        id: String,
        #[serde(flatten)]
        extra: BTreeMap<String, u8>,
    }
}
