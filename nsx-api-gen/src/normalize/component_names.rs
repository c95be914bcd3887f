//! Renames components whose names collide in Rust.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::discriminated_union;
use crate::document::{component, component_at, for_each_schema, items, join, members, reference};
use crate::names::{self, NumberSuffixes, RESERVED_TYPES, type_name};

/// `schema_names`: components whose names are equal in Rust, such as `IPInfo` and `IpInfo`, get a
/// number. Components named like a type that the generated code uses get the suffix `Object`.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    let renamed = new_component_names(root);
    record_renames(&renamed, changes);
    rename(root, &renamed);
}

/// `schema_names` for part of a document. The names are those that the whole document requires, so
/// that they do not depend on which part is imported. The old name of a component stays its
/// discriminator value.
pub(crate) fn apply_component_names(
    root: &mut Value,
    mut whole: BTreeMap<String, String>,
    changes: &mut Vec<Change>,
) {
    let has = |name: &String| root.pointer(target(name).trim_start_matches('#')).is_some();
    whole.retain(|old, _| has(old));
    record_renames(&whole, changes);
    keep_discriminator_values(root, &whole);
    rename(root, &whole);
}

fn record_renames(renamed: &BTreeMap<String, String>, changes: &mut Vec<Change>) {
    for (old, new) in renamed {
        let message = format!(
            "the name `{}` is already used in Rust: renamed to {new}",
            type_name(old)
        );
        changes.push(Change::of_document("schema_names", target(old), message));
    }
}

/// The name of a component is its implicit discriminator value. It is made explicit before the
/// component is renamed.
fn keep_discriminator_values(root: &mut Value, renamed: &BTreeMap<String, String>) {
    if renamed.is_empty() {
        return;
    }
    let of = |name: &String| (name.clone(), bases(root, name));
    let variants: Vec<(String, BTreeSet<String>)> = renamed.keys().map(of).collect();
    if let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") {
        for (variant, bases) in &variants {
            for base in bases {
                keep_value_in_base(schemas.get_mut(base), variant);
            }
        }
    }
    for_each_schema(root, &mut |schema| keep_value_in_union(schema, renamed));
}

/// Adds the value of a component that inherits from a base. A base that lists its variants is
/// handled as a union.
fn keep_value_in_base(base: Option<&mut Value>, variant: &str) {
    let base = base.filter(|base| discriminated_union::union_variants(base).is_none());
    if let Some(discriminator) = base.and_then(own_discriminator) {
        keep_value(discriminator, variant);
    }
}

/// The discriminator of a schema or of one of its inline parts.
fn own_discriminator(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    if schema.get("discriminator").is_some() {
        return schema.get_mut("discriminator")?.as_object_mut();
    }
    let parts = schema.get_mut("allOf")?.as_array_mut()?;
    parts.iter_mut().find_map(own_discriminator)
}

/// Adds the values of the variants that a union lists.
fn keep_value_in_union(schema: &mut Map<String, Value>, renamed: &BTreeMap<String, String>) {
    let parts = schema.get("oneOf").or(schema.get("anyOf"));
    let variants = items(parts).filter_map(reference).map(component);
    let variants = variants.filter(|name| renamed.contains_key(*name));
    let variants: Vec<String> = variants.map(str::to_owned).collect();
    if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator") {
        for variant in &variants {
            keep_value(discriminator, variant);
        }
    }
}

fn keep_value(discriminator: &mut Map<String, Value>, variant: &str) {
    let mapping = discriminator.entry("mapping").or_insert_with(|| json!({}));
    if let Some(mapping) = mapping.as_object_mut() {
        let value = mapping.entry(variant);
        value.or_insert_with(|| json!(target(variant)));
    }
}

/// All components that a component inherits from through `allOf`.
fn bases(root: &Value, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![name.to_owned()];
    while let Some(name) = pending.pop() {
        let schema = root.pointer(target(&name).trim_start_matches('#'));
        let parts = items(schema.and_then(|schema| schema.get("allOf")));
        for base in parts.filter_map(reference).map(component) {
            if found.insert(base.to_owned()) {
                pending.push(base.to_owned());
            }
        }
    }
    found
}

