//! Which components the operations of a document reach, and how to keep those alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::{self, items, join, members, reference};

/// The pointers of the components that the paths reach, or that these others do, and what is reached from those: the children of a
/// base, too, where that may stand for each of them.
pub(crate) fn reached(root: &Value, others: Vec<String>) -> BTreeSet<String> {
    let children = children(root);
    let mut reached = BTreeSet::new();
    let mut bases = BTreeSet::new();
    let mut open: Vec<Reference> = others.into_iter().map(Reference::whole).collect();
    find(root.get("paths").unwrap_or(&Value::Null), false, &mut open);
    for requirement in requirements(root) {
        let names = members(Some(requirement)).map(|(name, _)| name);
        open.extend(names.map(|name| Reference::whole(join("#/components/securitySchemes", name))));
    }
    while let Some(Reference { target, is_parent }) = open.pop() {
        let Some(node) = root.pointer(target.trim_start_matches('#')) else {
            continue;
        };
        let is_base = !is_parent && node.get("discriminator").is_some();
        if is_base && bases.insert(target.clone()) {
            open.extend(children.get(&target).into_iter().flatten().cloned());
        }
        if reached.insert(target) {
            find(node, false, &mut open);
        }
    }
    reached
}

/// Keeps the components with these pointers.
pub(crate) fn keep(root: &mut Value, kept: &BTreeSet<String>) {
    let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) else {
        return;
    };
    for (section, parts) in components.iter_mut() {
        let pointer = join("#/components", section);
        if let Some(parts) = parts.as_object_mut().filter(|_| !section.starts_with("x-")) {
            parts.retain(|name, _| kept.contains(&join(&pointer, name)));
        }
    }
    components.retain(|_, parts| parts.as_object().is_none_or(|parts| !parts.is_empty()));
    if components.is_empty()
        && let Some(root) = root.as_object_mut()
    {
        root.shift_remove("components");
    }
}

/// Every component, by its pointer.
pub(crate) fn components(root: &Value) -> impl Iterator<Item = (String, &Value)> {
    let sections = members(root.get("components")).filter(|(name, _)| !name.starts_with("x-"));
    sections.flat_map(|(section, parts)| {
        let pointer = join("#/components", section);
        members(Some(parts)).map(move |(name, part)| (join(&pointer, name), part))
    })
}

/// The pointers of the components that a node refers to itself.
pub(crate) fn targets(node: &Value) -> BTreeSet<String> {
    let mut list = Vec::new();
    find(node, false, &mut list);
    list.into_iter().map(|one| one.target).collect()
}

/// The security requirements of the document and of its operations.
fn requirements(root: &Value) -> Vec<&Value> {
    let mut list: Vec<&Value> = items(root.get("security")).collect();
    for place in document::operations(root) {
        list.extend(items(place.node.get("security")));
    }
    list
}

/// A reference to a component.
#[derive(Clone)]
struct Reference {
    target: String,
    /// Whether it says what a schema is made of, and not what may stand there.
    is_parent: bool,
}

impl Reference {
    fn whole(target: String) -> Self {
        Self {
            target,
            is_parent: false,
        }
    }
}

/// The components that a node refers to. A discriminator's mapping refers too, without `$ref`.
fn find(node: &Value, is_parent: bool, into: &mut Vec<Reference>) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(target) if target.starts_with("#/components/") => {
                        let target = target.clone();
                        into.push(Reference { target, is_parent });
                    }
                    Value::Object(mapping) if key == "mapping" => {
                        into.extend(mapping.values().filter_map(mapped).map(Reference::whole));
                    }
                    inner => find(inner, key == "allOf", into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| find(inner, is_parent, into)),
        _ => {}
    }
}

/// The schemas that are made of each by `allOf`, and of those in turn.
fn children(root: &Value) -> BTreeMap<String, Vec<Reference>> {
    let mut direct: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, schema) in members(root.pointer("/components/schemas")) {
        for parent in items(schema.get("allOf")).filter_map(reference) {
            let child = join("#/components/schemas", name);
            direct.entry(parent.to_owned()).or_default().push(child);
        }
    }
    let parents = direct.keys().cloned();
    parents
        .map(|parent| {
            let descendants = descendants(&direct, &parent).into_iter();
            (parent, descendants.map(Reference::whole).collect())
        })
        .collect()
}

fn descendants(direct: &BTreeMap<String, Vec<String>>, parent: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![parent];
    while let Some(parent) = open.pop() {
        for child in direct.get(parent).into_iter().flatten() {
            if found.insert(child.clone()) {
                open.push(child);
            }
        }
    }
    found
}

/// A mapping leads to a reference, or to the name of a schema.
fn mapped(value: &Value) -> Option<String> {
    let value = value.as_str()?;
    Some(match value.starts_with('#') {
        true => value.to_owned(),
        false => join("#/components/schemas", value),
    })
}
