//! The order of a type's fields, and which of them can be null.
//!
//! typify sorts fields by name. In the docs and in the arguments of `new`, the order of the
//! document is more useful. It also does not tell an optional field from one that can be null.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{is_nullable, members, operations, reference};
use crate::names::type_name;

/// The fields of each type, in document order, and whether they can be null.
pub(crate) struct FieldOrder(BTreeMap<String, Vec<(String, bool)>>);

impl FieldOrder {
    /// Reads the order from progenitor's input.
    pub(crate) fn new(input: &Value) -> Self {
        let mut order = Self(BTreeMap::new());
        let schemas = input.pointer("/components/schemas");
        for (name, schema) in members(schemas) {
            order.schema(&type_name(name), schema);
        }
        for place in operations(input) {
            let id = place.id().unwrap_or_default();
            let body = place.node.pointer("/requestBody/content");
            let success = place.node.pointer("/responses/200/content");
            for (suffix, content) in [("-body", body), ("-response", success)] {
                let media = members(content).next();
                if let Some(schema) = media.and_then(|(_, media)| media.get("schema")) {
                    order.schema(&type_name(&format!("{id}{suffix}")), schema);
                }
            }
        }
        order
    }

    /// The position of a field in its type. Unknown fields come last.
    pub(super) fn position(&self, ty: &str, field: &str) -> usize {
        let fields = self.0.get(ty);
        let position = fields.and_then(|all| all.iter().position(|(known, _)| known == field));
        position.unwrap_or(usize::MAX)
    }

    /// Whether a field can be null.
    pub(super) fn is_nullable(&self, ty: &str, field: &str) -> bool {
        let mut fields = self.0.get(ty).into_iter().flatten();
        fields.any(|(known, is_nullable)| known == field && *is_nullable)
    }

    /// Records the fields of a schema and of its inline schemas, by the names of the types that
    /// typify generates.
    fn schema(&mut self, name: &str, schema: &Value) {
        let mut fields = Vec::new();
        for (field, inner) in members(schema.get("properties")) {
            fields.push((field.clone(), is_nullable(inner)));
            self.schema(&format!("{name}{}", type_name(field)), inner);
        }
        for (key, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
            if let Some(inner) = schema.get(key) {
                self.schema(&format!("{name}{suffix}"), inner);
            }
        }
        if reference(schema).is_none() && !fields.is_empty() {
            self.0.insert(name.to_owned(), fields);
        }
    }
}
