//! Schemas: what they say too little of, or say of what makes no type.

use serde_json::{Map, Value, json};

use super::enums::{enum_names, enum_texts, enum_type, extensible_enum};
use super::{component_names, nullable, redeclared, required, variants};
use crate::document::change::Change;
use crate::document::{for_each_schema_at, items, members, operation_at};

/// Mends what each schema says by itself, which other passes ask for.
pub(super) fn mend_each(root: &mut Value, changes: &mut Vec<Change>) {
    let known = changes.len();
    // What is left out with the schema around it is not mended first.
    run(root, &[("not_excluded", not_excluded)], changes);
    run(root, &PASSES, changes);
    tell_operations(root, changes.iter_mut().skip(known));
}

/// Mends what schemas say together.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let known = changes.len();
    required::mend(root, changes);
    nullable::mend(root, changes);
    // A value of a discriminator is the name that the document gives a component.
    variants::mend(root, changes);
    component_names::mend(root, changes);
    redeclared::mend(root, changes);
    tell_operations(root, changes.iter_mut().skip(known));
}

fn tell_operations<'a>(root: &Value, changes: impl Iterator<Item = &'a mut Change>) {
    for change in changes {
        let id = operation_at(root, &change.pointer).map(str::to_owned);
        change.operation = change.operation.take().or(id);
    }
}

