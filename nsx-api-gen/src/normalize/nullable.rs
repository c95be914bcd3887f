//! `nullable`: that a value may be null is said where it is used, and not of a component.
//!
//! A component that may be null, as `Kind: {type: string, nullable: true}`, would be a type of its own around an `Option`, which is
//! neither a text nor a choice any more. What refers to it says it instead, in the way that OpenAPI 3.0 has for that: `nullable: true`
//! beside an `allOf` of the reference alone. What is made of such a component may not be null for that, and a choice may be if one of
//! its variants may. A parameter is never null. No document of NSX Manager that is known has such components; those of Java programs
//! have.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::union;
use crate::document::{
    METHODS, component, for_each_schema, items, join, members, reference, says_null, text,
};

const PASS: &str = "nullable";

pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    for_each_schema(root, &mut choice);
    let names = nullable(root);
    if !names.is_empty() {
        for_each_schema(root, &mut |schema| within(schema, &names));
        for section in [
            "/paths",
            "/components/responses",
            "/components/requestBodies",
        ] {
            if let Some(section) = root.pointer_mut(section) {
                content(section, &names);
            }
        }
    }
    parameters(root, changes);
    let schemas = root.pointer_mut("/components/schemas");
    let schemas = schemas.and_then(Value::as_object_mut).into_iter().flatten();
    for (name, schema) in schemas {
        if !names.contains(name) {
            // It is made of what may be null.
            schema
                .as_object_mut()
                .and_then(|schema| schema.shift_remove("nullable"));
            continue;
        }
        let pointer = join("#/components/schemas", name);
        strip(schema);
        changes.push(Change::of_document(
            PASS,
            pointer,
            "may be null: said where it is used",
        ));
    }
}

/// A null among the variants that stand in a choice itself is one of the choice.
fn choice(schema: &mut Map<String, Value>) {
    let mut any = false;
    for key in ["oneOf", "anyOf"] {
        let parts = schema.get_mut(key).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            // What says nothing else may be anything.
            let is_more = part.as_object().is_some_and(|part| part.len() > 1);
            if is_more && says_null(part) {
                strip(part);
                any = true;
            }
        }
    }
    if any {
        schema.insert("nullable".to_owned(), json!(true));
    }
}

/// The components that may be null.
fn nullable(root: &Value) -> BTreeSet<String> {
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

/// What has a base alone is not that base, but one of its variants.
fn may_be_null(root: &Value, schema: &Value, names: &BTreeSet<String>) -> bool {
    let is_variant = || union::discriminator(root, schema).is_some();
    let through_parts = || {
        schema
            .as_object()
            .is_some_and(|one| through_parts(one, names))
    };
    says_null(schema) || refers(schema, names) || (through_parts() && !is_variant())
}

fn refers(schema: &Value, names: &BTreeSet<String>) -> bool {
    reference(schema).is_some_and(|target| names.contains(component(target)))
}

/// Whether what a schema stands for alone, or one of its variants, refers to what may be null.
fn through_parts(schema: &Map<String, Value>, names: &BTreeSet<String>) -> bool {
    let parts = schema.get("allOf");
    let is_alone = items(parts).nth(1).is_none()
        && schema.get("type").and_then(Value::as_str).is_none()
        && schema.get("properties").is_none();
    let alone = items(parts).filter(|_| is_alone);
    let variants = ["oneOf", "anyOf"].into_iter();
    let variants = variants.flat_map(|key| items(schema.get(key)));
    alone.chain(variants).any(|part| refers(part, names))
}

/// Says it of a schema, and of what stands in it.
fn within(schema: &mut Map<String, Value>, names: &BTreeSet<String>) {
    if through_parts(schema, names) {
        schema.insert("nullable".to_owned(), json!(true));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            wrap(inner, names);
        }
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, inner) in properties.into_iter().flatten() {
        wrap(inner, names);
    }
}

