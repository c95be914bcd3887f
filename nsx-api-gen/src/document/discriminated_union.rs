//! Choices by a discriminator: objects of several kinds in one place, told apart by the value of one property.
//!
//! A document says it in two ways (`normalize::variants`); once it is normalized there is one: `oneOf` has a reference for
//! each variant, and `mapping` each value with the variant that it stands for. A variant without a value is what all other
//! values stand for: the discriminator names it under `x-other`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::inheritance::Children;
use super::pointer::{component, items, members, reference, resolve, text};
use super::schema::{is_password, properties};
use crate::names::type_name;

/// The member of a discriminator that refers to the variant for values that the document does not know.
pub(crate) const OTHER: &str = "x-other";

/// The member of a component that stands for what the document does not know: the rest of a choice, or a base that is no choice.
/// What is made of it may be written out later, so that it could not be told from the components any more.
pub(crate) const OPEN: &str = "x-open";

/// Where a schema that is made of itself is given up, which `check` reports.
const DEEPEST: usize = 64;

/// A choice in a normalized document.
pub(crate) struct Union<'a> {
    pub(crate) property: &'a str,
    pub(crate) variants: Vec<Variant<'a>>,
    /// The component for all other values.
    pub(crate) other: Option<&'a str>,
}

pub(crate) struct Variant<'a> {
    pub(crate) component: &'a str,
    /// The values that stand for it; the first is the one to write.
    pub(crate) values: Vec<&'a str>,
}

impl<'a> Union<'a> {
    /// Reads a choice; `None` where a schema is something else.
    pub(crate) fn read(schema: &'a Value) -> Option<Self> {
        let discriminator = schema.get("discriminator")?;
        schema.get("oneOf")?;
        let mut variants: Vec<Variant<'a>> = Vec::new();
        for (value, target) in members(discriminator.get("mapping")) {
            let component = component(target.as_str()?);
            let known = variants.iter_mut().find(|one| one.component == component);
            match known {
                Some(variant) => variant.values.push(value),
                None => variants.push(Variant {
                    component,
                    values: vec![value],
                }),
            }
        }
        Some(Self {
            property: text(discriminator, "propertyName")?,
            variants,
            other: discriminator.get(OTHER).and_then(reference).map(component),
        })
    }
}

/// Whether a schema is a choice that has a discriminator.
pub(crate) fn is_choice(schema: &Value) -> bool {
    parts(schema).is_some() && schema.get("discriminator").is_some()
}

/// The schemas of which a choice is one.
pub(crate) fn parts(schema: &Value) -> Option<&Value> {
    schema.get("oneOf").or(schema.get("anyOf"))
}

/// Why the variants of a choice cannot be told apart by its discriminator.
pub(crate) fn fault(root: &Value, schema: &Value) -> Option<String> {
    let discriminator = schema.get("discriminator")?;
    let Some(property) = text(discriminator, "propertyName") else {
        return Some("it has no `propertyName`".to_owned());
    };
    for part in items(parts(schema)) {
        let Some(name) = reference(part).map(component) else {
            return Some("a variant that is no component has no value of its own".to_owned());
        };
        if !is_variant(root, name, property) {
            return Some(format!("`{name}` is no object with a text `{property}`"));
        }
    }
    None
}

/// Those of the variants of a choice that lack a property which stands beside it.
pub(crate) fn lacking<'a>(
    root: &Value,
    schema: &Value,
    variants: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let shared = properties(root, schema);
    let schemas = root.pointer("/components/schemas");
    let lacks = |name: &&str| {
        let variant = schemas.and_then(|all| all.get(*name));
        let own = variant.map(|variant| properties(root, variant));
        let own: BTreeSet<&str> = own.into_iter().flatten().collect();
        shared.iter().any(|property| !own.contains(property))
    };
    variants.filter(lacks).map(str::to_owned).collect()
}

/// The discriminator of a schema: its own, that of a part of it, or that of something that it is made of.
pub(crate) fn discriminator<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut seen = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(next) = open.pop() {
        let Some(schema) = resolve(root, next) else {
            continue;
        };
        let own = schema.get("discriminator");
        if own.is_some() {
            return own;
        }
        if seen.insert(std::ptr::from_ref(schema)) {
            let parts: Vec<&Value> = made_of(schema).collect();
            open.extend(parts.into_iter().rev());
        }
    }
    None
}