/// The components to rename, with their new names.
pub(crate) fn new_component_names(root: &Value) -> BTreeMap<String, String> {
    let all = || members(root.pointer("/components/schemas")).map(|(name, _)| name);
    let mut by_type: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in all().filter(|name| names::has_ident(name)) {
        by_type.entry(type_name(name)).or_default().push(name);
    }
    let mut taken: BTreeSet<String> = by_type.keys().cloned().collect();
    let mut numbers = NumberSuffixes::default();
    let mut renamed = BTreeMap::new();
    for (rust, mut names) in by_type {
        let is_reserved = RESERVED_TYPES.contains(&rust.as_str());
        if names.len() == 1 && !is_reserved {
            continue;
        }
        // The component that is already named as in Rust keeps its name.
        names.sort_by_key(|name| (**name != rust, *name));
        let kept = usize::from(!is_reserved);
        for name in names.into_iter().skip(kept) {
            let object = is_reserved.then(|| format!("{rust}Object"));
            let object = object.filter(|new| !taken.contains(new));
            let numbered = |number| {
                let new = format!("{rust}{number}");
                (!taken.contains(&new)).then_some(new)
            };
            let new = object.or_else(|| numbers.first_free(&rust, numbered));
            let new = new.unwrap_or_default();
            taken.insert(type_name(&new));
            renamed.insert(name.clone(), new);
        }
    }
    renamed
}

/// Renames components and all references to them.
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
    for_each_schema(root, &mut |schema| redirect_mapping(schema, &targets));
}

fn target(name: &str) -> String {
    join("#/components/schemas", name)
}

/// Updates references.
fn redirect(node: &mut Value, targets: &BTreeMap<String, String>) {
    match node {
        Value::Object(map) => {
            let new = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|old| redirected(old, targets));
            if let Some(new) = new {
                map.insert("$ref".to_owned(), json!(new));
            }
            map.values_mut().for_each(|inner| redirect(inner, targets));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| redirect(inner, targets)),
        _ => {}
    }
}

/// The new target of a reference to or into a renamed component.
fn redirected(reference: &str, targets: &BTreeMap<String, String>) -> Option<String> {
    let old = component_at(reference)?;
    let rest = reference.strip_prefix(old)?;
    Some(format!("{}{rest}", targets.get(old)?))
}

