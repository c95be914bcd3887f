//! Schemas: missing keywords, and keywords that do not affect Rust types.

use serde_json::{Map, Value, json};

use super::enums::{enum_names, enum_texts, enum_type, extensible_enum, is_type};
use super::{component_names, discriminated_unions, nullable, overridden_properties, required};
use crate::document::change::Change;
use crate::document::{for_each_schema_at, items, members, operation_at};

/// Normalizes each schema individually, which other passes require.
pub(super) fn normalize_each(root: &mut Value, changes: &mut Vec<Change>) {
    let known = changes.len();
    // Runs first, so that other passes do not visit schemas that it drops.
    run(root, &[("dropped_not", dropped_not)], changes);
    run(root, &PASSES, changes);
    add_operations(root, changes.iter_mut().skip(known));
}

/// Normalizes schemas that depend on each other.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    let known = changes.len();
    required::normalize(root, changes);
    nullable::normalize(root, changes);
    // Runs before components are renamed, because a discriminator value is the original name of a
    // component.
    discriminated_unions::normalize(root, changes);
    component_names::normalize(root, changes);
    overridden_properties::report(root, changes);
    add_operations(root, changes.iter_mut().skip(known));
}

fn add_operations<'a>(root: &Value, changes: impl Iterator<Item = &'a mut Change>) {
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

/// Normalizes a single schema. Returns what it changed.
type Pass = fn(&mut Map<String, Value>) -> Option<String>;

const PASSES: [(&str, Pass); 10] = [
    ("array_items", array_items),
    ("untyped_elements", untyped_elements),
    ("required_only_variants", required_only_variants),
    ("enum_type", enum_type),
    ("extensible_enum", extensible_enum),
    ("enum_texts", enum_texts),
    ("enum_names", enum_names),
    ("integer_number", integer_number),
    ("int_or_string", int_or_string),
    ("widened_integer", widened_integer),
];

/// `dropped_not`: drops `not`, which does not affect the Rust type. The manager checks it.
fn dropped_not(schema: &mut Map<String, Value>) -> Option<String> {
    schema.shift_remove("not")?;
    Some("dropped `not`, which the manager checks".to_owned())
}

/// `array_items`: an array without `items` contains any JSON values.
fn array_items(schema: &mut Map<String, Value>) -> Option<String> {
    let is_bare = is_type(schema, "array") && !schema.contains_key("items");
    is_bare.then(|| {
        schema.insert("items".to_owned(), json!({}));
        "an array without `items` contains any JSON values".to_owned()
    })
}

/// `untyped_elements`: a list or map of objects without any properties contains any JSON values,
/// because generators write Java's `Object` like this. An example are the samples of VCF
/// Operations' real-time metrics: `[1739780151.435, "23"]`.
fn untyped_elements(schema: &mut Map<String, Value>) -> Option<String> {
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
    for keyword in ["type", "nullable", "enum"] {
        inner.shift_remove(keyword);
    }
    Some(format!(
        "`{key}` that are objects without properties become any JSON values"
    ))
}

/// `required_only_variants`: drops variants that only list required properties, because they do not
/// affect the Rust type. The description mentions them instead.
fn required_only_variants(schema: &mut Map<String, Value>) -> Option<String> {
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
    let message = format!("{how} of these is required: {}.", names.join(", "));
    if schema.contains_key("properties") {
        let before = schema.get("description").and_then(Value::as_str);
        let description = before.map_or(message.clone(), |before| format!("{before}\n\n{message}"));
        schema.insert("description".to_owned(), json!(description));
    }
    Some(format!("the manager checks this: {message}"))
}

/// `integer_number`: a number with the format of an integer is one. As a floating point number, it
/// would lose digits.
fn integer_number(schema: &mut Map<String, Value>) -> Option<String> {
    let format = schema.get("format").and_then(Value::as_str)?;
    if !is_type(schema, "number") || !matches!(format, "int32" | "int64" | "uint64") {
        return None;
    }
    let message = format!("a number with the format {format} is an integer");
    schema.insert("type".to_owned(), json!("integer"));
    Some(message)
}

/// `int_or_string`: a value with this format is an integer or a string, whatever its type is.
fn int_or_string(schema: &mut Map<String, Value>) -> Option<String> {
    if schema.get("format").and_then(Value::as_str) != Some("int-or-string") {
        return None;
    }
    schema.shift_remove("type");
    schema.shift_remove("format");
    let variants = json!([{"type": "integer"}, {"type": "string"}]);
    schema.insert("oneOf".to_owned(), variants);
    Some("becomes a union of an integer and a string".to_owned())
}

/// `widened_integer`: an integer whose bounds exceed its format gets a wider format.
fn widened_integer(schema: &mut Map<String, Value>) -> Option<String> {
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
        Some(format) => format!("widened to {wide}, because its bounds exceed {format}"),
        None => format!("widened to {wide}, because its bounds exceed int64"),
    };
    schema.insert("format".to_owned(), json!(wide));
    Some(message)
}

