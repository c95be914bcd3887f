//! References, distinguished by how they use their target.

use serde_json::Value;

use crate::document::items;

/// How a reference uses the component that it points to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ReferenceUse {
    /// As the type of a value.
    Value,
    /// As an `allOf` part.
    Part,
}

/// Calls `visit` for the target of every reference.
pub(super) fn for_each_reference(root: &mut Value, visit: &mut Visit<'_>) {
    for section in ["components", "paths"] {
        for (name, part) in root
            .get_mut(section)
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            match name.as_str() {
                "schemas" if section == "components" => {
                    for_each_child(part, &mut |schema| {
                        visit_node(schema, NodeKind::Component, visit)
                    });
                }
                _ => visit_node(part, NodeKind::Names, visit),
            }
        }
    }
}

type Visit<'a> = dyn FnMut(&mut String, ReferenceUse) + 'a;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    /// The schema of a component, or one of its parts.
    Component,
    /// An object whose keys are names.
    Names,
    Other,
}

fn visit_node(node: &mut Value, at: NodeKind, visit: &mut Visit<'_>) {
    let Value::Object(map) = node else {
        for_each_child(node, &mut |inner| visit_node(inner, NodeKind::Other, visit));
        return;
    };
    if at == NodeKind::Names {
        for_each_child(node, &mut |inner| visit_node(inner, NodeKind::Other, visit));
        return;
    }
    if let Some(Value::String(target)) = map.get_mut("$ref") {
        visit(target, ReferenceUse::Value);
    }
    // An `allOf` with a single reference is a way to add a description to the reference.
    let is_alone = |parts: &Value| items(Some(parts)).nth(1).is_none();
    let may_refer = at == NodeKind::Other && !map.contains_key("properties");
    for (key, inner) in map {
        match key.as_str() {
            "default" | "enum" | "example" | "examples" => {}
            key if key.starts_with("x-") => {}
            "allOf" if !(may_refer && is_alone(inner)) => {
                for_each_child(inner, &mut |part| visit_part(part, visit));
            }
            "content" | "headers" | "properties" | "responses" => {
                visit_node(inner, NodeKind::Names, visit)
            }
            _ => visit_node(inner, NodeKind::Other, visit),
        }
    }
}

fn visit_part(part: &mut Value, visit: &mut Visit<'_>) {
    match part.get_mut("$ref") {
        Some(Value::String(target)) => visit(target, ReferenceUse::Part),
        _ => visit_node(part, NodeKind::Component, visit),
    }
}

/// Calls `visit` for the members of an object or the items of an array.
fn for_each_child(node: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match node {
        Value::Object(map) => map.values_mut().for_each(visit),
        Value::Array(list) => list.iter_mut().for_each(visit),
        _ => {}
    }
}
