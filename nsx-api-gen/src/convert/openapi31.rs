//! OpenAPI 3.1 as 3.0, as far as the one can be said in the other's words.
//!
//! Schemas of 3.1 are JSON Schemas: a type may be several, null is a type, bounds are numbers of their own. What 3.0 has no words
//! for (`if`, `patternProperties`, `prefixItems` …) makes no type either: it is left out, and told.

use std::fmt::Display;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::{At, for_each_schema_at, items, join, operation_at};

/// Members of a schema that 3.0 does not know.
const UNKNOWN: [&str; 17] = [
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$schema",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];

/// Makes an OpenAPI 3.0 document of a 3.1 one, and tells what could not be carried over.
pub(crate) fn lower(mut root: Value) -> (Value, Vec<Change>) {
    let mut changes = Vec::new();
    if let Some(root) = root.as_object_mut() {
        root.insert("openapi".to_owned(), json!("3.0.3"));
        for key in ["webhooks", "jsonSchemaDialect"] {
            if root.shift_remove(key).is_some() {
                tell(
                    &mut changes,
                    &format!("#/{key}"),
                    format!("3.0 has no `{key}`: left out"),
                );
            }
        }
        root.entry("paths").or_insert_with(|| json!({}));
    }
    if let Some(info) = root.get_mut("info").and_then(Value::as_object_mut) {
        info.shift_remove("summary");
        if let Some(license) = info.get_mut("license").and_then(Value::as_object_mut) {
            license.shift_remove("identifier");
        }
    }
    let sections = root.get_mut("components").and_then(Value::as_object_mut);
    if sections.is_some_and(|sections| sections.shift_remove("pathItems").is_some()) {
        let message = "3.0 has no `pathItems`: left out".to_owned();
        tell(&mut changes, &"#/components/pathItems", message);
    }
    booleans_of_components(&mut root, &mut changes);
    for_each_schema_at(&mut root, &mut |at, schema| {
        lower_schema(schema, at, &mut changes);
    });
    for change in &mut changes {
        change.operation = operation_at(&root, &change.pointer).map(str::to_owned);
    }
    (root, changes)
}

fn tell(changes: &mut Vec<Change>, at: &dyn Display, message: String) {
    changes.push(Change::of_document("lower", at.to_string(), message));
}

fn lower_schema(schema: &mut Map<String, Value>, at: &At<'_>, changes: &mut Vec<Change>) {
    booleans(schema, at, changes);
    for key in UNKNOWN {
        if schema.shift_remove(key).is_some() {
            let message = format!("3.0 has no `{key}` in a schema: left out");
            tell(changes, at, message);
        }
    }
    types(schema);
    no_null_among_parts(schema);
    if let Some(value) = schema.shift_remove("const") {
        schema.insert("enum".to_owned(), json!([value]));
    }
    if let Some(Value::Array(examples)) = schema.shift_remove("examples")
        && let Some(example) = examples.into_iter().next()
    {
        schema.entry("example").or_insert(example);
    }
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(value) = schema
            .get(exclusive)
            .filter(|value| value.is_number())
            .cloned()
        {
            schema.insert(bound.to_owned(), value);
            schema.insert(exclusive.to_owned(), json!(true));
        }
    }
    content(schema);
}

/// A component that is `true` may be anything, and nothing is `false`.
fn booleans_of_components(root: &mut Value, changes: &mut Vec<Change>) {
    let schemas = root.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut).into_iter().flatten();
    for (name, schema) in schemas.filter(|(_, schema)| schema.is_boolean()) {
        if *schema == json!(false) {
            let pointer = join("#/components/schemas", name);
            tell(changes, &pointer, ANYTHING.to_owned());
        }
        *schema = json!({});
    }
}

const ANYTHING: &str = "3.0 has no schema of nothing (`false`): any JSON";

/// A schema may be `true`, which is any JSON, or `false`, which is none: there is no such property, item or variant.
fn booleans(schema: &mut Map<String, Value>, at: &At<'_>, changes: &mut Vec<Change>) {
    for key in ["items", "not"] {
        match schema.get(key) {
            Some(Value::Bool(true)) if key == "items" => {
                schema.insert(key.to_owned(), json!({}));
            }
            Some(Value::Bool(is_all)) => {
                // That nothing is excluded, or that nothing stands behind `prefixItems`, makes no type.
                let message = format!("3.0 has no schema that is {is_all}: `{key}` left out");
                tell(changes, at, message);
                schema.shift_remove(key);
            }
            _ => {}
        }
    }
    for key in ["properties", "allOf", "oneOf", "anyOf"] {
        let none = match schema.get_mut(key) {
            Some(Value::Object(map)) => {
                map.values_mut().for_each(anything);
                let before = map.len();
                map.retain(|_, inner| *inner != json!(false));
                before - map.len()
            }
            Some(Value::Array(list)) => {
                list.iter_mut().for_each(anything);
                let before = list.len();
                list.retain(|inner| *inner != json!(false));
                before - list.len()
            }
            _ => 0,
        };
        if none > 0 {
            let message = format!("3.0 has no schema of nothing (`false`): left out of `{key}`");
            tell(changes, at, message);
        }
        if schema.get(key) == Some(&json!([])) && none > 0 {
            schema.shift_remove(key);
        }
    }
}