/// The mapping of a discriminator contains references or plain component names.
fn redirect_mapping(schema: &mut Map<String, Value>, targets: &BTreeMap<String, String>) {
    let discriminator = schema.get_mut("discriminator");
    let mapping = discriminator.and_then(|one| one.get_mut("mapping"));
    let mapping = mapping.and_then(Value::as_object_mut);
    for value in mapping.into_iter().flat_map(Map::values_mut) {
        let old = value.as_str().unwrap_or_default();
        let new = redirected(old, targets).or_else(|| targets.get(&target(old)).cloned());
        if let Some(new) = new {
            *value = json!(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_whose_rust_names_collide_are_renamed_with_their_references() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut root = json!({
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": to("IPInfo")}}}}}}},
            "components": {"schemas": {
                "IPInfo": {"type": "object", "discriminator": {"mapping": {"o": "#/components/schemas/Option"}}},
                "IpInfo": {"properties": {"a": to("Option"), "b": to("IpInfo"), "c": to("Option/items")}},
                "IpInfo2": {"type": "string"},
                "Option": {"items": to("IPInfo")},
            }},
        });
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        assert_eq!(
            root,
            json!({
                "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": to("IpInfo3")}}}}}}},
                "components": {"schemas": {
                    "IpInfo3": {"type": "object", "discriminator": {"mapping": {"o": "#/components/schemas/OptionObject"}}},
                    "IpInfo": {"properties": {"a": to("OptionObject"), "b": to("IpInfo"), "c": to("OptionObject/items")}},
                    "IpInfo2": {"type": "string"},
                    "OptionObject": {"items": to("IpInfo3")},
                }},
            })
        );
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            changes,
            [
                "schema_names: #/components/schemas/IPInfo: the name `IpInfo` is already used in Rust: renamed to IpInfo3",
                "schema_names: #/components/schemas/Option: the name `Option` is already used in Rust: renamed to OptionObject",
            ]
        );
    }

    #[test]
    fn names_of_an_imported_part_match_the_whole_document_and_keep_discriminator_values() {
        let whole = json!({"components": {"schemas": {
            "Base": {"discriminator": {"propertyName": "type"}},
            "Ip": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
            "IP": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
        }}});
        let mut part = whole.clone();
        if let Some(Value::Object(schemas)) = part.pointer_mut("/components/schemas") {
            schemas.shift_remove("Ip");
        }
        let mut changes = Vec::new();
        apply_component_names(&mut part, new_component_names(&whole), &mut changes);
        assert_eq!(
            part,
            json!({"components": {"schemas": {
                "Base": {"discriminator": {"propertyName": "type", "mapping": {"IP": "#/components/schemas/Ip2"}}},
                "Ip2": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
            }}})
        );
        assert_eq!(changes.len(), 1);
        apply_component_names(&mut json!({}), new_component_names(&whole), &mut changes);
        assert_eq!(changes.len(), 1);
    }

    fn to(name: &str) -> Value {
        json!({"$ref": target(name)})
    }

    /// The schemas of a document in which `IP` is renamed to `Ip2`.
    fn renamed(schemas: Value) -> Value {
        let mut root = json!({"components": {"schemas": schemas}});
        let names = BTreeMap::from([("IP".to_owned(), "Ip2".to_owned())]);
        apply_component_names(&mut root, names, &mut Vec::new());
        root["components"]["schemas"].take()
    }

    #[test]
    fn a_renamed_oneof_variant_keeps_its_discriminator_value() {
        for key in ["oneOf", "anyOf"] {
            let union =
                json!({key: [to("IP"), to("Ip")], "discriminator": {"propertyName": "type"}});
            let list = json!({"type": "array", "items": union.clone()});
            let schemas = renamed(json!({"IP": {}, "Ip": {}, "Union": union, "List": list}));
            let unions = [&schemas["Union"], &schemas["List"]["items"]];
            for union in unions {
                assert_eq!(union[key], json!([to("Ip2"), to("Ip")]));
                assert_eq!(
                    union["discriminator"]["mapping"],
                    json!({"IP": target("Ip2")})
                );
            }
        }
    }

    #[test]
    fn a_renamed_allof_child_keeps_its_inherited_discriminator_value() {
        let property = json!({"type": {"type": "string", "enum": ["IP", "Other"]}});
        let part = json!({"properties": property, "discriminator": {"propertyName": "type"}});
        let schemas = renamed(json!({
            "Root": {"properties": {"id": {"type": "string"}}},
            "Base": {"allOf": [to("Root"), part]},
            "Between": {"allOf": [to("Base")]},
            "IP": {"allOf": [to("Between")]},
        }));
        let mapping = &schemas["Base"]["allOf"][1]["discriminator"]["mapping"];
        assert_eq!(mapping, &json!({"IP": target("Ip2")}));
        assert_eq!(schemas["Between"], json!({"allOf": [to("Base")]}));
    }

    #[test]
    fn a_plain_name_in_a_discriminator_mapping_is_updated() {
        let schemas = renamed(json!({
            "Base": {
                "properties": {"type": {"type": "string"}, "mapping": {"title": "IP"}},
                "discriminator": {"propertyName": "type", "mapping": {"ip": "IP", "any": "Any"}},
            },
            "IP": {"allOf": [to("Base")]},
            "Any": {"allOf": [to("Base")]},
        }));
        let base = &schemas["Base"];
        assert_eq!(
            base["discriminator"]["mapping"],
            json!({"ip": target("Ip2"), "any": "Any", "IP": target("Ip2")})
        );
        assert_eq!(base["properties"]["mapping"], json!({"title": "IP"}));
    }
}
