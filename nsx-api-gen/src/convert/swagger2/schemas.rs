//! Schemas: nearly the same words in both, at new places.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::place::At;
use super::references;

/// The ways in which vendors said what OpenAPI has a word for.
pub(super) const NULLABLE: [&str; 3] = ["x-nullable", "x-isnullable", "x-isNullable"];
const DEPRECATED: &str = "x-deprecated";

/// The words of a schema that stand in a parameter, a header or an item of one.
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

impl Upgrade {
    /// A schema and all that are in it. Data (`default`, `enum`, `example`, extensions) is not looked into: a `$ref` there
    /// is no reference.
    pub(super) fn schema(&mut self, node: Value, at: At<'_>) -> Value {
        let Value::Object(mut schema) = node else {
            return node;
        };
        if make_binary(&mut schema) {
            let message =
                "`type: file` belongs into a form or an answer: it is read as a string of bytes";
            self.tell("file", at, message);
        }
        let mut upgraded = Map::new();
        let mut needed = Vec::new();
        for (key, value) in schema {
            let here = at.member(&key);
            let value = match key.as_str() {
                "$ref" => references::moved(value),
                "properties" => self.properties(value, here, &mut needed),
                "items" if value.is_array() => self.each(value, here, Self::schema),
                "items" | "not" | "additionalProperties" => self.schema(value, here),
                "allOf" | "oneOf" | "anyOf" => self.each(value, here, Self::schema),
                "discriminator" if value.is_string() => json!({"propertyName": value}),
                "required" if value.is_boolean() => {
                    let message = format!("`required: {value}` says nothing here and is not kept");
                    self.tell("required_flag", here, message);
                    continue;
                }
                "collectionFormat" => {
                    let message =
                        format!("{value} cannot be said of an inner list and is not kept");
                    self.tell("collection_format", here, message);
                    continue;
                }
                word if NULLABLE.contains(&word)
                    && value.is_boolean()
                    && !upgraded.contains_key("nullable") =>
                {
                    upgraded.insert("nullable".to_owned(), value);
                    continue;
                }
                DEPRECATED if value.is_boolean() && !upgraded.contains_key("deprecated") => {
                    upgraded.insert("deprecated".to_owned(), value);
                    continue;
                }
                _ => value,
            };
            upgraded.insert(key, value);
        }
        require(&mut upgraded, needed);
        Value::Object(upgraded)
    }

    /// The properties of an object; `needed` gets the names of those that say themselves that they are required.
    fn properties(&mut self, mut node: Value, at: At<'_>, needed: &mut Vec<Value>) -> Value {
        let Value::Object(properties) = &mut node else {
            return node;
        };
        for (name, property) in properties {
            let at = at.member(name);
            if let Some(flag) = take_flag(property) {
                let message = format!("`required: {flag}` belongs into the object's list of names");
                self.tell("required_flag", at, message);
                needed.extend(flag.then(|| json!(name)));
            }
            *property = self.schema(property.take(), at);
        }
        node
    }
}

/// Takes a `required` that is true or false.
fn take_flag(schema: &mut Value) -> Option<bool> {
    let flag = schema.get("required")?.as_bool()?;
    schema.as_object_mut()?.shift_remove("required");
    Some(flag)
}

/// Adds names to the list of those that are required; what stands there and is no list is left to be reported.
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

/// Makes a string of bytes of a `file`; whether it was one.
pub(super) fn make_binary(schema: &mut Map<String, Value>) -> bool {
    let file = schema.get("type").and_then(Value::as_str) == Some("file");
    if file {
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("binary"));
    }
    file
}
