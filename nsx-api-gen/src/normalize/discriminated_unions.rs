//! Rewrites discriminated unions, which documents define in two ways, into one form (see
//! `crate::document::discriminated_union`).
//!
//! OpenAPI 3.0 has `oneOf` with a discriminator. The mapping from values to variants is optional;
//! by default, the value is the name of the variant. Swagger 2.0 has no `oneOf`. There a base
//! schema has the discriminator, such as `BackupSchedule` in NSX documents, and the variants
//! inherit from it with `allOf`. A property of the base type contains one of the variants. Such a
//! base becomes the union, and its own properties move to a new component `BackupScheduleBase`. A
//! component that inherits the discriminator and has children is a base, too.

mod references;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::all_of::Children;
use crate::document::change::Change;
use crate::document::discriminated_union::{
    self, DiscriminatedUnion, X_EXTENSIBLE, X_FALLBACK, is_union_variant,
};
use crate::document::recorded;
use crate::document::{component, for_each_schema, items, join, members, reference, text};
use crate::names::{NumberSuffixes, type_name};
use references::{ReferenceUse, for_each_reference};

/// Recursion limit for a component that contains itself, which `check` reports.
const MAX_DEPTH: usize = 64;

/// The maximum number of variants of a union made from a base. 500 variants do not measurably
/// increase the compile time, but several thousand do. In NSX documents `ChildPolicyConfigResource`
/// has the most, more than a hundred. vSphere's `Any` has about 2600, all of its types.
const MAX_VARIANTS: usize = 512;

/// Normalizes the discriminated unions of the document.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    hoist_discriminators(root, changes);
    unions_from_bases(root, changes);
    complete_unions(root, changes);
    mark(root);
}

/// Removes members from the original document that look like the marks of this pass.
pub(super) fn strip_marks(root: &mut Value) {
    for_each_schema(root, &mut |schema| {
        schema.shift_remove(X_EXTENSIBLE);
        if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator") {
            discriminator.shift_remove(X_FALLBACK);
        }
    });
}

/// Marks the components that are used for values that the document does not list.
fn mark(root: &mut Value) {
    let extensible = extensible_components(root);
    let schemas = root.pointer_mut("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(schema) = schema.as_object_mut().filter(|_| extensible.contains(name)) {
            schema.insert(X_EXTENSIBLE.to_owned(), json!(true));
        }
    }
}

/// The fallback of each union, and the bases that do not become unions.
fn extensible_components(root: &Value) -> BTreeSet<String> {
    let children = Children::new(root);
    let components = members(root.pointer("/components/schemas"));
    let extensible = components.filter_map(|(name, schema)| match DiscriminatedUnion::from_schema(
        schema,
    ) {
        Some(discriminated_union) => discriminated_union.fallback,
        None => discriminated_union::is_discriminated_base(root, name, schema, &children)
            .then_some(name),
    });
    extensible.map(str::to_owned).collect()
}

/// `hoisted_discriminator`: a discriminator in an `allOf` part is moved to the component. NSX
/// documents define nearly all bases that inherit from another component like this, for example
/// `LogicalRouterPort`.
fn hoist_discriminators(root: &mut Value, changes: &mut Vec<Change>) {
    let schemas = root.pointer_mut("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(schema) = schema.as_object_mut() else {
            continue;
        };
        if !schema.contains_key("discriminator")
            && let Some(discriminator) = take_discriminator(schema.get_mut("allOf"))
        {
            schema.insert("discriminator".to_owned(), discriminator);
            let message = "moved the discriminator of an `allOf` part to the component";
            changes.push(Change::of_document(
                "hoisted_discriminator",
                pointer(name),
                message,
            ));
        }
    }
}

/// Removes the first discriminator from the inline parts.
fn take_discriminator(parts: Option<&mut Value>) -> Option<Value> {
    let parts = parts.and_then(Value::as_array_mut)?;
    let mut parts = parts.iter_mut().filter_map(Value::as_object_mut);
    parts.find_map(|part| {
        let own = part.shift_remove("discriminator");
        own.or_else(|| take_discriminator(part.get_mut("allOf")))
    })
}

/// `variant_values`: each variant of a union gets a discriminator value. A union whose variants
/// cannot be distinguished is left for `check` to report.
fn complete_unions(root: &mut Value, changes: &mut Vec<Change>) {
    let mut any = false;
    for_each_schema(root, &mut |schema| any |= is_incomplete(schema));
    if !any {
        return;
    }
    let whole = root.clone();
    let mut count = 0;
    for_each_schema(root, &mut |schema| {
        count += usize::from(complete_union(&whole, schema));
    });
    if count > 0 {
        changes.push(Change::of_document(
            "variant_values",
            "#",
            format!("{count} times"),
        ));
    }
}

