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
use crate::document::{is_nullable, items, reference, strip_null, text};
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
        // typify applies the rules for names again: `AXH` becomes `Axh`.
        let name = type_name(name);
        self.visit(&name, schema);
        if !is_named(schema) || self.used_names.insert(name.clone()) {
            return;
        }
        let name = self.free_name(&name);
        self.become_component(name, schema);
    }

    /// An inline schema in a place where typify has names of its own. It becomes a component,
    /// because typify would silently use another type of the same name.
    fn component(&mut self, name: &str, schema: &mut Value) {
        let name = self.free_name(&type_name(name));
        self.visit_all(&name, schema);
        if is_named(schema) {
            self.become_component(name, schema);
        }
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
        self.visit_union(name, schema);
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            self.visit(name, part);
        }
        let is_struct = has_properties(schema);
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (property, inner) in properties.into_iter().flatten() {
            self.inline(&format!("{name}{}", type_name(property)), inner);
        }
        if let Some(inner) = schema.get_mut("items") {
            self.inline(&format!("{name}Item"), inner);
        }
        match schema.get_mut("additionalProperties") {
            Some(inner) if is_struct => self.component(&format!("{name}ExtraValue"), inner),
            Some(inner) => self.inline(&format!("{name}Value"), inner),
            None => {}
        }
    }

    /// The same for a schema in whose type typify has names of its own.
    fn visit_all(&mut self, name: &str, schema: &mut Value) {
        self.visit_union(name, schema);
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            self.visit_all(name, part);
        }
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (property, inner) in properties.into_iter().flatten() {
            self.component(&format!("{name}{}", type_name(property)), inner);
        }
        for (key, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
            if let Some(inner) = schema.get_mut(key) {
                self.component(&format!("{name}{suffix}"), inner);
            }
        }
    }

    fn visit_union(&mut self, name: &str, schema: &mut Value) {
        encode_union(schema);
        for key in ["oneOf", "anyOf"] {
            let parts = schema.get_mut(key).and_then(Value::as_array_mut);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                self.component(&format!("{name}Variant{}", index + 1), part);
            }
        }
    }

    /// A component is never null, only references to it are. Otherwise typify would generate a
    /// newtype around an `Option`.
    fn become_component(&mut self, name: String, schema: &mut Value) {
        let mut reference = json!({"$ref": format!("#/components/schemas/{name}")});
        if is_nullable(schema) {
            strip_null(schema);
            reference = json!({"nullable": true, "allOf": [reference]});
        }
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

/// Whether typify generates a named type for an inline schema.
fn is_named(schema: &Value) -> bool {
    let has = |key: &str| items(schema.get(key)).next().is_some();
    let is_enum = text(schema, "type") == Some("string") && has("enum");
    let is_union = has("oneOf") || has("anyOf");
    let is_combined = match items(schema.get("allOf")).collect::<Vec<_>>()[..] {
        [] => false,
        [part] => is_named(part),
        _ => true,
    };
    reference(schema).is_none() && (is_enum || is_union || is_combined || has_properties(schema))
}

fn has_properties(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| !properties.is_empty())
}
