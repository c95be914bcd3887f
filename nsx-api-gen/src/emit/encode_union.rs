//! Encodes a discriminated union as an object schema with a property for each variant, because
//! progenitor does not support discriminators.
//!
//! typify would turn `oneOf` into an enum that tries one variant after the other. It turns the
//! object into a struct whose fields have the types of the variants, boxed where a type would
//! contain itself. The names of the properties encode the meaning of the fields, from which
//! `types::union` generates the enum.

use serde_json::{Map, Value, json};

use crate::document::discriminated_union::DiscriminatedUnion;

/// Replaces a union by its encoding.
pub(super) fn encode_union(schema: &mut Value) {
    let Some(union) = DiscriminatedUnion::from_schema(schema) else {
        return;
    };
    let to = |component: &str| json!({"$ref": format!("#/components/schemas/{component}")});
    let mut properties = Map::new();
    let mut add = |name: EncodedName, schema: Value| properties.insert(name.encode(), schema);
    add(
        EncodedName::Property(union.property.to_owned()),
        json!({"type": "string"}),
    );
    for (index, variant) in union.variants.iter().enumerate() {
        let values = variant.values.iter().map(|value| (*value).to_owned());
        add(
            EncodedName::Variant(index, values.collect()),
            to(variant.component),
        );
    }
    if let Some(other) = union.fallback {
        add(EncodedName::Fallback, to(other));
    }
    let required: Vec<&String> = properties.keys().collect();
    let mut object = Map::new();
    for key in ["description", "nullable", "title"] {
        if let Some(value) = schema.get(key) {
            object.insert(key.to_owned(), value.clone());
        }
    }
    object.insert("type".to_owned(), json!("object"));
    object.insert("required".to_owned(), json!(required));
    object.insert("properties".to_owned(), Value::Object(properties));
    *schema = Value::Object(object);
}

/// The meaning of a property of the encoded union.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EncodedName {
    /// The name of the discriminator property.
    Property(String),
    /// A variant: its index and its discriminator values.
    Variant(usize, Vec<String>),
    /// The variant for all other values.
    Fallback,
}

impl EncodedName {
    /// Distinguishes encoded names from the property names of documents, which cannot contain this
    /// character.
    const MARKER: &str = "\u{fdd0}union";

    fn encode(&self) -> String {
        match self {
            Self::Property(property) => json!([Self::MARKER, property]),
            Self::Variant(index, values) => json!([Self::MARKER, index, values]),
            Self::Fallback => json!([Self::MARKER]),
        }
        .to_string()
    }

    /// Decodes a property name; `None` for any other name.
    pub(super) fn decode(name: &str) -> Option<Self> {
        // Most names end here.
        let parts: Vec<Value> =
            serde_json::from_str(name.starts_with('[').then_some(name)?).ok()?;
        let (mark, parts) = parts.split_first()?;
        if mark != Self::MARKER {
            return None;
        }
        match parts {
            [] => Some(Self::Fallback),
            [property] => Some(Self::Property(property.as_str()?.to_owned())),
            [index, values] => {
                let values = values.as_array()?.iter().map(Value::as_str);
                let values = values.map(|value| value.map(str::to_owned));
                let index = usize::try_from(index.as_u64()?).ok()?;
                Some(Self::Variant(index, values.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discriminated_union_is_encoded_as_an_object() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut schema = json!({
            "description": "One of two",
            "oneOf": [to("A"), to("B"), to("C")],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"a": "#/components/schemas/A", "A": "#/components/schemas/A", "B": "#/components/schemas/B"},
                "x-fallback": to("C"),
            },
        });
        encode_union(&mut schema);
        assert_eq!(schema["description"], "One of two");
        let names: Vec<Option<EncodedName>> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| EncodedName::decode(name))
            .collect();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(
            names,
            [
                Some(EncodedName::Property("kind".to_owned())),
                Some(EncodedName::Variant(0, texts(&["a", "A"]))),
                Some(EncodedName::Variant(1, texts(&["B"]))),
                Some(EncodedName::Fallback),
            ]
        );
        let targets: Vec<&Value> = schema["properties"]
            .as_object()
            .unwrap()
            .values()
            .skip(1)
            .collect();
        assert_eq!(targets, [&to("A"), &to("B"), &to("C")]);
    }

    #[test]
    fn property_names_of_documents_are_not_decoded_as_union_members() {
        for name in [
            "union",
            "[",
            "[]",
            "[1]",
            r#"["a"]"#,
            r#"["union","kind"]"#,
            "[\"\u{fdd0}union\", 1]",
            "[\"\u{fdd0}union\", 1, [2]]",
        ] {
            assert_eq!(EncodedName::decode(name), None, "{name}");
        }
    }
}
