//! `nullable`: moves nullability from components to the places where they are used.
//!
//! A nullable component such as `Kind: {type: string, nullable: true}` would become a
//! newtype around an `Option`, which is neither a string nor an enum in Rust. Instead, the
//! references to it become nullable, in the form that OpenAPI 3.0 requires: `nullable: true`
//! next to an `allOf` with the reference. A component that inherits from a nullable one is
//! not nullable itself, but a union is if one of its variants is. A parameter is never null. Known
//! documents of NSX Manager have no nullable components; those of Java programs do.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::discriminated_union;
use crate::document::{
    METHODS, component, for_each_schema, is_nullable, items, join, members, reference, strip_null,
    text,
};

const PASS: &str = "nullable";

pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    for_each_schema(root, &mut hoist_null_variants);
    let names = nullable_components(root);
    if !names.is_empty() {
        for_each_schema(root, &mut |schema| make_references_nullable(schema, &names));
        for section in [
            "/paths",
            "/components/responses",
            "/components/requestBodies",
        ] {
            if let Some(section) = root.pointer_mut(section) {
                bodies(section, &names);
            }
        }
    }
    parameters(root, changes);
    let schemas = root.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut).into_iter().flatten();
    for (name, schema) in schemas {
        if !names.contains(name) {
            // It inherits from a nullable component.
            schema
                .as_object_mut()
                .and_then(|schema| schema.shift_remove("nullable"));
            continue;
        }
        let pointer = join("#/components/schemas", name);
        strip_null(schema);
        changes.push(Change::of_document(
            PASS,
            pointer,
            "moved `nullable` to the places where it is used",
        ));
    }
}

/// A nullable inline variant makes the union nullable.
fn hoist_null_variants(schema: &mut Map<String, Value>) {
    let mut any = false;
    for key in ["oneOf", "anyOf"] {
        let parts = schema.get_mut(key).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            // A schema without other keywords allows anything.
            let is_more = part.as_object().is_some_and(|part| part.len() > 1);
            if is_more && is_nullable(part) {
                strip_null(part);
                any = true;
            }
        }
    }
    if any {
        schema.insert("nullable".to_owned(), json!(true));
    }
}

/// The nullable components.
fn nullable_components(root: &Value) -> BTreeSet<String> {
    let schemas = root.pointer("/components/schemas");
    let mut names = BTreeSet::new();
    loop {
        let more = members(schemas)
            .filter(|(name, schema)| !names.contains(*name) && may_be_null(root, schema, &names))
            .map(|(name, _)| name.clone());
        let more: Vec<String> = more.collect();
        if more.is_empty() {
            return names;
        }
        names.extend(more);
    }
}

/// An `allOf` with only a base is not an alias for the base, but one of its variants.
fn may_be_null(root: &Value, schema: &Value, names: &BTreeSet<String>) -> bool {
    let is_variant = || discriminated_union::find_discriminator(root, schema).is_some();
    let wraps_nullable = || {
        schema
            .as_object()
            .is_some_and(|one| wraps_nullable(one, names))
    };
    is_nullable(schema) || refers_to_nullable(schema, names) || (wraps_nullable() && !is_variant())
}

fn refers_to_nullable(schema: &Value, names: &BTreeSet<String>) -> bool {
    reference(schema).is_some_and(|target| names.contains(component(target)))
}

/// Whether the single part or a variant of a schema refers to a nullable component.
fn wraps_nullable(schema: &Map<String, Value>, names: &BTreeSet<String>) -> bool {
    let parts = schema.get("allOf");
    let is_alone = items(parts).nth(1).is_none()
        && schema.get("type").and_then(Value::as_str).is_none()
        && schema.get("properties").is_none();
    let alone = items(parts).filter(|_| is_alone);
    let variants = ["oneOf", "anyOf"].into_iter();
    let variants = variants.flat_map(|key| items(schema.get(key)));
    alone
        .chain(variants)
        .any(|part| refers_to_nullable(part, names))
}

/// Makes the references in a schema nullable.
fn make_references_nullable(schema: &mut Map<String, Value>, names: &BTreeSet<String>) {
    if wraps_nullable(schema, names) {
        schema.insert("nullable".to_owned(), json!(true));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            wrap_nullable(inner, names);
        }
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, inner) in properties.into_iter().flatten() {
        wrap_nullable(inner, names);
    }
}

fn wrap_nullable(schema: &mut Value, names: &BTreeSet<String>) {
    if refers_to_nullable(schema, names) {
        *schema = json!({"nullable": true, "allOf": [schema.take()]});
    }
}

/// The schemas of bodies.
fn bodies(node: &mut Value, names: &BTreeSet<String>) {
    let Some(map) = node.as_object_mut() else {
        return;
    };
    for (key, inner) in map {
        match key.as_str() {
            "content" => {
                let media = inner.as_object_mut().into_iter();
                for media in media.flat_map(Map::values_mut) {
                    if let Some(schema) = media.get_mut("schema") {
                        wrap_nullable(schema, names);
                    }
                }
            }
            "example" | "examples" | "parameters" | "schema" => {}
            _ => bodies(inner, names),
        }
    }
}

