//! `rust_name_collision`: reports properties and parameters whose Rust names collide. The document
//! is not changed, because the names on the wire stay the same. In Rust the later one gets a number
//! (`foo-bar` next to `foo_bar` becomes `foo_bar_2`). No known document of NSX Manager has such
//! names.

use serde_json::Value;

use crate::document::all_of::property_names;
use crate::document::change::Change;
use crate::document::{join, members, operations};
use crate::model::parameters;
use crate::names::{deduplicate, field_name};

const PASS: &str = "rust_name_collision";

/// Reports the properties and parameters with a numbered Rust name.
pub(super) fn report(root: &Value, changes: &mut Vec<Change>) {
    for (name, schema) in members(root.pointer("/components/schemas")) {
        let pointer = join("#/components/schemas", name);
        let list = property_names(root, schema);
        let rust = list.iter().map(|name| field_name(name)).collect();
        for (json, rust) in list.iter().zip(deduplicate(rust)) {
            if rust != field_name(json) {
                changes.push(Change::of_document(
                    PASS,
                    &pointer,
                    message("property", json, &rust),
                ));
            }
        }
    }
    for place in operations(root) {
        for parameter in parameters(root, &place) {
            if parameter.rust != field_name(&parameter.name) {
                changes.push(Change {
                    pass: PASS,
                    pointer: place.pointer.clone(),
                    operation: Some(place.id().unwrap_or_default().to_owned()),
                    message: message("parameter", &parameter.name, &parameter.rust),
                });
            }
        }
    }
}

fn message(kind: &str, name: &str, rust: &str) -> String {
    format!("the {kind} `{name}` is named `{rust}` in Rust, because its name is already used")
}
