//! Enums: what a document says too little of, and what Rust takes otherwise.

use serde_json::{Map, Value, json};

use super::schemas::is_type;
use crate::document::{items, text};
use crate::names;

/// `enum_type`: values that are all text are text; others are any JSON.
pub(super) fn enum_type(schema: &mut Map<String, Value>) -> Option<String> {
    let values = schema.get("enum")?.as_array()?;
    if schema.contains_key("type") {
        return None;
    }
    let mut given = values.iter().filter(|value| !value.is_null()).peekable();
    if given.peek().is_some() && given.all(Value::is_string) {
        schema.insert("type".to_owned(), json!("string"));
        return Some("the values are text: a string".to_owned());
    }
    schema.shift_remove("enum");
    Some("not all values are text: any JSON".to_owned())
}

/// `extensible_enum`: a string, or one of these strings, is an enum: it keeps what it does not know. TypeSpec writes them so.
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
    Some(
        "any string beside those that are listed: an enum, which keeps what it does not list"
            .to_owned(),
    )
}

/// `enum_texts`: values of a string that were written without quotes are text all the same.
pub(super) fn enum_texts(schema: &mut Map<String, Value>) -> Option<String> {
    if !is_type(schema, "string") {
        return None;
    }
    let mut mended = Vec::new();
    for value in schema.get_mut("enum")?.as_array_mut()? {
        if matches!(value, Value::Bool(_) | Value::Number(_)) {
            *value = json!(value.to_string());
            mended.push(value.to_string());
        }
    }
    let message = || format!("written without quotes: {}", mended.join(", "));
    (!mended.is_empty()).then(message)
}

/// `enum_names`: where two values are one in Rust, as `TCP` and `tcp` are, the later gets a number; one that has no name there gets
/// one. On the wire each stays what it is.
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
    let all = names::variant_texts(&texts);
    let other = all.iter().filter(|text| names::wire_text(text) != *text);
    let told = other.map(|text| {
        let (text, name) = (names::wire_text(text), names::type_name(text));
        format!("`{text}` is `{name}`")
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("in Rust {}", told.join(", ")))
}
