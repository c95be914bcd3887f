//! Converts OpenAPI 3.1 to 3.0.
//!
//! Schemas of 3.1 are JSON Schemas: they can have several types, null is a type, and exclusive
//! bounds are numbers. Keywords without an equivalent in 3.0 (`if`, `patternProperties`,
//! `prefixItems` …) do not affect Rust types. They are dropped and reported.

use std::fmt::Display;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::{Location, METHODS, for_each_schema_at, items, join, members, operation_at};

/// Schema keywords that 3.0 does not have.
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

/// Converts a document from OpenAPI 3.1 to 3.0 and reports what was lost.
pub(crate) fn lower(mut root: Value) -> (Value, Vec<Change>) {
    let mut changes = Vec::new();
    if let Some(root) = root.as_object_mut() {
        root.insert("openapi".to_owned(), json!("3.0.3"));
        for key in ["webhooks", "jsonSchemaDialect"] {
            if root.shift_remove(key).is_some() {
                record_change(
                    &mut changes,
                    &format!("#/{key}"),
                    format!("dropped, because OpenAPI 3.0 has no `{key}`"),
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
        let message = "dropped, because OpenAPI 3.0 has no `pathItems`".to_owned();
        record_change(&mut changes, &"#/components/pathItems", message);
    }
    lower_boolean_components(&mut root, &mut changes);
    add_responses(&mut root, &mut changes);
    for_each_schema_at(&mut root, &mut |at, schema| {
        lower_schema(schema, at, &mut changes);
    });
    for change in &mut changes {
        change.operation = operation_at(&root, &change.pointer).map(str::to_owned);
    }
    (root, changes)
}

/// In 3.1, an operation may have no `responses`.
fn add_responses(root: &mut Value, changes: &mut Vec<Change>) {
    let paths = root.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get_mut(method)
                && !operation.contains_key("responses")
            {
                operation.insert(
                    "responses".to_owned(),
                    json!({"default": {"description": ""}}),
                );
                let at = join(&join("#/paths", path), method);
                let message = "without `responses`, it returns nothing".to_owned();
                record_change(changes, &at, message);
            }
        }
    }
}

fn record_change(changes: &mut Vec<Change>, at: &dyn Display, message: String) {
    changes.push(Change::of_document("lower", at.to_string(), message));
}

fn lower_schema(schema: &mut Map<String, Value>, at: &Location<'_>, changes: &mut Vec<Change>) {
    lower_booleans(schema, at, changes);
    for key in UNKNOWN {
        if schema.shift_remove(key).is_some() {
            let message = format!("dropped the keyword `{key}`, which OpenAPI 3.0 does not have");
            record_change(changes, at, message);
        }
    }
    lower_types(schema);
    lower_null_variants(schema);
    lower_reference(schema);
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
    lower_content(schema);
}

/// A component that is `true` or `false` becomes a schema without constraints.
fn lower_boolean_components(root: &mut Value, changes: &mut Vec<Change>) {
    let schemas = root.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut).into_iter().flatten();
    for (name, schema) in schemas.filter(|(_, schema)| schema.is_boolean()) {
        if *schema == json!(false) {
            let pointer = join("#/components/schemas", name);
            record_change(changes, &pointer, ANYTHING.to_owned());
        }
        *schema = json!({});
    }
}

const ANYTHING: &str =
    "the schema `false` has no equivalent in OpenAPI 3.0: it becomes any JSON value";

