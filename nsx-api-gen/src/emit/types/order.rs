//! The order of a type's fields, which is the document's.
//!
//! typify sorts fields by name. A reader of the docs expects them as the document has them, and so
//! does who calls `new` with what is required.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{component, items, members, operations, reference};
use crate::names::type_name;

/// The names of the fields of each type in the document's order.
pub(in crate::emit) struct Order(BTreeMap<String, Vec<String>>);

impl Order {
    /// Reads the order from a private document.
    pub(in crate::emit) fn new(private: &Value) -> Self {
        let mut order = Self(BTreeMap::new());
        let schemas = private.pointer("/components/schemas");
        for (name, schema) in members(schemas) {
            order.schema(schemas, &type_name(name), schema);
        }
        for place in operations(private) {
            let id = place.id().unwrap_or_default();
            let body = place.node.pointer("/requestBody/content");
            let success = place.node.pointer("/responses/200/content");
            for (suffix, content) in [("-body", body), ("-response", success)] {
                let media = members(content).next();
                if let Some(schema) = media.and_then(|(_, media)| media.get("schema")) {
                    order.schema(schemas, &type_name(&format!("{id}{suffix}")), schema);
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
    fn schema(&mut self, schemas: Option<&Value>, name: &str, schema: &Value) {
        let mut fields = Vec::new();
        collect(schemas, schema, 0, &mut fields);
        for (field, inner) in members(schema.get("properties")) {
            self.schema(schemas, &format!("{name}{}", type_name(field)), inner);
        }
        if let Some(inner) = schema.get("items") {
            self.schema(schemas, &format!("{name}Item"), inner);
        }
        if reference(schema).is_none() && !fields.is_empty() {
            self.0.insert(name.to_owned(), fields);
        }
    }
}

/// The properties of a schema and of all that it is made of, those of the first part first.
fn collect(schemas: Option<&Value>, schema: &Value, depth: usize, into: &mut Vec<String>) {
    // A ring of `allOf` was reported by `check`; this is for what only looks like one.
    const DEEPEST: usize = 32;
    if depth > DEEPEST {
        return;
    }
    if let Some(target) = reference(schema) {
        let schema = schemas.and_then(|schemas| schemas.get(component(target)));
        return schema.map_or((), |schema| collect(schemas, schema, depth + 1, into));
    }
    for part in items(schema.get("allOf")) {
        collect(schemas, part, depth + 1, into);
    }
    for (name, _) in members(schema.get("properties")) {
        if !into.contains(name) {
            into.push(name.clone());
        }
    }
}