/// Whether a schema is a union without a fallback, so not one that was made from a base.
fn is_incomplete(schema: &Map<String, Value>) -> bool {
    let discriminator = schema.get("discriminator");
    let is_choice = schema.contains_key("oneOf") || schema.contains_key("anyOf");
    is_choice && discriminator.is_some_and(|one| one.get(X_FALLBACK).is_none())
}

/// Completes the mapping of one union. Returns whether something changed.
fn complete_union(root: &Value, schema: &mut Map<String, Value>) -> bool {
    if !is_incomplete(schema) {
        return false;
    }
    let before = Value::Object(schema.clone());
    let discriminator = before.get("discriminator");
    if discriminated_union::discriminator_fault(root, &before).is_some() {
        return false;
    }
    let variants = referenced_names(discriminated_union::union_variants(&before));
    let mut rows = mapping_rows(discriminator, |name| variants.contains(&name));
    add_names(&mut rows, variants.iter().copied());
    if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator") {
        discriminator.insert("mapping".to_owned(), mapping_of(&rows, &BTreeMap::new()));
    }
    if let Some(parts) = schema.shift_remove("anyOf") {
        schema.entry("oneOf").or_insert(parts);
    }
    Value::Object(schema.clone()) != before
}

/// A discriminator value and its component.
type Row = (String, String);

/// The rows of a discriminator's mapping, which contains component names or references.
fn mapping_rows(discriminator: Option<&Value>, is_known: impl Fn(&str) -> bool) -> Vec<Row> {
    let mapping_of = discriminator.and_then(|one| one.get("mapping"));
    members(mapping_of)
        .filter_map(|(value, target)| Some((value.clone(), component(target.as_str()?))))
        .filter(|(_, name)| is_known(name))
        .map(|(value, name)| (value, name.to_owned()))
        .collect()
}

/// The name of a component is also one of its values.
fn add_names<'a>(rows: &mut Vec<Row>, names: impl Iterator<Item = &'a str>) {
    for name in names {
        if !rows.iter().any(|(value, _)| value == name) {
            rows.push((name.to_owned(), name.to_owned()));
        }
    }
}

fn mapping_of(rows: &[Row], renamed: &BTreeMap<String, String>) -> Value {
    let row = |(value, name): &Row| {
        let target = pointer(renamed.get(name).unwrap_or(name));
        (value.clone(), json!(target))
    };
    Value::Object(rows.iter().map(row).collect())
}

/// The components that a list of schemas refers to.
fn referenced_names(list: Option<&Value>) -> Vec<&str> {
    items(list).filter_map(reference).map(component).collect()
}

/// A base that becomes a union.
struct Base {
    name: String,
    property: String,
    rows: Vec<Row>,
    /// The variants that were combined with the properties next to `oneOf`: the new component and
    /// the original variant.
    joined: Vec<(String, String)>,
}

impl Base {
    /// The report of the change; `new` is the name of the component with the base's properties.
    fn message(&self, new: &str) -> String {
        let mut variants: Vec<String> = Vec::new();
        for (_, name) in &self.rows {
            let name = format!("`{name}`");
            if !variants.contains(&name) {
                variants.push(name);
            }
        }
        let variants = variants.join(", ");
        format!(
            "becomes a union with the discriminator `{}`: {variants}; any other value is a `{new}`",
            self.property
        )
    }
}

/// `variants`: a base with a discriminator becomes a union wherever it is used as a type.
fn unions_from_bases(root: &mut Value, changes: &mut Vec<Change>) {
    let mut found = find_bases(root, changes);
    if found.is_empty() {
        return;
    }
    let mut used_names = UsedNames::new(root);
    let renamed = new_names(&found, &mut used_names);
    join_variants(root, &mut found, &mut used_names, changes);
    for_each_reference(root, &mut |target, use_| {
        if use_ == ReferenceUse::Part
            && let Some(new) = renamed.get(component(target))
        {
            *target = pointer(new);
        }
    });
    for base in &found {
        let new = renamed.get(&base.name).map_or("", String::as_str);
        changes.push(Change::of_document(
            "variants",
            pointer(&base.name),
            base.message(new),
        ));
    }
    split(root, &found, &renamed);
    let variants = found.iter().flat_map(|base| &base.rows);
    let variants = variants.map(|(_, name)| renamed.get(name).unwrap_or(name));
    let names: BTreeSet<&String> = variants.chain(renamed.values()).collect();
    for name in names {
        flatten_single_parent(root, name);
    }
}

