//! `required_names`: a required name without a property is no longer required. Otherwise it would
//! become a field of any JSON that every response must contain.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::change::Change;
use crate::document::{for_each_schema_at, items, members, resolve};

pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    let (requiring, made_of_parts) = places(root);
    let composites = Composites::new(root, &made_of_parts);
    let unknown: Vec<(&String, BTreeSet<String>)> = requiring
        .iter()
        .filter_map(|pointer| Some((pointer, unknown(root, &composites, at(root, pointer)?)?)))
        .collect();
    for (pointer, unknown) in unknown {
        let schema = root.pointer_mut(pointer.trim_start_matches('#'));
        let Some(schema) = schema.and_then(Value::as_object_mut) else {
            continue;
        };
        for name in drop_names(schema, &unknown) {
            let message = format!("{name} is not a property, so it is not required");
            changes.push(Change::of_document("required_names", pointer, message));
        }
    }
}

/// The schemas that require something and are not parts of another, and the schemas that have
/// parts.
fn places(root: &mut Value) -> (Vec<String>, Vec<String>) {
    let (mut requiring, mut made_of_parts) = (Vec::new(), Vec::new());
    for_each_schema_at(root, &mut |at, schema| {
        let (requires, has_parts) = (requires(schema), has_parts(schema));
        if !requires && !has_parts {
            return;
        }
        let pointer = at.to_string();
        if requires && !is_part(&pointer) {
            requiring.push(pointer.clone());
        }
        if has_parts {
            made_of_parts.push(pointer);
        }
    });
    (requiring, made_of_parts)
}

fn at<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    root.pointer(pointer.trim_start_matches('#'))
}

/// The required names without a property in the schema, its parts, or a schema that it is a part
/// of; `None` if there are none.
fn unknown(root: &Value, composites: &Composites<'_>, schema: &Value) -> Option<BTreeSet<String>> {
    let mut known = Known::from_schema(root, schema);
    let mut unknown = BTreeSet::new();
    required_names(schema, &mut unknown);
    unknown.retain(|name| !known.names.contains(name.as_str()));
    if known.has_additional || unknown.is_empty() {
        return None;
    }
    for composite in composites.containing(schema) {
        known.add(root, composite);
    }
    unknown.retain(|name| !known.names.contains(name.as_str()));
    (!unknown.is_empty()).then_some(unknown)
}

/// The names that a schema and its inline parts require.
fn required_names(schema: &Value, into: &mut BTreeSet<String>) {
    let names = items(schema.get("required")).filter_map(Value::as_str);
    into.extend(names.map(str::to_owned));
    for part in PARTS.iter().flat_map(|key| items(schema.get(*key))) {
        required_names(part, into);
    }
}

/// Whether a schema or one of its inline parts requires anything.
fn requires(schema: &Map<String, Value>) -> bool {
    schema.contains_key("required")
        || PARTS.iter().any(|key| {
            let mut parts = items(schema.get(*key)).filter_map(Value::as_object);
            parts.any(requires)
        })
}

/// Removes names from the `required` lists of a schema and its inline parts.
fn drop_names(schema: &mut Map<String, Value>, unknown: &BTreeSet<String>) -> Vec<Value> {
    let mut dropped = Vec::new();
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        let is_unknown = |name: &Value| name.as_str().is_some_and(|name| unknown.contains(name));
        dropped.extend(names.iter().filter(|name| is_unknown(name)).cloned());
        names.retain(|name| !is_unknown(name));
        if names.is_empty() {
            schema.shift_remove("required");
        }
    }
    for key in PARTS {
        let parts = schema.get_mut(key).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
            dropped.extend(drop_names(part, unknown));
        }
    }
    dropped
}

/// The schemas that have another one as a part, by the address of that part.
struct Composites<'a>(BTreeMap<*const Value, Vec<&'a Value>>);