fn parameters(root: &mut Value, changes: &mut Vec<Change>) {
    let mut normalized = Vec::new();
    let mut list = |owner: &mut Value, pointer: &str, id: Option<String>| {
        let list = owner.get_mut("parameters").and_then(Value::as_array_mut);
        for (index, parameter) in list.into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/parameters/{index}");
            normalized.extend(parameter_schema(parameter, &pointer, id.clone()));
        }
    };
    let paths = root.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let pointer = join("#/paths", path);
        list(item, &pointer, None);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                let id = text(operation, "operationId").map(str::to_owned);
                list(operation, &join(&pointer, method), id);
            }
        }
    }
    let shared = root.pointer_mut("/components/parameters");
    let shared = shared.and_then(Value::as_object_mut).into_iter().flatten();
    for (name, parameter) in shared {
        let pointer = join("#/components/parameters", name);
        normalized.extend(parameter_schema(parameter, &pointer, None));
    }
    changes.extend(normalized);
}

/// Neither a parameter nor its items can be null.
fn parameter_schema(
    parameter: &mut Value,
    pointer: &str,
    operation: Option<String>,
) -> Option<Change> {
    let schema = parameter.get_mut("schema")?;
    let mut any = is_nullable(schema);
    strip_null(schema);
    if let Some(inner) = schema.get_mut("items") {
        any |= is_nullable(inner);
        strip_null(inner);
    }
    any.then(|| Change {
        pass: PASS,
        pointer: format!("{pointer}/schema"),
        operation,
        message: "a parameter is never null".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    fn or_null(name: &str) -> Value {
        json!({"nullable": true, "allOf": [to(name)]})
    }

    #[test]
    fn a_nullable_component_is_nullable_where_it_is_used() {
        let body = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
        let mut root = json!({
            "paths": {"/a": {"get": {
                "operationId": "A",
                "parameters": [
                    {"name": "a", "schema": to("Kind")},
                    {"name": "b", "schema": {"type": "array", "items": to("Kind")}},
                    {"name": "c", "schema": {"type": "string", "nullable": true}},
                ],
                "requestBody": body(to("Alias")),
                "responses": {"200": body(to("Union"))},
            }}},
            "components": {"schemas": {
                "Kind": {"type": "string", "nullable": true, "enum": ["a", null]},
                "Alias": to("Kind"),
                "Described": {"description": "D", "allOf": [to("Kind")]},
                "Node": {"type": "object", "nullable": true, "properties": {"next": to("Node")}},
                "Child": {"allOf": [to("Node"), {"properties": {
                    "list": {"type": "array", "items": to("Described")},
                    "map": {"additionalProperties": to("Kind")},
                    "said": {"description": "S", "allOf": [to("Kind")]},
                    "any": {"nullable": true},
                }}]},
                "Union": {"oneOf": [to("Node"), {"type": "string"}]},
                "Inline": {"anyOf": [{"type": "integer"}, {"type": "string", "nullable": true}]},
            }},
        });
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        assert_eq!(
            root,
            json!({
                "paths": {"/a": {"get": {
                    "operationId": "A",
                    "parameters": [
                        {"name": "a", "schema": to("Kind")},
                        {"name": "b", "schema": {"type": "array", "items": to("Kind")}},
                        {"name": "c", "schema": {"type": "string"}},
                    ],
                    "requestBody": body(or_null("Alias")),
                    "responses": {"200": body(or_null("Union"))},
                }}},
                "components": {"schemas": {
                    "Kind": {"type": "string", "enum": ["a"]},
                    "Alias": to("Kind"),
                    "Described": {"description": "D", "allOf": [to("Kind")]},
                    "Node": {"type": "object", "properties": {"next": or_null("Node")}},
                    "Child": {"allOf": [to("Node"), {"properties": {
                        "list": {"type": "array", "items": or_null("Described")},
                        "map": {"additionalProperties": or_null("Kind")},
                        "said": {"description": "S", "allOf": [to("Kind")], "nullable": true},
                        "any": {"nullable": true},
                    }}]},
                    "Union": {"oneOf": [to("Node"), {"type": "string"}]},
                    "Inline": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                }},
            })
        );
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let of = |name: &str| {
            format!(
                "nullable: #/components/schemas/{name}: moved `nullable` to the places where it is used"
            )
        };
        let parameter = |index: usize| {
            format!(
                "nullable: #/paths/~1a/get/parameters/{index}/schema: A: a parameter is never null"
            )
        };
        let mut reported = vec![parameter(1), parameter(2)];
        reported.extend(["Kind", "Alias", "Described", "Node", "Union", "Inline"].map(of));
        assert_eq!(changes, reported);
    }

    #[test]
    fn an_allof_child_of_a_nullable_base_is_not_nullable() {
        let child = json!({"allOf": [to("Base")]});
        let mut root = json!({"components": {"schemas": {
            "Base": {"type": "object", "nullable": true, "discriminator": {"propertyName": "k"}},
            "Child": child,
            "Holder": {"properties": {"base": to("Base"), "child": to("Child")}},
        }}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let schemas = &root["components"]["schemas"];
        assert_eq!(schemas["Child"], child);
        assert_eq!(
            schemas["Holder"]["properties"],
            json!({"base": or_null("Base"), "child": to("Child")})
        );
        assert_eq!(changes.len(), 1);
    }
}
