//! The closed loop: the JSON Schema that `schemars` derives from the generated types says what the
//! document says of its components.

#![cfg(feature = "schemars")]

use std::collections::BTreeMap;

use nsx_api::types;
use schemars::schema_for;
use serde_json::{Map, Value, json};

/// Every component of the document and the schema of its type.
fn derived() -> BTreeMap<&'static str, Value> {
    [
        ("ApiError", schema_for!(types::ApiError)),
        ("RegistrationToken", schema_for!(types::RegistrationToken)),
    ]
    .into_iter()
    .map(|(name, schema)| (name, schema.to_value()))
    .collect()
}

#[test]
fn every_component_of_the_document_is_what_its_type_says() {
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/nsx.yaml");
    let spec = std::fs::read_to_string(spec).unwrap();
    let spec: Value = serde_saphyr::from_str(&spec).unwrap();
    let components = spec["components"]["schemas"].as_object().unwrap();
    let derived = derived();
    let names: Vec<&String> = components.keys().collect();
    assert!(
        names.iter().all(|name| derived.contains_key(name.as_str())),
        "{names:?}"
    );
    assert_eq!(names.len(), derived.len());
    for (name, schema) in derived {
        assert_eq!(
            normal(&schema, name),
            normal(&components[name], name),
            "{name}"
        );
    }
}

/// A schema in the words that both dialects share.
///
/// JSON Schema says with `null` beside a type, and with a default, that a field may be missing, which is
/// what the document says by leaving it out of `required`. An object that may have any field is one
/// without a word on it.
fn normal(schema: &Value, name: &str) -> Value {
    let Some(map) = schema.as_object() else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (key, value) in map {
        let value = match (key.as_str(), value) {
            ("$schema" | "title" | "default" | "example" | "$defs", _) => continue,
            ("additionalProperties", Value::Bool(true)) => continue,
            ("$ref", Value::String(target)) if target == "#" => json!(name),
            ("$ref", Value::String(target)) => json!(target.rsplit('/').next()),
            ("type", Value::Array(types)) => types
                .iter()
                .find(|one| **one != json!("null"))
                .cloned()
                .unwrap_or_default(),
            ("required", Value::Array(names)) => {
                let mut names = names.clone();
                names.sort_by_key(ToString::to_string);
                json!(names)
            }
            ("properties", Value::Object(inner)) => inner
                .iter()
                .map(|(key, inner)| (key.clone(), normal(inner, name)))
                .collect(),
            ("items", inner) => normal(inner, name),
            ("description", Value::String(text)) => {
                json!(text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            (_, value) => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    Value::Object(out)
}
