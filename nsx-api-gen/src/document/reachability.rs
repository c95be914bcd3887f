//! Which components the operations of a document use, and how to remove the others.

use std::collections::BTreeSet;

use serde_json::Value;

use super::all_of::Children;
use super::discriminated_union;
use super::operation::operations;
use super::pointer::{component, component_at, items, join, members};

const SCHEMAS: &str = "#/components/schemas";

/// The pointers of all components that the operations or `others` use, directly or indirectly. A
/// discriminated base also reaches the components that inherit from it.
pub(crate) fn reachable_components(root: &Value, others: Vec<String>) -> BTreeSet<String> {
    let children = Children::new(root);
    let mut reached = BTreeSet::new();
    let mut bases = BTreeSet::new();
    let mut pending: Vec<Reference> = others.into_iter().map(Reference::to_value).collect();
    collect_references(
        root.get("paths").unwrap_or(&Value::Null),
        false,
        &mut pending,
    );
    for requirement in requirements(root) {
        let names = members(Some(requirement)).map(|(name, _)| name);
        pending.extend(
            names.map(|name| Reference::to_value(join("#/components/securitySchemes", name))),
        );
    }
    while let Some(Reference { target, is_parent }) = pending.pop() {
        let Some(node) = root.pointer(target.trim_start_matches('#')) else {
            continue;
        };
        let is_base = !is_parent && discriminated_union::find_discriminator(root, node).is_some();
        if is_base && bases.insert(target.clone()) {
            // They inherit the discriminator, so their own children are reached in turn.
            let children = children.of(component(&target)).iter();
            pending.extend(children.map(|child| Reference::to_value(join(SCHEMAS, child))));
        }
        if reached.insert(target) {
            collect_references(node, false, &mut pending);
        }
    }
    reached
}

/// Removes all other components.
pub(crate) fn retain_components(root: &mut Value, kept: &BTreeSet<String>) {
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

/// All components, by pointer.
pub(crate) fn components(root: &Value) -> impl Iterator<Item = (String, &Value)> {
    let sections = members(root.get("components")).filter(|(name, _)| !name.starts_with("x-"));
    sections.flat_map(|(section, parts)| {
        let pointer = join("#/components", section);
        members(Some(parts)).map(move |(name, part)| (join(&pointer, name), part))
    })
}

/// The pointers of the components that a node refers to directly.
pub(crate) fn targets(node: &Value) -> BTreeSet<String> {
    let mut list = Vec::new();
    collect_references(node, false, &mut list);
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
    /// Whether it is an `allOf` part, which does not stand for its children.
    is_parent: bool,
}

impl Reference {
    fn to_value(target: String) -> Self {
        Self {
            target,
            is_parent: false,
        }
    }
}

/// The components that a node refers to. The mapping of a discriminator refers to schemas without
/// `$ref`.
fn collect_references(node: &Value, is_parent: bool, into: &mut Vec<Reference>) {
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
                        into.extend(
                            mapping
                                .values()
                                .filter_map(mapping_target)
                                .map(Reference::to_value),
                        );
                    }
                    inner => collect_references(inner, key == "allOf", into),
                }
            }
        }
        Value::Array(list) => list
            .iter()
            .for_each(|inner| collect_references(inner, is_parent, into)),
        _ => {}
    }
}

/// A mapping value is a reference or the name of a schema.
fn mapping_target(value: &Value) -> Option<String> {
    let value = value.as_str()?;
    match value.starts_with('#') {
        true => component_at(value).map(str::to_owned),
        false => Some(join(SCHEMAS, value)),
    }
}
