//! `default_encoding`: drops an `encoding` that states what is sent anyway.

use serde_json::{Map, Value, json};

use crate::document::all_of::parts;
use crate::document::{URL_ENCODED, media_type, members};

/// Drops the defaults of all media types of a body. An `encoding` only applies to forms.
pub(super) fn default_encoding(root: &Value, content: &mut Map<String, Value>) -> Option<String> {
    let mut dropped = false;
    for (name, media) in content {
        let kind = media_type(name);
        let is_form = kind == URL_ENCODED;
        let applies = is_form || kind.starts_with("multipart/");
        let schema = media.get("schema").cloned().unwrap_or_default();
        let Some(encoding) = media.get_mut("encoding").and_then(Value::as_object_mut) else {
            continue;
        };
        let before = encoding.len();
        encoding.retain(|property, how| {
            let is_default = |key: &String, value: &Value| {
                is_default(key, value, is_form, property_of(root, &schema, property))
            };
            applies && !members(Some(how)).all(|(key, value)| is_default(key, value))
        });
        let is_empty = encoding.is_empty();
        dropped |= is_empty || encoding.len() < before;
        if is_empty && let Some(media) = media.as_object_mut() {
            media.shift_remove("encoding");
        }
    }
    dropped.then(|| "dropped an `encoding` that states what is sent anyway".to_owned())
}

fn property_of<'a>(root: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let mut parts = parts(root, schema).into_iter().rev();
    parts.find_map(|part| part.get("properties")?.get(name))
}

fn is_default(key: &str, value: &Value, is_form: bool, property: Option<&Value>) -> bool {
    match key {
        "style" => *value == json!("form"),
        "explode" => *value == json!(true),
        "allowReserved" => *value == json!(false),
        "headers" => *value == json!({}),
        // A form has no media types. A part of a single text is `text/plain`.
        "contentType" if is_form => *value == json!("text/plain"),
        "contentType" => {
            let kind = property.and_then(|property| property.get("type"));
            let is_file = property.is_some_and(|one| one.get("format") == Some(&json!("binary")));
            match (value.as_str(), kind.and_then(Value::as_str)) {
                (Some("application/octet-stream"), Some("string")) => is_file,
                (Some("text/plain"), Some("string")) => !is_file,
                (Some("text/plain"), Some("integer" | "number" | "boolean")) => true,
                _ => false,
            }
        }
        key => key.starts_with("x-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_encoding_that_states_the_default_is_dropped() {
        let form = |how: Value| (URL_ENCODED, json!({"a": how}));
        let part = |how: Value| ("multipart/form-data", json!({"a": how}));
        for ((media, encoding), is_dropped) in [
            (form(json!({})), true),
            (
                form(json!({"style": "form", "explode": true, "allowReserved": false})),
                true,
            ),
            (form(json!({"explode": false})), false),
            (form(json!({"style": "deepObject", "explode": true})), false),
            (form(json!({"contentType": "application/json"})), false),
            (part(json!({"contentType": "text/plain"})), true),
            (part(json!({"contentType": "application/json"})), false),
            (part(json!({"headers": {"x": {}}})), false),
            (
                ("application/json", json!({"a": {"style": "deepObject"}})),
                true,
            ),
            ((URL_ENCODED, json!({})), true),
        ] {
            let schema = json!({"properties": {"a": {"type": "string"}}});
            let media_type = json!({"schema": schema, "encoding": encoding});
            let mut content = Map::from_iter([(media.to_owned(), media_type)]);
            let message = default_encoding(&Value::Null, &mut content);
            assert_eq!(message.is_some(), is_dropped, "{encoding}");
            assert_eq!(
                content[media].get("encoding").is_none(),
                is_dropped,
                "{encoding}"
            );
        }
    }
}