fn find_bases(root: &mut Value, changes: &mut Vec<Change>) -> Vec<Base> {
    let mut used = BTreeSet::new();
    for_each_reference(root, &mut |target, use_| {
        if use_ == ReferenceUse::Value {
            used.insert(component(target).to_owned());
        }
    });
    used.extend(recorded::names(root, recorded::UNION_BASES).map(str::to_owned));
    let children = Children::new(root);
    let mut found = Vec::new();
    for (name, schema) in members(root.pointer("/components/schemas")) {
        if !used.contains(name)
            || !discriminated_union::is_discriminated_base(root, name, schema, &children)
        {
            continue;
        }
        match union_rows(root, name, schema, &children) {
            Ok((property, rows)) => found.push(Base {
                name: name.clone(),
                property: property.to_owned(),
                rows,
                joined: Vec::new(),
            }),
            Err(reason) => {
                let message = format!("stays a single type that keeps unknown fields: {reason}");
                changes.push(Change::of_document("variants", pointer(name), message));
            }
        }
    }
    found
}

/// The discriminator property of a base and the rows of its mapping, or why it cannot become a
/// union.
fn union_rows<'a>(
    root: &'a Value,
    name: &str,
    schema: &'a Value,
    children: &Children<'_>,
) -> Result<(&'a str, Vec<Row>), String> {
    let discriminator = discriminated_union::find_discriminator(root, schema);
    let property = discriminator.and_then(|one| text(one, "propertyName"));
    let property = property.ok_or("the discriminator has no `propertyName`")?;
    let values = discriminated_union::discriminator_values(root, schema, property)
        .ok_or_else(|| format!("it has no string property `{property}`"))?;
    let children_names = match discriminated_union::union_variants(schema) {
        Some(parts) => referenced_names(Some(parts)),
        None => children.descendants(name),
    };
    let known: BTreeSet<&str> = children_names.iter().copied().collect();
    // With an enum, the values that name a child are variants; without one, all children are.
    let named: Vec<&str> = match values.is_empty() {
        true => children_names,
        false => values
            .into_iter()
            .filter(|value| known.contains(value))
            .collect(),
    };
    if named.len() > MAX_VARIANTS {
        return Err(format!(
            "{} variants are too many for a union (the limit is {MAX_VARIANTS})",
            named.len()
        ));
    }
    let is_child = |child: &str| child != name && is_union_variant(root, child, property);
    // An inherited mapping also contains other children.
    let is_own = schema.get("discriminator").is_some();
    let is_mapped = |child: &str| (is_own || known.contains(child)) && is_child(child);
    let mut rows = mapping_rows(discriminator, is_mapped);
    add_names(&mut rows, named.into_iter().filter(|child| is_child(child)));
    match rows.is_empty() {
        true => Err(format!("no value of `{property}` is the name of a child")),
        false => Ok((property, rows)),
    }
}

/// The names of all types.
struct UsedNames {
    names: BTreeSet<String>,
    numbers: NumberSuffixes,
}

impl UsedNames {
    fn new(root: &Value) -> Self {
        let components = members(root.pointer("/components/schemas"));
        Self {
            names: components.map(|(name, _)| type_name(name)).collect(),
            numbers: NumberSuffixes::default(),
        }
    }

    /// The name, with the first free number appended if it is already used.
    fn free(&mut self, name: &str) -> String {
        if self.names.insert(type_name(name)) {
            return name.to_owned();
        }
        let numbered = self.numbers.first_free(name, |number| {
            let name = format!("{name}{number}");
            self.names.insert(type_name(&name)).then_some(name)
        });
        numbered.unwrap_or_default()
    }
}

/// The name of the component with each base's own properties.
fn new_names(found: &[Base], used_names: &mut UsedNames) -> BTreeMap<String, String> {
    let new = |base: &Base| {
        (
            base.name.clone(),
            used_names.free(&format!("{}Base", base.name)),
        )
    };
    found.iter().map(new).collect()
}

/// `joined_variants`: the properties next to `oneOf` apply to each variant. A variant that lacks
/// them is replaced by a combination of both.
fn join_variants(
    root: &Value,
    found: &mut [Base],
    used_names: &mut UsedNames,
    changes: &mut Vec<Change>,
) {
    for base in found {
        let schemas = root.pointer("/components/schemas");
        let schema = schemas.and_then(|all| all.get(&base.name));
        let Some(schema) =
            schema.filter(|schema| discriminated_union::union_variants(schema).is_some())
        else {
            continue;
        };
        let variants = base.rows.iter().map(|(_, name)| name.as_str());
        let lacking_shared =
            discriminated_union::variants_without_shared_properties(root, schema, variants);
        for (_, name) in &mut base.rows {
            let known = base.joined.iter().find(|(_, variant)| variant == name);
            if let Some((new, _)) = known {
                name.clone_from(new);
            } else if lacking_shared.contains(name) {
                let new = used_names.free(&format!("{}{name}", base.name));
                let message = format!(
                    "combines the variant with the properties of `{}`",
                    base.name
                );
                changes.push(Change::of_document(
                    "joined_variants",
                    pointer(&new),
                    message,
                ));
                base.joined
                    .push((new.clone(), std::mem::replace(name, new)));
            }
        }
    }
}

