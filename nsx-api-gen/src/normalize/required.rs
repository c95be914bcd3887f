//! `required_names`: a name that is required and is no property of anything is not required. There would be a field of any JSON that
//! each answer must have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::change::Change;
use crate::document::{for_each_schema_at, items, members, resolve};

pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let (requiring, made_of_parts) = places(root);
    let wholes = Wholes::new(root, &made_of_parts);
    let unknown: Vec<(&String, BTreeSet<String>)> = requiring
        .iter()
        .filter_map(|pointer| Some((pointer, unknown(root, &wholes, at(root, pointer)?)?)))
        .collect();
    for (pointer, unknown) in unknown {
        let schema = root.pointer_mut(pointer.trim_start_matches('#'));
        let Some(schema) = schema.and_then(Value::as_object_mut) else {
            continue;
        };
        for name in drop_names(schema, &unknown) {
            let message = format!("{name} is no property: not required");
            changes.push(Change::of_document("required_names", pointer, message));
        }
    }
}

/// Where the schemas are that require anything and are no parts themselves, and those that have parts.
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

/// The names that a schema requires and that neither it nor anything that it is a part of has; `None` where all are known.
fn unknown(root: &Value, wholes: &Wholes<'_>, schema: &Value) -> Option<BTreeSet<String>> {
    let mut known = Known::of(root, schema);
    let mut unknown = BTreeSet::new();
    required_names(schema, &mut unknown);
    unknown.retain(|name| !known.names.contains(name.as_str()));
    if known.is_open || unknown.is_empty() {
        return None;
    }
    for whole in wholes.above(schema) {
        known.add(root, whole);
    }
    unknown.retain(|name| !known.names.contains(name.as_str()));
    (!unknown.is_empty()).then_some(unknown)
}

/// The names that a schema requires, or a part that stands in it.
fn required_names(schema: &Value, into: &mut BTreeSet<String>) {
    let names = items(schema.get("required")).filter_map(Value::as_str);
    into.extend(names.map(str::to_owned));
    for part in PARTS.iter().flat_map(|key| items(schema.get(*key))) {
        required_names(part, into);
    }
}

/// Whether a schema, or a part that stands in it, requires anything.
fn requires(schema: &Map<String, Value>) -> bool {
    schema.contains_key("required")
        || PARTS.iter().any(|key| {
            let mut parts = items(schema.get(*key)).filter_map(Value::as_object);
            parts.any(requires)
        })
}

/// Takes names out of what a schema requires, and the parts that stand in it.
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

/// The schemas that have another as a part, by the place of the other.
struct Wholes<'a>(BTreeMap<*const Value, Vec<&'a Value>>);

impl<'a> Wholes<'a> {
    fn new(root: &'a Value, made_of_parts: &[String]) -> Self {
        let mut wholes: BTreeMap<*const Value, Vec<&Value>> = BTreeMap::new();
        for whole in made_of_parts.iter().filter_map(|pointer| at(root, pointer)) {
            let parts = PARTS.iter().flat_map(|key| items(whole.get(*key)));
            for part in parts.filter_map(|part| resolve(root, part)) {
                wholes.entry(part).or_default().push(whole);
            }
        }
        Self(wholes)
    }

    /// Everything that a schema is a part of, each once.
    fn above(&self, schema: &'a Value) -> Vec<&'a Value> {
        let of = |part: &Value| self.0.get(&std::ptr::from_ref(part)).into_iter().flatten();
        let mut seen = BTreeSet::from([std::ptr::from_ref(schema)]);
        let mut list = Vec::new();
        let mut open: Vec<&Value> = of(schema).copied().collect();
        while let Some(whole) = open.pop() {
            if seen.insert(whole) {
                list.push(whole);
                open.extend(of(whole));
            }
        }
        list
    }
}

const PARTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

fn has_parts(schema: &Map<String, Value>) -> bool {
    PARTS.iter().any(|key| schema.contains_key(*key))
}

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

    #[test]
    fn a_name_that_only_the_whole_has_is_required_of_its_part() {
        let b = json!({"$ref": "#/components/schemas/B"});
        let whole = json!({"allOf": [{"anyOf": [b]}, {"properties": {"id": {}}}]});
        let schemas = |required: Value| {
            json!({"components": {"schemas": {
                "A": {"properties": {"x": whole}},
                "B": {"required": required, "properties": {"in": {"required": ["b"], "properties": {"b": {}}}}},
            }}})
        };
        let mut root = schemas(json!(["id", "z"]));
        mend(&mut root, &mut Vec::new());
        assert_eq!(root, schemas(json!(["id"])));
    }

    #[test]
    fn what_stands_in_another_that_is_mended_is_mended_too() {
        let schema = |inner: Value, own: Value| json!({"components": {"schemas": {"A": {"required": own, "properties": {"a": {"required": inner, "properties": {"b": {}}}}}}}});
        let mut root = schema(json!(["b", "y"]), json!(["a", "z"]));
        mend(&mut root, &mut Vec::new());
        assert_eq!(root, schema(json!(["b"]), json!(["a"])));
    }
}
