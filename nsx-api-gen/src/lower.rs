//! OpenAPI 3.1 as 3.0, as far as the one can be said in the other's words.
//!
//! Schemas of 3.1 are JSON Schemas: a type may be several, null is a type, bounds are numbers of their own. What 3.0 has no words
//! for (`if`, `patternProperties`, `prefixItems` …) makes no type either: it is left out, and told.

use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::document::{for_each_schema, items};

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
        tell(&mut changes, "#/components/pathItems", message);
    }
    let mut left_out: Vec<(&'static str, usize)> = Vec::new();
    for_each_schema(&mut root, &mut |schema| lower_schema(schema, &mut left_out));
    for (key, count) in left_out {
        tell(
            &mut changes,
            "#",
            format!("3.0 has no `{key}` in a schema: left out {count} times"),
        );
    }
    (root, changes)
}

fn tell(changes: &mut Vec<Change>, pointer: &str, message: String) {
    changes.push(Change::of_document("lower", pointer, message));
}

fn lower_schema(schema: &mut Map<String, Value>, left_out: &mut Vec<(&'static str, usize)>) {
    for key in UNKNOWN {
        if schema.shift_remove(key).is_some() {
            match left_out.iter_mut().find(|(known, _)| *known == key) {
                Some((_, count)) => *count += 1,
                None => left_out.push((key, 1)),
            }
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
                "lower: #: 3.0 has no `patternProperties` in a schema: left out 2 times",
            ]
        );
    }
}
