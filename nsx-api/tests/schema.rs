//! The JSON Schemas that `schemars` derives from the generated types match the components of the
//! document.

#![cfg(feature = "schemars")]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

#[test]
fn json_schema_of_each_generated_type_matches_its_openapi_component() {
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/nsx.yaml");
    let spec = std::fs::read_to_string(spec).unwrap();
    let spec: Value = serde_saphyr::from_str(&spec).unwrap();
    let components = spec["components"]["schemas"].as_object().unwrap();
    let derived: BTreeMap<_, _> = nsx_api::schemas::components().into_iter().collect();
    let mut compared = 0;
    for (name, component) in components {
        // A password has no type of its own, and composed schemas are generated as one merged type.
        let text = component.to_string();
        let password = component["format"] == json!("password");
        if password
            || ["allOf", "oneOf", "anyOf"]
                .iter()
                .any(|key| text.contains(&format!("\"{key}\":")))
        {
            continue;
        }
        let schema = derived
            .get(name.as_str())
            .unwrap_or_else(|| unreachable!("{name} has no type"));
        let schema = schema.clone().to_value();
        assert_eq!(
            normalize_schema(&schema, name),
            normalize_schema(component, name),
            "{name}"
        );
        compared += 1;
    }
    assert!(compared > 0);
}

/// Reduces a schema to the keywords that OpenAPI and JSON Schema share and that the types
/// represent.
///
/// JSON Schema marks an optional field with a `null` type and a default; the document omits it from
/// `required`. Lengths, patterns and most formats are left to the manager to check.
fn normalize_schema(schema: &Value, name: &str) -> Value {
    const KEPT: [&str; 7] = [
        "additionalProperties",
        "description",
        "enum",
        "format",
        "items",
        "properties",
        "required",
    ];
    const FORMATS: [&str; 3] = ["int32", "int64", "password"];
    let Some(map) = schema.as_object() else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (key, value) in map {
        let value = match (key.as_str(), value) {
            ("$ref", Value::String(target)) if target == "#" => json!(name),
            ("$ref", Value::String(target)) => json!(target.rsplit('/').next()),
            // An optional field is nullable in JSON Schema: compare its type without `null`.
            ("type", Value::Array(types)) => types
                .iter()
                .find(|one| **one != json!("null"))
                .cloned()
                .unwrap_or_default(),
            ("type", value) => value.clone(),
            // An optional reference: compare it without `null`.
            ("anyOf", Value::Array(parts)) => return normalize_schema(&parts[0], name),
            ("format", format) if !FORMATS.iter().any(|known| format == known) => continue,
            ("additionalProperties", Value::Bool(_)) => continue,
            ("required", Value::Array(names)) => {
                let mut names = names.clone();
                names.sort_by_key(ToString::to_string);
                json!(names)
            }
            ("properties", Value::Object(inner)) => inner
                .iter()
                .map(|(key, inner)| (key.clone(), normalize_schema(inner, name)))
                .collect(),
            ("items" | "additionalProperties", inner) => normalize_schema(inner, name),
            ("description", Value::String(text)) => json!(plain_text(text)),
            (key, value) if KEPT.contains(&key) => value.clone(),
            _ => continue,
        };
        out.insert(key.clone(), value);
    }
    // OpenAPI 3.0 ignores a description beside a reference.
    if out.contains_key("$ref") {
        out.remove("description");
    }
    Value::Object(out)
}

/// A description without the text that the generator adds for rustdoc.
fn plain_text(text: &str) -> String {
    let text = text.replace(
        "Read it with [`expose_secret`](crate::Secret::expose_secret).",
        "",
    );
    let end = ["Returned by [", "Sent by ["]
        .iter()
        .filter_map(|start| text.find(start))
        .min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap();
    let text = text.replace(['\\', '`'], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
