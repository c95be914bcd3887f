//! References, told apart by what they make of the component that they lead to.

use serde_json::Value;

use crate::document::items;

/// What a reference makes of the component that it leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A value of it stands here.
    Whole,
    /// Something is made of it.
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
                    each(part, &mut |schema| walk(schema, At::Component, visit));
                }
                _ => walk(part, At::Names, visit),
            }
        }
    }
}

type Visit<'a> = dyn FnMut(&mut String, Use) + 'a;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// A component's schema, or a part of one.
    Component,
    /// An object whose keys are names.
    Names,
    Other,
}

fn walk(node: &mut Value, at: At, visit: &mut Visit<'_>) {
    let Value::Object(map) = node else {
        each(node, &mut |inner| walk(inner, At::Other, visit));
        return;
    };
    if at == At::Names {
        each(node, &mut |inner| walk(inner, At::Other, visit));
        return;
    }
    if let Some(Value::String(target)) = map.get_mut("$ref") {
        visit(target, Use::Whole);
    }
    // A reference may have no description beside it: `allOf` of one alone is the way around that.
    let is_alone = |parts: &Value| items(Some(parts)).nth(1).is_none();
    let may_refer = at == At::Other && !map.contains_key("properties");
    for (key, inner) in map {
        match key.as_str() {
            "default" | "enum" | "example" | "examples" => {}
            key if key.starts_with("x-") => {}
            "allOf" if !(may_refer && is_alone(inner)) => {
                each(inner, &mut |part| walk_part(part, visit));
            }
            "content" | "headers" | "properties" | "responses" => walk(inner, At::Names, visit),
            _ => walk(inner, At::Other, visit),
        }
    }
}

fn walk_part(part: &mut Value, visit: &mut Visit<'_>) {
    match part.get_mut("$ref") {
        Some(Value::String(target)) => visit(target, Use::Part),
        _ => walk(part, At::Component, visit),
    }
}

/// Calls `visit` for the members of an object, or the items of an array.
fn each(node: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match node {
        Value::Object(map) => map.values_mut().for_each(visit),
        Value::Array(list) => list.iter_mut().for_each(visit),
        _ => {}
    }
}
