//! `redeclared`: a property that a schema has from what it is made of, and declares anew as something else, is what it declares itself.
//!
//! By the letter of `allOf` a value must fit both declarations. typify lays them over each other, and where nothing fits both, as with
//! `int32` and `int64` or with two enums, the property is lost. What is meant is what an object-oriented language makes of it: that
//! the child's word counts. `SecurityPolicy.rules` of the Policy API is such a property, a list of `Rule` where its parent `BasePolicy`
//! has one of `BaseRule`; so is a `status` that has a value more than the parent's.
//!
//! Such a schema is written out: it gets all the properties, and is made of nothing any more. This comes behind the passes that ask
//! what is made of what. A declaration that only narrows what the parent says, as an enum does a string, needs no mending.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fits::{fits, is_open};
use crate::document::change::Change;
use crate::document::{
    component, for_each_schema_at, is_password, items, join, made_of, members, reference, text,
};

const PASS: &str = "redeclared";

/// Mends the components first, parents before children, and then what is made of them in other places.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    for name in parents_first(root) {
        let pointer = join("#/components/schemas", &name);
        let schemas = root.pointer("/components/schemas");
        let schema = schemas.and_then(|all| all.get(&name));
        if let Some((whole, anew)) = schema.and_then(|schema| written_out(root, schema)) {
            changes.push(told(&pointer, &anew));
            let schemas = root.pointer_mut("/components/schemas");
            if let Some(schema) = schemas.and_then(|all| all.get_mut(&name)) {
                *schema = Value::Object(whole);
            }
        }
    }
    let mut made_of_others = Vec::new();
    for_each_schema_at(root, &mut |at, schema| {
        if schema.contains_key("allOf") {
            made_of_others.push(at.to_string());
        }
    });
    for pointer in made_of_others {
        let place = pointer.trim_start_matches('#');
        let mended = root
            .pointer(place)
            .and_then(|schema| written_out(root, schema));
        if let Some(((whole, anew), schema)) = mended.zip(root.pointer_mut(place)) {
            changes.push(told(&pointer, &anew));
            *schema = Value::Object(whole);
        }
    }
}

fn told(pointer: &str, anew: &[String]) -> Change {
    let names: Vec<String> = anew.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "{}: declared anew as something else: the last declaration counts",
        names.join(", ")
    );
    Change::of_document(PASS, pointer, message)
}

/// The components that are made of others, none before those.
fn parents_first(root: &Value) -> Vec<String> {
    let schemas = root.pointer("/components/schemas");
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, _) in members(schemas) {
        behind_parents(schemas, name, &mut seen, &mut order);
    }
    order
}

fn behind_parents<'a>(
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
    let mut open = vec![parts];
    while let Some(parts) = open.pop() {
        for part in items(Some(parts)) {
            match reference(part) {
                Some(target) => behind_parents(schemas, component(target), seen, order),
                None => open.extend(part.get("allOf")),
            }
        }
    }
    order.push(name.to_owned());
}

/// A schema with all that it is made of, and what is declared anew; `None` where there is no such thing.
fn written_out(root: &Value, schema: &Value) -> Option<(Map<String, Value>, Vec<String>)> {
    items(schema.get("allOf")).next()?;
    let mut all = Whole::default();
    for part in made_of(root, schema) {
        all.add(root, part);
        if !std::ptr::eq(part, schema) {
            all.keep_choice(part);
        }
    }
    if all.anew.is_empty() {
        return None;
    }
    let anew = std::mem::take(&mut all.anew);
    Some((all.into_schema(schema), anew))
}

/// The parts of a schema put together.
#[derive(Default)]
struct Whole {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// What the values of other names are.
    rest: Option<Value>,
    /// What stays a part.
    choices: Vec<Value>,
    /// The properties of which two declarations do not go together.
    anew: Vec<String>,
}

impl Whole {
    fn add(&mut self, root: &Value, part: &Value) {
        for (name, schema) in members(part.get("properties")) {
            let known = self.properties.get(name).unwrap_or(&Value::Null);
            let (schema, is_anew) = over(root, known, schema);
            self.properties.insert(name.clone(), schema);
            self.note(is_anew, name);
        }
        for name in items(part.get("required")) {
            if !self.required.contains(name) {
                self.required.push(name.clone());
            }
        }
        let rest = part.get("additionalProperties");
        if let Some(rest) = rest.filter(|rest| rest.is_object()) {
            let known = self.rest.take().unwrap_or_default();
            let (rest, is_anew) = over(root, &known, rest);
            self.rest = Some(rest);
            self.note(is_anew, "additionalProperties");
        }
    }

    fn note(&mut self, is_anew: bool, name: &str) {
        if is_anew && !self.anew.iter().any(|known| known == name) {
            self.anew.push(name.to_owned());
        }
    }

    /// A part that is a choice cannot be put together with others.
    fn keep_choice(&mut self, part: &Value) {
        const KEYS: [&str; 3] = ["oneOf", "anyOf", "discriminator"];
        let keys = members(Some(part)).filter(|(key, _)| KEYS.contains(&key.as_str()));
        let choice: Map<String, Value> = keys
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if choice.contains_key("oneOf") || choice.contains_key("anyOf") {
            self.choices.push(Value::Object(choice));
        }
    }

