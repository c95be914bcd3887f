//! Sorts the keys of a document, so that the result does not depend on the order in which they were
//! written. The most informative keys come first.
//!
//! JSON objects are unordered, and servers do not have to preserve the order of keys. Properties
//! keep their order, because it becomes the order of the fields. Media types keep theirs, because
//! the first one is the preferred one.

use serde_json::{Map, Value};

/// The most informative OpenAPI keys. Keys in neither list come between `FIRST` and `LAST`.
const FIRST: [&str; 28] = [
    "openapi",
    "$ref",
    "name",
    "in",
    "tags",
    "operationId",
    "x-operation-id",
    "x-idempotent",
    "title",
    "version",
    "url",
    "summary",
    "description",
    "deprecated",
    "type",
    "format",
    "scheme",
    "nullable",
    "readOnly",
    "enum",
    "default",
    "get",
    "put",
    "post",
    "patch",
    "delete",
    "allOf",
    "required",
];
const LAST: [&str; 14] = [
    "parameters",
    "requestBody",
    "schema",
    "content",
    "responses",
    "discriminator",
    "items",
    "additionalProperties",
    "properties",
    "example",
    "servers",
    "security",
    "paths",
    "components",
];

/// What the keys of an object are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum KeyKind {
    /// Keys that OpenAPI defines.
    Members,
    /// The sections of `components`, which contain names.
    Sections,
    /// Names, which are sorted.
    Names,
    /// Names of properties or media types, which keep their order.
    Properties,
    /// Arbitrary data, such as an example.
    Data,
}

impl KeyKind {
    /// What the keys of the value below `key` are.
    pub(crate) fn below(self, key: &str) -> Self {
        match self {
            Self::Members => kind_below(key),
            Self::Sections if !key.starts_with("x-") => Self::Names,
            Self::Sections => Self::Data,
            Self::Names | Self::Properties => Self::Members,
            Self::Data => Self::Data,
        }
    }
}

/// Sorts the keys of a document.
pub(crate) fn sort_keys(root: &mut Value) {
    sort_node(root, KeyKind::Members);
}

fn sort_node(node: &mut Value, keys: KeyKind) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                sort_node(inner, keys.below(key));
            }
            sort_entries(map, keys);
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| sort_node(inner, keys)),
        _ => {}
    }
}

fn sort_entries(map: &mut Map<String, Value>, keys: KeyKind) {
    match keys {
        KeyKind::Members => {
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            // Vendor extensions are sorted alphabetically.
            entries.sort_by(|(one, _), (other, _)| (rank(one), one).cmp(&(rank(other), other)));
            map.extend(entries);
        }
        KeyKind::Sections | KeyKind::Names | KeyKind::Data => map.sort_keys(),
        KeyKind::Properties => {}
    }
}

fn rank(key: &str) -> usize {
    let first = FIRST.iter().position(|known| *known == key);
    let last = LAST.iter().position(|known| *known == key);
    match (first, last) {
        (Some(rank), _) => rank,
        (None, Some(rank)) => FIRST.len() + 1 + rank,
        (None, None) => FIRST.len(),
    }
}

/// What the keys of the value of an OpenAPI key are.
fn kind_below(key: &str) -> KeyKind {
    match key {
        "properties" | "content" => KeyKind::Properties,
        "components" => KeyKind::Sections,
        "paths" | "responses" | "headers" | "mapping" | "links" | "callbacks" | "scopes"
        | "variables" | "encoding" => KeyKind::Names,
        "example" | "examples" | "default" | "enum" => KeyKind::Data,
        key if key.starts_with("x-") => KeyKind::Data,
        _ => KeyKind::Members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_properties_keep_their_order() {
        let mut root = json!({
            "components": {"schemas": {
                "B": {"properties": {"type": {"description": "D", "type": "string"}, "a": {}}, "type": "object", "x-z": 1, "x-a": {"b": 1, "a": 2}},
                "A": {"example": {"b": 1, "a": 2}, "items": {}, "type": "array"},
            }},
            "paths": {"/b": {}, "/a": {"post": {"responses": {"404": {}, "200": {}}, "operationId": "PostA"}, "get": {}}},
            "openapi": "3.0.3",
        });
        sort_keys(&mut root);
        assert_eq!(
            root.to_string(),
            json!({
                "openapi": "3.0.3",
                "paths": {"/a": {"get": {}, "post": {"operationId": "PostA", "responses": {"200": {}, "404": {}}}}, "/b": {}},
                "components": {"schemas": {
                    "A": {"type": "array", "items": {}, "example": {"a": 2, "b": 1}},
                    "B": {"type": "object", "x-a": {"a": 2, "b": 1}, "x-z": 1, "properties": {"type": {"type": "string", "description": "D"}, "a": {}}},
                }},
            })
            .to_string()
            .replace(r#"{"type":"string","description":"D"}"#, r#"{"description":"D","type":"string"}"#)
        );
    }
}
