//! The order of a type's fields, which is that of the document.
//!
//! typify sorts fields by name. In the docs and in the arguments of `new`, the order of the
//! document is more useful.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{members, operations, reference};
use crate::names::type_name;

/// The fields of each type, in document order.
pub(crate) struct FieldOrder(BTreeMap<String, Vec<String>>);

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
        let position = fields.and_then(|fields| fields.iter().position(|known| known == field));
        position.unwrap_or(usize::MAX)
    }

    /// Records the fields of a schema and of its inline schemas, by the names of the types that
    /// typify generates.
    fn schema(&mut self, name: &str, schema: &Value) {
        let mut fields = Vec::new();
        for (field, inner) in members(schema.get("properties")) {
            fields.push(field.clone());
            self.schema(&format!("{name}{}", type_name(field)), inner);
        }
        if let Some(inner) = schema.get("items") {
            self.schema(&format!("{name}Item"), inner);
        }
        if reference(schema).is_none() && !fields.is_empty() {
            self.0.insert(name.to_owned(), fields);
        }
    }
}
