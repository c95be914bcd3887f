//! Schemas: mostly the same keywords in both versions, at new places.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use super::references;

/// Vendor extensions for which OpenAPI has a keyword.
pub(super) const NULLABLE: [&str; 3] = ["x-nullable", "x-isnullable", "x-isNullable"];
const DEPRECATED: &str = "x-deprecated";

/// The schema keywords that a parameter, a header or its items can have.
pub(super) const KEYWORDS: [&str; 17] = [
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "title",
];

impl Converter {
    /// Converts a schema and all schemas in it. Data (`default`, `enum`, `example`, extensions) is
    /// not visited: a `$ref` in it is not a reference.
    pub(super) fn schema(&mut self, node: Value, at: Location<'_>) -> Value {
        let Value::Object(mut schema) = node else {
            return node;
        };
        if make_binary(&mut schema) {
            let message =
                "`type: file` is valid only in a form or a response: it becomes a binary string";
            self.record("file", at, message);
        }
        let mut converted = Map::new();
        let mut needed = Vec::new();
        for (key, value) in schema {
            let here = at.member(&key);
            let value = match key.as_str() {
                "$ref" => references::moved_target(value),
                "properties" => self.properties(value, here, &mut needed),
                "items" if value.is_array() => self.each(value, here, Self::schema),
                "items" | "not" | "additionalProperties" => self.schema(value, here),
                "allOf" | "oneOf" | "anyOf" => self.each(value, here, Self::schema),
                "discriminator" if value.is_string() => json!({"propertyName": value}),
                "required" if value.is_boolean() => {
                    let message = format!("dropped `required: {value}`, which has no effect here");
                    self.record("required_flag", here, message);
                    continue;
                }
                "collectionFormat" => {
                    let message =
                        format!("dropped {value}, which is not supported for nested lists");
                    self.record("collection_format", here, message);
                    continue;
                }
                word if NULLABLE.contains(&word)
                    && value.is_boolean()
                    && !converted.contains_key("nullable") =>
                {
                    converted.insert("nullable".to_owned(), value);
                    continue;
                }
                DEPRECATED if value.is_boolean() && !converted.contains_key("deprecated") => {
                    converted.insert("deprecated".to_owned(), value);
                    continue;
                }
                _ => value,
            };
            converted.insert(key, value);
        }
        require(&mut converted, needed);
        Value::Object(converted)
    }

    /// The properties of an object. The names of those with `required: true` are added to `needed`.
    fn properties(&mut self, mut node: Value, at: Location<'_>, needed: &mut Vec<Value>) -> Value {
        let Value::Object(properties) = &mut node else {
            return node;
        };
        for (name, property) in properties {
            let at = at.member(name);
            if let Some(flag) = take_flag(property) {
                let message = format!("moved `required: {flag}` to the list of the object");
                self.record("required_flag", at, message);
                needed.extend(flag.then(|| json!(name)));
            }
            *property = self.schema(property.take(), at);
        }
        node
    }
}

/// Removes a boolean `required`.
fn take_flag(schema: &mut Value) -> Option<bool> {
    let flag = schema.get("required")?.as_bool()?;
    schema.as_object_mut()?.shift_remove("required");
    Some(flag)
}

/// Adds names to the `required` list. Anything but a list is left to be reported.
fn require(schema: &mut Map<String, Value>, needed: Vec<Value>) {
    if needed.is_empty() {
        return;
    }
    let list = schema.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(list) = list {
        let known: HashSet<Value> = list.iter().cloned().collect();
        list.extend(needed.into_iter().filter(|name| !known.contains(name)));
    }
}

/// Turns a `file` into a binary string. Returns whether it was one.
pub(super) fn make_binary(schema: &mut Map<String, Value>) -> bool {
    let file = schema.get("type").and_then(Value::as_str) == Some("file");
    if file {
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("binary"));
    }
    file
}