impl<'a> Composites<'a> {
    fn new(root: &'a Value, made_of_parts: &[String]) -> Self {
        let mut composites: BTreeMap<*const Value, Vec<&Value>> = BTreeMap::new();
        for composite in made_of_parts.iter().filter_map(|pointer| at(root, pointer)) {
            let parts = PARTS.iter().flat_map(|key| items(composite.get(*key)));
            for part in parts.filter_map(|part| resolve(root, part)) {
                composites.entry(part).or_default().push(composite);
            }
        }
        Self(composites)
    }

    /// All schemas that a schema is a part of, directly or indirectly.
    fn containing(&self, schema: &'a Value) -> Vec<&'a Value> {
        let of = |part: &Value| self.0.get(&std::ptr::from_ref(part)).into_iter().flatten();
        let mut seen = BTreeSet::from([std::ptr::from_ref(schema)]);
        let mut list = Vec::new();
        let mut pending: Vec<&Value> = of(schema).copied().collect();
        while let Some(composite) = pending.pop() {
            if seen.insert(composite) {
                list.push(composite);
                pending.extend(of(composite));
            }
        }
        list
    }
}

const PARTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

fn has_parts(schema: &Map<String, Value>) -> bool {
    PARTS.iter().any(|key| schema.contains_key(*key))
}

/// Whether a schema is a part of another one, which may define more properties.
fn is_part(pointer: &str) -> bool {
    let mut keys = pointer.rsplit('/');
    let is_index = keys.next().is_some_and(|key| key.parse::<usize>().is_ok());
    is_index && keys.next().is_some_and(|key| PARTS.contains(&key))
}

/// The properties of a schema, including its `allOf` parts and variants.
#[derive(Default)]
struct Known<'a> {
    names: BTreeSet<&'a str>,
    /// Whether properties with any name are allowed.
    has_additional: bool,
    seen: BTreeSet<*const Value>,
}

impl<'a> Known<'a> {
    fn from_schema(root: &'a Value, schema: &'a Value) -> Self {
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
        self.has_additional |= schema
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
    fn a_required_name_without_a_property_is_not_required() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let schemas = |in_a: Value| {
            json!({
                "A": in_a,
                "Base": {"required": ["of_child"], "properties": {"b": {}}},
                "Child": {"allOf": [to("Base"), {"required": ["b", "c"], "properties": {"of_child": {}}}], "properties": {"c": {}}},
                "Map": {"required": ["m"], "additionalProperties": {"type": "string"}},
                "Union": {"properties": {"a": {}}, "oneOf": [{"required": ["a"]}, to("Base")]},
            })
        };
        let mut root = json!({"components": {"schemas": schemas(json!({
            "properties": {"a": {"allOf": [{"properties": {"p": {}}}, {"required": ["q"]}]}}, "required": ["a", "z"],
        }))}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
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
                "required_names: #/components/schemas/A/properties/a: \"q\" is not a property, so it is not required",
                "required_names: #/components/schemas/A: \"z\" is not a property, so it is not required",
            ]
        );
    }

    #[test]
    fn a_required_name_may_be_a_property_of_the_enclosing_allof() {
        let b = json!({"$ref": "#/components/schemas/B"});
        let composite = json!({"allOf": [{"anyOf": [b]}, {"properties": {"id": {}}}]});
        let schemas = |required: Value| {
            json!({"components": {"schemas": {
                "A": {"properties": {"x": composite}},
                "B": {"required": required, "properties": {"in": {"required": ["b"], "properties": {"b": {}}}}},
            }}})
        };
        let mut root = schemas(json!(["id", "z"]));
        normalize(&mut root, &mut Vec::new());
        assert_eq!(root, schemas(json!(["id"])));
    }

    #[test]
    fn required_names_of_nested_schemas_are_normalized_too() {
        let schema = |inner: Value, own: Value| json!({"components": {"schemas": {"A": {"required": own, "properties": {"a": {"required": inner, "properties": {"b": {}}}}}}}});
        let mut root = schema(json!(["b", "y"]), json!(["a", "z"]));
        normalize(&mut root, &mut Vec::new());
        assert_eq!(root, schema(json!(["b"]), json!(["a"])));
    }
}
