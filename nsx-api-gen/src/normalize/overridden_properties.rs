//! `overridden_property`: a property that a schema inherits through `allOf` and redefines with
//! another type has the type of the redefinition.
//!
//! According to the specification of `allOf`, a value must match both definitions. typify merges
//! them and drops the property if no value can match both, as with `int32` and `int64` or with two
//! different enums. The intention of such documents is that of an object-oriented language: the
//! child overrides the parent. Examples in the Policy API are `SecurityPolicy.rules`, a list of
//! `Rule` where the parent `BasePolicy` has a list of `BaseRule`, and `status` enums with
//! additional values.
//!
//! Such a schema is flattened: it gets all properties itself and inherits nothing any more. This
//! pass runs after all passes that depend on inheritance. A definition that only narrows that of
//! the parent, such as an enum instead of a string, is left unchanged.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema_compat::{has_no_type, is_narrowing};
use crate::document::change::Change;
use crate::document::{
    all_of_parts, component, for_each_schema_at, is_password, items, join, members, reference, text,
};

const PASS: &str = "overridden_property";

/// Normalizes components first, parents before children, and then the inline schemas that inherit
/// from them.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    for name in parents_first(root) {
        let pointer = join("#/components/schemas", &name);
        let schemas = root.pointer("/components/schemas");
        let schema = schemas.and_then(|all| all.get(&name));
        if let Some((flattened, overridden)) =
            schema.and_then(|schema| flatten_all_of(root, schema))
        {
            changes.push(change(&pointer, &overridden));
            let schemas = root.pointer_mut("/components/schemas");
            if let Some(schema) = schemas.and_then(|all| all.get_mut(&name)) {
                *schema = Value::Object(flattened);
            }
        }
    }
    let mut inheriting = Vec::new();
    for_each_schema_at(root, &mut |at, schema| {
        if schema.contains_key("allOf") {
            inheriting.push(at.to_string());
        }
    });
    for pointer in inheriting {
        let place = pointer.trim_start_matches('#');
        let flattened = root
            .pointer(place)
            .and_then(|schema| flatten_all_of(root, schema));
        if let Some(((flattened, overridden), schema)) = flattened.zip(root.pointer_mut(place)) {
            changes.push(change(&pointer, &overridden));
            *schema = Value::Object(flattened);
        }
    }
}

fn change(pointer: &str, overridden: &[String]) -> Change {
    let names: Vec<String> = overridden.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "{}: redefined with another type, which overrides the inherited one",
        names.join(", ")
    );
    Change::of_document(PASS, pointer, message)
}

/// The components that inherit from others, parents first.
fn parents_first(root: &Value) -> Vec<String> {
    let schemas = root.pointer("/components/schemas");
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, _) in members(schemas) {
        after_parents(schemas, name, &mut seen, &mut order);
    }
    order
}

fn after_parents<'a>(
    schemas: Option<&'a Value>,
    name: &'a str,
    seen: &mut BTreeSet<&'a str>,
    order: &mut Vec<String>,
) {
    let schema = schemas.and_then(|all| all.get(name));
    let Some(parts) = schema.and_then(|schema| schema.get("allOf")) else {
        return;
    };
    if !seen.insert(name) {
        return;
    }
    let mut pending = vec![parts];
    while let Some(parts) = pending.pop() {
        for part in items(Some(parts)) {
            match reference(part) {
                Some(target) => after_parents(schemas, component(target), seen, order),
                None => pending.extend(part.get("allOf")),
            }
        }
    }
    order.push(name.to_owned());
}

/// A schema with all inherited properties, and the names of the overridden ones; `None` if nothing
/// is overridden.
fn flatten_all_of(root: &Value, schema: &Value) -> Option<(Map<String, Value>, Vec<String>)> {
    items(schema.get("allOf")).next()?;
    let mut all = Flattened::default();
    for part in all_of_parts(root, schema) {
        all.add(root, part);
        if !std::ptr::eq(part, schema) {
            all.keep_union(part);
        }
    }
    if all.overridden.is_empty() {
        return None;
    }
    let overridden = std::mem::take(&mut all.overridden);
    Some((all.into_schema(schema), overridden))
}

