//! Path items that refer to others are written out: OpenAPI 3.0 has a `$ref` in a path item, which leads to another one, and 3.1 has
//! `components/pathItems` for what several paths share.

use serde_json::{Map, Value};

use crate::document::change::Change;
use crate::document::{self, join, reference, resolve};
use crate::read::Budget;

/// `path_items`: a path item that refers to another gets that one's members, and keeps its own. One that leads nowhere stays, for
/// [`check`](crate::check) to report.
pub(crate) fn write_out(root: &mut Value, changes: &mut Vec<Change>) {
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
        let message = format!("`{target}` is written out");
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
    fn a_path_item_that_refers_to_another_has_its_operations() {
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
        write_out(&mut root, &mut changes);
        assert_eq!(root["paths"]["/b"], json!({"get": get, "summary": "B"}));
        assert_eq!(root["paths"]["/c"], json!({"get": get}));
        assert_eq!(root["paths"]["/d"], json!({"$ref": "#/nothing"}));
        assert_eq!(root["paths"]["/e"], json!({"$ref": "#/paths/~1e"}));
        assert_eq!(changes.len(), 2);
    }
}
