//! Names of components that Rust cannot tell apart, or has already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::change::Change;
use crate::document::{join, members};
use crate::names::{self, RESERVED_TYPES, type_name};

/// `schema_names`: components whose names are one in Rust, as `IPInfo` and `IpInfo` are, get a number; those that have the name of
/// a type that code has anyway get `Object` behind it.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let renamed = new_names(root);
    for (old, new) in &renamed {
        let message = format!("`{}` is taken in Rust: called {new}", type_name(old));
        changes.push(Change::of_document("schema_names", target(old), message));
    }
    rename(root, &renamed);
}

fn new_names(root: &Value) -> BTreeMap<String, String> {
    let all = || members(root.pointer("/components/schemas")).map(|(name, _)| name);
    let mut by_type: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in all().filter(|name| names::has_ident(name)) {
        by_type.entry(type_name(name)).or_default().push(name);
    }
    let mut taken: BTreeSet<String> = by_type.keys().cloned().collect();
    let mut renamed = BTreeMap::new();
    for (rust, mut names) in by_type {
        let is_reserved = RESERVED_TYPES.contains(&rust.as_str());
        if names.len() == 1 && !is_reserved {
            continue;
        }
        // The one that is called as in Rust keeps its name.
        names.sort_by_key(|name| (**name != rust, *name));
        let kept = usize::from(!is_reserved);
        for name in names.into_iter().skip(kept) {
            let new = free(&rust, is_reserved, &taken);
            taken.insert(type_name(&new));
            renamed.insert(name.clone(), new);
        }
    }
    renamed
}

fn free(rust: &str, is_reserved: bool, taken: &BTreeSet<String>) -> String {
    let object = is_reserved.then(|| format!("{rust}Object"));
    let numbered = (2..).map(|number| format!("{rust}{number}"));
    let mut names = object.into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Renames components, and all references to them.
fn rename(root: &mut Value, names: &BTreeMap<String, String>) {
    if names.is_empty() {
        return;
    }
    if let Some(schemas) = root
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        let old = std::mem::take(schemas);
        schemas.extend(
            old.into_iter()
                .map(|(name, schema)| match names.get(&name) {
                    Some(new) => (new.clone(), schema),
                    None => (name, schema),
                }),
        );
    }
    let targets: BTreeMap<String, String> = names
        .iter()
        .map(|(old, new)| (target(old), target(new)))
        .collect();
    redirect(root, &targets);
}

fn target(name: &str) -> String {
    join("#/components/schemas", name)
}

/// Changes where references lead to. What a discriminator maps to is a reference too.
fn redirect(node: &mut Value, targets: &BTreeMap<String, String>) {
    match node {
        Value::Object(map) => {
            let new = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|old| targets.get(old));
            if let Some(new) = new.cloned() {
                map.insert("$ref".to_owned(), json!(new));
            }
            if let Some(Value::Object(mapping)) = map.get_mut("mapping") {
                for value in mapping.values_mut() {
                    let new = value.as_str().and_then(|old| targets.get(old));
                    if let Some(new) = new {
                        *value = json!(new);
                    }
                }
            }
            map.values_mut().for_each(|inner| redirect(inner, targets));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| redirect(inner, targets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_whose_names_are_taken_in_rust_are_renamed_with_all_that_leads_to_them() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut root = json!({
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": to("IPInfo")}}}}}}},
            "components": {"schemas": {
                "IPInfo": {"type": "object", "discriminator": {"mapping": {"o": "#/components/schemas/Option"}}},
                "IpInfo": {"properties": {"a": to("Option"), "b": to("IpInfo")}},
                "IpInfo2": {"type": "string"},
                "Option": {"items": to("IPInfo")},
            }},
        });
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        assert_eq!(
            root,
            json!({
                "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": to("IpInfo3")}}}}}}},
                "components": {"schemas": {
                    "IpInfo3": {"type": "object", "discriminator": {"mapping": {"o": "#/components/schemas/OptionObject"}}},
                    "IpInfo": {"properties": {"a": to("OptionObject"), "b": to("IpInfo")}},
                    "IpInfo2": {"type": "string"},
                    "OptionObject": {"items": to("IpInfo3")},
                }},
            })
        );
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            changes,
            [
                "schema_names: #/components/schemas/IPInfo: `IpInfo` is taken in Rust: called IpInfo3",
                "schema_names: #/components/schemas/Option: `Option` is taken in Rust: called OptionObject",
            ]
        );
    }
}
