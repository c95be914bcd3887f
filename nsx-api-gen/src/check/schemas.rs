//! Schemas that no Rust type can be made of.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::union;
use crate::document::{self, component, items, join, members, reference};
use crate::error::Faults;
use crate::names;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    let schemas = root.pointer("/components/schemas");
    names_apart(schemas, faults);
    for (name, schema) in members(schemas) {
        let pointer = join("#/components/schemas", name);
        if let Some(ring) = ring(schemas, name) {
            let ring = ring.join(" → ");
            faults.at(&pointer, format!("the schema contains itself: {ring}"));
        }
        shape(root, schema, &pointer, None, faults);
    }
    for (section, parts) in members(root.get("components")) {
        if section != "schemas" {
            inline(root, parts, &join("#/components", section), None, faults);
        }
    }
    for (path, item) in document::paths(root) {
        if let Some(parameters) = item.get("parameters") {
            let pointer = format!("{}/parameters", join("#/paths", path));
            inline(root, parameters, &pointer, None, faults);
        }
    }
    for place in document::operations(root) {
        inline(root, place.node, &place.pointer, place.id(), faults);
    }
}

/// Two names that are one in Rust's case, or a name that Rust's prelude has.
fn names_apart(schemas: Option<&Value>, faults: &mut Faults) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, _) in members(schemas) {
        let rust = names::type_name(name);
        let pointer = join("#/components/schemas", name);
        if !names::has_ident(name) {
            faults.at(&pointer, "no name in Rust can be made of this");
        }
        if names::RESERVED_TYPES.contains(&rust.as_str()) {
            faults.at(
                &pointer,
                format!("Rust has a type `{rust}` already: rename the schema"),
            );
        }
        if let Some(other) = seen.insert(rust.clone(), name) {
            faults.at(
                pointer,
                format!("`{name}` and `{other}` are both `{rust}` in Rust"),
            );
        }
    }
}

/// A way from a schema back to itself on which nothing stands between: no array, no property.
fn ring<'a>(schemas: Option<&'a Value>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut seen = vec![start];
    while let Some(way) = ways.pop() {
        let schema = schemas
            .zip(way.last())
            .and_then(|(all, name)| all.get(*name));
        for next in schema.map(direct).unwrap_or_default() {
            let mut longer = way.clone();
            longer.push(next);
            if next == start {
                return Some(longer);
            }
            if !seen.contains(&next) {
                seen.push(next);
                ways.push(longer);
            }
        }
    }
    None
}

/// The components that a schema is made of, as against those that it holds.
fn direct(schema: &Value) -> Vec<&str> {
    if let Some(target) = reference(schema) {
        return vec![component(target)];
    }
    let parts = ["allOf", "oneOf", "anyOf"].iter();
    let parts = parts.flat_map(|key| items(schema.get(*key)));
    parts.chain(schema.get("not")).flat_map(direct).collect()
}

/// The schemas that stand in an operation or another component itself.
fn inline(root: &Value, node: &Value, pointer: &str, operation: Option<&str>, faults: &mut Faults) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                let pointer = join(pointer, key);
                match key.as_str() {
                    "schema" => shape(root, inner, &pointer, operation, faults),
                    "example" | "examples" => {}
                    key if key.starts_with("x-") => {}
                    _ => inline(root, inner, &pointer, operation, faults),
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                inline(
                    root,
                    inner,
                    &format!("{pointer}/{index}"),
                    operation,
                    faults,
                );
            }
        }
        _ => {}
    }
}

/// What the keywords of a schema must be made of.
fn shape(
    root: &Value,
    schema: &Value,
    pointer: &str,
    operation: Option<&str>,
    faults: &mut Faults,
) {
    let Some(map) = schema.as_object() else {
        faults.of(operation, pointer, "a schema must be an object");
        return;
    };
    if map.contains_key("$ref") {
        return;
    }
    for (key, message) in own_faults(map) {
        faults.of(operation, join(pointer, key), message);
    }
    if union::is_choice(schema)
        && let Some(reason) = union::fault(root, schema)
    {
        let message = format!("a variant could be read as another: {reason}");
        faults.of(operation, join(pointer, "discriminator"), message);
    }
    // That of a component was mended.
    if !is_component(pointer)
        && union::is_choice(schema)
        && let variants = items(union::parts(schema))
            .filter_map(reference)
            .map(component)
        && !union::lacking(root, schema, variants).is_empty()
    {
        let message = "what stands beside a choice is in each of its variants only where the choice is a component: make it one";
        faults.of(operation, join(pointer, "properties"), message);
    }
    for (name, inner) in members(map.get("properties")) {
        let pointer = join(&join(pointer, "properties"), name);
        shape(root, inner, &pointer, operation, faults);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for (index, inner) in items(map.get(key)).enumerate() {
            shape(
                root,
                inner,
                &format!("{pointer}/{key}/{index}"),
                operation,
                faults,
            );
        }
    }
    for key in ["items", "not", "additionalProperties"] {
        if let Some(inner) = map.get(key).filter(|inner| !inner.is_boolean()) {
            shape(root, inner, &join(pointer, key), operation, faults);
        }
    }
}

/// Whether a pointer is that of a component itself.
fn is_component(pointer: &str) -> bool {
    let name = pointer.strip_prefix("#/components/schemas/");
    name.is_some_and(|name| !name.contains('/'))
}

fn own_faults(schema: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let mut list = Vec::new();
    let kind = schema.get("type");
    match kind.map(|kind| kind.as_str()) {
        None => {}
        Some(Some(kind)) if TYPES.contains(&kind) => {}
        Some(Some(kind)) => list.push(("type", format!("`{kind}` is no type of OpenAPI 3.0"))),
        Some(None) => list.push(("type", "the type must be one string".to_owned())),
    }
    if kind.and_then(Value::as_str) == Some("array") && !schema.contains_key("items") {
        list.push(("type", "an array must say what its `items` are".to_owned()));
    }
    for (key, wanted, right) in [
        (
            "properties",
            "an object",
            Value::is_object as fn(&Value) -> bool,
        ),
        ("required", "a list of names", is_names),
        ("enum", "a list with a value in it", is_filled),
        ("allOf", "a list with a schema in it", is_filled),
        ("oneOf", "a list with a schema in it", is_filled),
        ("anyOf", "a list with a schema in it", is_filled),
    ] {
        if schema.get(key).is_some_and(|value| !right(value)) {
            list.push((key, format!("`{key}` must be {wanted}")));
        }
    }
    let text = |value: &Value| value.is_string() || value.is_null();
    if kind.and_then(Value::as_str) == Some("string") && !items(schema.get("enum")).all(text) {
        let message = "a string's values must be strings: quote them".to_owned();
        list.push(("enum", message));
    }
    if schema.contains_key("enum") && kind.is_none() {
        list.push(("enum", "an enum must say its `type`".to_owned()));
    }
    list
}

fn is_filled(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

fn is_names(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string))
}
