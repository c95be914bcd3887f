//! One schema that says what all parts of an `allOf` say.
//!
//! According to the specification of `allOf`, a value must match every part. The intention of most
//! documents is that of an object-oriented language: a child adds properties to those of its
//! parent, and a property that it defines again has the type of the new definition. Examples in the
//! Policy API are `SecurityPolicy.rules`, a list of `Rule` where the parent `BasePolicy` has a list
//! of `BaseRule`, and `status` enums with additional values. No value would match both definitions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::narrowing::{has_no_type, is_narrowing};
use super::parts::tagged_parts;
use crate::document::pointer::{items, members, reference, resolve, text};
use crate::document::schema::{is_nullable, is_password};

/// Keywords that add to what the parts of an `allOf` say, as opposed to describing it.
const CONTENT: [&str; 7] = [
    "type",
    "enum",
    "properties",
    "required",
    "items",
    "oneOf",
    "anyOf",
];

/// The keywords that restrict values, other than those for properties.
const RESTRICTIONS: [&str; 16] = [
    "type",
    "format",
    "enum",
    "items",
    "additionalProperties",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// The result of merging the parts of a schema.
pub(crate) struct Merged {
    pub(crate) schema: Map<String, Value>,
    /// The unions of the parts. A value also matches one variant of each.
    pub(crate) unions: Vec<Map<String, Value>>,
    /// The properties that a part defines with another type than a part before it.
    pub(crate) overridden: Vec<String>,
    /// Why no value matches all parts.
    pub(crate) contradiction: Option<String>,
}

/// Whether a schema combines several schemas. With a single part, it may only describe that part or
/// allow null.
pub(crate) fn needs_merge(schema: &Value) -> bool {
    let parts = items(schema.get("allOf")).count();
    let values = schema.get("additionalProperties");
    let mut keys = CONTENT.iter();
    let has_content =
        keys.any(|key| schema.get(*key).is_some()) || values.is_some_and(Value::is_object);
    parts > 1 || (parts == 1 && has_content)
}

/// Merges a schema with the parts of its `allOf`.
pub(crate) fn merge(root: &Value, schema: &Value) -> Merged {
    let mut merge = Merge::default();
    let parts = tagged_parts(root, schema);
    // A child needs no union that its parent makes of its children.
    let is_part = |variant: &Value| {
        let variant = reference(variant).and_then(|_| resolve(root, variant));
        variant.is_some_and(|variant| parts.iter().any(|(_, part)| std::ptr::eq(*part, variant)))
    };
    for (tag, part) in &parts {
        merge.add(root, part, *tag);
        merge.add_unions(part, is_part);
    }
    merge.into_merged(schema)
}

#[derive(Default)]
struct Merge {
    properties: Map<String, Value>,
    /// The tag of the part that defines each property.
    tags: BTreeMap<String, usize>,
    required: Vec<Value>,
    /// The other keywords that restrict values.
    restrictions: Map<String, Value>,
    unions: Vec<Map<String, Value>>,
    overridden: Vec<String>,
    contradiction: Option<String>,
}

impl Merge {
    fn add(&mut self, root: &Value, part: &Value, tag: usize) {
        for (name, schema) in members(part.get("properties")) {
            self.add_property(root, name, schema, tag);
        }
        for name in items(part.get("required")) {
            if !self.required.contains(name) {
                self.required.push(name.clone());
            }
        }
        for key in RESTRICTIONS {
            if let Some(value) = part.get(key) {
                self.restrict(root, key, value);
            }
        }
    }

    /// Adds the unions of a part, unless one of their variants is a part too.
    fn add_unions(&mut self, part: &Value, is_part: impl Fn(&Value) -> bool) {
        let mut discriminator = part.get("discriminator");
        for key in ["oneOf", "anyOf"] {
            if let Some(variants) = part.get(key)
                && !items(Some(variants)).any(&is_part)
            {
                let mut union = Map::from_iter([(key.to_owned(), variants.clone())]);
                let discriminator = discriminator.take().cloned();
                union.extend(discriminator.map(|one| ("discriminator".to_owned(), one)));
                self.unions.push(union);
            }
        }
    }

    fn add_property(&mut self, root: &Value, name: &str, schema: &Value, tag: usize) {
        let known = self.properties.get(name).unwrap_or(&Value::Null);
        let (schema, is_overridden) = redefined(root, known, schema);
        self.properties.insert(name.to_owned(), schema);
        let before = self.tags.insert(name.to_owned(), tag);
        // Otherwise it is one part, in which a child overrides its parent.
        if is_overridden && before != Some(tag) {
            self.note_overridden(name);
        }
    }

    fn note_overridden(&mut self, name: &str) {
        if !self.overridden.iter().any(|known| known == name) {
            self.overridden.push(name.to_owned());
        }
    }

    fn restrict(&mut self, root: &Value, key: &str, value: &Value) {
        let known = self.restrictions.get(key).unwrap_or(&Value::Null);
        let value = match key {
            _ if known.is_null() || known == value => value.clone(),
            "additionalProperties" if !value.is_object() => known.clone(),
            "items" | "additionalProperties" => {
                let (schema, is_overridden) = redefined(root, known, value);
                if is_overridden {
                    self.note_overridden(key);
                }
                schema
            }
            "type" => match (known.as_str(), value.as_str()) {
                (Some("integer"), Some("number")) => known.clone(),
                (Some("number"), Some("integer")) => value.clone(),
                _ => {
                    self.contradiction = Some(format!("a value cannot be {known} and {value}"));
                    known.clone()
                }
            },
            "enum" => {
                let both =
                    items(Some(known)).filter(|one| items(Some(value)).any(|two| two == *one));
                let both: Vec<Value> = both.cloned().collect();
                if both.is_empty() {
                    self.contradiction = Some("the enums have no value in common".to_owned());
                }
                Value::Array(both)
            }
            _ => value.clone(),
        };
        self.restrictions.insert(key.to_owned(), value);
    }

    fn into_merged(self, schema: &Value) -> Merged {
        let mut merged = schema.as_object().cloned().unwrap_or_default();
        let parts = merged.shift_remove("allOf");
        for key in ["oneOf", "anyOf", "discriminator"] {
            merged.shift_remove(key);
        }
        for key in ["description", "title"] {
            let mut own = items(parts.as_ref()).filter(|part| reference(part).is_none());
            if let Some(value) = own.find_map(|part| part.get(key)) {
                merged.entry(key).or_insert_with(|| value.clone());
            }
        }
        if is_nullable(schema) {
            merged.insert("nullable".to_owned(), json!(true));
        }
        merged.extend(self.restrictions);
        if !self.properties.is_empty() {
            merged.entry("type").or_insert(json!("object"));
            merged.insert("properties".to_owned(), Value::Object(self.properties));
        }
        if !self.required.is_empty() {
            merged.insert("required".to_owned(), Value::Array(self.required));
        }
        Merged {
            schema: merged,
            unions: self.unions,
            overridden: self.overridden,
            contradiction: self.contradiction,
        }
    }
}

/// What a property is that a parent and a child define, and whether the definitions are
/// incompatible.
fn redefined(root: &Value, parent: &Value, child: &Value) -> (Value, bool) {
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
        let root = json!({"components": {"schemas": {
            "Child": {"description": "C", "allOf": [
                {"$ref": "#/components/schemas/Parent"},
                {"type": "object", "required": ["a"], "properties": {"p": child, "c": {"type": "string"}}},
            ]},
            "Parent": {"type": "object", "description": "P", "required": ["p"], "properties": {"a": {}, "p": parent}},
            "Base": {"type": "object", "properties": {"x": {"type": "string"}}},
            "Derived": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"y": {}}}]},
            "Kind": {"type": "string", "enum": ["a", "b"]},
        }}});
        merged_at(&root, "Child")
    }

    /// The schema of a component, and its overridden properties.
    fn merged_at(root: &Value, name: &str) -> (Value, Vec<String>) {
        let merged = merge(root, &root["components"]["schemas"][name]);
        assert_eq!(merged.contradiction, None);
        (Value::Object(merged.schema), merged.overridden)
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
            let (flattened, overridden) = flattened(parent.clone(), child.clone());
            assert_eq!(
                flattened,
                json!({
                    "description": "C", "type": "object", "required": ["p", "a"],
                    "properties": {"a": {}, "p": child, "c": {"type": "string"}},
                }),
                "{parent}"
            );
            assert_eq!(overridden, ["p"]);
        }
    }

    #[test]
    fn a_narrower_allof_definition_overrides_nothing() {
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
            let (merged, overridden) = flattened(parent, child);
            assert!(overridden.is_empty(), "{merged}");
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
            let root = json!({"components": {"schemas": {
                "Parent": {"properties": {"p": parent, "n": {"type": "string"}}},
                "Child": {"allOf": [to("Parent"), {"properties": {"p": child, "n": {"type": "integer"}}}]},
                "Secret": {"type": "string", "format": "password"},
            }}});
            let (child, overridden) = merged_at(&root, "Child");
            assert_eq!(child["properties"]["p"], expected);
            assert_eq!(overridden, ["n"]);
        }
    }

    #[test]
    fn compatible_allof_properties_are_merged() {
        let root = json!({"components": {"schemas": {
            "C": {"allOf": [to("B"), {"properties": {"own": {}}}]},
            "B": {"allOf": [
                {"properties": {"p": {"type": "string"}, "k": {"type": "string"}}, "oneOf": [to("A"), to("C")], "anyOf": [to("Base"), to("C")]},
                to("A"),
                {"properties": {"p": {"type": "integer"}, "k": {"enum": ["b"], "type": "string"}}},
            ]},
            "A": {"properties": {"k": {"type": "string", "description": "K"}, "p": {"type": "string", "description": "P"}}},
        }}});
        let (schema, overridden) = merged_at(&root, "B");
        assert_eq!(overridden, ["p"]);
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "p": {"type": "integer", "description": "P"},
                    "k": {"type": "string", "description": "K", "enum": ["b"]},
                },
            })
        );
    }
}
