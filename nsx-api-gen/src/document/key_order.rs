//! One order for the members of a document, whatever order they were written in: what comes first says the most.
//!
//! JSON's objects have no order, and what serves a document need not keep one. Properties stay as they are: their order is that
//! of the fields, which an author chose. So do media types: those that stand first are rather wanted.

use serde_json::{Map, Value};

/// The members of the objects of OpenAPI, those that say the most first. Others come between the two groups, as they were.
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
pub(crate) enum Keys {
    /// Members that OpenAPI knows.
    Members,
    /// The sections of the components, which have names in them.
    Sections,
    /// Names, which are sorted.
    Names,
    /// The names of properties and of media types, which keep their order.
    Properties,
    /// Anything: an example, say.
    Data,
}

impl Keys {
    /// What the keys are below one of these.
    pub(crate) fn below(self, key: &str) -> Self {
        match self {
            Self::Members => below(key),
            Self::Sections if !key.starts_with("x-") => Self::Names,
            Self::Sections => Self::Data,
            Self::Names | Self::Properties => Self::Members,
            Self::Data => Self::Data,
        }
    }
}

/// Puts the members of a document into order.
pub(crate) fn order(root: &mut Value) {
    sort(root, Keys::Members);
}

fn sort(node: &mut Value, keys: Keys) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                sort(inner, keys.below(key));
            }
            arrange(map, keys);
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| sort(inner, keys)),
        _ => {}
    }
}

fn arrange(map: &mut Map<String, Value>, keys: Keys) {
    match keys {
        Keys::Members => {
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            // What OpenAPI does not know is a vendor's: it comes in the order of the alphabet.
            entries.sort_by(|(one, _), (other, _)| (rank(one), one).cmp(&(rank(other), other)));
            map.extend(entries);
        }
        Keys::Sections | Keys::Names | Keys::Data => map.sort_keys(),
        Keys::Properties => {}
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

/// What the keys are below a member.
fn below(key: &str) -> Keys {
    match key {
        "properties" | "content" => Keys::Properties,
        "components" => Keys::Sections,
        "paths" | "responses" | "headers" | "mapping" | "links" | "callbacks" | "scopes"
        | "variables" | "encoding" => Keys::Names,
        "example" | "examples" | "default" | "enum" => Keys::Data,
        key if key.starts_with("x-") => Keys::Data,
        _ => Keys::Members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_come_in_one_order_names_by_the_alphabet_and_properties_as_they_were() {
        let mut root = json!({
            "components": {"schemas": {
                "B": {"properties": {"type": {"description": "D", "type": "string"}, "a": {}}, "type": "object", "x-z": 1, "x-a": {"b": 1, "a": 2}},
                "A": {"example": {"b": 1, "a": 2}, "items": {}, "type": "array"},
            }},
            "paths": {"/b": {}, "/a": {"post": {"responses": {"404": {}, "200": {}}, "operationId": "PostA"}, "get": {}}},
            "openapi": "3.0.3",
        });
        order(&mut root);
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
