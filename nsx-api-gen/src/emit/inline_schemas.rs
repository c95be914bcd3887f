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
use crate::document::recorded::reserved_type_names;
use crate::document::{is_nullable, items, reference, strip_null, text};
use crate::names::type_name;

/// The components of progenitor's input, and the names of all types that it will generate.
pub(super) struct InlineSchemas {
    pub(super) schemas: Map<String, Value>,
    pub(super) used_names: BTreeSet<String>,
}

/// Who names the types of the inline schemas in a schema.
#[derive(Clone, Copy, PartialEq)]
enum Naming {
    /// typify, by rules that are known here.
    Typify,
    /// This module, because typify has names of its own there. Every type becomes a component:
    /// otherwise typify would silently use another type of the same name.
    Own,
}

impl InlineSchemas {
    /// The components, with their inline schemas moved where necessary.
    pub(super) fn new(root: &Value, components: Map<String, Value>) -> Self {
        let mut inline_schemas = Self {
            used_names: components
                .keys()
                .map(|name| type_name(name))
                .chain(reserved_type_names(root))
                .collect(),
            schemas: Map::new(),
        };
        for (name, mut schema) in components {
            inline_schemas.visit(&type_name(&name), &mut schema, Naming::Typify);
            inline_schemas.schemas.insert(name, schema);
        }
        inline_schemas
    }

    /// An inline schema for which progenitor would generate a type called `name`.
    pub(super) fn inline(&mut self, name: &str, schema: &mut Value) {
        self.inline_as(name, schema, Naming::Typify);
    }

    fn inline_as(&mut self, name: &str, schema: &mut Value, naming: Naming) {
        // typify applies the rules for names again: `AXH` becomes `Axh`.
        let mut name = type_name(name);
        if naming == Naming::Own {
            name = self.free_name(&name);
        }
        self.visit(&name, schema, naming);
        if !is_named(schema) {
            return;
        }
        if naming == Naming::Typify {
            if self.used_names.insert(name.clone()) {
                return;
            }
            name = self.free_name(&name);
        }
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
    fn visit(&mut self, name: &str, schema: &mut Value, naming: Naming) {
        self.visit_union(name, schema);
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            self.visit(name, part, naming);
        }
        // Beside properties, typify has a name of its own for the values.
        let (value, value_naming) = match has_properties(schema) && naming == Naming::Typify {
            true => ("ExtraValue", Naming::Own),
            false => ("Value", naming),
        };
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (property, inner) in properties.into_iter().flatten() {
            self.inline_as(&format!("{name}{}", type_name(property)), inner, naming);
        }
        for (key, suffix, naming) in [
            ("items", "Item", naming),
            ("additionalProperties", value, value_naming),
        ] {
            if let Some(inner) = schema.get_mut(key) {
                self.inline_as(&format!("{name}{suffix}"), inner, naming);
            }
        }
    }

    fn visit_union(&mut self, name: &str, schema: &mut Value) {
        encode_union(schema);
        merge_enums(schema);
        for key in ["oneOf", "anyOf"] {
            let parts = schema.get_mut(key).and_then(Value::as_array_mut);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                self.inline_as(&format!("{name}Variant{}", index + 1), part, Naming::Own);
            }
        }
    }

    /// A component is never null, only references to it are. Otherwise typify would generate a
    /// newtype around an `Option`, and a type with a name of its own in it.
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

/// A union of enums becomes one enum. As types of their own, the first would accept every text.
fn merge_enums(schema: &mut Value) {
    let is_other = schema.get("allOf").is_some() || schema.get("enum").is_some();
    let is_text = text(schema, "type").is_none_or(|name| name == "string");
    for key in ["oneOf", "anyOf"] {
        let parts: Vec<&Value> = items(schema.get(key)).collect();
        let is_enums = !parts.is_empty() && parts.iter().all(|part| is_enum(part));
        if !is_enums || !is_text || is_other {
            continue;
        }
        let values = parts.iter().flat_map(|part| items(part.get("enum")));
        let values: Vec<Value> = values.cloned().collect();
        if let Some(map) = schema.as_object_mut() {
            map.shift_remove(key);
            map.insert("type".to_owned(), json!("string"));
            map.insert("enum".to_owned(), Value::Array(values));
        }
        return;
    }
}

fn is_enum(schema: &Value) -> bool {
    text(schema, "type") == Some("string") && items(schema.get("enum")).next().is_some()
}

/// Whether typify generates a named type for an inline schema.
fn is_named(schema: &Value) -> bool {
    let is_combined = match items(schema.get("allOf")).collect::<Vec<_>>()[..] {
        [] => false,
        [part] => is_named(part),
        _ => true,
    };
    reference(schema).is_none()
        && (is_enum(schema) || is_union(schema) || is_combined || has_properties(schema))
}

fn is_union(schema: &Value) -> bool {
    let mut keys = ["oneOf", "anyOf"].into_iter();
    keys.any(|key| items(schema.get(key)).next().is_some())
}

fn has_properties(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| !properties.is_empty())
}
