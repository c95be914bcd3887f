//! Discriminated unions: several object schemas for one value, distinguished by the value of one
//! property.
//!
//! Documents define them in two ways (see `normalize::discriminated_unions`). A normalized document
//! uses one of them: `oneOf` refers to each variant, and `mapping` maps each discriminator value to
//! its variant. The variant without its own value is used for all other values; `x-fallback` in the
//! discriminator names it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::all_of::{Children, property_names};
use super::pointer::{component, items, members, reference, resolve, text};
use super::schema::is_password;
use crate::names::type_name;

/// The member of a discriminator that refers to the variant for values that the document does not
/// list.
pub(crate) const X_FALLBACK: &str = "x-fallback";

/// Marks a component whose values may have properties that the document does not list: the fallback
/// variant of a union, or a base that is not a union. The mark is needed because later passes may
/// flatten the components that inherit from it.
pub(crate) const X_EXTENSIBLE: &str = "x-extensible";

/// Recursion limit for a schema that contains itself, which `check` reports.
const MAX_DEPTH: usize = 64;

/// A discriminated union of a normalized document.
pub(crate) struct DiscriminatedUnion<'a> {
    pub(crate) property: &'a str,
    pub(crate) variants: Vec<Variant<'a>>,
    /// The component for all other values.
    pub(crate) fallback: Option<&'a str>,
}

pub(crate) struct Variant<'a> {
    pub(crate) component: &'a str,
    /// The discriminator values of the variant. The first one is written when serializing.
    pub(crate) values: Vec<&'a str>,
}

impl<'a> DiscriminatedUnion<'a> {
    /// Parses the union of a normalized schema; `None` for any other schema.
    pub(crate) fn from_schema(schema: &'a Value) -> Option<Self> {
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
            fallback: discriminator
                .get(X_FALLBACK)
                .and_then(reference)
                .map(component),
        })
    }
}

/// Whether a schema is a union with a discriminator.
pub(crate) fn is_discriminated_union(schema: &Value) -> bool {
    union_variants(schema).is_some() && schema.get("discriminator").is_some()
}

/// The `oneOf` or `anyOf` schemas of a union.
pub(crate) fn union_variants(schema: &Value) -> Option<&Value> {
    schema.get("oneOf").or(schema.get("anyOf"))
}

/// Why the discriminator cannot distinguish the variants of a union.
pub(crate) fn discriminator_fault(root: &Value, schema: &Value) -> Option<String> {
    let discriminator = schema.get("discriminator")?;
    let Some(property) = text(discriminator, "propertyName") else {
        return Some("the discriminator has no `propertyName`".to_owned());
    };
    for part in items(union_variants(schema)) {
        let Some(name) = reference(part).map(component) else {
            return Some("an inline variant cannot have a discriminator value".to_owned());
        };
        if !is_union_variant(root, name, property) {
            return Some(format!(
                "`{name}` is not an object with a string property `{property}`"
            ));
        }
    }
    None
}

/// The variants of a union that lack a property defined next to `oneOf`.
pub(crate) fn variants_without_shared_properties<'a>(
    root: &Value,
    schema: &Value,
    variants: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let shared = property_names(root, schema);
    let schemas = root.pointer("/components/schemas");
    let lacks = |name: &&str| {
        let variant = schemas.and_then(|all| all.get(*name));
        let own = variant.map(|variant| property_names(root, variant));
        let own: BTreeSet<&str> = own.into_iter().flatten().collect();
        shared.iter().any(|property| !own.contains(property))
    };
    variants.filter(lacks).map(str::to_owned).collect()
}

/// The discriminator of a schema, defined in the schema itself or inherited through `allOf`.
pub(crate) fn find_discriminator<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut seen = BTreeSet::new();
    let mut pending = vec![schema];
    while let Some(next) = pending.pop() {
        let Some(schema) = resolve(root, next) else {
            continue;
        };
        let own = schema.get("discriminator");
        if own.is_some() {
            return own;
        }
        if seen.insert(std::ptr::from_ref(schema)) {
            let parts: Vec<&Value> = parts_inline_first(schema).collect();
            pending.extend(parts.into_iter().rev());
        }
    }
    None
}