fn is_above_i64(value: &Value) -> bool {
    const LIMIT: u64 = i64::MAX as u64;
    let is_above = |value: u64| value > LIMIT;
    // As a float, the largest `i64` is rounded up by one.
    let is_float_above = || value.as_f64().is_some_and(|value| value > 2_f64.powi(63));
    value.as_u64().map_or_else(is_float_above, is_above)
}

fn is_beyond_i32(value: &Value) -> bool {
    let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
    value.as_f64().is_some_and(|value| !range.contains(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_and_unsupported_schemas_are_normalized() {
        for (schema, normalized, passes) in [
            (
                json!({"type": "array"}),
                json!({"type": "array", "items": {}}),
                &["array_items"][..],
            ),
            (
                json!({"type": "string", "not": {"enum": ["a"]}, "description": "D"}),
                json!({"type": "string", "description": "D"}),
                &["dropped_not"],
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
                json!({"type": "number", "format": "int64", "minimum": 1}),
                json!({"type": "integer", "format": "int64", "minimum": 1}),
                &["integer_number"],
            ),
            (
                json!({"type": "number", "format": "double"}),
                json!({"type": "number", "format": "double"}),
                &[],
            ),
            (
                json!({"type": "string", "format": "int-or-string", "description": "D"}),
                json!({"description": "D", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
                &["int_or_string"],
            ),
            (
                json!({"type": "array", "items": {"type": "object", "description": "D"}}),
                json!({"type": "array", "items": {"description": "D"}}),
                &["untyped_elements"],
            ),
            (
                json!({"additionalProperties": {"type": "object", "nullable": true, "enum": [{}]}}),
                json!({"additionalProperties": {}}),
                &["untyped_elements"],
            ),
            (
                json!({"properties": {"a": {"type": "object"}, "b": {"items": {"type": "object", "properties": {}}}}}),
                json!({"properties": {"a": {"type": "object"}, "b": {"items": {"type": "object", "properties": {}}}}}),
                &[],
            ),
            (
                json!({"description": "D", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b", "a"]}]}),
                json!({"description": "D\n\nAt least one of these is required: `a`, `b` with `a`.", "properties": {"a": {}, "b": {}}}),
                &["required_only_variants"],
            ),
            (
                json!({"oneOf": [{"required": ["a"], "not": {"required": ["b"]}}, {"required": ["b"]}]}),
                json!({}),
                &["dropped_not", "required_only_variants"],
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
                &["widened_integer"],
            ),
            (
                json!({"type": "integer", "format": "int64", "maximum": u64::MAX}),
                json!({"type": "integer", "format": "uint64", "maximum": u64::MAX}),
                &["widened_integer"],
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
            normalize_each(&mut root, &mut changes);
            normalize(&mut root, &mut changes);
            assert_eq!(root["components"]["schemas"]["A"], normalized);
            let made: Vec<&str> = changes.iter().map(|change| change.pass).collect();
            assert_eq!(made, passes);
        }
    }
}
