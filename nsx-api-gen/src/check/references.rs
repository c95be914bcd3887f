//! Checks that every `$ref` points to a component of the expected kind.

use serde_json::Value;

use crate::document::{self, METHODS, join, resolve};
use crate::error::Faults;

/// Members with arbitrary data, in which a `$ref` is not a reference.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Reports each invalid reference.
pub(super) fn check(root: &Value, faults: &mut Faults) {
    check_each(root, reference_fault, faults);
}

/// Reports each reference to another file. `import` resolves them.
pub(super) fn external_references(root: &Value, faults: &mut Faults) {
    check_each(root, |_, _, target, _| external_reference(target), faults);
    for (path, item) in document::paths(root) {
        if let Some(message) = item.get("$ref").and_then(external_reference) {
            faults.add(join("#/paths", path), message);
        }
    }
}

/// Returns what is wrong with a reference, given the document, the node that contains it, its
/// target, and the section of `components` that it must point to.
type FaultOf = fn(&Value, &Value, &Value, &str) -> Option<String>;

fn check_each(root: &Value, find: FaultOf, faults: &mut Faults) {
    for (name, section) in document::members(root.get("components")) {
        let pointer = join("#/components", name);
        for (key, node) in document::members(Some(section)) {
            walk(root, node, &join(&pointer, key), name, None, find, faults);
        }
    }
    for (path, item) in document::paths(root) {
        let pointer = join("#/paths", path);
        for (key, node) in document::members(Some(item)) {
            let operation = METHODS.contains(&key.as_str());
            let id = operation
                .then(|| document::text(node, "operationId"))
                .flatten();
            if key != "$ref" {
                walk(root, node, &join(&pointer, key), key, id, find, faults);
            }
        }
    }
}

/// `section` is the section of `components` that a reference at this place must point to.
fn walk(
    root: &Value,
    node: &Value,
    pointer: &str,
    section: &str,
    operation: Option<&str>,
    find: FaultOf,
    faults: &mut Faults,
) {
    // A property may be named `$ref`.
    if let Some(target) = node.get("$ref").filter(|_| section != "properties") {
        match find(root, node, target, section) {
            Some(message) => faults.add_for(operation, pointer, message),
            None => return,
        }
    }
    match node {
        Value::Object(map) => {
            for (key, inner) in map.iter().filter(|(key, _)| !is_data(section, key)) {
                let section = section_of(section, key);
                walk(
                    root,
                    inner,
                    &join(pointer, key),
                    section,
                    operation,
                    find,
                    faults,
                );
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                walk(root, inner, &pointer, section, operation, find, faults);
            }
        }
        _ => {}
    }
}

/// Where the keys are names, one may be called `example`, and a response is called `default`.
pub(crate) fn is_data(section: &str, key: &str) -> bool {
    match section {
        "properties" | "headers" | "links" | "callbacks" => false,
        "responses" if key == "default" => false,
        "examples" => true,
        _ => DATA.contains(&key) || key.starts_with("x-"),
    }
}

/// The section of `components` that a reference below a key must point to.
pub(crate) fn section_of<'a>(section: &'a str, key: &'a str) -> &'a str {
    match (section, key) {
        // Below `properties` the keys are names of schemas.
        ("properties", _) => "schemas",
        // The keys below these are names too, until a schema begins.
        ("headers" | "links" | "callbacks", key) if key != "schema" => section,
        (_, "properties") => "properties",
        (_, "schema" | "items" | "allOf" | "oneOf" | "anyOf" | "not" | "additionalProperties") => {
            "schemas"
        }
        (_, "requestBody") => "requestBodies",
        ("schemas", _) => "schemas",
        (_, "parameters" | "responses" | "headers" | "links" | "callbacks") => key,
        _ => section,
    }
}

fn external_reference(target: &Value) -> Option<String> {
    let target = target.as_str().filter(|target| !target.starts_with('#'))?;
    Some(format!(
        "`{target}` points to another file: use `cargo xtask import` to combine several files"
    ))
}

fn reference_fault(root: &Value, node: &Value, target: &Value, section: &str) -> Option<String> {
    let Some(target) = target.as_str() else {
        return Some("`$ref` must be a string".to_owned());
    };
    let section = if section == "properties" {
        "schemas"
    } else {
        section
    };
    let wanted = format!("#/components/{section}/");
    let name = target.strip_prefix(&wanted);
    if name.is_none_or(|name| name.is_empty() || name.contains('/')) {
        return Some(format!("`{target}` must point to {wanted}…"));
    }
    if root.pointer(target.trim_start_matches('#')).is_none() {
        return Some(format!("the target `{target}` does not exist"));
    }
    if resolve(root, node).is_none() {
        return Some(format!(
            "`{target}` points to a reference that is circular or has no target"
        ));
    }
    None
}
