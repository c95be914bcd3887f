//! Which components the operations of a document reach, and how to keep those alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::inheritance::Children;
use super::operation::operations;
use super::pointer::{component, component_at, items, join, members};
use super::union;

const SCHEMAS: &str = "#/components/schemas";

/// The pointers of the components that the paths reach, or that these others do, and what is reached from those: the children of a
/// base, too, where that may stand for each of them.
pub(crate) fn reached(root: &Value, others: Vec<String>) -> BTreeSet<String> {
    let children = Children::new(root);
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
        let is_base = !is_parent && union::discriminator(root, node).is_some();
        if is_base && bases.insert(target.clone()) {
            // They inherit the discriminator, so that their children come in turn.
            let children = children.of(component(&target)).iter();
            open.extend(children.map(|child| Reference::whole(join(SCHEMAS, child))));
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
    for place in operations(root) {
        list.extend(items(place.node.get("security")));
    }
    list
}

/// A reference to a component.
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
                        into.extend(component_at(target).map(|target| Reference {
                            target: target.to_owned(),
                            is_parent,
                        }));
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

/// A mapping leads to a reference, or to the name of a schema.
fn mapped(value: &Value) -> Option<String> {
    let value = value.as_str()?;
    match value.starts_with('#') {
        true => component_at(value).map(str::to_owned),
        false => Some(join(SCHEMAS, value)),
    }
}
