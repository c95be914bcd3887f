//! The form of the document that progenitor is given: types and parameters, and nothing that it
//! would make a type or a check of which the SDK does not want.
//!
//! - Only the success of an operation is in it: errors are read by the layer written by hand.
//! - Lengths, patterns, ranges and formats are for the manager to enforce: they make no type of
//!   their own, and a default is the manager's to fill in, not the SDK's to send.
//! - Numbers are `i32`, `i64` or `f64`; other strings than passwords are `String`.
//! - A password is exactly `string`/`password`, the schema that stands for the SDK's secret:
//!   anything beside it would silently make it a plain string again.

use serde_json::{Map, Value, json};

use crate::document::{
    self, Place, component, for_each_schema, is_json, is_success, media_type, members, resolve,
    text,
};

/// Makes progenitor's document of a checked one.
pub(super) fn private(root: &Value) -> Value {
    let mut paths = Map::new();
    for place in document::operations(root) {
        let item = paths.entry(place.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(place.method.to_owned(), operation(root, &place));
        }
    }
    let schemas = root.pointer("/components/schemas");
    let schemas: Map<String, Value> = members(schemas)
        .filter(|(_, schema)| !is_password(root, schema))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let mut private = json!({
        "openapi": "3.0.3",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    for_each_schema(&mut private, &mut |schema| reduce(root, schema));
    private
}

fn operation(root: &Value, place: &Place<'_>) -> Value {
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), json!(place.id()));
    operation.insert("parameters".to_owned(), json!(parameters(root, place)));
    operation.insert("responses".to_owned(), json!({"200": success(root, place)}));
    let body = place.node.get("requestBody");
    if let Some(body) = body.and_then(|body| resolve(root, body))
        && let Some(content) = content(body, body_media)
    {
        let body = json!({"required": true, "content": content});
        operation.insert("requestBody".to_owned(), body);
    }
    Value::Object(operation)
}

fn parameters(root: &Value, place: &Place<'_>) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::new();
    for (_, node) in place.parameters() {
        let Some(node) = resolve(root, node) else {
            continue;
        };
        // A secret in a path cannot be kept one; it is a string there like any other.
        let secret = node
            .get("schema")
            .is_some_and(|schema| is_password(root, schema));
        let schema = match text(node, "in") {
            Some("path") if secret => Some(json!({"type": "string"})),
            _ => node.get("schema").cloned(),
        };
        let mut parameter = Map::new();
        for key in ["name", "in", "required", "explode"] {
            if let Some(value) = node.get(key) {
                parameter.insert(key.to_owned(), value.clone());
            }
        }
        parameter.insert("schema".to_owned(), schema.unwrap_or_else(|| json!({})));
        let same = |known: &Value| known.get("name") == parameter.get("name");
        list.retain(|known| !same(known));
        list.push(Value::Object(parameter));
    }
    list
}

fn success(root: &Value, place: &Place<'_>) -> Value {
    let node = place
        .responses()
        .find(|(status, ..)| is_success(status))
        .and_then(|(.., node)| resolve(root, node));
    match node.and_then(|node| content(node, response_media)) {
        Some(content) => json!({"description": "", "content": content}),
        None => json!({"description": ""}),
    }
}

/// The one media type of a body or a response, in the words that progenitor knows.
fn content(node: &Value, known: fn(&str) -> &'static str) -> Option<Value> {
    let content = node.get("content");
    let json = members(content).find(|(name, _)| is_json(name));
    let (name, media) = json.or_else(|| members(content).next())?;
    let name = known(&media_type(name));
    let schema = match name {
        "application/octet-stream" => json!({"type": "string", "format": "binary"}),
        "text/plain" => json!({"type": "string"}),
        _ => media.get("schema").cloned().unwrap_or_else(|| json!({})),
    };
    Some(json!({ name: {"schema": schema} }))
}

fn body_media(name: &str) -> &'static str {
    match name {
        "application/json" => "application/json",
        "application/x-www-form-urlencoded" => "application/x-www-form-urlencoded",
        "application/octet-stream" => "application/octet-stream",
        _ => "text/plain",
    }
}

