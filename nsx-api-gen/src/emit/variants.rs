//! Schemas that become components of their own before progenitor sees them.
//!
//! Of objects that stand in a `oneOf` itself typify makes an enum with fields in its variants, tagged where a field has
//! one value only. Such an enum knows neither a variant nor a field of tomorrow. Of references it makes one of types, and
//! those are read and written like any other. A choice by a discriminator is none of these (`unions`).
//!
//! Of a schema that stands in a property itself typify makes a type that is called after both. Where a type has that name already
//! there would be two: `ClusterNode.status` and `ClusterNodeStatus` are such a pair in NSX Manager 3.1. The former gets a number.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::unions;
use crate::document::{items, reference, text};
use crate::names::type_name;

/// The components of the private document, and the names of all types that will be.
pub(super) struct Hoist {
    pub(super) schemas: Map<String, Value>,
    taken: BTreeSet<String>,
}

impl Hoist {
    /// With the schemas within these components hoisted.
    pub(super) fn new(components: Map<String, Value>) -> Self {
        let mut hoist = Self {
            taken: components.keys().map(|name| type_name(name)).collect(),
            schemas: Map::new(),
        };
        for (name, mut schema) in components {
            hoist.within(&type_name(&name), &mut schema);
            hoist.schemas.insert(name, schema);
        }
        hoist
    }

    /// A schema that progenitor would call `name`, with what has to be hoisted.
    pub(super) fn inline(&mut self, name: &str, schema: &mut Value) {
        self.within(name, schema);
        if !is_named(schema) {
            return;
        }
        if self.taken.insert(name.to_owned()) {
            return;
        }
        let name = self.free(name);
        self.become_component(name, schema);
    }

    /// The same for the one schema of a body or a response.
    pub(super) fn content(&mut self, name: &str, mut content: Value) -> Value {
        let media = content.as_object_mut().into_iter();
        for media in media.flat_map(Map::values_mut) {
            if let Some(schema) = media.get_mut("schema") {
                self.inline(name, schema);
            }
        }
        content
    }

    /// What is within a schema whose type is called `name`.
    fn within(&mut self, name: &str, schema: &mut Value) {
        unions::stand_in(schema);
        for key in ["oneOf", "anyOf"] {
            let parts = schema.get_mut(key).and_then(Value::as_array_mut);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                let name = self.free(&format!("{name}Variant{}", index + 1));
                self.within(&name, part);
                if is_object(part) {
                    self.become_component(name, part);
                }
            }
        }
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            self.within(name, part);
        }
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (property, inner) in properties.into_iter().flatten() {
            self.inline(&format!("{name}{}", type_name(property)), inner);
        }
        for (key, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
            if let Some(inner) = schema.get_mut(key) {
                self.inline(&format!("{name}{suffix}"), inner);
            }
        }
    }

    fn become_component(&mut self, name: String, schema: &mut Value) {
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        let schema = std::mem::replace(schema, reference);
        self.taken.insert(name.clone());
        self.schemas.insert(name, schema);
    }

    /// The name, or with a number behind it the first that no type has.
    fn free(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names
            .find(|name| !self.taken.contains(name))
            .unwrap_or_default()
    }
}

fn is_object(schema: &Value) -> bool {
    reference(schema).is_none()
        && (schema.get("properties").is_some() || schema.get("allOf").is_some())
}

/// Whether typify makes a type with a name of a schema that stands in another.
fn is_named(schema: &Value) -> bool {
    let has = |key: &str| items(schema.get(key)).next().is_some();
    let is_enum = text(schema, "type") == Some("string") && has("enum");
    let is_choice = has("oneOf") || has("anyOf");
    let is_sum = items(schema.get("allOf")).nth(1).is_some();
    let is_struct = schema.get("properties").is_some_and(|properties| {
        properties
            .as_object()
            .is_some_and(|properties| !properties.is_empty())
    });
    reference(schema).is_none() && (is_enum || is_choice || is_sum || is_struct)
}
