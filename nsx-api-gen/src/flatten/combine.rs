//! A union beside other content: each variant gets everything that is beside the union.

use serde_json::{Map, Value, json};

use super::{Flatten, TypeName};
use crate::document::all_of::{has_no_type, parts, property_names};
use crate::document::discriminated_union::X_FALLBACK;
use crate::document::{component, items, join, members, reference};
use crate::names::type_name;

/// The keywords of a schema that apply to each variant.
const SHARED: [&str; 7] = [
    "type",
    "format",
    "enum",
    "properties",
    "required",
    "items",
    "additionalProperties",
];

impl Flatten<'_> {
    /// Combines the first union of a schema with the others and with everything beside it.
    pub(super) fn combine(
        &mut self,
        name: TypeName<'_>,
        schema: &mut Map<String, Value>,
        unions: Vec<Map<String, Value>>,
        depth: usize,
    ) -> Result<(), String> {
        let mut unions = unions.into_iter();
        let Some(mut union) = unions.next() else {
            return Ok(());
        };
        let others: Vec<Value> = unions.map(Value::Object).collect();
        let shared = Shared::take(schema);
        if !shared.is_only_type() || !others.is_empty() {
            self.combine_variants(name, &mut union, &shared, &others, depth)?;
        } else if variants_mut(&mut union).all(|variant| has_no_type(variant)) {
            // The variants only restrict values.
            union = shared.0;
        } else {
            shared.add_type(&mut union);
        }
        schema.extend(union);
        Ok(())
    }

    fn combine_variants(
        &mut self,
        name: TypeName<'_>,
        union: &mut Map<String, Value>,
        shared: &Shared,
        others: &[Value],
        depth: usize,
    ) -> Result<(), String> {
        let mut renamed = Map::new();
        for variant in variants_mut(union) {
            if others.is_empty() && shared.is_in(self.root, variant) {
                continue;
            }
            let target = reference(variant).map(component).map(str::to_owned);
            let mut parts = vec![Value::Object(shared.0.clone()), variant.take()];
            parts.extend_from_slice(others);
            let mut combined = json!({ "allOf": parts });
            if let Some(target) = target {
                let component = self.free_name(&format!("{name}{}", type_name(&target)));
                self.schema(TypeName::new(&component), &mut combined, depth)?;
                let pointer = json!(join("#/components/schemas", &component));
                self.combined.insert(component, combined);
                combined = json!({"$ref": pointer});
                renamed.insert(target, pointer);
            }
            *variant = combined;
        }
        rename_targets(union, &renamed);
        Ok(())
    }

    /// The name, with the first free number appended if it is already used.
    pub(super) fn free_name(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let free = names.find(|name| self.used_names.insert(name.clone()));
        free.unwrap_or_default()
    }
}

/// Removes the unions of a schema.
pub(super) fn own_unions(schema: &mut Map<String, Value>) -> Vec<Map<String, Value>> {
    let discriminator = schema.shift_remove_entry("discriminator");
    let lists = take(schema, &["oneOf", "anyOf"]).into_iter();
    let mut unions: Vec<Map<String, Value>> = lists.map(|list| Map::from_iter([list])).collect();
    if let Some(union) = unions.first_mut() {
        union.extend(discriminator);
    }
    unions
}

fn take(schema: &mut Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    let taken = keys
        .iter()
        .filter_map(|key| schema.shift_remove_entry(*key));
    taken.collect()
}

fn variants_mut(union: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let lists = union
        .iter_mut()
        .filter(|(key, _)| *key == "oneOf" || *key == "anyOf");
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten()
}

/// Replaces the components in a discriminator by their combinations.
fn rename_targets(union: &mut Map<String, Value>, renamed: &Map<String, Value>) {
    let Some(discriminator) = union
        .get_mut("discriminator")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let new = |target: &Value| {
        let target = target.as_str().or_else(|| reference(target))?;
        renamed.get(component(target)).cloned()
    };
    if let Some(pointer) = discriminator.get(X_FALLBACK).and_then(new) {
        discriminator.insert(X_FALLBACK.to_owned(), json!({"$ref": pointer}));
    }
    let mapping = discriminator
        .get_mut("mapping")
        .and_then(Value::as_object_mut);
    for target in mapping.into_iter().flat_map(Map::values_mut) {
        if let Some(pointer) = new(target) {
            *target = pointer;
        }
    }
}

/// What is beside a union and applies to each variant.
struct Shared(Map<String, Value>);

impl Shared {
    fn take(schema: &mut Map<String, Value>) -> Self {
        Self(take(schema, &SHARED))
    }

    fn is_only_type(&self) -> bool {
        self.0.keys().all(|key| key == "type")
    }

    /// Adds the type to the variants that have none.
    fn add_type(self, union: &mut Map<String, Value>) {
        let bare = variants_mut(union).filter(|variant| has_no_type(variant));
        for variant in bare.filter_map(Value::as_object_mut) {
            variant.extend(self.0.clone());
        }
    }

    /// Whether a component already requires what is shared.
    fn is_in(&self, root: &Value, variant: &Value) -> bool {
        let is_known = |key: &String| matches!(key.as_str(), "type" | "properties" | "required");
        if reference(variant).is_none() || !self.0.keys().all(is_known) {
            return false;
        }
        let names = property_names(root, variant);
        let mut properties = members(self.0.get("properties"));
        let required: Vec<&Value> = parts(root, variant)
            .into_iter()
            .flat_map(|part| items(part.get("required")))
            .collect();
        properties.all(|(name, _)| names.contains(&name.as_str()))
            && items(self.0.get("required")).all(|name| required.contains(&name))
    }
}