/// Whether a value of a component may be one of what is made of it, and the component is no choice yet.
pub(crate) fn is_base(root: &Value, name: &str, schema: &Value, children: &Children<'_>) -> bool {
    // What is a choice and nothing else is no base.
    if parts(schema).is_some() && schema.get("properties").is_none() {
        return false;
    }
    let has_own = schema.get("discriminator").is_some();
    has_own || (!children.of(name).is_empty() && discriminator(root, schema).is_some())
}

/// The types of a normalized document that stand for what it does not know, as `normalize::variants` marked them.
pub(crate) fn open(root: &Value) -> BTreeSet<String> {
    let components = members(root.pointer("/components/schemas"));
    let open = components.filter(|(_, schema)| schema.get(OPEN).is_some());
    open.map(|(name, _)| type_name(name)).collect()
}

/// The parts of a schema, those that stand in it first: what it says of a property itself goes before what its parents say.
fn made_of(schema: &Value) -> impl Iterator<Item = &Value> {
    let parts =
        |refer| items(schema.get("allOf")).filter(move |part| reference(part).is_some() == refer);
    parts(false).chain(parts(true))
}

/// Whether a component is an object that says by this property what it is.
pub(crate) fn is_variant(root: &Value, name: &str, property: &str) -> bool {
    let schema = root
        .get("components")
        .and_then(|all| all.get("schemas"))
        .and_then(|all| all.get(name));
    let object = schema.filter(|schema| reference(schema).is_none() && parts(schema).is_none());
    object.is_some_and(|object| tag(root, object, property).is_some())
}

/// The values that an object's property may have, where it is a text; none where it may have any.
pub(crate) fn tag<'a>(root: &'a Value, schema: &'a Value, property: &str) -> Option<Vec<&'a str>> {
    let schema = find(root, schema, property, DEEPEST, &mut Vec::new())?;
    let (schema, is_component) = target(root, schema, DEEPEST)?;
    let is_text = text(schema, "type") == Some("string")
        && text(schema, "format") != Some("binary")
        && !is_password(root, schema);
    // A component that is any text is a type that only wraps it.
    let has_values = schema.get("enum").is_some();
    (is_text && (has_values || !is_component)).then(|| {
        items(schema.get("enum"))
            .filter_map(Value::as_str)
            .collect()
    })
}

/// The schema of a property of an object, or of what the object is made of. What comes again is looked into once.
fn find<'a>(
    root: &'a Value,
    schema: &'a Value,
    name: &str,
    left: usize,
    seen: &mut Vec<&'a str>,
) -> Option<&'a Value> {
    let left = left.checked_sub(1)?;
    if let Some(target) = reference(schema) {
        if seen.contains(&target) {
            return None;
        }
        seen.push(target);
    }
    let schema = resolve(root, schema)?;
    let own = schema.get("properties").and_then(|all| all.get(name));
    own.or_else(|| made_of(schema).find_map(|part| find(root, part, name, left, seen)))
}

/// What a schema stands for that only refers to another, and whether that is a component.
fn target<'a>(root: &'a Value, schema: &'a Value, left: usize) -> Option<(&'a Value, bool)> {
    let left = left.checked_sub(1)?;
    if reference(schema).is_some() {
        let (schema, _) = target(root, resolve(root, schema)?, left)?;
        return Some((schema, true));
    }
    let mut parts = items(schema.get("allOf"));
    match (parts.next(), parts.next()) {
        (Some(part), None) if schema.get("type").is_none() => target(root, part, left),
        _ => Some((schema, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_base_whose_only_child_is_written_out_stands_for_what_the_document_does_not_know() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let kind = |values: Value| json!({"kind": {"type": "string", "enum": values}});
        let at = |format: &str| json!({"at": {"type": "integer", "format": format}});
        let mut root = json!({"paths": {}, "components": {"schemas": {
            "Base": {"properties": kind(json!(["None"])), "discriminator": {"propertyName": "kind"}},
            "Event": {"allOf": [to("Base"), {"properties": at("int32")}]},
            "Child": {"allOf": [to("Event"), {"properties": at("int64")}]},
            "Holder": {"properties": {"event": to("Event")}},
            "Marked": {"type": "object", "x-open": true},
        }}});
        crate::normalize::normalize(&mut root);
        let child = root.pointer("/components/schemas/Child/allOf");
        assert_eq!(child, None, "it is written out");
        let names: Vec<String> = open(&root).into_iter().collect();
        assert_eq!(names, ["Base", "Event"]);
    }
}
