//! Choices by a discriminator: objects of several kinds in one place, told apart by the value of one property.
//!
//! A document says it in two ways (`normalize::variants`); once it is normalized there is one: `oneOf` has a reference for
//! each variant, and `mapping` each value with the variant that it stands for. A variant without a value is what all other
//! values stand for: the discriminator names it under `x-other`.

use serde_json::Value;

use crate::document::{component, is_password, items, members, reference, resolve, text};

/// The member of a discriminator that refers to the variant for values that the document does not know.
pub(crate) const OTHER: &str = "x-other";

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
    own.or_else(|| {
        let mut parts = items(schema.get("allOf"));
        parts.find_map(|part| find(root, part, name, left, seen))
    })
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
