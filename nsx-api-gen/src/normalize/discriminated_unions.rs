//! Choices by a discriminator, which documents write in two ways, are written in one (`crate::document::union`).
//!
//! OpenAPI 3.0 has `oneOf` with a discriminator, and need not say which value stands for which variant: it is the variant's
//! name then. Swagger 2.0 has no choice. There a base has the discriminator, as `BackupSchedule` in NSX's documents has, and
//! its variants are what is made of it by `allOf`; where the base is a property's type a variant of it is what comes. Such a
//! base becomes the choice, and what it was before becomes `BackupScheduleBase`. What inherits the discriminator and has children is a
//! base, too.

mod references;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::inheritance::Children;
use crate::document::union::{self, OPEN, OTHER, Union, is_variant};
use crate::document::{component, for_each_schema, items, join, members, reference, text};
use crate::names::{Numbers, type_name};
use references::{Use, for_each_reference};

/// Where a component that is made of nothing but itself is given up, which `check` reports.
const DEEPEST: usize = 64;

/// How many variants a base may become a choice of. 500 cost a compiler nothing that can be measured beside their types, some thousand
/// more than those. In NSX's documents the largest by far is `ChildPolicyConfigResource`, of some hundred; vSphere's `Any` has all of
/// its types, some 2600.
const MOST_VARIANTS: usize = 512;

/// Mends the choices of the document.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    discriminators(root, changes);
    bases(root, changes);
    choices(root, changes);
    mark(root);
}

/// Takes out what looks like a mark of this pass in a document that somebody else wrote.
pub(super) fn strip_marks(root: &mut Value) {
    for_each_schema(root, &mut |schema| {
        schema.shift_remove(OPEN);
        if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator") {
            discriminator.shift_remove(OTHER);
        }
    });
}

/// Marks what stands for values that the document does not know.
fn mark(root: &mut Value) {
    let open = unknown(root);
    let schemas = root.pointer_mut("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(schema) = schema.as_object_mut().filter(|_| open.contains(name)) {
            schema.insert(OPEN.to_owned(), json!(true));
        }
    }
}

/// The rest of each choice, and the bases that are no choices.
fn unknown(root: &Value) -> BTreeSet<String> {
    let children = Children::new(root);
    let components = members(root.pointer("/components/schemas"));
    let open = components.filter_map(|(name, schema)| match Union::read(schema) {
        Some(union) => union.other,
        None => union::is_base(root, name, schema, &children).then_some(name),
    });
    open.map(str::to_owned).collect()
}

/// `part_discriminators`: a discriminator that stands in a part of a component is that of the component. NSX's documents write nearly
/// all bases so that are made of another themselves, as `LogicalRouterPort` is.
fn discriminators(root: &mut Value, changes: &mut Vec<Change>) {
    let schemas = root.pointer_mut("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(schema) = schema.as_object_mut() else {
            continue;
        };
        if !schema.contains_key("discriminator")
            && let Some(discriminator) = take_discriminator(schema.get_mut("allOf"))
        {
            schema.insert("discriminator".to_owned(), discriminator);
            let message = "the discriminator of a part is that of the whole";
            changes.push(Change::of_document(
                "part_discriminators",
                pointer(name),
                message,
            ));
        }
    }
}

/// Takes the first discriminator out of parts, which is in those that stand there themselves.
fn take_discriminator(parts: Option<&mut Value>) -> Option<Value> {
    let parts = parts.and_then(Value::as_array_mut)?;
    let mut parts = parts.iter_mut().filter_map(Value::as_object_mut);
    parts.find_map(|part| {
        let own = part.shift_remove("discriminator");
        own.or_else(|| take_discriminator(part.get_mut("allOf")))
    })
}

/// `variant_values`: a choice gets a value for each of its variants. One whose variants cannot be told apart is left to be reported.
fn choices(root: &mut Value, changes: &mut Vec<Change>) {
    let mut any = false;
    for_each_schema(root, &mut |schema| any |= is_open(schema));
    if !any {
        return;
    }
    let whole = root.clone();
    let mut count = 0;
    for_each_schema(root, &mut |schema| {
        count += usize::from(choice(&whole, schema));
    });
    if count > 0 {
        changes.push(Change::of_document(
            "variant_values",
            "#",
            format!("{count} times"),
        ));
    }
}

/// Whether a schema is a choice that is not complete as that of a base is.
fn is_open(schema: &Map<String, Value>) -> bool {
    let discriminator = schema.get("discriminator");
    let is_choice = schema.contains_key("oneOf") || schema.contains_key("anyOf");
    is_choice && discriminator.is_some_and(|one| one.get(OTHER).is_none())
}

