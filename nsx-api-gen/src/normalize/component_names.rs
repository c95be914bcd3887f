//! Names of components that Rust cannot tell apart, or has already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::union;
use crate::document::{component, component_at, for_each_schema, items, join, members, reference};
use crate::names::{self, Numbers, RESERVED_TYPES, type_name};

/// `schema_names`: components whose names are one in Rust, as `IPInfo` and `IpInfo` are, get a number; those that have the name of
/// a type that code has anyway get `Object` behind it.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let renamed = new_names(root);
    tell(&renamed, changes);
    rename(root, &renamed);
}

/// `schema_names` for a part of a document: the new names are those that the whole document calls for, so that they are the same
/// whichever part it is. What is renamed keeps its old name as a value of discriminators.
pub(crate) fn names_of_whole(
    root: &mut Value,
    mut whole: BTreeMap<String, String>,
    changes: &mut Vec<Change>,
) {
    let has = |name: &String| root.pointer(target(name).trim_start_matches('#')).is_some();
    whole.retain(|old, _| has(old));
    tell(&whole, changes);
    keep_values(root, &whole);
    rename(root, &whole);
}

fn tell(renamed: &BTreeMap<String, String>, changes: &mut Vec<Change>) {
    for (old, new) in renamed {
        let message = format!("`{}` is taken in Rust: called {new}", type_name(old));
        changes.push(Change::of_document("schema_names", target(old), message));
    }
}

/// A component's name is a value of the discriminators that it is a variant of, without being said: it is said before the name changes.
fn keep_values(root: &mut Value, renamed: &BTreeMap<String, String>) {
    if renamed.is_empty() {
        return;
    }
    let of = |name: &String| (name.clone(), bases(root, name));
    let variants: Vec<(String, BTreeSet<String>)> = renamed.keys().map(of).collect();
    if let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") {
        for (variant, bases) in &variants {
            for base in bases {
                keep_in_base(schemas.get_mut(base), variant);
            }
        }
    }
    for_each_schema(root, &mut |schema| keep_in_choice(schema, renamed));
}

/// Says the value of one that is made of a base. What lists its variants itself is a choice.
fn keep_in_base(base: Option<&mut Value>, variant: &str) {
    let base = base.filter(|base| union::parts(base).is_none());
    if let Some(discriminator) = base.and_then(own_discriminator) {
        keep_value(discriminator, variant);
    }
}

/// The discriminator of a schema, or of a part that stands in it.
fn own_discriminator(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    if schema.get("discriminator").is_some() {
        return schema.get_mut("discriminator")?.as_object_mut();
    }
    let parts = schema.get_mut("allOf")?.as_array_mut()?;
    parts.iter_mut().find_map(own_discriminator)
}

/// Says the values of those that a choice lists.
fn keep_in_choice(schema: &mut Map<String, Value>, renamed: &BTreeMap<String, String>) {
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

/// The components that a component is made of by `allOf`, and those in turn.
fn bases(root: &Value, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let schema = root.pointer(target(&name).trim_start_matches('#'));
        let parts = items(schema.and_then(|schema| schema.get("allOf")));
        for base in parts.filter_map(reference).map(component) {
            if found.insert(base.to_owned()) {
                open.push(base.to_owned());
            }
        }
    }
    found
}

/// The components that get another name, and which.
pub(crate) fn new_names(root: &Value) -> BTreeMap<String, String> {
    let all = || members(root.pointer("/components/schemas")).map(|(name, _)| name);
    let mut by_type: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in all().filter(|name| names::has_ident(name)) {
        by_type.entry(type_name(name)).or_default().push(name);
    }
    let mut taken: BTreeSet<String> = by_type.keys().cloned().collect();
    let mut numbers = Numbers::default();
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
            let object = is_reserved.then(|| format!("{rust}Object"));
            let object = object.filter(|new| !taken.contains(new));
            let numbered = |number| {
                let new = format!("{rust}{number}");
                (!taken.contains(&new)).then_some(new)
            };
            let new = object.or_else(|| numbers.first(&rust, numbered));
            let new = new.unwrap_or_default();
            taken.insert(type_name(&new));
            renamed.insert(name.clone(), new);
        }
    }
    renamed
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
    for_each_schema(root, &mut |schema| redirect_mapping(schema, &targets));
}

fn target(name: &str) -> String {
    join("#/components/schemas", name)
}

/// Changes where references lead to.
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

/// Where a reference to a component that is renamed, or into it, leads.
fn redirected(reference: &str, targets: &BTreeMap<String, String>) -> Option<String> {
    let old = component_at(reference)?;
    let rest = reference.strip_prefix(old)?;
    Some(format!("{}{rest}", targets.get(old)?))
}

/// What a discriminator maps to is a reference too, or the plain name of a component.
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
    fn schemas_whose_names_are_taken_in_rust_are_renamed_with_all_that_leads_to_them() {
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
        mend(&mut root, &mut changes);
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
                "schema_names: #/components/schemas/IPInfo: `IpInfo` is taken in Rust: called IpInfo3",
                "schema_names: #/components/schemas/Option: `Option` is taken in Rust: called OptionObject",
            ]
        );
    }

    #[test]
    fn names_of_a_part_are_those_of_the_whole_and_values_of_discriminators_stay() {
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
        names_of_whole(&mut part, new_names(&whole), &mut changes);
        assert_eq!(
            part,
            json!({"components": {"schemas": {
                "Base": {"discriminator": {"propertyName": "type", "mapping": {"IP": "#/components/schemas/Ip2"}}},
                "Ip2": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
            }}})
        );
        assert_eq!(changes.len(), 1);
        names_of_whole(&mut json!({}), new_names(&whole), &mut changes);
        assert_eq!(changes.len(), 1);
    }

    fn to(name: &str) -> Value {
        json!({"$ref": target(name)})
    }

    /// A document in which `IP` is called `Ip2`.
    fn renamed(schemas: Value) -> Value {
        let mut root = json!({"components": {"schemas": schemas}});
        let names = BTreeMap::from([("IP".to_owned(), "Ip2".to_owned())]);
        names_of_whole(&mut root, names, &mut Vec::new());
        root["components"]["schemas"].take()
    }

    #[test]
    fn the_value_of_what_a_choice_lists_stays() {
        for key in ["oneOf", "anyOf"] {
            let choice =
                json!({key: [to("IP"), to("Ip")], "discriminator": {"propertyName": "type"}});
            let list = json!({"type": "array", "items": choice.clone()});
            let schemas = renamed(json!({"IP": {}, "Ip": {}, "Choice": choice, "List": list}));
            let choices = [&schemas["Choice"], &schemas["List"]["items"]];
            for choice in choices {
                assert_eq!(choice[key], json!([to("Ip2"), to("Ip")]));
                assert_eq!(
                    choice["discriminator"]["mapping"],
                    json!({"IP": target("Ip2")})
                );
            }
        }
    }

    #[test]
    fn the_value_of_what_is_made_of_a_base_stays_where_a_part_has_the_discriminator() {
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
    fn a_plain_name_in_a_mapping_is_redirected() {
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
