//! Whether a redefinition of a property narrows the inherited definition, so that a value of the
//! redefinition is always one of the inherited definition too.

use serde_json::Value;

use crate::document::pointer::{items, members, reference, resolve, text};
use crate::document::schema::is_nullable;

/// Whether the child's definition has the same type as the parent's or a narrower one.
pub(super) fn is_narrowing(root: &Value, parent: &Value, child: &Value) -> bool {
    if is_nullable(child) && !has_no_type(parent) && !is_nullable(parent) {
        return false;
    }
    let (parent, child) = (unwrap_single_part(parent), unwrap_single_part(child));
    if has_no_type(child) || has_no_type(parent) {
        return true;
    }
    if reference(child).is_some() {
        return reference(child) == reference(parent);
    }
    let Some(parent) = resolve(root, parent) else {
        return true;
    };
    let (old, new) = (type_of(parent), type_of(child));
    old == new
        && match new {
            Some("string") => has_only_known_values(parent, child),
            Some("integer") => {
                parent.get("format").is_none() || integer_format(parent) == integer_format(child)
            }
            Some("array") => is_inner_narrowing(root, parent, child, "items"),
            Some("object") => is_object_narrowing(root, parent, child),
            Some(_) => true,
            None => type_keywords(parent) == type_keywords(child),
        }
}

/// The integer type of a format. An unknown format is ignored.
fn integer_format(schema: &Value) -> &str {
    match text(schema, "format") {
        Some(format @ ("int32" | "uint64")) => format,
        _ => "int64",
    }
}

fn is_object_narrowing(root: &Value, parent: &Value, child: &Value) -> bool {
    let known = parent.get("properties");
    let mut both = members(child.get("properties")).filter_map(|(name, schema)| {
        let known = known.and_then(|all| all.get(name))?;
        Some((known, schema))
    });
    both.all(|(parent, child)| is_narrowing(root, parent, child))
        && is_inner_narrowing(root, parent, child, "additionalProperties")
}

fn is_inner_narrowing(root: &Value, parent: &Value, child: &Value, key: &str) -> bool {
    let inner = |schema: &'_ Value| schema.get(key).is_some_and(Value::is_object);
    match (parent.get(key), child.get(key)) {
        (Some(old), Some(new)) if inner(parent) && inner(child) => is_narrowing(root, old, new),
        _ => true,
    }
}

/// Whether each enum value of the child is one of the parent's.
fn has_only_known_values(parent: &Value, child: &Value) -> bool {
    let known = parent.get("enum");
    let values = child.get("enum");
    let is_known = |value: &Value| value.is_null() || items(known).any(|known| known == value);
    known.is_none() || (values.is_some() && items(values).all(is_known))
}

/// The type of a schema; objects may omit it. A union or a schema with several parts has none.
fn type_of(schema: &Value) -> Option<&str> {
    const PARTS: [&str; 3] = ["allOf", "oneOf", "anyOf"];
    if PARTS.iter().any(|key| schema.get(*key).is_some()) {
        return None;
    }
    let object = schema.get("properties").map(|_| "object");
    text(schema, "type").or(object)
}

/// The keywords that determine the type, as opposed to those that describe or constrain it.
const TYPE_KEYWORDS: [&str; 9] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "items",
    "oneOf",
    "properties",
    "type",
];

fn type_keywords(schema: &Value) -> Vec<Option<&Value>> {
    TYPE_KEYWORDS.iter().map(|key| schema.get(*key)).collect()
}

/// Whether a schema does not define a type.
pub(crate) fn has_no_type(schema: &Value) -> bool {
    type_keywords(schema).iter().all(Option::is_none)
}

/// The single part of an `allOf`, which is a way to add a description to a reference.
fn unwrap_single_part(schema: &Value) -> &Value {
    let mut parts = items(schema.get("allOf"));
    match (parts.next(), parts.next()) {
        (Some(part), None) if type_of(schema).is_none() && schema.get("properties").is_none() => {
            part
        }
        _ => schema,
    }
}
