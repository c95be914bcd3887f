//! Moves inline schemas to components, where progenitor would otherwise generate unsuitable types.
//!
//! For inline objects in a `oneOf`, typify generates an enum whose variants have fields, tagged if
//! a field has a single value. Such an enum can evolve neither in its variants nor in their fields.
//! For references, it generates an enum of types, which are structs like any other. Discriminated
//! unions are handled separately (see `encode_union`).
//!
//! typify names the type of an inline schema after its parent and property. If another type already
//! has that name, there would be a collision: `ClusterNode.status` and `ClusterNodeStatus` in NSX
//! Manager 3.1. The inline one gets a number.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::encode_union::encode_union;
use crate::document::{items, reference, text};
use crate::names::type_name;

/// The components of progenitor's input, and the names of all types that it will generate.
pub(super) struct InlineSchemas {
    pub(super) schemas: Map<String, Value>,
    used_names: BTreeSet<String>,
}

impl InlineSchemas {
    /// The components, with their inline schemas moved where necessary.
    pub(super) fn new(components: Map<String, Value>) -> Self {
        let mut inline_schemas = Self {
            used_names: components.keys().map(|name| type_name(name)).collect(),
            schemas: Map::new(),
        };
        for (name, mut schema) in components {
            inline_schemas.visit(&type_name(&name), &mut schema);
            inline_schemas.schemas.insert(name, schema);
        }
        inline_schemas
    }

    /// An inline schema for which progenitor would generate a type called `name`.
    pub(super) fn inline(&mut self, name: &str, schema: &mut Value) {
        self.visit(name, schema);
        if !is_named(schema) {
            return;
        }
        if self.used_names.insert(name.to_owned()) {
            return;
        }
        let name = self.free_name(name);
        self.become_component(name, schema);
    }

    /// The schema of a body or response.
    pub(super) fn content(&mut self, name: &str, mut content: Value) -> Value {
        let media = content.as_object_mut().into_iter();
        for media in media.flat_map(Map::values_mut) {
            if let Some(schema) = media.get_mut("schema") {
                self.inline(name, schema);
            }
        }
        content
    }

    /// The inline schemas in a schema whose type is called `name`.
    fn visit(&mut self, name: &str, schema: &mut Value) {
        encode_union(schema);
        for key in ["oneOf", "anyOf"] {
            let parts = schema.get_mut(key).and_then(Value::as_array_mut);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                let name = self.free_name(&format!("{name}Variant{}", index + 1));
                self.visit(&name, part);
                if is_object(part) {
                    self.become_component(name, part);
                }
            }
        }
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            self.visit(name, part);
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
        self.used_names.insert(name.clone());
        self.schemas.insert(name, schema);
    }

    /// The name, with the first free number appended if it is already used.
    fn free_name(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names
            .find(|name| !self.used_names.contains(name))
            .unwrap_or_default()
    }
}

fn is_object(schema: &Value) -> bool {
    reference(schema).is_none()
        && (schema.get("properties").is_some() || schema.get("allOf").is_some())
}

/// Whether typify generates a named type for an inline schema.
fn is_named(schema: &Value) -> bool {
    let has = |key: &str| items(schema.get(key)).next().is_some();
    let is_enum = text(schema, "type") == Some("string") && has("enum");
    let is_union = has("oneOf") || has("anyOf");
    let is_combined = items(schema.get("allOf")).nth(1).is_some();
    let is_struct = schema.get("properties").is_some_and(|properties| {
        properties
            .as_object()
            .is_some_and(|properties| !properties.is_empty())
    });
    reference(schema).is_none() && (is_enum || is_union || is_combined || is_struct)
}
