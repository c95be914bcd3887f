//! The order of a type's fields, which is the document's.
//!
//! typify sorts fields by name. A reader of the docs expects them as the document has them, and so
//! does who calls `new` with what is required.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{members, operations, properties, reference};
use crate::names::type_name;

/// The names of the fields of each type in the document's order.
pub(in crate::emit) struct Order(BTreeMap<String, Vec<String>>);

impl Order {
    /// Reads the order from a private document.
    pub(in crate::emit) fn new(private: &Value) -> Self {
        let mut order = Self(BTreeMap::new());
        let schemas = private.pointer("/components/schemas");
        for (name, schema) in members(schemas) {
            order.schema(private, &type_name(name), schema);
        }
        for place in operations(private) {
            let id = place.id().unwrap_or_default();
            let body = place.node.pointer("/requestBody/content");
            let success = place.node.pointer("/responses/200/content");
            for (suffix, content) in [("-body", body), ("-response", success)] {
                let media = members(content).next();
                if let Some(schema) = media.and_then(|(_, media)| media.get("schema")) {
                    order.schema(private, &type_name(&format!("{id}{suffix}")), schema);
                }
            }
        }
        order
    }

    /// Where a field of a type stands; fields that are not known come last.
    pub(super) fn position(&self, ty: &str, field: &str) -> usize {
        let fields = self.0.get(ty);
        let position = fields.and_then(|fields| fields.iter().position(|known| known == field));
        position.unwrap_or(usize::MAX)
    }

    /// The fields of a schema, and of the types that typify makes of the schemas within it.
    fn schema(&mut self, root: &Value, name: &str, schema: &Value) {
        let fields: Vec<String> = properties(root, schema)
            .into_iter()
            .map(str::to_owned)
            .collect();
        for (field, inner) in members(schema.get("properties")) {
            self.schema(root, &format!("{name}{}", type_name(field)), inner);
        }
        if let Some(inner) = schema.get("items") {
            self.schema(root, &format!("{name}Item"), inner);
        }
        if reference(schema).is_none() && !fields.is_empty() {
            self.0.insert(name.to_owned(), fields);
        }
    }
}
