//! `names_apart`: names that are one in Rust. On the wire each stays what it is, so nothing is changed in the document; the later of
//! two gets a number behind its name in Rust (`foo-bar` beside `foo_bar` is `foo_bar_2`). No document of NSX Manager that is known has such names.

use serde_json::Value;

use crate::document::change::Change;
use crate::document::{join, members, operations, properties};
use crate::model::parameters;
use crate::names::{apart, field_name};

const PASS: &str = "names_apart";

/// Tells which properties and parameters have another name in Rust than they would have alone.
pub(super) fn tell(root: &Value, changes: &mut Vec<Change>) {
    for (name, schema) in members(root.pointer("/components/schemas")) {
        let pointer = join("#/components/schemas", name);
        let list = properties(root, schema);
        let rust = list.iter().map(|name| field_name(name)).collect();
        for (json, rust) in list.iter().zip(apart(rust)) {
            if rust != field_name(json) {
                changes.push(Change::of_document(
                    PASS,
                    &pointer,
                    told("property", json, &rust),
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
                    message: told("parameter", &parameter.name, &parameter.rust),
                });
            }
        }
    }
}

fn told(kind: &str, name: &str, rust: &str) -> String {
    format!("the {kind} `{name}` is `{rust}` in Rust, where another has its name")
}