fn wrap(schema: &mut Value, names: &BTreeSet<String>) {
    if refers(schema, names) {
        *schema = json!({"nullable": true, "allOf": [schema.take()]});
    }
}

/// The schemas of bodies.
fn content(node: &mut Value, names: &BTreeSet<String>) {
    let Some(map) = node.as_object_mut() else {
        return;
    };
    for (key, inner) in map {
        match key.as_str() {
            "content" => {
                let media = inner.as_object_mut().into_iter();
                for media in media.flat_map(Map::values_mut) {
                    if let Some(schema) = media.get_mut("schema") {
                        wrap(schema, names);
                    }
                }
            }
            "example" | "examples" | "parameters" | "schema" => {}
            _ => content(inner, names),
        }
    }
}

fn parameters(root: &mut Value, changes: &mut Vec<Change>) {
    let mut mended = Vec::new();
    let mut list = |owner: &mut Value, pointer: &str, id: Option<String>| {
        let list = owner.get_mut("parameters").and_then(Value::as_array_mut);
        for (index, parameter) in list.into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/parameters/{index}");
            mended.extend(parameter_schema(parameter, &pointer, id.clone()));
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
        mended.extend(parameter_schema(parameter, &pointer, None));
    }
    changes.extend(mended);
}

/// What a parameter is, and what a list in it holds, is no null.
fn parameter_schema(
    parameter: &mut Value,
    pointer: &str,
    operation: Option<String>,
) -> Option<Change> {
    let schema = parameter.get_mut("schema")?;
    let mut any = says_null(schema);
    strip(schema);
    if let Some(inner) = schema.get_mut("items") {
        any |= says_null(inner);
        strip(inner);
    }
    any.then(|| Change {
        pass: PASS,
        pointer: format!("{pointer}/schema"),
        operation,
        message: "a parameter is never null".to_owned(),
    })
}

/// Takes the null out of a schema. One that stands for another alone is that.
fn strip(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    map.shift_remove("nullable");
    if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
        if values.is_empty() {
            map.shift_remove("enum");
        }
    }
    let parts = map.get("allOf").and_then(Value::as_array);
    if let (1, Some([part])) = (map.len(), parts.map(Vec::as_slice))
        && reference(part).is_some()
    {
        *schema = part.clone();
    }
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
    fn a_component_that_may_be_null_says_so_where_it_is_used() {
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
                "responses": {"200": body(to("Choice"))},
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
                "Choice": {"oneOf": [to("Node"), {"type": "string"}]},
                "Inline": {"anyOf": [{"type": "integer"}, {"type": "string", "nullable": true}]},
            }},
        });
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
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
                    "responses": {"200": body(or_null("Choice"))},
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
                    "Choice": {"oneOf": [to("Node"), {"type": "string"}]},
                    "Inline": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                }},
            })
        );
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let of = |name: &str| {
            format!("nullable: #/components/schemas/{name}: may be null: said where it is used")
        };
        let parameter = |index: usize| {
            format!(
                "nullable: #/paths/~1a/get/parameters/{index}/schema: A: a parameter is never null"
            )
        };
        let mut told = vec![parameter(1), parameter(2)];
        told.extend(["Kind", "Alias", "Described", "Node", "Choice", "Inline"].map(of));
        assert_eq!(changes, told);
    }

    #[test]
    fn what_is_made_of_a_base_that_may_be_null_is_one_of_its_variants_still() {
        let child = json!({"allOf": [to("Base")]});
        let mut root = json!({"components": {"schemas": {
            "Base": {"type": "object", "nullable": true, "discriminator": {"propertyName": "k"}},
            "Child": child,
            "Holder": {"properties": {"base": to("Base"), "child": to("Child")}},
        }}});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        let schemas = &root["components"]["schemas"];
        assert_eq!(schemas["Child"], child);
        assert_eq!(
            schemas["Holder"]["properties"],
            json!({"base": or_null("Base"), "child": to("Child")})
        );
        assert_eq!(changes.len(), 1);
    }
}
