//! Every `$ref` leads to a component of the kind that its place needs.

use serde_json::Value;

use crate::document::{self, METHODS, join, resolve};
use crate::error::Faults;

/// Members that hold data, in which a `$ref` is no reference.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Reports each reference that does not lead where it must.
pub(super) fn check(root: &Value, faults: &mut Faults) {
    each(root, fault, faults);
}

/// Reports each reference to another file, which `import` follows.
pub(super) fn other_files(root: &Value, faults: &mut Faults) {
    each(root, |_, _, target, _| other_file(target), faults);
    for (path, item) in document::paths(root) {
        if let Some(message) = item.get("$ref").and_then(other_file) {
            faults.at(join("#/paths", path), message);
        }
    }
}

/// What is wrong with a reference: the document, the node that has it, its target, and the section that it must lead to.
type Find = fn(&Value, &Value, &Value, &str) -> Option<String>;

fn each(root: &Value, find: Find, faults: &mut Faults) {
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

/// `section` is the part of the components that a reference standing here must lead to.
fn walk(
    root: &Value,
    node: &Value,
    pointer: &str,
    section: &str,
    operation: Option<&str>,
    find: Find,
    faults: &mut Faults,
) {
    // A property may have this name.
    if let Some(target) = node.get("$ref").filter(|_| section != "properties") {
        match find(root, node, target, section) {
            Some(message) => faults.of(operation, pointer, message),
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

/// Where every key is a name, one may be called `example`; of the responses one is called `default`.
pub(crate) fn is_data(section: &str, key: &str) -> bool {
    match section {
        "properties" | "headers" | "links" | "callbacks" => false,
        "responses" if key == "default" => false,
        "examples" => true,
        _ => DATA.contains(&key) || key.starts_with("x-"),
    }
}

/// The part of the components that a reference below a key must lead to.
pub(crate) fn section_of<'a>(section: &'a str, key: &'a str) -> &'a str {
    match (section, key) {
        // Below `properties` the key is a name, and what it names is a schema.
        ("properties", _) => "schemas",
        // So it is below these, until a schema begins.
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

fn other_file(target: &Value) -> Option<String> {
    let target = target.as_str().filter(|target| !target.starts_with('#'))?;
    Some(format!(
        "`{target}` leads out of the document: `cargo xtask import` makes one of several files"
    ))
}

fn fault(root: &Value, node: &Value, target: &Value, section: &str) -> Option<String> {
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
        return Some(format!("`{target}` must lead to {wanted}…"));
    }
    if root.pointer(target.trim_start_matches('#')).is_none() {
        return Some(format!("`{target}` leads nowhere"));
    }
    if resolve(root, node).is_none() {
        return Some(format!(
            "`{target}` leads to references in a ring, or to nothing"
        ));
    }
    None
}
