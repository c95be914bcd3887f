//! JSON pointers, references and the members of a document's tree.

use std::borrow::Cow;

use serde_json::Value;

/// The longest chain of references that is followed. Real documents have one or two links.
const MAX_REFERENCE_CHAIN: usize = 64;

/// Appends a key to a JSON pointer.
pub(crate) fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escaped(key))
}

/// Escapes a key for a JSON pointer.
pub(super) fn escaped(key: &str) -> Cow<'_, str> {
    match key.contains(['~', '/']) {
        true => key.replace('~', "~0").replace('/', "~1").into(),
        false => key.into(),
    }
}

/// The members of an object; empty for anything else.
pub(crate) fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// The items of an array; empty for anything else.
pub(crate) fn items(node: Option<&Value>) -> impl Iterator<Item = &Value> {
    node.and_then(Value::as_array).into_iter().flatten()
}

/// The string member `key` of an object.
pub(crate) fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

/// The target of a node's `$ref`.
pub(crate) fn reference(node: &Value) -> Option<&str> {
    text(node, "$ref")
}

/// The name of the component that a reference points to.
pub(crate) fn component(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The pointer of the component that a reference points to or into; `None` for any other target.
pub(crate) fn component_at(reference: &str) -> Option<&str> {
    let end = reference.match_indices('/').nth(3);
    let pointer = reference.get(..end.map_or(reference.len(), |(at, _)| at))?;
    let (section, _) = pointer.strip_prefix("#/components/")?.split_once('/')?;
    (!section.is_empty()).then_some(pointer)
}

/// Follows references; `None` if one is dangling or the chain does not end.
pub(crate) fn resolve<'a>(root: &'a Value, node: &'a Value) -> Option<&'a Value> {
    let mut node = node;
    for _ in 0..MAX_REFERENCE_CHAIN {
        match reference(node) {
            Some(target) => node = root.pointer(target.strip_prefix('#')?)?,
            None => return Some(node),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_resolved_and_cycles_are_detected() {
        let root = json!({"components": {"schemas": {
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"type": "string"},
            "C": {"$ref": "#/components/schemas/C"},
        }}});
        let at = |name: &str| {
            root.pointer(&format!("/components/schemas/{name}"))
                .unwrap()
        };
        assert_eq!(resolve(&root, at("A")), Some(&json!({"type": "string"})));
        assert_eq!(resolve(&root, at("C")), None);
        assert_eq!(resolve(&root, &json!({"$ref": "other.yaml#/X"})), None);
    }

    #[test]
    fn a_json_pointer_escapes_tilde_and_slash() {
        assert_eq!(join("#/paths", "/a~b"), "#/paths/~1a~0b");
    }
}