/// Whether a component is not a union yet, and other components inherit from it and can be used in
/// its place.
pub(crate) fn is_discriminated_base(
    root: &Value,
    name: &str,
    schema: &Value,
    children: &Children<'_>,
) -> bool {
    // A schema that only defines a union is not a base.
    if union_variants(schema).is_some() && schema.get("properties").is_none() {
        return false;
    }
    let has_own = schema.get("discriminator").is_some();
    has_own || (!children.of(name).is_empty() && find_discriminator(root, schema).is_some())
}

/// The types of a normalized document that `normalize::discriminated_unions` marked as extensible.
pub(crate) fn extensible_types(root: &Value) -> BTreeSet<String> {
    let components = members(root.pointer("/components/schemas"));
    let extensible = components.filter(|(_, schema)| schema.get(X_EXTENSIBLE).is_some());
    extensible.map(|(name, _)| type_name(name)).collect()
}

/// The `allOf` parts of a schema, inline parts first: they take precedence over inherited
/// definitions.
fn parts_inline_first(schema: &Value) -> impl Iterator<Item = &Value> {
    let parts =
        |refer| items(schema.get("allOf")).filter(move |part| reference(part).is_some() == refer);
    parts(false).chain(parts(true))
}

/// Whether a component is an object with this discriminator property.
pub(crate) fn is_union_variant(root: &Value, name: &str, property: &str) -> bool {
    let schema = root
        .get("components")
        .and_then(|all| all.get("schemas"))
        .and_then(|all| all.get(name));
    let object =
        schema.filter(|schema| reference(schema).is_none() && union_variants(schema).is_none());
    object.is_some_and(|object| discriminator_values(root, object, property).is_some())
}

/// The allowed values of a string property of an object, empty if any string is allowed. `None` if
/// there is no such property.
pub(crate) fn discriminator_values<'a>(
    root: &'a Value,
    schema: &'a Value,
    property: &str,
) -> Option<Vec<&'a str>> {
    let schema = find_property(root, schema, property, MAX_DEPTH, &mut Vec::new())?;
    let (schema, is_component) = unwrap_single(root, schema, MAX_DEPTH)?;
    let is_text = text(schema, "type") == Some("string")
        && text(schema, "format") != Some("binary")
        && !is_password(root, schema);
    // A component that is any string becomes a newtype.
    let has_values = schema.get("enum").is_some();
    (is_text && (has_values || !is_component)).then(|| {
        items(schema.get("enum"))
            .filter_map(Value::as_str)
            .collect()
    })
}

/// The schema of a property of an object, searched in its `allOf` parts too. Each reference is
/// followed once.
fn find_property<'a>(
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
        parts_inline_first(schema).find_map(|part| find_property(root, part, name, left, seen))
    })
}

/// Follows references and single-part `allOf`s. The flag is set if the result is a component.
fn unwrap_single<'a>(root: &'a Value, schema: &'a Value, left: usize) -> Option<(&'a Value, bool)> {
    let left = left.checked_sub(1)?;
    if reference(schema).is_some() {
        let (schema, _) = unwrap_single(root, resolve(root, schema)?, left)?;
        return Some((schema, true));
    }
    let mut parts = items(schema.get("allOf"));
    match (parts.next(), parts.next()) {
        (Some(part), None) if schema.get("type").is_none() => unwrap_single(root, part, left),
        _ => Some((schema, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_discriminator_base_is_extensible_after_its_allof_child_is_flattened() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let kind = |values: Value| json!({"kind": {"type": "string", "enum": values}});
        let at = |format: &str| json!({"at": {"type": "integer", "format": format}});
        let mut root = json!({"paths": {}, "components": {"schemas": {
            "Base": {"properties": kind(json!(["None"])), "discriminator": {"propertyName": "kind"}},
            "Event": {"allOf": [to("Base"), {"properties": at("int32")}]},
            "Child": {"allOf": [to("Event"), {"properties": at("int64")}]},
            "Holder": {"properties": {"event": to("Event")}},
            "Marked": {"type": "object", "x-extensible": true},
        }}});
        crate::normalize::normalize(&mut root);
        let root = crate::flatten::flatten("", &root).unwrap();
        let names: Vec<String> = extensible_types(&root).into_iter().collect();
        assert_eq!(names, ["Base", "Event"]);
    }
}