/// Completes one choice; whether there was anything to complete.
fn choice(root: &Value, schema: &mut Map<String, Value>) -> bool {
    if !is_open(schema) {
        return false;
    }
    let before = Value::Object(schema.clone());
    let discriminator = before.get("discriminator");
    if union::fault(root, &before).is_some() {
        return false;
    }
    let variants = names(union::parts(&before));
    let mut rows = mapped(discriminator, |name| variants.contains(&name));
    add_names(&mut rows, variants.iter().copied());
    if let Some(Value::Object(discriminator)) = schema.get_mut("discriminator") {
        discriminator.insert("mapping".to_owned(), mapping(&rows, &BTreeMap::new()));
    }
    if let Some(parts) = schema.shift_remove("anyOf") {
        schema.entry("oneOf").or_insert(parts);
    }
    Value::Object(schema.clone()) != before
}

/// A value of a discriminator and the component that it stands for.
type Row = (String, String);

/// The rows that a discriminator has itself, by a component's name or by a reference.
fn mapped(discriminator: Option<&Value>, is_known: impl Fn(&str) -> bool) -> Vec<Row> {
    let mapping = discriminator.and_then(|one| one.get("mapping"));
    members(mapping)
        .filter_map(|(value, target)| Some((value.clone(), component(target.as_str()?))))
        .filter(|(_, name)| is_known(name))
        .map(|(value, name)| (value, name.to_owned()))
        .collect()
}

/// A component's name stands for it, too.
fn add_names<'a>(rows: &mut Vec<Row>, names: impl Iterator<Item = &'a str>) {
    for name in names {
        if !rows.iter().any(|(value, _)| value == name) {
            rows.push((name.to_owned(), name.to_owned()));
        }
    }
}

fn mapping(rows: &[Row], renamed: &BTreeMap<String, String>) -> Value {
    let row = |(value, name): &Row| {
        let target = pointer(renamed.get(name).unwrap_or(name));
        (value.clone(), json!(target))
    };
    Value::Object(rows.iter().map(row).collect())
}

/// The components that a list of schemas refers to.
fn names(list: Option<&Value>) -> Vec<&str> {
    items(list).filter_map(reference).map(component).collect()
}

/// A base that becomes a choice.
struct Base {
    name: String,
    property: String,
    rows: Vec<Row>,
    /// The variants that what stands beside the choice was joined to: the new component, and what was the variant.
    joined: Vec<(String, String)>,
}

impl Base {
    /// What it becomes; `new` is what it was before.
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
            "a choice by `{}`: {variants}; any other is a `{new}`",
            self.property
        )
    }
}

/// `variants`: a base with a discriminator becomes a choice wherever something is of its type.
fn bases(root: &mut Value, changes: &mut Vec<Change>) {
    let mut found = find(root, changes);
    if found.is_empty() {
        return;
    }
    let mut taken = Taken::new(root);
    let renamed = new_names(&found, &mut taken);
    join_variants(root, &mut found, &mut taken, changes);
    for_each_reference(root, &mut |target, use_| {
        if use_ == Use::Part
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
        write_out(root, name);
    }
}

fn find(root: &mut Value, changes: &mut Vec<Change>) -> Vec<Base> {
    let mut used = BTreeSet::new();
    for_each_reference(root, &mut |target, use_| {
        if use_ == Use::Whole {
            used.insert(component(target).to_owned());
        }
    });
    let children = Children::new(root);
    let mut found = Vec::new();
    for (name, schema) in members(root.pointer("/components/schemas")) {
        if !used.contains(name) || !union::is_base(root, name, schema, &children) {
            continue;
        }
        match rows(root, name, schema, &children) {
            Ok((property, rows)) => found.push(Base {
                name: name.clone(),
                property: property.to_owned(),
                rows,
                joined: Vec::new(),
            }),
            Err(reason) => {
                let message = format!("it stays one type, which keeps unknown fields: {reason}");
                changes.push(Change::of_document("variants", pointer(name), message));
            }
        }
    }
    found
}

/// A base's property and the values of it, or why there are none.
fn rows<'a>(
    root: &'a Value,
    name: &str,
    schema: &'a Value,
    children: &Children<'_>,
) -> Result<(&'a str, Vec<Row>), String> {
    let discriminator = union::discriminator(root, schema);
    let property = discriminator.and_then(|one| text(one, "propertyName"));
    let property = property.ok_or("its discriminator has no `propertyName`")?;
    let values =
        union::tag(root, schema, property).ok_or_else(|| format!("it has no text `{property}`"))?;
    let made_of_it = match union::parts(schema) {
        Some(parts) => names(Some(parts)),
        None => children.descendants(name),
    };
    let known: BTreeSet<&str> = made_of_it.iter().copied().collect();
    // A value of the enum names a child; without an enum each child is one.
    let named: Vec<&str> = match values.is_empty() {
        true => made_of_it,
        false => values
            .into_iter()
            .filter(|value| known.contains(value))
            .collect(),
    };
    if named.len() > MOST_VARIANTS {
        return Err(format!(
            "{} variants are too many for a choice: there may be {MOST_VARIANTS}",
            named.len()
        ));
    }
    let is_child = |child: &str| child != name && is_variant(root, child, property);
    // What is inherited maps to others, too.
    let is_own = schema.get("discriminator").is_some();
    let is_mapped = |child: &str| (is_own || known.contains(child)) && is_child(child);
    let mut rows = mapped(discriminator, is_mapped);
    add_names(&mut rows, named.into_iter().filter(|child| is_child(child)));
    match rows.is_empty() {
        true => Err(format!(
            "no value of `{property}` is the name of what is made of it"
        )),
        false => Ok((property, rows)),
    }
}

