//! What the Rust names of a part of a document depend on in the rest of it.
//!
//! A name must not change when another part is imported later. So the part records three things
//! about the whole document, as extensions at its root, where a reviewer sees them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::document::discriminated_union::{DiscriminatedUnion, discriminator_values};
use crate::document::recorded::{self, RESERVED_TYPE_NAMES, UNION_BASES, UNION_VARIANTS};
use crate::document::{for_each_schema, members};
use crate::names::type_name;
use crate::{check, emit, flatten, normalize};

/// The discriminator of each component that is a variant of a union: the property, and the value
/// that is sent.
type Variants = BTreeMap<String, (String, String)>;

/// The names and unions of a whole document.
pub(super) struct Whole {
    /// The names of the components' types.
    type_names: BTreeSet<String>,
    /// The components that are unions.
    unions: BTreeSet<String>,
    variants: Variants,
}

impl Whole {
    /// Reads a whole document.
    pub(super) fn new(root: &Value) -> Self {
        let root = normalized(root);
        let mut flat = flat(&root);
        Self {
            type_names: component_types(&root).collect(),
            unions: unions(&flat),
            variants: variants(&mut flat),
        }
    }

    /// Records what the names of a part depend on.
    pub(super) fn record(&self, part: &mut Value) {
        set(part, UNION_BASES, json!(self.bases(part)));
        let mut normalized = normalized(part);
        // Without code there are no names.
        if check::check("", &normalized).is_err() {
            return;
        }
        set(
            part,
            RESERVED_TYPE_NAMES,
            json!(self.reserved(&mut normalized)),
        );
        let known = variants(&mut flat(&normalized));
        let is_outside = |name: &str| has_component(part, name) && !known.contains_key(name);
        let outside = self.variants.iter().filter(|(name, _)| is_outside(name));
        let outside: Map<String, Value> = outside
            .map(|(name, (property, value))| (name.clone(), json!({ property: value })))
            .collect();
        set(part, UNION_VARIANTS, Value::Object(outside));
    }

    /// The components of a part that are unions only because of what the rest uses.
    fn bases(&self, part: &Value) -> Vec<&String> {
        let own = unions(&flat(&normalized(part)));
        let unions = self.unions.iter();
        unions
            .filter(|name| !own.contains(*name) && has_component(part, name))
            .collect()
    }

    /// The names of components outside of a part that types of inline schemas in it would have.
    fn reserved(&self, part: &mut Value) -> BTreeSet<String> {
        let own: BTreeSet<String> = component_types(part).collect();
        let mut reserved = BTreeSet::new();
        // A number that makes a name unique may lead to another name of a component.
        loop {
            set(part, RESERVED_TYPE_NAMES, json!(reserved));
            let names = emit::type_names(&flat(part));
            let taken = names.intersection(&self.type_names);
            let before = reserved.len();
            reserved.extend(taken.filter(|name| !own.contains(*name)).cloned());
            if reserved.len() == before {
                return reserved;
            }
        }
    }
}

/// Adds what an imported part records to the document that it is merged into.
pub(super) fn merge(root: &mut Value, new: &Value) {
    let own: BTreeSet<String> = component_types(root).collect();
    let both = |key: &str| -> BTreeSet<String> {
        let names = recorded::names(root, key).chain(recorded::names(new, key));
        names.map(str::to_owned).collect()
    };
    let mut reserved = both(RESERVED_TYPE_NAMES);
    reserved.retain(|name| !own.contains(name));
    let bases = both(UNION_BASES);
    let mut variants: Map<String, Value> = Map::new();
    for node in [&*root, new] {
        for (name, value) in members(node.get(UNION_VARIANTS)) {
            variants.entry(name).or_insert_with(|| value.clone());
        }
    }
    set(root, RESERVED_TYPE_NAMES, json!(reserved));
    set(root, UNION_BASES, json!(bases));
    set(root, UNION_VARIANTS, Value::Object(variants));
}

/// Sets an extension of a document, or removes it if it is empty.
fn set(root: &mut Value, key: &str, value: Value) {
    let is_empty = [json!([]), json!({})].contains(&value);
    if let Some(root) = root.as_object_mut() {
        match is_empty {
            true => root.shift_remove(key),
            false => root.insert(key.to_owned(), value),
        };
    }
}

fn normalized(root: &Value) -> Value {
    let mut root = root.clone();
    normalize::normalize(&mut root);
    root
}

/// The flattened form of a normalized document.
fn flat(root: &Value) -> Value {
    flatten::flatten_all(root).0
}

fn has_component(root: &Value, name: &str) -> bool {
    let schemas = root.pointer("/components/schemas");
    schemas.is_some_and(|schemas| schemas.get(name).is_some())
}

fn component_types(root: &Value) -> impl Iterator<Item = String> {
    let schemas = members(root.pointer("/components/schemas"));
    schemas.map(|(name, _)| type_name(name))
}

/// The components of a flattened document that are discriminated unions.
fn unions(root: &Value) -> BTreeSet<String> {
    let schemas = members(root.pointer("/components/schemas"));
    let unions = schemas.filter(|(_, schema)| DiscriminatedUnion::from_schema(schema).is_some());
    unions.map(|(name, _)| name.clone()).collect()
}

/// The variants of all unions of a flattened document. One whose enum lists several of its values
/// has no value of its own.
fn variants(root: &mut Value) -> Variants {
    let mut found: Vec<(String, String, Vec<String>)> = Vec::new();
    for_each_schema(root, &mut |schema| {
        let schema = Value::Object(schema.clone());
        let union = DiscriminatedUnion::from_schema(&schema);
        let property = union.as_ref().map_or("", |union| union.property);
        for variant in union.iter().flat_map(|union| &union.variants) {
            let values = variant.values.iter().map(|value| (*value).to_owned());
            let component = variant.component.to_owned();
            found.push((component, property.to_owned(), values.collect()));
        }
    });
    let mut variants = Variants::new();
    for (component, property, values) in found {
        let schemas = root.pointer("/components/schemas");
        let schema = schemas.and_then(|all| all.get(&component));
        let listed = schema.and_then(|schema| discriminator_values(root, schema, &property));
        let listed = listed.unwrap_or_default().into_iter();
        let own = listed.filter(|value| values.iter().any(|known| known == value));
        if let Some(value) = values.first().filter(|_| own.count() < 2) {
            let known = variants.entry(component);
            known.or_insert((property, value.clone()));
        }
    }
    variants
}