/// The merged parts of a schema.
#[derive(Default)]
struct Flattened {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// The schema of additional properties.
    rest: Option<Value>,
    /// The unions, which stay `allOf` parts.
    unions: Vec<Value>,
    /// The properties with incompatible definitions.
    overridden: Vec<String>,
}

impl Flattened {
    fn add(&mut self, root: &Value, part: &Value) {
        for (name, schema) in members(part.get("properties")) {
            let known = self.properties.get(name).unwrap_or(&Value::Null);
            let (schema, is_overridden) = overlay(root, known, schema);
            self.properties.insert(name.clone(), schema);
            self.note(is_overridden, name);
        }
        for name in items(part.get("required")) {
            if !self.required.contains(name) {
                self.required.push(name.clone());
            }
        }
        let rest = part.get("additionalProperties");
        if let Some(rest) = rest.filter(|rest| rest.is_object()) {
            let known = self.rest.take().unwrap_or_default();
            let (rest, is_overridden) = overlay(root, &known, rest);
            self.rest = Some(rest);
            self.note(is_overridden, "additionalProperties");
        }
    }

    fn note(&mut self, is_overridden: bool, name: &str) {
        if is_overridden && !self.overridden.iter().any(|known| known == name) {
            self.overridden.push(name.to_owned());
        }
    }

    /// A union cannot be merged with other parts.
    fn keep_union(&mut self, part: &Value) {
        const KEYS: [&str; 3] = ["oneOf", "anyOf", "discriminator"];
        let keys = members(Some(part)).filter(|(key, _)| KEYS.contains(&key.as_str()));
        let union: Map<String, Value> = keys
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if union.contains_key("oneOf") || union.contains_key("anyOf") {
            self.unions.push(Value::Object(union));
        }
    }

    fn into_schema(self, schema: &Value) -> Map<String, Value> {
        let mut flattened = schema.as_object().cloned().unwrap_or_default();
        let parts = flattened.shift_remove("allOf");
        for key in ["description", "title"] {
            let mut own = items(parts.as_ref()).filter(|part| reference(part).is_none());
            if let Some(value) = own.find_map(|part| part.get(key)) {
                flattened.entry(key).or_insert_with(|| value.clone());
            }
        }
        flattened.insert("type".to_owned(), json!("object"));
        flattened.insert("properties".to_owned(), Value::Object(self.properties));
        if !self.required.is_empty() {
            flattened.insert("required".to_owned(), Value::Array(self.required));
        }
        if let Some(rest) = self.rest {
            flattened.insert("additionalProperties".to_owned(), rest);
        }
        if !self.unions.is_empty() {
            flattened.insert("allOf".to_owned(), Value::Array(self.unions));
        }
        flattened
    }
}

/// The result of combining the definitions of the parent and of the child, and whether they are
/// incompatible.
fn overlay(root: &Value, parent: &Value, child: &Value) -> (Value, bool) {
    if parent.is_null() || parent == child {
        return (child.clone(), false);
    }
    if is_password(root, parent) && text(child, "type").is_none_or(|kind| kind == "string") {
        return (secret(root, parent, child), false);
    }
    if !is_narrowing(root, parent, child) {
        return (described(child, parent), true);
    }
    let is_one = |schema: &Value| reference(schema).is_some() || schema.get("allOf").is_some();
    let same_type = text(parent, "type") == text(child, "type");
    let together = match (has_no_type(child), is_one(parent), is_one(child)) {
        (true, true, _) => parent.clone(),
        (true, false, _) => merged(parent, child),
        (false, _, true) => described(child, parent),
        _ if child.get("properties").is_some() => json!({"allOf": [parent, child]}),
        (false, false, false) if same_type => merged(parent, child),
        _ => described(child, parent),
    };
    (together, false)
}

