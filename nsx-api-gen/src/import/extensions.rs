//! Vendor extensions, which a reviewer of the document does not need.
//!
//! More than half of a Policy API document of NSX is extensions such as
//! `x-vmw-nsx-example-request`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::change::Change;
use crate::document::key_order::KeyKind;
use crate::document::{IDEMPOTENT, ORIGINAL_ID, PRIVILEGES};
use crate::normalize::X_SECRET;

/// The extensions that the generator uses.
const USED: [&str; 4] = [IDEMPOTENT, ORIGINAL_ID, PRIVILEGES, X_SECRET];

/// `extensions`: drops all other extensions.
pub(super) fn drop_unused(root: &mut Value, changes: &mut Vec<Change>) {
    let mut counts = BTreeMap::new();
    strip_unused(root, KeyKind::Members, &mut counts);
    for (name, count) in counts {
        let message = format!("dropped `{name}`, which the generator does not use ({count} times)");
        changes.push(Change::of_document("extensions", "#", message));
    }
}

/// Whether two parts of documents are equal apart from these extensions.
pub(super) fn is_same(one: &Value, other: &Value, keys: KeyKind) -> bool {
    let plain = |node: &Value| {
        let mut node = node.clone();
        strip_unused(&mut node, keys, &mut BTreeMap::new());
        node
    };
    one == other || plain(one) == plain(other)
}

fn strip_unused(node: &mut Value, keys: KeyKind, counts: &mut BTreeMap<String, usize>) {
    match node {
        Value::Object(map) => {
            map.retain(|key, inner| {
                let is_unused = keys == KeyKind::Members
                    && key.starts_with("x-")
                    && !USED.contains(&key.as_str());
                match is_unused {
                    true => *counts.entry(key.clone()).or_default() += 1,
                    false => strip_unused(inner, keys.below(key), counts),
                }
                !is_unused
            });
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|inner| strip_unused(inner, keys, counts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unused_vendor_extensions_are_dropped_and_names_and_data_are_kept() {
        let mut root = json!({
            "x-vendor": {"a": 1},
            "paths": {"/a": {"x-vendor": 1, "get": {
                "x-idempotent": true,
                "x-operation-id": "A",
                "x-required-privileges": ["p"],
                "x-vmw": [1],
                "responses": {"200": {"headers": {"x-request-id": {"schema": {"x-vmw": 1}}}}},
            }}},
            "components": {"schemas": {"x-a": {
                "properties": {"x-b": {"x-vmw": 1, "default": {"x-c": 1}}},
                "example": {"x-d": 1},
            }}},
        });
        let mut changes = Vec::new();
        drop_unused(&mut root, &mut changes);
        assert_eq!(
            root,
            json!({
                "paths": {"/a": {"get": {
                    "x-idempotent": true,
                    "x-operation-id": "A",
                    "x-required-privileges": ["p"],
                    "responses": {"200": {"headers": {"x-request-id": {"schema": {}}}}},
                }}},
                "components": {"schemas": {"x-a": {
                    "properties": {"x-b": {"default": {"x-c": 1}}},
                    "example": {"x-d": 1},
                }}},
            })
        );
        let messages: Vec<&str> = changes
            .iter()
            .map(|change| change.message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "dropped `x-vendor`, which the generator does not use (2 times)",
                "dropped `x-vmw`, which the generator does not use (3 times)",
            ]
        );
    }
}
