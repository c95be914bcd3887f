//! Variants of a choice as components of their own.
//!
//! Of objects that stand in a `oneOf` itself typify makes an enum with fields in its variants, tagged where a field has
//! one value only. Such an enum knows neither a variant nor a field of tomorrow. Of references it makes one of types, and
//! those are read and written like any other.

use serde_json::{Map, Value, json};

use crate::document::reference;
use crate::names::type_name;

/// Moves the objects of every choice within a schema into `schemas`; `name` is that of the schema's type.
pub(super) fn hoist(name: &str, schema: &mut Value, schemas: &mut Map<String, Value>) {
    for key in ["oneOf", "anyOf"] {
        let Some(parts) = schema.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        for (index, part) in parts.iter_mut().enumerate() {
            let name = free(&format!("{name}Variant{}", index + 1), schemas);
            hoist(&name, part, schemas);
            if is_object(part) {
                let reference = json!({"$ref": format!("#/components/schemas/{name}")});
                let part = std::mem::replace(part, reference);
                schemas.insert(name, part);
            }
        }
    }
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(|part| hoist(name, part, schemas));
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (property, inner) in properties {
            hoist(&format!("{name}{}", type_name(property)), inner, schemas);
        }
    }
    for (key, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
        if let Some(inner) = schema.get_mut(key) {
            hoist(&format!("{name}{suffix}"), inner, schemas);
        }
    }
}

/// The same for the schema of a body or a response.
pub(super) fn hoist_content(
    name: &str,
    mut content: Value,
    schemas: &mut Map<String, Value>,
) -> Value {
    for media in content
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if let Some(schema) = media.get_mut("schema") {
            hoist(name, schema, schemas);
        }
    }
    content
}

fn is_object(schema: &Value) -> bool {
    reference(schema).is_none()
        && (schema.get("properties").is_some() || schema.get("allOf").is_some())
}

/// A name that no component has.
fn free(name: &str, schemas: &Map<String, Value>) -> String {
    let taken = |name: &str| schemas.keys().any(|known| type_name(known) == name);
    let mut name = name.to_owned();
    while taken(&name) {
        name.push('X');
    }
    name
}
