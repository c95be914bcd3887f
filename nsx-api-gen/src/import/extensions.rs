//! The extensions of a vendor, which a person who reviews a document has no use for.
//!
//! `x-vmw-nsx-example-request` and its like are more than half of a document of NSX's Policy API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::change::Change;
use crate::document::key_order::Keys;
use crate::document::{IDEMPOTENT, ORIGINAL_ID, PRIVILEGES};

/// The extensions that code or its docs are made of.
const READ: [&str; 3] = [IDEMPOTENT, ORIGINAL_ID, PRIVILEGES];

/// `extensions`: those that nothing is made of are left out.
pub(super) fn leave_out(root: &mut Value, changes: &mut Vec<Change>) {
    let mut counts = BTreeMap::new();
    strip(root, Keys::Members, &mut counts);
    for (name, count) in counts {
        let message = format!("`{name}` is left out {count} times: nothing is made of it");
        changes.push(Change::of_document("extensions", "#", message));
    }
}

/// Whether two parts of documents are the same, but for these extensions.
pub(super) fn is_same(one: &Value, other: &Value, keys: Keys) -> bool {
    let plain = |node: &Value| {
        let mut node = node.clone();
        strip(&mut node, keys, &mut BTreeMap::new());
        node
    };
    one == other || plain(one) == plain(other)
}

fn strip(node: &mut Value, keys: Keys, counts: &mut BTreeMap<String, usize>) {
    match node {
        Value::Object(map) => {
            map.retain(|key, inner| {
                let is_left_out =
                    keys == Keys::Members && key.starts_with("x-") && !READ.contains(&key.as_str());
                match is_left_out {
                    true => *counts.entry(key.clone()).or_default() += 1,
                    false => strip(inner, keys.below(key), counts),
                }
                !is_left_out
            });
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| strip(inner, keys, counts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn extensions_that_nothing_is_made_of_are_left_out_and_names_and_data_are_none() {
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
        leave_out(&mut root, &mut changes);
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
                "`x-vendor` is left out 2 times: nothing is made of it",
                "`x-vmw` is left out 3 times: nothing is made of it",
            ]
        );
    }
}