/// Replaces each base with its union, followed by the component with its own properties.
fn split(root: &mut Value, found: &[Base], renamed: &BTreeMap<String, String>) {
    let schemas = root.pointer_mut("/components/schemas");
    let Some(Value::Object(schemas)) = schemas else {
        return;
    };
    for (name, schema) in std::mem::take(schemas) {
        let base = found.iter().find(|base| base.name == name);
        let Some((base, new)) = base.zip(renamed.get(&name)) else {
            schemas.insert(name, schema);
            continue;
        };
        schemas.insert(name, union_of(base, &schema, renamed, new));
        schemas.insert(new.clone(), without_union(schema));
        for (joined, variant) in &base.joined {
            let variant = renamed.get(variant).unwrap_or(variant);
            let parts = [new, variant].map(|part| json!({"$ref": pointer(part)}));
            schemas.insert(joined.clone(), json!({"allOf": parts}));
        }
    }
}

fn union_of(base: &Base, schema: &Value, renamed: &BTreeMap<String, String>, new: &str) -> Value {
    let mut complete_union = Map::new();
    for key in ["title", "description", "nullable", "deprecated"] {
        if let Some(value) = schema.get(key) {
            complete_union.insert(key.to_owned(), value.clone());
        }
    }
    let fallback = json!({"$ref": pointer(new)});
    let mut parts: Vec<Value> = Vec::new();
    for (_, name) in &base.rows {
        let part = json!({"$ref": pointer(renamed.get(name).unwrap_or(name))});
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.push(fallback.clone());
    complete_union.insert("oneOf".to_owned(), json!(parts));
    let discriminator = json!({
        "propertyName": base.property,
        "mapping": mapping_of(&base.rows, renamed),
        X_FALLBACK: fallback,
    });
    complete_union.insert("discriminator".to_owned(), discriminator);
    Value::Object(complete_union)
}

fn without_union(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        for key in ["discriminator", "oneOf", "anyOf", "nullable"] {
            schema.shift_remove(key);
        }
    }
    schema
}

/// Flattens a component that adds nothing to its parent, because typify would make it a newtype.
fn flatten_single_parent(root: &mut Value, name: &str) {
    let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") else {
        return;
    };
    for _ in 0..MAX_DEPTH {
        let Some(schema) = schemas.get(name) else {
            return;
        };
        let parent = only_parent(schemas, schema).and_then(|parent| schemas.get(parent));
        let Some(Value::Object(parent)) = parent else {
            return;
        };
        let mut whole = parent.clone();
        let own = members(Some(schema))
            .filter(|(key, _)| !matches!(key.as_str(), "allOf" | "properties"));
        whole.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        if let Some(schema) = schemas.get_mut(name) {
            *schema = Value::Object(whole);
        }
    }
}

/// The only component that a schema inherits from, if it adds nothing.
fn only_parent<'a>(schemas: &Map<String, Value>, schema: &'a Value) -> Option<&'a str> {
    let is_empty = |schema: &Value| {
        let refers = reference(schema).is_some() || schema.get("allOf").is_some();
        !refers && !adds_something(schema)
    };
    let mut parents = Vec::new();
    for part in items(schema.get("allOf")) {
        match reference(part).map(component) {
            Some(name) if schemas.get(name).is_some_and(is_empty) => {}
            Some(name) => parents.push(name),
            None if is_empty(part) => {}
            None => return None,
        }
    }
    match parents.as_slice() {
        [parent] if !adds_something(schema) => Some(parent),
        _ => None,
    }
}

/// Whether a schema has members besides its `allOf` parts.
fn adds_something(schema: &Value) -> bool {
    const KEYS: [&str; 7] = [
        "additionalProperties",
        "anyOf",
        "items",
        "not",
        "oneOf",
        "properties",
        "required",
    ];
    // Types are always extensible, so a boolean `additionalProperties` adds nothing.
    let is_said = |value: &Value| !value.is_boolean() && *value != json!({}) && *value != json!([]);
    KEYS.iter().any(|key| schema.get(*key).is_some_and(is_said))
}

fn pointer(name: &str) -> String {
    join("#/components/schemas", name)
}
