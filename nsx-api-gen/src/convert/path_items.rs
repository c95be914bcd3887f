//! Inlines path items that are references. In OpenAPI 3.0 the `$ref` of a path item points to
//! another path item; OpenAPI 3.1 also has `components/pathItems`.

use serde_json::{Map, Value};

use crate::document::change::Change;
use crate::document::{self, join, reference, resolve};
use crate::read::Budget;

/// `path_items`: a path item with a `$ref` gets the members of its target and keeps its own. A
/// dangling reference is left for [`check`](crate::check) to report.
pub(crate) fn inline_references(root: &mut Value, changes: &mut Vec<Change>) {
    let room = Budget::default();
    let mut written = Vec::new();
    for (path, item) in document::paths(root) {
        let Some(target) = reference(item) else {
            continue;
        };
        let found = resolve(root, item).filter(|found| room.covers(found));
        if let Some(members) = found.and_then(Value::as_object) {
            let mut all: Map<String, Value> = members.clone();
            let own = document::members(Some(item)).filter(|(key, _)| *key != "$ref");
            all.extend(own.map(|(key, own)| (key.clone(), own.clone())));
            written.push((path.clone(), target.to_owned(), all));
        }
    }
    for (path, target, item) in written {
        let message = format!("inlined `{target}`");
        changes.push(Change::of_document(
            "path_items",
            join("#/paths", &path),
            message,
        ));
        if let Some(place) = root.get_mut("paths").and_then(|paths| paths.get_mut(&path)) {
            *place = Value::Object(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_item_reference_is_replaced_by_its_target() {
        let get = json!({"operationId": "Get"});
        let mut root = json!({
            "paths": {
                "/a": {"get": get},
                "/b": {"$ref": "#/paths/~1a", "summary": "B"},
                "/c": {"$ref": "#/components/pathItems/C"},
                "/d": {"$ref": "#/nothing"},
                "/e": {"$ref": "#/paths/~1e"},
            },
            "components": {"pathItems": {"C": {"$ref": "#/paths/~1b"}}},
        });
        let mut changes = Vec::new();
        inline_references(&mut root, &mut changes);
        assert_eq!(root["paths"]["/b"], json!({"get": get, "summary": "B"}));
        assert_eq!(root["paths"]["/c"], json!({"get": get}));
        assert_eq!(root["paths"]["/d"], json!({"$ref": "#/nothing"}));
        assert_eq!(root["paths"]["/e"], json!({"$ref": "#/paths/~1e"}));
        assert_eq!(changes.len(), 2);
    }
}