/// In 3.1 a schema may be `true` (any value) or `false` (no value). A property, item or variant
/// that allows no value does not exist in Rust.
fn lower_booleans(schema: &mut Map<String, Value>, at: &Location<'_>, changes: &mut Vec<Change>) {
    for key in ["items", "not"] {
        match schema.get(key) {
            Some(Value::Bool(true)) if key == "items" => {
                schema.insert(key.to_owned(), json!({}));
            }
            Some(Value::Bool(is_all)) => {
                // `not: false` and the `items: false` after `prefixItems` do not affect the Rust
                // type.
                let message =
                    format!("dropped `{key}: {is_all}`, which has no equivalent in OpenAPI 3.0");
                record_change(changes, at, message);
                schema.shift_remove(key);
            }
            _ => {}
        }
    }
    for key in ["properties", "allOf", "oneOf", "anyOf"] {
        let none = match schema.get_mut(key) {
            Some(Value::Object(map)) => {
                map.values_mut().for_each(true_to_any);
                let before = map.len();
                map.retain(|_, inner| *inner != json!(false));
                before - map.len()
            }
            Some(Value::Array(list)) => {
                list.iter_mut().for_each(true_to_any);
                let before = list.len();
                list.retain(|inner| *inner != json!(false));
                before - list.len()
            }
            _ => 0,
        };
        if none > 0 {
            let message = format!(
                "dropped `false` from `{key}`, because it has no equivalent in OpenAPI 3.0"
            );
            record_change(changes, at, message);
        }
        if schema.get(key) == Some(&json!([])) && none > 0 {
            schema.shift_remove(key);
        }
    }
}

fn true_to_any(schema: &mut Value) {
    if *schema == json!(true) {
        *schema = json!({});
    }
}

/// `[string, null]` becomes a nullable string; several other types become an `anyOf`.
fn lower_types(schema: &mut Map<String, Value>) {
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

/// In 3.1, keywords beside a reference apply too. They would be ignored in 3.0.
fn lower_reference(schema: &mut Map<String, Value>) {
    let describes =
        |key: &str| matches!(key, "$ref" | "title" | "summary") || key.starts_with("x-");
    if !schema.contains_key("$ref") || schema.keys().all(|key| describes(key)) {
        return;
    }
    if let Some((key, target)) = schema.shift_remove_entry("$ref") {
        let mut parts = vec![json!({ key: target })];
        if let Some(Value::Array(others)) = schema.shift_remove("allOf") {
            parts.extend(others);
        }
        schema.insert("allOf".to_owned(), Value::Array(parts));
    }
}

/// A null variant makes a union nullable. If only one other variant is left, the union becomes that
/// one.
fn lower_null_variants(schema: &mut Map<String, Value>) {
    for key in ["oneOf", "anyOf"] {
        let is_null = |part: &&Value| {
            let is_nullable = part.get("nullable") == Some(&json!(true));
            let describes = |key: &str| matches!(key, "nullable" | "title" | "description");
            is_nullable && members(Some(part)).all(|(key, _)| describes(key))
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

/// Binary data has a media type or an encoding in 3.1, and a format in 3.0.
fn lower_content(schema: &mut Map<String, Value>) {
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
    fn json_schema_keywords_are_converted_to_openapi_3_0() {
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
            (
                json!({"anyOf": [{"type": "string"}, {"type": "null", "title": "None"}]}),
                json!({"nullable": true, "allOf": [{"type": "string"}]}),
            ),
            (
                json!({"$ref": "#/components/schemas/B", "required": ["b"], "allOf": [{"title": "T"}]}),
                json!({"required": ["b"], "allOf": [{"$ref": "#/components/schemas/B"}, {"title": "T"}]}),
            ),
            (
                json!({"$ref": "#/components/schemas/B", "x-a": 1}),
                json!({"$ref": "#/components/schemas/B", "x-a": 1}),
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
    fn openapi_3_1_keywords_without_equivalent_are_dropped_and_reported() {
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
        let reported: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            reported,
            [
                "lower: #/webhooks: dropped, because OpenAPI 3.0 has no `webhooks`",
                "lower: #/components/pathItems: dropped, because OpenAPI 3.0 has no `pathItems`",
                "lower: #/components/schemas/A: dropped the keyword `patternProperties`, which OpenAPI 3.0 does not have",
                "lower: #/components/schemas/B: dropped the keyword `patternProperties`, which OpenAPI 3.0 does not have",
            ]
        );
    }
}
