//! When progenitor fails, finds the schemas or operations that cause the failure, so that the
//! report can name them.
//!
//! Schemas are tried first, then operations. A failing group is split in half until single items
//! are left, so that a few faults in a large document are found in a few attempts.

use serde_json::{Map, Value, json};

use super::isolation::run_isolated;
use super::progenitor;
use super::typify_input::operation_path;
use crate::document::{component, join, members, reference};
use crate::error::Fault;
use crate::model::Api;

/// The faults that make progenitor fail on its input; `reason` is its own message.
pub(super) fn bisect_failure(input: &Value, api: &Api, reason: &str) -> Vec<Fault> {
    let schemas = input.pointer("/components/schemas").unwrap_or(&Value::Null);
    let mut names: Vec<&String> = members(Some(schemas)).map(|(name, _)| name).collect();
    // In document order, but for those of inline schemas.
    names.sort_by_key(|name| api.schemas.iter().position(|known| known == *name));
    let mut faults = Vec::new();
    bisect(
        &names,
        &|group| schemas_alone(schemas, group),
        &mut |name, message| {
            let pointer = join("#/components/schemas", name);
            faults.push(Fault::of_document(&pointer, message));
        },
    );
    if !faults.is_empty() {
        return root_failures(schemas, faults);
    }
    let operations: Vec<_> = api.operations.iter().enumerate().collect();
    bisect(
        &operations,
        &|group| {
            let indices = group.iter().map(|(index, _)| *index);
            operations_alone(input, schemas, indices)
        },
        &mut |(_, operation), message| {
            faults.push(Fault {
                pointer: operation.pointer.clone(),
                operation: Some(operation.id.clone()),
                message,
            });
        },
    );
    if faults.is_empty() {
        faults.push(Fault::of_document("#", reason));
    }
    faults
}

/// The faults of schemas that fail independently of the schemas that they refer to.
fn root_failures(schemas: &Value, faults: Vec<Fault>) -> Vec<Fault> {
    let pointers: Vec<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
    let refers_to_another = |fault: &Fault| {
        let mut closure = Map::new();
        let name = fault.pointer.rsplit('/').next().unwrap_or_default();
        let name = name.replace("~1", "/").replace("~0", "~");
        collect(
            schemas,
            schemas.get(&name).unwrap_or(&Value::Null),
            &mut closure,
        );
        let pointer = |name: &String| join("#/components/schemas", name);
        let mut others = closure.keys().filter(|other| **other != name).map(pointer);
        others.any(|other| pointers.contains(&other))
    };
    let (dependents, root_failures): (Vec<_>, Vec<_>) =
        faults.into_iter().partition(refers_to_another);
    // In a cycle all schemas refer to another one.
    if root_failures.is_empty() {
        dependents
    } else {
        root_failures
    }
}

/// Calls `found` for each item that fails on its own.
fn bisect<T: Copy>(
    group: &[T],
    fails: &dyn Fn(&[T]) -> Option<String>,
    found: &mut dyn FnMut(T, String),
) {
    if group.is_empty() {
        return;
    }
    let Some(message) = fails(group) else {
        return;
    };
    if let [one] = group {
        found(*one, message);
        return;
    }
    let (front, back) = group.split_at(group.len() / 2);
    bisect(front, fails, found);
    bisect(back, fails, found);
}

fn schemas_alone(schemas: &Value, names: &[&String]) -> Option<String> {
    let mut closure = Map::new();
    for name in names {
        collect(
            schemas,
            &json!({"$ref": format!("#/components/schemas/{name}")}),
            &mut closure,
        );
    }
    failure(&json!({}), closure)
}

fn operations_alone(
    input: &Value,
    schemas: &Value,
    indices: impl Iterator<Item = usize>,
) -> Option<String> {
    let mut paths = Map::new();
    let mut closure = Map::new();
    for path in indices.map(operation_path) {
        let item = input.get("paths")?.get(&path)?;
        collect(schemas, item, &mut closure);
        paths.insert(path, item.clone());
    }
    failure(&Value::Object(paths), closure)
}

/// progenitor's error for a document with only these parts; `None` if it succeeds.
fn failure(paths: &Value, schemas: Map<String, Value>) -> Option<String> {
    let part = json!({
        "openapi": "3.0.3",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    run_isolated(|| progenitor::generate(part).map(drop)).err()
}

/// Collects the schemas that a node refers to, directly and indirectly.
fn collect(schemas: &Value, node: &Value, into: &mut Map<String, Value>) {
    match node {
        Value::Object(map) => {
            if let Some(name) = reference(node).map(component)
                && let Some(schema) = schemas.get(name)
                && !into.contains_key(name)
            {
                into.insert(name.to_owned(), schema.clone());
                collect(schemas, schema, into);
            }
            map.values().for_each(|inner| collect(schemas, inner, into));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(schemas, inner, into)),
        _ => {}
    }
}
