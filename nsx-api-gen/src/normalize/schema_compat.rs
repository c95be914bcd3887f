//! Whether one declaration of a property fits another: whether laying them over each other, as typify does, gives the later one's type.

use serde_json::Value;

use crate::document::{items, members, reference, resolve, says_null, text};

/// Whether what the child declares is the parent's type or a narrower one, which is what laying them over each other gives.
pub(super) fn fits(root: &Value, parent: &Value, child: &Value) -> bool {
    if says_null(child) && !is_open(parent) && !says_null(parent) {
        return false;
    }
    let (parent, child) = (alone(parent), alone(child));
    if is_open(child) || is_open(parent) {
        return true;
    }
    if reference(child).is_some() {
        return reference(child) == reference(parent);
    }
    let Some(parent) = resolve(root, parent) else {
        return true;
    };
    let (old, new) = (kind(parent), kind(child));
    old == new
        && match new {
            Some("string") => has_values(parent, child),
            Some("integer") => parent.get("format").is_none() || integer(parent) == integer(child),
            Some("array") => inner_fits(root, parent, child, "items"),
            Some("object") => object_fits(root, parent, child),
            Some(_) => true,
            None => declared(parent) == declared(child),
        }
}

/// What an integer is by its format: one that is not known says nothing.
fn integer(schema: &Value) -> &str {
    match text(schema, "format") {
        Some(format @ ("int32" | "uint64")) => format,
        _ => "int64",
    }
}

fn object_fits(root: &Value, parent: &Value, child: &Value) -> bool {
    let known = parent.get("properties");
    let mut both = members(child.get("properties")).filter_map(|(name, schema)| {
        let known = known.and_then(|all| all.get(name))?;
        Some((known, schema))
    });
    both.all(|(parent, child)| fits(root, parent, child))
        && inner_fits(root, parent, child, "additionalProperties")
}

fn inner_fits(root: &Value, parent: &Value, child: &Value, key: &str) -> bool {
    let inner = |schema: &'_ Value| schema.get(key).is_some_and(Value::is_object);
    match (parent.get(key), child.get(key)) {
        (Some(old), Some(new)) if inner(parent) && inner(child) => fits(root, old, new),
        _ => true,
    }
}

/// Whether each value of the child's text is one of the parent's.
fn has_values(parent: &Value, child: &Value) -> bool {
    let known = parent.get("enum");
    let values = child.get("enum");
    let is_known = |value: &Value| value.is_null() || items(known).any(|known| known == value);
    known.is_none() || (values.is_some() && items(values).all(is_known))
}

/// The type of a schema, which objects need not say. A choice, and what is made of several parts, has none.
fn kind(schema: &Value) -> Option<&str> {
    const PARTS: [&str; 3] = ["allOf", "oneOf", "anyOf"];
    if PARTS.iter().any(|key| schema.get(*key).is_some()) {
        return None;
    }
    let object = schema.get("properties").map(|_| "object");
    text(schema, "type").or(object)
}

/// What makes a type of a schema, as against what describes or bounds it.
const DECLARING: [&str; 9] = [
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

fn declared(schema: &Value) -> Vec<Option<&Value>> {
    DECLARING.iter().map(|key| schema.get(*key)).collect()
}

/// Whether a schema says nothing of a type.
pub(super) fn is_open(schema: &Value) -> bool {
    declared(schema).iter().all(Option::is_none)
}

/// A reference may have nothing beside it: `allOf` of one alone is the way around that.
fn alone(schema: &Value) -> &Value {
    let mut parts = items(schema.get("allOf"));
    match (parts.next(), parts.next()) {
        (Some(part), None) if kind(schema).is_none() && schema.get("properties").is_none() => part,
        _ => schema,
    }
}