fn response_media(name: &str) -> &'static str {
    match name {
        "application/json" => "application/json",
        _ => "application/octet-stream",
    }
}

fn is_password(root: &Value, schema: &Value) -> bool {
    let schema = resolve(root, schema);
    schema.is_some_and(|schema| {
        text(schema, "type") == Some("string") && text(schema, "format") == Some("password")
    })
}

/// Reduces one schema; see the module.
fn reduce(root: &Value, schema: &mut Map<String, Value>) {
    const TAKEN: [&str; 12] = [
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "description",
        "items",
        "not",
        "nullable",
        "oneOf",
        "properties",
        "required",
        "type",
    ];
    if is_password(root, &Value::Object(schema.clone())) {
        let description = schema.get("description").cloned();
        let nullable = schema.get("nullable").cloned();
        schema.clear();
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("password"));
        for (key, value) in [("description", description), ("nullable", nullable)] {
            if let Some(value) = value {
                schema.insert(key.to_owned(), value);
            }
        }
        return;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        debug_assert!(!component(target).is_empty());
        return;
    }
    // A title would name the type of an inline schema; it is a sentence in the vendor's documents.
    if let Some(title) = schema.get("title").cloned() {
        schema.entry("description").or_insert(title);
    }
    let kind = schema
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let values = schema.remove("enum");
    let format = schema.remove("format");
    schema.retain(|key, _| TAKEN.contains(&key.as_str()));
    if schema
        .get("additionalProperties")
        .is_some_and(Value::is_boolean)
    {
        schema.remove("additionalProperties");
    }
    match (kind.as_deref(), values, format) {
        (Some("string"), Some(values), _) => {
            schema.insert("enum".to_owned(), texts(&values));
        }
        (Some("string"), None, Some(format)) if format == "binary" => {
            // Only in a body that is no JSON, where `content` put it.
            schema.insert("format".to_owned(), format);
        }
        (Some("integer"), _, Some(format)) if format == "int32" || format == "int64" => {
            schema.insert("format".to_owned(), format);
        }
        _ => {}
    }
}

/// The values of a string's enum as texts, each once.
fn texts(values: &Value) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for value in document::items(Some(values)) {
        let value = match value {
            Value::Number(_) | Value::Bool(_) => Value::from(value.to_string()),
            value => value.clone(),
        };
        if !list.contains(&value) {
            list.push(value);
        }
    }
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(schema: Value) -> Value {
        let root = json!({"components": {"schemas": {
            "Secret": {"type": "string", "format": "password", "maxLength": 9},
            "A": schema,
        }}});
        private(&root)["components"]["schemas"]["A"].clone()
    }

    #[test]
    fn a_password_is_exactly_that_whatever_stands_beside_it() {
        for schema in [
            json!({"type": "string", "format": "password"}),
            json!({"type": "string", "format": "password", "maxLength": 5, "pattern": "^a", "x-a": 1}),
            json!({"$ref": "#/components/schemas/Secret"}),
        ] {
            let object = reduced(json!({"type": "object", "properties": {"p": schema}}));
            assert_eq!(
                object,
                json!({"type": "object", "properties": {"p": {"type": "string", "format": "password"}}})
            );
        }
    }

    #[test]
    fn what_would_make_a_type_of_its_own_is_left_out_and_a_property_of_that_name_is_not() {
        assert_eq!(
            reduced(json!({
                "type": "object", "additionalProperties": false, "x-vendor": 1, "title": "An A", "minProperties": 1,
                "properties": {
                    "default": {"type": "string", "default": "x", "pattern": "^x$", "format": "uuid"},
                    "port": {"type": "integer", "format": "int32", "minimum": 1, "enum": [1, 2]},
                    "pattern": {"type": "string", "enum": ["a", 1, "a"]},
                },
            })),
            json!({
                "type": "object", "description": "An A",
                "properties": {
                    "default": {"type": "string"},
                    "port": {"type": "integer", "format": "int32"},
                    "pattern": {"type": "string", "enum": ["a", "1"]},
                },
            })
        );
    }
}
