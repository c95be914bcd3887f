//! What stands for a choice by a discriminator while progenitor has the document: an object with a property for each variant.
//!
//! Of `oneOf` typify makes an enum that tries one variant after the other. Of the object it makes a struct, whose fields have
//! the variants' types, in a box where a type would hold itself; the names of the properties tell what the fields are. The
//! pass over the types makes the enum of it.

use serde_json::{Map, Value, json};

use crate::document::discriminated_union::DiscriminatedUnion;

/// Puts the object in the place of a choice.
pub(super) fn stand_in(schema: &mut Value) {
    let Some(union) = DiscriminatedUnion::from_schema(schema) else {
        return;
    };
    let to = |component: &str| json!({"$ref": format!("#/components/schemas/{component}")});
    let mut properties = Map::new();
    let mut add = |name: Name, schema: Value| properties.insert(name.write(), schema);
    add(
        Name::Property(union.property.to_owned()),
        json!({"type": "string"}),
    );
    for (index, variant) in union.variants.iter().enumerate() {
        let values = variant.values.iter().map(|value| (*value).to_owned());
        add(
            Name::Variant(index, values.collect()),
            to(variant.component),
        );
    }
    if let Some(other) = union.fallback {
        add(Name::Other, to(other));
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

/// What a property of the object is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// It has the name of the discriminator's property.
    Property(String),
    /// A variant, where it stands, and the values that say that it is this one.
    Variant(usize, Vec<String>),
    /// The variant for all other values.
    Other,
}

impl Name {
    /// No property of a document is taken for one: there it would have to be called so.
    const MARK: &str = "union";

    fn write(&self) -> String {
        match self {
            Self::Property(property) => json!([Self::MARK, property]),
            Self::Variant(index, values) => json!([Self::MARK, index, values]),
            Self::Other => json!([Self::MARK]),
        }
        .to_string()
    }

    /// What the property of this name is, where it is one of such an object.
    pub(super) fn read(name: &str) -> Option<Self> {
        // Most names end here.
        let parts: Vec<Value> =
            serde_json::from_str(name.starts_with('[').then_some(name)?).ok()?;
        let (mark, parts) = parts.split_first()?;
        if mark != Self::MARK {
            return None;
        }
        match parts {
            [] => Some(Self::Other),
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
    fn a_choice_becomes_an_object_whose_properties_tell_what_they_are() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut schema = json!({
            "description": "One of two",
            "oneOf": [to("A"), to("B"), to("C")],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"a": "#/components/schemas/A", "A": "#/components/schemas/A", "B": "#/components/schemas/B"},
                "x-other": to("C"),
            },
        });
        stand_in(&mut schema);
        assert_eq!(schema["description"], "One of two");
        let names: Vec<Option<Name>> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| Name::read(name))
            .collect();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(
            names,
            [
                Some(Name::Property("kind".to_owned())),
                Some(Name::Variant(0, texts(&["a", "A"]))),
                Some(Name::Variant(1, texts(&["B"]))),
                Some(Name::Other),
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
    fn no_name_of_a_document_is_taken_for_one_of_those() {
        for name in [
            "union",
            "[",
            "[]",
            "[1]",
            r#"["a"]"#,
            r#"["union", 1]"#,
            r#"["union", 1, [2]]"#,
        ] {
            assert_eq!(Name::read(name), None, "{name}");
        }
    }
}
