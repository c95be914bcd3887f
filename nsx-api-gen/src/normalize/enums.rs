//! Enums: missing types, unquoted values, and values whose Rust names collide.

use serde_json::{Map, Value, json};

use crate::document::{items, text};
use crate::names;

/// `enum_type`: an enum without a type becomes a string if all values are strings, otherwise any
/// JSON value.
pub(super) fn enum_type(schema: &mut Map<String, Value>) -> Option<String> {
    let values = schema.get("enum")?.as_array()?;
    if schema.contains_key("type") {
        return None;
    }
    let mut given = values.iter().filter(|value| !value.is_null()).peekable();
    if given.peek().is_some() && given.all(Value::is_string) {
        schema.insert("type".to_owned(), json!("string"));
        return Some("becomes a string, because all values are strings".to_owned());
    }
    schema.shift_remove("enum");
    Some("becomes any JSON value, because not all values are strings".to_owned())
}

/// `extensible_enum`: a union of string enums and plain strings becomes one enum, which keeps
/// unknown values. TypeSpec generates such unions.
pub(super) fn extensible_enum(schema: &mut Map<String, Value>) -> Option<String> {
    let key = ["anyOf", "oneOf"].into_iter().find(|key| {
        let parts = schema.get(*key);
        let is_text = |part: &Value| {
            let is_plain = !matches!(text(part, "format"), Some("binary" | "password"));
            text(part, "type") == Some("string") && is_plain
        };
        let is_known = |part: &Value| part.get("enum").is_some();
        items(parts).all(is_text) && items(parts).any(is_known) && !items(parts).all(is_known)
    })?;
    let parts = schema.shift_remove(key)?;
    let values: Vec<&Value> = items(Some(&parts))
        .flat_map(|part| items(part.get("enum")))
        .collect();
    schema.insert("enum".to_owned(), json!(values));
    schema.insert("type".to_owned(), json!("string"));
    if items(Some(&parts)).any(|part| part.get("nullable") == Some(&json!(true))) {
        schema.insert("nullable".to_owned(), json!(true));
    }
    Some("becomes an enum that keeps unknown values, because it allows any string".to_owned())
}

/// `enum_texts`: unquoted values of a string enum become strings.
pub(super) fn enum_texts(schema: &mut Map<String, Value>) -> Option<String> {
    if !is_type(schema, "string") {
        return None;
    }
    let mut converted = Vec::new();
    for value in schema.get_mut("enum")?.as_array_mut()? {
        if matches!(value, Value::Bool(_) | Value::Number(_)) {
            *value = json!(value.to_string());
            converted.push(value.to_string());
        }
    }
    let message = || {
        format!(
            "converted unquoted values to strings: {}",
            converted.join(", ")
        )
    };
    (!converted.is_empty()).then(message)
}

/// `enum_names`: if two values have the same Rust name, such as `TCP` and `tcp`, the later one gets
/// a number. A value without a Rust name gets one. The values on the wire do not change.
pub(super) fn enum_names(schema: &mut Map<String, Value>) -> Option<String> {
    if !is_type(schema, "string") {
        return None;
    }
    let values = schema.get("enum")?.as_array()?.iter();
    let mut texts: Vec<&str> = Vec::new();
    for text in values.filter_map(Value::as_str) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let all = names::unique_variant_texts(&texts);
    let other = all.iter().filter(|text| names::wire_value(text) != *text);
    let renamed = other.map(|text| {
        let (text, name) = (names::wire_value(text), names::type_name(text));
        format!("`{text}` is named `{name}`")
    });
    let renamed: Vec<String> = renamed.collect();
    (!renamed.is_empty()).then(|| format!("in Rust, {}", renamed.join(", ")))
}

pub(super) fn is_type(schema: &Map<String, Value>, kind: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(kind)
}