fn anything(schema: &mut Value) {
    if *schema == json!(true) {
        *schema = json!({});
    }
}

/// `[string, null]` is a string that may be null; several types are a choice.
fn types(schema: &mut Map<String, Value>) {
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(Value::String(kind)) if kind == "null" => vec![json!("null")],
        _ => return,
    };
    let (nulls, others): (Vec<Value>, Vec<Value>) =
        kinds.into_iter().partition(|kind| kind == "null");
    if !nulls.is_empty() {
        schema.insert("nullable".to_owned(), json!(true));
    }
    schema.shift_remove("type");
    match others.as_slice() {
        [] => {}
        [one] => {
            schema.insert("type".to_owned(), one.clone());
        }
        several => {
            let parts: Vec<Value> = several.iter().map(|kind| json!({"type": kind})).collect();
            schema.entry("anyOf").or_insert(Value::Array(parts));
        }
    }
}

/// A null among the parts of a choice makes the choice nullable. One part that is left is that one.
fn no_null_among_parts(schema: &mut Map<String, Value>) {
    for key in ["oneOf", "anyOf"] {
        let is_null = |part: &&Value| {
            let is_nullable = part.get("nullable") == Some(&json!(true));
            is_nullable && part.as_object().is_some_and(|part| part.len() == 1)
        };
        let count = items(schema.get(key)).filter(is_null).count();
        if count == 0 {
            continue;
        }
        schema.insert("nullable".to_owned(), json!(true));
        if let Some(parts) = schema.get_mut(key).and_then(Value::as_array_mut) {
            parts.retain(|part| !is_null(&part));
            if parts.len() == 1
                && let Some(parts) = schema.shift_remove(key)
            {
                schema.insert("allOf".to_owned(), parts);
            }
        }
    }
}

/// Bytes have a media type or an encoding in 3.1, and a format in 3.0.
fn content(schema: &mut Map<String, Value>) {
    let media = schema.shift_remove("contentMediaType");
    let encoding = schema.shift_remove("contentEncoding");
    schema.shift_remove("contentSchema");
    let format = match (media, encoding) {
        (_, Some(_)) => "byte",
        (Some(media), None) if media == "application/octet-stream" => "binary",
        _ => return,
    };
    schema.entry("type").or_insert(json!("string"));
    schema.entry("format").or_insert(json!(format));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_said_in_the_words_of_3_0() {
        for (schema, lowered) in [
            (
                json!({"type": ["string", "null"]}),
                json!({"nullable": true, "type": "string"}),
            ),
            (json!({"type": "null"}), json!({"nullable": true})),
            (
                json!({"type": ["string", "integer"]}),
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/components/schemas/B"}, {"type": "null"}]}),
                json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/B"}]}),
            ),
            (json!({"const": "a"}), json!({"enum": ["a"]})),
            (json!({"examples": [1, 2]}), json!({"example": 1})),
            (
                json!({"exclusiveMinimum": 1, "maximum": 5}),
                json!({"minimum": 1, "exclusiveMinimum": true, "maximum": 5}),
            ),
            (
                json!({"contentMediaType": "application/octet-stream"}),
                json!({"type": "string", "format": "binary"}),
            ),
            (
                json!({"properties": {"a": true, "b": false}, "anyOf": [true, false], "allOf": [false]}),
                json!({"properties": {"a": {}}, "anyOf": [{}]}),
            ),
            (
                json!({"type": "array", "prefixItems": [{}], "items": false}),
                json!({"type": "array"}),
            ),
            (
                json!({"items": true, "additionalProperties": false}),
                json!({"items": {}, "additionalProperties": false}),
            ),
            (json!(true), json!({})),
            (
                json!({"if": {}, "then": {}, "type": "object"}),
                json!({"type": "object"}),
            ),
        ] {
            let root = json!({"openapi": "3.1.0", "components": {"schemas": {"A": schema}}});
            let (root, _) = lower(root);
            assert_eq!(root["components"]["schemas"]["A"], lowered);
            assert_eq!(root["openapi"], "3.0.3");
        }
    }

    #[test]
    fn what_3_0_has_no_words_for_is_told() {
        let (root, changes) = lower(json!({
            "openapi": "3.1.0", "info": {"summary": "S", "license": {"identifier": "MIT", "name": "MIT"}},
            "webhooks": {"w": {}},
            "components": {"pathItems": {}, "schemas": {"A": {"patternProperties": {}}, "B": {"patternProperties": {}}}},
        }));
        assert_eq!(
            root,
            json!({
                "openapi": "3.0.3", "info": {"license": {"name": "MIT"}},
                "components": {"schemas": {"A": {}, "B": {}}}, "paths": {},
            })
        );
        let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "lower: #/webhooks: 3.0 has no `webhooks`: left out",
                "lower: #/components/pathItems: 3.0 has no `pathItems`: left out",
                "lower: #/components/schemas/A: 3.0 has no `patternProperties` in a schema: left out",
                "lower: #/components/schemas/B: 3.0 has no `patternProperties` in a schema: left out",
            ]
        );
    }
}