/// A secret that a child defines as a plain string stays a secret.
fn secret(root: &Value, parent: &Value, child: &Value) -> Value {
    let is_null = child.get("nullable") == Some(&Value::Bool(true));
    match (is_password(root, child), is_null) {
        (true, _) => child.clone(),
        (false, true) => json!({"nullable": true, "allOf": [parent]}),
        (false, false) => parent.clone(),
    }
}

/// The child's definition, with the parent's description if it has none.
fn described(child: &Value, parent: &Value) -> Value {
    let description = parent.get("description");
    let (Some(description), None, None) = (description, child.get("description"), reference(child))
    else {
        return child.clone();
    };
    let mut child = child.clone();
    if let Some(child) = child.as_object_mut() {
        child.insert("description".to_owned(), description.clone());
    }
    child
}

fn merged(parent: &Value, child: &Value) -> Value {
    let all = members(Some(parent)).chain(members(Some(child)));
    let all = all.map(|(key, value)| (key.clone(), value.clone()));
    Value::Object(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flattened(parent: Value, child: Value) -> (Value, Vec<String>) {
        let mut root = json!({"components": {"schemas": {
            "Child": {"description": "C", "allOf": [
                {"$ref": "#/components/schemas/Parent"},
                {"type": "object", "required": ["a"], "properties": {"p": child, "c": {"type": "string"}}},
            ]},
            "Parent": {"type": "object", "description": "P", "required": ["p"], "properties": {"a": {}, "p": parent}},
            "Base": {"type": "object", "properties": {"x": {"type": "string"}}},
            "Derived": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"y": {}}}]},
            "Kind": {"type": "string", "enum": ["a", "b"]},
        }}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let child = root.pointer("/components/schemas/Child").cloned();
        let changes = changes.iter().map(ToString::to_string).collect();
        (child.unwrap_or_default(), changes)
    }

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    #[test]
    fn a_property_overridden_in_an_allof_child_has_the_type_of_the_child() {
        let list = |name: &str| json!({"type": "array", "items": to(name)});
        for (parent, child) in [
            (
                json!({"type": "integer", "format": "int32"}),
                json!({"type": "integer", "format": "int64"}),
            ),
            (json!({"type": "integer"}), json!({"type": "string"})),
            (json!({"type": "number"}), json!({"type": "integer"})),
            (
                json!({"type": "string", "enum": ["UP"]}),
                json!({"type": "string", "enum": ["READY"]}),
            ),
            (
                json!({"type": "string", "enum": ["UP"]}),
                json!({"type": "string", "enum": ["UP", "DEGRADED"]}),
            ),
            (
                json!({"type": "string", "enum": ["UP"]}),
                json!({"type": "string"}),
            ),
            (
                json!({"type": "string"}),
                json!({"type": "string", "nullable": true}),
            ),
            (list("Base"), json!({"type": "string"})),
            (list("Base"), list("Derived")),
            (to("Base"), to("Derived")),
            (
                to("Base"),
                json!({"nullable": true, "allOf": [to("Derived")]}),
            ),
            (to("Kind"), json!({"type": "string", "enum": ["c"]})),
            (
                json!({"type": "object", "additionalProperties": to("Base")}),
                json!({"type": "object", "additionalProperties": to("Derived")}),
            ),
        ] {
            let (flattened, changes) = flattened(parent.clone(), child.clone());
            assert_eq!(
                flattened,
                json!({
                    "description": "C", "type": "object", "required": ["p", "a"],
                    "properties": {"a": {}, "p": child, "c": {"type": "string"}},
                }),
                "{parent}"
            );
            assert_eq!(
                changes,
                [
                    "overridden_property: #/components/schemas/Child: `p`: redefined with another type, which overrides the inherited one"
                ]
            );
        }
    }

    #[test]
    fn narrowing_an_inherited_allof_property_changes_nothing() {
        for (parent, child) in [
            (
                json!({"type": "string"}),
                json!({"type": "string", "enum": ["a"], "readOnly": true}),
            ),
            (
                json!({"type": "string", "maxLength": 5}),
                json!({"type": "string", "description": "D"}),
            ),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                json!({"type": "string", "enum": ["b"]}),
            ),
            (to("Kind"), json!({"type": "string", "enum": ["b"]})),
            (
                to("Base"),
                json!({"description": "D", "allOf": [to("Base")]}),
            ),
            (to("Base"), json!({"description": "D"})),
            (json!({}), to("Base")),
            (
                json!({"type": "integer"}),
                json!({"type": "integer", "format": "int32"}),
            ),
            (
                json!({"type": "integer", "format": "int64"}),
                json!({"type": "integer"}),
            ),
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}}}),
                json!({"type": "object", "properties": {"b": {"type": "string"}}}),
            ),
        ] {
            let (child, changes) = flattened(parent, child);
            assert!(
                child.get("allOf").is_some() && changes.is_empty(),
                "{child}"
            );
        }
    }

    #[test]
    fn an_overridden_password_stays_a_secret() {
        let secret = json!({"type": "string", "format": "password"});
        for (parent, child, expected) in [
            (to("Secret"), json!({"type": "string"}), to("Secret")),
            (
                secret.clone(),
                json!({"type": "string", "maxLength": 9}),
                secret.clone(),
            ),
            (
                secret.clone(),
                json!({"type": "string", "nullable": true}),
                json!({"nullable": true, "allOf": [secret]}),
            ),
        ] {
            let mut root = json!({"components": {"schemas": {
                "Parent": {"properties": {"p": parent, "n": {"type": "string"}}},
                "Child": {"allOf": [to("Parent"), {"properties": {"p": child, "n": {"type": "integer"}}}]},
                "Secret": {"type": "string", "format": "password"},
            }}});
            let mut changes = Vec::new();
            normalize(&mut root, &mut changes);
            let pointer = "/components/schemas/Child/properties/p";
            assert_eq!(root.pointer(pointer), Some(&expected));
            assert_eq!(changes.len(), 1);
        }
    }

    #[test]
    fn an_allof_grandchild_keeps_its_parent_and_compatible_properties_are_merged() {
        let mut root = json!({"components": {"schemas": {
            "C": {"allOf": [to("B"), {"properties": {"own": {}}}]},
            "B": {"allOf": [
                {"properties": {"p": {"type": "string"}, "k": {"type": "string"}}, "oneOf": [to("A"), to("C")]},
                to("A"),
                {"properties": {"p": {"type": "integer"}, "k": {"enum": ["b"], "type": "string"}}},
            ]},
            "A": {"properties": {"k": {"type": "string", "description": "K"}, "p": {"type": "string", "description": "P"}}},
        }}});
        let child = root.pointer("/components/schemas/C").cloned();
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let schemas = &root["components"]["schemas"];
        assert_eq!(Some(&schemas["C"]), child.as_ref());
        assert_eq!(
            schemas["B"],
            json!({
                "type": "object",
                "properties": {
                    "p": {"type": "integer", "description": "P"},
                    "k": {"type": "string", "description": "K", "enum": ["b"]},
                },
                "allOf": [{"oneOf": [to("A"), to("C")]}],
            })
        );
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn an_inline_allof_with_an_overridden_property_is_flattened() {
        let mut root = json!({
            "components": {"schemas": {"A": {"properties": {"p": {"type": "string"}}}}},
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema":
                {"allOf": [to("A"), {"properties": {"p": {"type": "integer"}}}]}}}}}}}},
        });
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let pointer =
            "/paths/~1a/get/responses/200/content/application~1json/schema/properties/p/type";
        assert_eq!(root.pointer(pointer), Some(&json!("integer")));
        assert_eq!(changes.len(), 1);
    }
}
