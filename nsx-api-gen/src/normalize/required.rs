//! `required_names`: a name that is required and is no property of anything is not required. There would be a field of any JSON that
//! each answer must have.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::change::Change;
use crate::document::{for_each_schema_at, items, members, resolve};

pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let mut requiring = Vec::new();
    for_each_schema_at(root, &mut |at, schema| {
        if requires(schema) {
            requiring.push(at.to_string());
        }
    });
    for pointer in requiring.iter().filter(|pointer| !is_part(pointer)) {
        let place = pointer.trim_start_matches('#');
        let mended = root.pointer(place).and_then(|schema| mended(root, schema));
        let Some(((schema, dropped), old)) = mended.zip(root.pointer_mut(place)) else {
            continue;
        };
        *old = Value::Object(schema);
        for name in dropped {
            let message = format!("{name} is no property: not required");
            changes.push(Change::of_document("required_names", pointer, message));
        }
    }
}

/// A schema without the names that are not known, and those.
fn mended(root: &Value, schema: &Value) -> Option<(Map<String, Value>, Vec<Value>)> {
    let known = Known::of(root, schema);
    if known.is_open {
        return None;
    }
    let is_known = |name: &str| known.names.contains(name) || in_family(root, schema, name);
    let mut mended = schema.as_object()?.clone();
    let dropped = drop_others(&mut mended, &is_known);
    (!dropped.is_empty()).then_some((mended, dropped))
}

/// Whether a schema, or a part that stands in it, requires anything.
fn requires(schema: &Map<String, Value>) -> bool {
    schema.contains_key("required")
        || PARTS.iter().any(|key| {
            let mut parts = items(schema.get(*key)).filter_map(Value::as_object);
            parts.any(requires)
        })
}

/// Takes the names out that are not known, of a schema and of the parts that stand in it.
fn drop_others(schema: &mut Map<String, Value>, is_known: &dyn Fn(&str) -> bool) -> Vec<Value> {
    let mut dropped = Vec::new();
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        let is_other = |name: &Value| name.as_str().is_some_and(|name| !is_known(name));
        dropped.extend(names.iter().filter(|name| is_other(name)).cloned());
        names.retain(|name| !is_other(name));
        if names.is_empty() {
            schema.shift_remove("required");
        }
    }
    for key in PARTS {
        let parts = schema.get_mut(key).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
            dropped.extend(drop_others(part, is_known));
        }
    }
    dropped
}

/// Whether a component is a part of another that has such a property.
fn in_family(root: &Value, own: &Value, name: &str) -> bool {
    let mut all = members(root.pointer("/components/schemas")).map(|(_, schema)| schema);
    all.any(|schema| {
        let has_parts = PARTS.iter().any(|key| schema.get(*key).is_some());
        has_parts && {
            let known = Known::of(root, schema);
            known.names.contains(name) && known.seen.contains(&std::ptr::from_ref(own))
        }
    })
}

const PARTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Whether a schema is a part of another, which knows more of the properties.
fn is_part(pointer: &str) -> bool {
    let mut keys = pointer.rsplit('/');
    let is_index = keys.next().is_some_and(|key| key.parse::<usize>().is_ok());
    is_index && keys.next().is_some_and(|key| PARTS.contains(&key))
}

/// The properties of a schema, of all that it is made of, and of its variants.
#[derive(Default)]
struct Known<'a> {
    names: BTreeSet<&'a str>,
    /// Whether values of any name are known.
    is_open: bool,
    seen: BTreeSet<*const Value>,
}

impl<'a> Known<'a> {
    fn of(root: &'a Value, schema: &'a Value) -> Self {
        let mut known = Self::default();
        known.add(root, schema);
        known
    }

    fn add(&mut self, root: &'a Value, schema: &'a Value) {
        let Some(schema) = resolve(root, schema) else {
            return;
        };
        if !self.seen.insert(schema) {
            return;
        }
        let names = members(schema.get("properties")).map(|(name, _)| name.as_str());
        self.names.extend(names);
        self.is_open |= schema
            .get("additionalProperties")
            .is_some_and(Value::is_object);
        for key in PARTS {
            for part in items(schema.get(key)) {
                self.add(root, part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_that_is_no_property_of_anything_is_not_required() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let schemas = |in_a: Value| {
            json!({
                "A": in_a,
                "Base": {"required": ["of_child"], "properties": {"b": {}}},
                "Child": {"allOf": [to("Base"), {"required": ["b", "c"], "properties": {"of_child": {}}}], "properties": {"c": {}}},
                "Map": {"required": ["m"], "additionalProperties": {"type": "string"}},
                "Choice": {"properties": {"a": {}}, "oneOf": [{"required": ["a"]}, to("Base")]},
            })
        };
        let mut root = json!({"components": {"schemas": schemas(json!({
            "properties": {"a": {"allOf": [{"properties": {"p": {}}}, {"required": ["q"]}]}}, "required": ["a", "z"],
        }))}});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        assert_eq!(
            root["components"]["schemas"],
            schemas(
                json!({"properties": {"a": {"allOf": [{"properties": {"p": {}}}, {}]}}, "required": ["a"]})
            )
        );
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            changes,
            [
                "required_names: #/components/schemas/A/properties/a: \"q\" is no property: not required",
                "required_names: #/components/schemas/A: \"z\" is no property: not required",
            ]
        );
    }
}
