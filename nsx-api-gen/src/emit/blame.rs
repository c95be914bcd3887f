//! When progenitor gives up, finds what it gave up on, so that the report can name it.
//!
//! Schemas are tried first, then operations, in groups that are halved while they fail: a few faults
//! in a large document are found in a few tries.

use serde_json::{Map, Value, json};

use super::private::operation_path;
use super::{apart, progenitor};
use crate::document::{component, join, members, reference};
use crate::error::Fault;
use crate::model::Api;

/// The faults behind progenitor's failure on a private document; `reason` is what it said.
pub(super) fn blame(private: &Value, api: &Api, reason: &str) -> Vec<Fault> {
    let schemas = private
        .pointer("/components/schemas")
        .unwrap_or(&Value::Null);
    let names: Vec<&String> = members(Some(schemas)).map(|(name, _)| name).collect();
    let mut faults = Vec::new();
    halve(
        &names,
        &|group| schemas_alone(schemas, group),
        &mut |name, message| {
            let pointer = join("#/components/schemas", name);
            faults.push(Fault::of_document(&pointer, message));
        },
    );
    if !faults.is_empty() {
        return culprits(schemas, faults);
    }
    let operations: Vec<_> = api.operations.iter().enumerate().collect();
    halve(
        &operations,
        &|group| {
            let indices = group.iter().map(|(index, _)| *index);
            operations_alone(private, schemas, indices)
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

/// The faults of schemas that fail by themselves, and not only for what they refer to.
fn culprits(schemas: &Value, faults: Vec<Fault>) -> Vec<Fault> {
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
    let (victims, culprits): (Vec<_>, Vec<_>) = faults.into_iter().partition(refers_to_another);
    // In a ring each refers to another.
    if culprits.is_empty() {
        victims
    } else {
        culprits
    }
}

/// Calls `found` for every item that fails by itself.
fn halve<T: Copy>(
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
    halve(front, fails, found);
    halve(back, fails, found);
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
    private: &Value,
    schemas: &Value,
    indices: impl Iterator<Item = usize>,
) -> Option<String> {
    let mut paths = Map::new();
    let mut closure = Map::new();
    for path in indices.map(operation_path) {
        let item = private.get("paths")?.get(&path)?;
        collect(schemas, item, &mut closure);
        paths.insert(path, item.clone());
    }
    failure(&Value::Object(paths), closure)
}

/// What progenitor says of a document of these parts, where it does not take it.
fn failure(paths: &Value, schemas: Map<String, Value>) -> Option<String> {
    let part = json!({
        "openapi": "3.0.3",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    apart(|| progenitor::generate(part).map(drop)).err()
}

/// The schemas that a node refers to, and all that those refer to.
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
