//! What kind of value a schema describes.

use serde_json::Value;

use super::all_of::parts::parts;
use super::pointer::{items, reference, resolve, text};

/// Whether a schema is a file, that is binary data.
pub(crate) fn is_file(root: &Value, schema: &Value) -> bool {
    let schema = resolve(root, schema);
    schema.is_some_and(|schema| text(schema, "format") == Some("binary"))
}

/// Whether a schema is a list of files.
pub(crate) fn is_list_of_files(root: &Value, schema: &Value) -> bool {
    let items = resolve(root, schema).and_then(|schema| schema.get("items"));
    items.is_some_and(|items| is_file(root, items))
}

/// Whether a schema is a password, directly or through `allOf`.
pub(crate) fn is_password(root: &Value, schema: &Value) -> bool {
    let is_text = |schema: &Value| matches!(text(schema, "type"), None | Some("string"));
    let is_own = |schema: &&Value| text(schema, "format") == Some("password") && is_text(schema);
    resolve(root, schema).is_some_and(is_text) && parts(root, schema).iter().any(is_own)
}

/// Whether a schema itself allows null, or has no own type and each part of its `allOf` does.
pub(crate) fn is_nullable(schema: &Value) -> bool {
    let has_type = schema.get("type").is_some() || schema.get("properties").is_some();
    let parts = items(schema.get("allOf")).filter(|_| !has_type);
    let mut parts = parts.peekable();
    schema.get("nullable") == Some(&Value::Bool(true))
        || items(schema.get("enum")).any(Value::is_null)
        || (parts.peek().is_some() && parts.all(is_nullable))
}

/// Removes null from a schema. If only a reference is left, it replaces the schema.
pub(crate) fn strip_null(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    map.shift_remove("nullable");
    let parts = map.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(strip_null);
    if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
        if values.is_empty() {
            map.shift_remove("enum");
        }
    }
    let parts = map.get("allOf").and_then(Value::as_array);
    if let (1, Some([part])) = (map.len(), parts.map(Vec::as_slice))
        && reference(part).is_some()
    {
        *schema = part.clone();
    }
}
