//! `overridden_property`: reports the properties that a schema inherits through `allOf` and defines
//! again with another type. The new definition overrides the inherited one when the parts are
//! merged (see [`all_of`]).

use serde_json::Value;

use crate::document::change::Change;
use crate::document::{all_of, for_each_schema_at};

pub(super) fn report(root: &mut Value, changes: &mut Vec<Change>) {
    let mut combined = Vec::new();
    for_each_schema_at(root, &mut |at, schema| {
        if schema.contains_key("allOf") {
            combined.push(at.to_string());
        }
    });
    for pointer in combined {
        let schema = root.pointer(pointer.trim_start_matches('#'));
        let Some(schema) = schema.filter(|schema| all_of::needs_merge(schema)) else {
            continue;
        };
        let overridden = all_of::merge(root, schema).overridden;
        if !overridden.is_empty() {
            let names: Vec<String> = overridden.iter().map(|name| format!("`{name}`")).collect();
            let names = names.join(", ");
            let message =
                format!("{names}: redefined with another type, which overrides the inherited one");
            changes.push(Change::of_document(
                "overridden_property",
                &pointer,
                message,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_overridden_property_is_reported_where_it_is_defined_again() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let own = |kind: &str| json!({"properties": {"p": {"type": kind}}});
        let inline = json!({"allOf": [to("A"), own("boolean")]});
        let mut root = json!({
            "components": {"schemas": {
                "A": own("string"),
                "B": {"allOf": [to("A"), own("integer")]},
                "Grandchild": {"allOf": [to("B"), {"properties": {"q": {}}}]},
                "Same": {"allOf": [to("A"), own("string")]},
            }},
            "paths": {"/a": {"get": {"parameters": [{"schema": inline}]}}},
        });
        let before = root.clone();
        let mut changes = Vec::new();
        report(&mut root, &mut changes);
        assert_eq!(root, before);
        let pointers: Vec<&str> = changes.iter().map(|change| &*change.pointer).collect();
        let inline = "#/paths/~1a/get/parameters/0/schema";
        assert_eq!(pointers, ["#/components/schemas/B", inline]);
        let message = "`p`: redefined with another type, which overrides the inherited one";
        assert!(changes.iter().all(|change| change.message == message));
    }
}
