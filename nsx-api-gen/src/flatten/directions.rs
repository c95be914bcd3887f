//! `required` of a property that is only read or only written holds for one direction.
//!
//! A response lacks a `writeOnly` password, and a request lacks a `readOnly` id. In a type that is
//! sent and received, such a property is optional.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::members_mut;
use crate::document::{
    METHODS, component, for_each_schema, items, join, members, operations, reachability, reference,
    text,
};

/// The directions in which values go, or that are the only ones of a property.
#[derive(Clone, Copy, Default)]
struct Directions {
    request: bool,
    response: bool,
}

const REQUEST: Directions = Directions {
    request: true,
    response: false,
};
const RESPONSE: Directions = Directions {
    request: false,
    response: true,
};

/// Makes these properties optional in a flattened document.
pub(super) fn relax_required(root: &mut Value) {
    let relax = Relax::new(root);
    for (section, parts) in members_mut(root.get_mut("components")) {
        for (name, part) in members_mut(Some(parts)) {
            relax.schemas_in(part, relax.component(section, name));
        }
    }
    for (_, item) in members_mut(root.get_mut("paths")) {
        for (key, node) in members_mut(Some(item)) {
            for (part, node) in members_mut(Some(node)).filter(|_| METHODS.contains(&key.as_str()))
            {
                let directions = match part.as_str() {
                    "responses" => RESPONSE,
                    _ => REQUEST,
                };
                relax.schemas_in(node, directions);
            }
        }
    }
}

struct Relax {
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
    /// The components that are `readOnly` or `writeOnly` themselves.
    marked: BTreeMap<String, Directions>,
    /// The properties that tell variants apart, which every value has.
    discriminators: BTreeSet<String>,
}

impl Relax {
    fn new(root: &mut Value) -> Self {
        let mut discriminators = BTreeSet::new();
        for_each_schema(root, &mut |schema| {
            let discriminator = schema.get("discriminator");
            let name = discriminator.and_then(|one| text(one, "propertyName"));
            discriminators.extend(name.map(str::to_owned));
        });
        let schemas = members(root.pointer("/components/schemas"));
        let operations = operations(root);
        let of_operations =
            |key: &'static str| operations.iter().filter_map(move |one| one.node.get(key));
        let path_parameters =
            members(root.get("paths")).filter_map(|(_, item)| item.get("parameters"));
        let sent = of_operations("requestBody")
            .chain(of_operations("parameters"))
            .chain(path_parameters);
        Self {
            sent: reach(root, sent),
            received: reach(root, of_operations("responses")),
            marked: schemas
                .map(|(name, schema)| (name.clone(), marked(schema)))
                .collect(),
            discriminators,
        }
    }

    fn component(&self, section: &str, name: &str) -> Directions {
        let pointer = join(&join("#/components", section), name);
        Directions {
            request: self.sent.contains(&pointer),
            response: self.received.contains(&pointer),
        }
    }

    /// The schemas in a node whose values go in these directions.
    fn schemas_in(&self, node: &mut Value, directions: Directions) {
        self.relax(node, directions);
        match node {
            Value::Object(map) => {
                for (key, inner) in map {
                    match key.as_str() {
                        // Their names are not keywords.
                        "properties" => members_mut(Some(inner))
                            .for_each(|(_, property)| self.schemas_in(property, directions)),
                        "example" | "examples" | "enum" | "default" => {}
                        key if key.starts_with("x-") => {}
                        _ => self.schemas_in(inner, directions),
                    }
                }
            }
            Value::Array(list) => {
                list.iter_mut()
                    .for_each(|inner| self.schemas_in(inner, directions));
            }
            _ => {}
        }
    }

    fn relax(&self, schema: &mut Value, directions: Directions) {
        let is_required = |name: &Value| {
            let name = name.as_str().unwrap_or_default();
            let property = schema.get("properties").and_then(|all| all.get(name));
            let only = property
                .map(|property| self.only(property))
                .unwrap_or_default();
            let is_missing =
                only.response && directions.request || only.request && directions.response;
            !is_missing || self.discriminators.contains(name)
        };
        let required: Vec<Value> = items(schema.get("required"))
            .filter(|name| is_required(name))
            .cloned()
            .collect();
        if let Some(Value::Array(names)) = schema.get_mut("required") {
            *names = required;
        }
    }

    /// The only direction of a property; none if it has both.
    fn only(&self, property: &Value) -> Directions {
        let part = items(property.get("allOf")).next();
        let target = reference(property).or_else(|| part.and_then(reference));
        let own = marked(property);
        let referred = target.and_then(|target| self.marked.get(component(target)));
        let referred = referred.copied().unwrap_or_default();
        Directions {
            request: own.request || referred.request,
            response: own.response || referred.response,
        }
    }
}

fn marked(schema: &Value) -> Directions {
    let is = |key| schema.get(key) == Some(&Value::Bool(true));
    Directions {
        request: is("writeOnly"),
        response: is("readOnly"),
    }
}

/// The pointers of all components that nodes refer to, directly and indirectly.
fn reach<'a>(root: &Value, nodes: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut pending: Vec<String> = nodes.flat_map(reachability::targets).collect();
    let mut reached = BTreeSet::new();
    while let Some(target) = pending.pop() {
        let node = root.pointer(target.trim_start_matches('#'));
        if let Some(node) = node.filter(|_| reached.insert(target.clone())) {
            pending.extend(reachability::targets(node));
        }
    }
    reached
}