fn run(root: &mut Value, passes: &[(&'static str, Pass)], changes: &mut Vec<Change>) {
    for_each_schema_at(root, &mut |at, schema| {
        for (name, pass) in passes {
            let message = pass(schema);
            let change = |message| Change::of_document(name, at.to_string(), message);
            changes.extend(message.map(change));
        }
    });
}

/// What is mended in one schema by itself: what there was.
type Pass = fn(&mut Map<String, Value>) -> Option<String>;

const PASSES: [(&str, Pass); 8] = [
    ("array_items", array_items),
    ("any_values", any_values),
    ("one_given", one_given),
    ("enum_type", enum_type),
    ("extensible_enum", extensible_enum),
    ("enum_texts", enum_texts),
    ("enum_names", enum_names),
    ("wide_integers", wide_integers),
];

/// `not_excluded`: what a value may not be makes no type, and is for the manager to check.
fn not_excluded(schema: &mut Map<String, Value>) -> Option<String> {
    schema.shift_remove("not")?;
    Some("what it may not be is for the manager to check".to_owned())
}

/// `array_items`: an array that does not say what of is one of any JSON.
fn array_items(schema: &mut Map<String, Value>) -> Option<String> {
    let is_bare = is_type(schema, "array") && !schema.contains_key("items");
    is_bare.then(|| {
        schema.insert("items".to_owned(), json!({}));
        "it does not say what of: an array of any JSON".to_owned()
    })
}

/// `any_values`: where a list or a map is said to hold objects, and nothing more of them, it is what a generator made of Java's
/// `Object`. The values of a sample in VCF Operations' real-time metrics are such: `[1739780151.435, "23"]`.
fn any_values(schema: &mut Map<String, Value>) -> Option<String> {
    const KEYS: [&str; 8] = [
        "additionalProperties",
        "allOf",
        "anyOf",
        "discriminator",
        "oneOf",
        "properties",
        "required",
        "$ref",
    ];
    let key = ["items", "additionalProperties"].into_iter().find(|key| {
        schema
            .get(*key)
            .and_then(Value::as_object)
            .is_some_and(|inner| {
                is_type(inner, "object") && !KEYS.iter().any(|key| inner.contains_key(*key))
            })
    })?;
    let inner = schema.get_mut(key)?.as_object_mut()?;
    inner.shift_remove("type");
    inner.shift_remove("nullable");
    Some(format!(
        "`{key}` that are objects and nothing more are any JSON"
    ))
}

/// `one_given`: variants of a choice that only say which properties are required make no type. The description says it.
fn one_given(schema: &mut Map<String, Value>) -> Option<String> {
    const KEYS: [&str; 4] = ["description", "required", "title", "type"];
    let (key, how) = [("anyOf", "At least one"), ("oneOf", "Exactly one")]
        .into_iter()
        .find(|(key, _)| {
            let only_requires = |part: &Value| {
                part.is_object() && members(Some(part)).all(|(key, _)| KEYS.contains(&key.as_str()))
            };
            let parts = schema.get(*key);
            items(parts).any(|part| part.get("required").is_some())
                && items(parts).all(only_requires)
        })?;
    let parts = schema.shift_remove(key)?;
    let names = |part: &Value| {
        let names = items(part.get("required")).filter_map(Value::as_str);
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| names.join(" with "))
    };
    let names: Vec<String> = items(Some(&parts)).filter_map(names).collect();
    let message = format!("{how} of these must be given: {}.", names.join(", "));
    if schema.contains_key("properties") {
        let before = schema.get("description").and_then(Value::as_str);
        let description = before.map_or(message.clone(), |before| format!("{before}\n\n{message}"));
        schema.insert("description".to_owned(), json!(description));
    }
    Some(format!("for the manager to check: {message}"))
}

/// `wide_integers`: an integer whose bounds do not fit its format gets a wider one.
fn wide_integers(schema: &mut Map<String, Value>) -> Option<String> {
    if !is_type(schema, "integer") {
        return None;
    }
    let keys = ["minimum", "maximum", "default"].iter();
    let single = keys.filter_map(|key| schema.get(*key));
    let values: Vec<&Value> = single.chain(items(schema.get("enum"))).collect();
    let any = |is: fn(&Value) -> bool| values.iter().any(|value| is(value));
    let is_negative = |value: &Value| value.as_f64().is_some_and(|value| value < 0.0);
    let format = schema.get("format").and_then(Value::as_str);
    let wide = match format {
        Some("uint64") if any(is_negative) => "int64",
        Some("uint64") => return None,
        _ if any(is_above_i64) && !any(is_negative) => "uint64",
        Some("int32") if any(is_beyond_i32) => "int64",
        _ => return None,
    };
    let message = match format {
        Some(format) => format!("its bounds do not fit {format}: {wide}"),
        None => format!("its bounds do not fit int64: {wide}"),
    };
    schema.insert("format".to_owned(), json!(wide));
    Some(message)
}

fn is_above_i64(value: &Value) -> bool {
    const LIMIT: u64 = i64::MAX as u64;
    let is_above = |value: u64| value > LIMIT;
    // As a float the greatest `i64` is one more than it is.
    let is_float_above = || value.as_f64().is_some_and(|value| value > 2_f64.powi(63));
    value.as_u64().map_or_else(is_float_above, is_above)
}

fn is_beyond_i32(value: &Value) -> bool {
    let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
    value.as_f64().is_some_and(|value| !range.contains(&value))
}

pub(super) fn is_type(schema: &Map<String, Value>, kind: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schema_says_too_little_of_is_filled_in() {
        for (schema, mended, passes) in [
            (
                json!({"type": "array"}),
                json!({"type": "array", "items": {}}),
                &["array_items"][..],
            ),
            (
                json!({"type": "string", "not": {"enum": ["a"]}, "description": "D"}),
                json!({"type": "string", "description": "D"}),
                &["not_excluded"],
            ),
            (
                json!({"enum": ["a", "b"]}),
                json!({"enum": ["a", "b"], "type": "string"}),
                &["enum_type"],
            ),
            (json!({"enum": [1, "b"]}), json!({}), &["enum_type"]),
            (
                json!({"type": "string", "enum": [1, true, "b"]}),
                json!({"type": "string", "enum": ["1", "true", "b"]}),
                &["enum_texts"],
            ),
            (
                json!({"type": "string", "enum": ["TCP", "tcp", "²"]}),
                json!({"type": "string", "enum": ["TCP", "tcp", "²"]}),
                &["enum_names"],
            ),
            (
                json!({"type": "array", "items": {"type": "object", "description": "D"}}),
                json!({"type": "array", "items": {"description": "D"}}),
                &["any_values"],
            ),
            (
                json!({"additionalProperties": {"type": "object", "nullable": true}}),
                json!({"additionalProperties": {}}),
                &["any_values"],
            ),
            (
                json!({"properties": {"a": {"type": "object"}, "b": {"items": {"type": "object", "properties": {}}}}}),
                json!({"properties": {"a": {"type": "object"}, "b": {"items": {"type": "object", "properties": {}}}}}),
                &[],
            ),
            (
                json!({"description": "D", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b", "a"]}]}),
                json!({"description": "D\n\nAt least one of these must be given: `a`, `b` with `a`.", "properties": {"a": {}, "b": {}}}),
                &["one_given"],
            ),
            (
                json!({"oneOf": [{"required": ["a"], "not": {"required": ["b"]}}, {"required": ["b"]}]}),
                json!({}),
                &["not_excluded", "one_given"],
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"enum": ["a", "b"]}], "description": "D"}),
                json!({"description": "D", "enum": ["a", "b"], "type": "string"}),
                &["enum_type", "extensible_enum"],
            ),
            (
                json!({"enum": ["a", null]}),
                json!({"enum": ["a"], "type": "string"}),
                &["enum_type", "nullable"],
            ),
            (
                json!({"anyOf": [{"type": "string", "nullable": true}, {"type": "string", "enum": ["a"]}], "description": "D"}),
                json!({"description": "D", "enum": ["a"], "type": "string"}),
                &["extensible_enum", "nullable"],
            ),
            (
                json!({"type": "integer", "format": "int32", "maximum": 4294967295_u64}),
                json!({"type": "integer", "format": "int64", "maximum": 4294967295_u64}),
                &["wide_integers"],
            ),
            (
                json!({"type": "integer", "format": "int64", "maximum": u64::MAX}),
                json!({"type": "integer", "format": "uint64", "maximum": u64::MAX}),
                &["wide_integers"],
            ),
            (
                json!({"type": "integer", "minimum": -1, "maximum": 9.3e18}),
                json!({"type": "integer", "minimum": -1, "maximum": 9.3e18}),
                &[],
            ),
            (
                json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX}),
                json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX}),
                &[],
            ),
            (
                json!({"type": "string", "enum": ["a", "a", "b"]}),
                json!({"type": "string", "enum": ["a", "a", "b"]}),
                &[],
            ),
        ] {
            let mut root = json!({"components": {"schemas": {"A": schema}}});
            let mut changes = Vec::new();
            mend_each(&mut root, &mut changes);
            mend(&mut root, &mut changes);
            assert_eq!(root["components"]["schemas"]["A"], mended);
            let made: Vec<&str> = changes.iter().map(|change| change.pass).collect();
            assert_eq!(made, passes);
        }
    }
}