    fn into_schema(self, schema: &Value) -> Map<String, Value> {
        let mut whole = schema.as_object().cloned().unwrap_or_default();
        let parts = whole.shift_remove("allOf");
        for key in ["description", "title"] {
            let mut own = items(parts.as_ref()).filter(|part| reference(part).is_none());
            if let Some(value) = own.find_map(|part| part.get(key)) {
                whole.entry(key).or_insert_with(|| value.clone());
            }
        }
        whole.insert("type".to_owned(), json!("object"));
        whole.insert("properties".to_owned(), Value::Object(self.properties));
        if !self.required.is_empty() {
            whole.insert("required".to_owned(), Value::Array(self.required));
        }
        if let Some(rest) = self.rest {
            whole.insert("additionalProperties".to_owned(), rest);
        }
        if !self.choices.is_empty() {
            whole.insert("allOf".to_owned(), Value::Array(self.choices));
        }
        whole
    }
}

/// What two declarations of one thing are together, the parent's and the child's, and whether they do not fit.
fn over(root: &Value, parent: &Value, child: &Value) -> (Value, bool) {
    if parent.is_null() || parent == child {
        return (child.clone(), false);
    }
    if is_password(root, parent) && text(child, "type").is_none_or(|kind| kind == "string") {
        return (secret(root, parent, child), false);
    }
    if !fits(root, parent, child) {
        return (described(child, parent), true);
    }
    let is_one = |schema: &Value| reference(schema).is_some() || schema.get("allOf").is_some();
    let same_type = text(parent, "type") == text(child, "type");
    let together = match (is_open(child), is_one(parent), is_one(child)) {
        (true, true, _) => parent.clone(),
        (true, false, _) => overlaid(parent, child),
        (false, _, true) => described(child, parent),
        _ if child.get("properties").is_some() => json!({"allOf": [parent, child]}),
        (false, false, false) if same_type => overlaid(parent, child),
        _ => described(child, parent),
    };
    (together, false)
}

/// A secret that a child calls a text is one still.
fn secret(root: &Value, parent: &Value, child: &Value) -> Value {
    let is_null = child.get("nullable") == Some(&Value::Bool(true));
    match (is_password(root, child), is_null) {
        (true, _) => child.clone(),
        (false, true) => json!({"nullable": true, "allOf": [parent]}),
        (false, false) => parent.clone(),
    }
}

/// The child's declaration, with the parent's description where it has none.
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

fn overlaid(parent: &Value, child: &Value) -> Value {
    let all = members(Some(parent)).chain(members(Some(child)));
    let all = all.map(|(key, value)| (key.clone(), value.clone()));
    Value::Object(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(parent: Value, child: Value) -> (Value, Vec<String>) {
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
        mend(&mut root, &mut changes);
        let child = root.pointer("/components/schemas/Child").cloned();
        let changes = changes.iter().map(ToString::to_string).collect();
        (child.unwrap_or_default(), changes)
    }

    fn to(name: &str) -> Value {
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    #[test]
    fn a_property_that_is_declared_anew_as_something_else_is_what_the_child_says() {
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
            let (whole, changes) = mended(parent.clone(), child.clone());
            assert_eq!(
                whole,
                json!({
                    "description": "C", "type": "object", "required": ["p", "a"],
                    "properties": {"a": {}, "p": child, "c": {"type": "string"}},
                }),
                "{parent}"
            );
            assert_eq!(
                changes,
                [
                    "redeclared: #/components/schemas/Child: `p`: declared anew as something else: the last declaration counts"
                ]
            );
        }
    }

    #[test]
    fn a_declaration_that_narrows_the_parents_or_only_describes_it_changes_nothing() {
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
            let (child, changes) = mended(parent, child);
            assert!(
                child.get("allOf").is_some() && changes.is_empty(),
                "{child}"
            );
        }
    }

    #[test]
    fn a_secret_that_a_child_calls_a_text_stays_one() {
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
            mend(&mut root, &mut changes);
            let pointer = "/components/schemas/Child/properties/p";
            assert_eq!(root.pointer(pointer), Some(&expected));
            assert_eq!(changes.len(), 1);
        }
    }

    #[test]
    fn a_child_of_a_child_keeps_its_parent_and_what_fits_is_put_together() {
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
        mend(&mut root, &mut changes);
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
    fn what_is_made_of_components_in_another_place_is_mended_there() {
        let mut root = json!({
            "components": {"schemas": {"A": {"properties": {"p": {"type": "string"}}}}},
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema":
                {"allOf": [to("A"), {"properties": {"p": {"type": "integer"}}}]}}}}}}}},
        });
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        let pointer =
            "/paths/~1a/get/responses/200/content/application~1json/schema/properties/p/type";
        assert_eq!(root.pointer(pointer), Some(&json!("integer")));
        assert_eq!(changes.len(), 1);
    }
}