/// The names of all types.
struct Taken {
    names: BTreeSet<String>,
    numbers: Numbers,
}

impl Taken {
    fn new(root: &Value) -> Self {
        let components = members(root.pointer("/components/schemas"));
        Self {
            names: components.map(|(name, _)| type_name(name)).collect(),
            numbers: Numbers::default(),
        }
    }

    /// The name, or with a number behind it the first that no type has.
    fn free(&mut self, name: &str) -> String {
        if self.names.insert(type_name(name)) {
            return name.to_owned();
        }
        let numbered = self.numbers.first(name, |number| {
            let name = format!("{name}{number}");
            self.names.insert(type_name(&name)).then_some(name)
        });
        numbered.unwrap_or_default()
    }
}

/// A free name for what each base was.
fn new_names(found: &[Base], taken: &mut Taken) -> BTreeMap<String, String> {
    let new = |base: &Base| (base.name.clone(), taken.free(&format!("{}Base", base.name)));
    found.iter().map(new).collect()
}

/// `joined_variants`: what stands beside a choice holds for each of its variants. One that does not have it is no variant, but what is
/// made of both.
fn join_variants(root: &Value, found: &mut [Base], taken: &mut Taken, changes: &mut Vec<Change>) {
    for base in found {
        let schemas = root.pointer("/components/schemas");
        let schema = schemas.and_then(|all| all.get(&base.name));
        let Some(schema) = schema.filter(|schema| union::parts(schema).is_some()) else {
            continue;
        };
        let variants = base.rows.iter().map(|(_, name)| name.as_str());
        let lacking = union::lacking(root, schema, variants);
        for (_, name) in &mut base.rows {
            let known = base.joined.iter().find(|(_, variant)| variant == name);
            if let Some((new, _)) = known {
                name.clone_from(new);
            } else if lacking.contains(name) {
                let new = taken.free(&format!("{}{name}", base.name));
                let message = format!("it gets what `{}` has beside its choice", base.name);
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

/// Puts the choice in the base's place, and the base behind it.
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
        schemas.insert(name, choice_of(base, &schema, renamed, new));
        schemas.insert(new.clone(), without_choice(schema));
        for (joined, variant) in &base.joined {
            let variant = renamed.get(variant).unwrap_or(variant);
            let parts = [new, variant].map(|part| json!({"$ref": pointer(part)}));
            schemas.insert(joined.clone(), json!({"allOf": parts}));
        }
    }
}

fn choice_of(base: &Base, schema: &Value, renamed: &BTreeMap<String, String>, new: &str) -> Value {
    let mut choice = Map::new();
    for key in ["title", "description", "nullable", "deprecated"] {
        if let Some(value) = schema.get(key) {
            choice.insert(key.to_owned(), value.clone());
        }
    }
    let other = json!({"$ref": pointer(new)});
    let mut parts: Vec<Value> = Vec::new();
    for (_, name) in &base.rows {
        let part = json!({"$ref": pointer(renamed.get(name).unwrap_or(name))});
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.push(other.clone());
    choice.insert("oneOf".to_owned(), json!(parts));
    let discriminator = json!({
        "propertyName": base.property,
        "mapping": mapping(&base.rows, renamed),
        OTHER: other,
    });
    choice.insert("discriminator".to_owned(), discriminator);
    Value::Object(choice)
}

fn without_choice(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        for key in ["discriminator", "oneOf", "anyOf", "nullable"] {
            schema.shift_remove(key);
        }
    }
    schema
}

/// What adds nothing to the one component that it is made of is written out: typify would only wrap that.
fn write_out(root: &mut Value, name: &str) {
    let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") else {
        return;
    };
    for _ in 0..DEEPEST {
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

/// The one component that a schema is made of, where nothing else adds to it.
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

/// Whether there is more to a schema than what it is made of.
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
    // No type is closed, and `additionalProperties: true` is what holds anyway.
    let is_said = |value: &Value| !value.is_boolean() && *value != json!({}) && *value != json!([]);
    KEYS.iter().any(|key| schema.get(*key).is_some_and(is_said))
}

fn pointer(name: &str) -> String {
    join("#/components/schemas", name)
}
