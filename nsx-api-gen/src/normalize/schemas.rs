//! Schemas: their names, and what they say too little of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{nullable, redeclared, variants};
use crate::change::Change;
use crate::document::{for_each_schema, join, members};
use crate::names::{self, RESERVED_TYPES, type_name};

/// Mends the schemas of the document.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    for (name, pass) in PASSES {
        let mut count = 0;
        for_each_schema(root, &mut |schema| count += usize::from(pass(schema)));
        if count > 0 {
            changes.push(Change::of_document(name, "#", format!("{count} times")));
        }
    }
    nullable::mend(root, changes);
    // A value of a discriminator is the name that the document gives a component.
    variants::mend(root, changes);
    schema_names(root, changes);
    redeclared::mend(root, changes);
}

/// What is mended in one schema by itself: whether there was anything.
type Pass = fn(&mut Map<String, Value>) -> bool;

const PASSES: [(&str, Pass); 5] = [
    ("not_excluded", not_excluded),
    ("array_items", array_items),
    ("enum_type", enum_type),
    ("enum_texts", enum_texts),
    ("enum_names", enum_names),
];

/// `not_excluded`: what a value may not be makes no type, and is for the manager to check.
fn not_excluded(schema: &mut Map<String, Value>) -> bool {
    schema.shift_remove("not").is_some()
}

/// `array_items`: an array that does not say what of is one of any JSON.
fn array_items(schema: &mut Map<String, Value>) -> bool {
    let is_bare = is_type(schema, "array") && !schema.contains_key("items");
    if is_bare {
        schema.insert("items".to_owned(), json!({}));
    }
    is_bare
}

/// `enum_type`: values that are all text are text; others are any JSON.
fn enum_type(schema: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(values)) = schema.get("enum") else {
        return false;
    };
    if schema.contains_key("type") {
        return false;
    }
    match values.iter().all(Value::is_string) && !values.is_empty() {
        true => schema.insert("type".to_owned(), json!("string")),
        false => schema.remove("enum"),
    };
    true
}

/// `enum_texts`: values of a string that were written without quotes are text all the same.
fn enum_texts(schema: &mut Map<String, Value>) -> bool {
    if !is_type(schema, "string") {
        return false;
    }
    let mut any = false;
    for value in schema
        .get_mut("enum")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if matches!(value, Value::Bool(_) | Value::Number(_)) {
            *value = json!(value.to_string());
            any = true;
        }
    }
    any
}

/// `enum_names`: where two values are one in Rust, as `TCP` and `tcp` are, or one has no name there, there is no enum but a string.
fn enum_names(schema: &mut Map<String, Value>) -> bool {
    if !is_type(schema, "string") {
        return false;
    }
    let Some(Value::Array(values)) = schema.get("enum") else {
        return false;
    };
    let texts: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    let named = texts.iter().filter(|text| names::has_ident(text));
    let distinct: BTreeSet<String> = named.map(|text| type_name(text)).collect();
    let is_enum = distinct.len() == texts.len() && !values.is_empty();
    if !is_enum {
        schema.remove("enum");
    }
    !is_enum
}

fn is_type(schema: &Map<String, Value>, kind: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(kind)
}

/// `schema_names`: components whose names are one in Rust, as `IPInfo` and `IpInfo` are, get a number; those that have the name of
/// a type that code has anyway get `Object` behind it.
fn schema_names(root: &mut Value, changes: &mut Vec<Change>) {
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
        schema_names(&mut root, &mut changes);
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

    #[test]
    fn what_a_schema_says_too_little_of_is_filled_in() {
        for (schema, mended, passes) in [
            (
                json!({"type": "array"}),
                json!({"type": "array", "items": {}}),
                &["array_items"][..],
            ),
            (
                json!({"type": "string", "not": {"enum": ["a"]}, "description": "D"}),
                json!({"type": "string", "description": "D"}),
                &["not_excluded"],
            ),
            (
                json!({"enum": ["a", "b"]}),
                json!({"enum": ["a", "b"], "type": "string"}),
                &["enum_type"],
            ),
            (json!({"enum": [1, "b"]}), json!({}), &["enum_type"]),
            (
                json!({"type": "string", "enum": [1, true, "b"]}),
                json!({"type": "string", "enum": ["1", "true", "b"]}),
                &["enum_texts"],
            ),
            (
                json!({"type": "string", "enum": ["TCP", "tcp"]}),
                json!({"type": "string"}),
                &["enum_names"],
            ),
            (
                json!({"type": "string", "enum": ["a", "²"]}),
                json!({"type": "string"}),
                &["enum_names"],
            ),
            (
                json!({"type": "string", "enum": ["a", "a", "b", null]}),
                json!({"type": "string", "enum": ["a", "a", "b", null]}),
                &[],
            ),
        ] {
            let mut root = json!({"components": {"schemas": {"A": schema}}});
            let mut changes = Vec::new();
            mend(&mut root, &mut changes);
            assert_eq!(root["components"]["schemas"]["A"], mended);
            let made: Vec<&str> = changes.iter().map(|change| change.pass).collect();
            assert_eq!(made, passes);
        }
    }
}
