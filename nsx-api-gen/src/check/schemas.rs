//! Reports schemas that have no Rust type.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::discriminated_union;
use crate::document::{self, component, items, join, members, reference};
use crate::error::Faults;
use crate::names;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    let schemas = root.pointer("/components/schemas");
    name_collisions(schemas, faults);
    for (name, schema) in members(schemas) {
        let pointer = join("#/components/schemas", name);
        if let Some(cycle) = cycle(schemas, name) {
            let cycle = cycle.join(" → ");
            faults.add(&pointer, format!("the schema contains itself: {cycle}"));
        }
        check_schema(root, schema, &pointer, None, faults);
    }
    for (section, parts) in members(root.get("components")) {
        if section != "schemas" {
            check_inline(root, parts, &join("#/components", section), None, faults);
        }
    }
    for (path, item) in document::paths(root) {
        if let Some(parameters) = item.get("parameters") {
            let pointer = format!("{}/parameters", join("#/paths", path));
            check_inline(root, parameters, &pointer, None, faults);
        }
    }
    for place in document::operations(root) {
        check_inline(root, place.node, &place.pointer, place.id(), faults);
    }
}

/// Reports schema names that collide in Rust, and names of Rust's prelude.
fn name_collisions(schemas: Option<&Value>, faults: &mut Faults) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, _) in members(schemas) {
        let rust = names::type_name(name);
        let pointer = join("#/components/schemas", name);
        if !names::has_ident(name) {
            faults.add(
                &pointer,
                "the name contains no letter or digit, so it has no Rust name",
            );
        }
        if names::RESERVED_TYPES.contains(&rust.as_str()) {
            faults.add(
                &pointer,
                format!("Rust already has a type `{rust}`: rename the schema"),
            );
        }
        if let Some(other) = seen.insert(rust.clone(), name) {
            faults.add(
                pointer,
                format!("`{name}` and `{other}` have the same Rust name `{rust}`"),
            );
        }
    }
}

/// A chain of schemas from a schema back to itself without an array or a property in between.
fn cycle<'a>(schemas: Option<&'a Value>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut paths = vec![vec![start]];
    let mut seen = vec![start];
    while let Some(path) = paths.pop() {
        let schema = schemas
            .zip(path.last())
            .and_then(|(all, name)| all.get(*name));
        for next in schema.map(directly_combined).unwrap_or_default() {
            let mut longer = path.clone();
            longer.push(next);
            if next == start {
                return Some(longer);
            }
            if !seen.contains(&next) {
                seen.push(next);
                paths.push(longer);
            }
        }
    }
    None
}

/// The components that a schema refers to directly or combines, as opposed to those in its
/// properties.
fn directly_combined(schema: &Value) -> Vec<&str> {
    if let Some(target) = reference(schema) {
        return vec![component(target)];
    }
    let parts = ["allOf", "oneOf", "anyOf"].iter();
    let parts = parts.flat_map(|key| items(schema.get(*key)));
    parts
        .chain(schema.get("not"))
        .flat_map(directly_combined)
        .collect()
}

/// Checks the inline schemas of an operation or another component.
fn check_inline(
    root: &Value,
    node: &Value,
    pointer: &str,
    operation: Option<&str>,
    faults: &mut Faults,
) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                let pointer = join(pointer, key);
                match key.as_str() {
                    "schema" => check_schema(root, inner, &pointer, operation, faults),
                    "example" | "examples" => {}
                    key if key.starts_with("x-") => {}
                    _ => check_inline(root, inner, &pointer, operation, faults),
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                check_inline(
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

/// Checks the keywords of a schema.
fn check_schema(
    root: &Value,
    schema: &Value,
    pointer: &str,
    operation: Option<&str>,
    faults: &mut Faults,
) {
    let Some(map) = schema.as_object() else {
        faults.add_for(operation, pointer, "a schema must be an object");
        return;
    };
    if map.contains_key("$ref") {
        return;
    }
    for (key, message) in own_faults(map) {
        faults.add_for(operation, join(pointer, key), message);
    }
    if discriminated_union::is_discriminated_union(schema)
        && let Some(reason) = discriminated_union::discriminator_fault(root, schema)
    {
        let message = format!("the variants cannot be distinguished: {reason}");
        faults.add_for(operation, join(pointer, "discriminator"), message);
    }
    // In a component, normalization has already handled this.
    if !is_component(pointer)
        && discriminated_union::is_discriminated_union(schema)
        && let variants = items(discriminated_union::union_variants(schema))
            .filter_map(reference)
            .map(component)
        && !discriminated_union::variants_without_shared_properties(root, schema, variants)
            .is_empty()
    {
        let message = "properties next to an inline `oneOf` are not supported: move the schema to a component";
        faults.add_for(operation, join(pointer, "properties"), message);
    }
    for (name, inner) in members(map.get("properties")) {
        let pointer = join(&join(pointer, "properties"), name);
        check_schema(root, inner, &pointer, operation, faults);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for (index, inner) in items(map.get(key)).enumerate() {
            check_schema(
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
            check_schema(root, inner, &join(pointer, key), operation, faults);
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
        Some(Some(kind)) => list.push(("type", format!("`{kind}` is not a type of OpenAPI 3.0"))),
        Some(None) => list.push(("type", "`type` must be a single string".to_owned())),
    }
    if kind.and_then(Value::as_str) == Some("array") && !schema.contains_key("items") {
        list.push(("type", "an array must have `items`".to_owned()));
    }
    for (key, wanted, right) in [
        (
            "properties",
            "an object",
            Value::is_object as fn(&Value) -> bool,
        ),
        ("required", "a list of names", is_list_of_strings),
        ("enum", "a non-empty list", is_non_empty),
        ("allOf", "a non-empty list", is_non_empty),
        ("oneOf", "a non-empty list", is_non_empty),
        ("anyOf", "a non-empty list", is_non_empty),
    ] {
        if schema.get(key).is_some_and(|value| !right(value)) {
            list.push((key, format!("`{key}` must be {wanted}")));
        }
    }
    let text = |value: &Value| value.is_string() || value.is_null();
    if kind.and_then(Value::as_str) == Some("string") && !items(schema.get("enum")).all(text) {
        let message = "the values of a string enum must be strings: quote them".to_owned();
        list.push(("enum", message));
    }
    if schema.contains_key("enum") && kind.is_none() {
        list.push(("enum", "an enum must have a `type`".to_owned()));
    }
    list
}

fn is_non_empty(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

fn is_list_of_strings(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string))
}
