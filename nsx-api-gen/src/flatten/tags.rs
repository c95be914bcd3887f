//! A union without a discriminator whose variants are told apart by an enum gets one.
//!
//! Each variant requires the same string property, and no value of it is allowed in two variants:
//! a tag. At most one variant may leave the values open. It is for all that the others do not list.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Flatten, TypeName};
use crate::document::all_of::{parts, property_names};
use crate::document::discriminated_union::{X_FALLBACK, discriminator_values, union_variants};
use crate::document::{component, items, join, reference};
use crate::names::type_name;

/// The property that tells variants apart, and its values in each. The fallback has none.
struct Tag {
    property: String,
    values: Vec<Vec<String>>,
}

impl Flatten<'_> {
    /// Adds the discriminator. Inline variants become components, named after their first value.
    pub(super) fn add_discriminator(
        &mut self,
        name: TypeName<'_>,
        schema: &mut Map<String, Value>,
    ) {
        if schema.contains_key("discriminator") {
            return;
        }
        let [one, any] = ["oneOf", "anyOf"].map(|key| schema.get(key).and_then(Value::as_array));
        let ((Some(variants), None) | (None, Some(variants))) = (one, any) else {
            return;
        };
        let Some(tag) = self.tag(variants) else {
            return;
        };
        let mut variants = variants.clone();
        let mut mapping = Map::new();
        let mut fallback = None;
        for (variant, values) in variants.iter_mut().zip(&tag.values) {
            self.become_component(name, variant, values);
            for value in values {
                mapping.insert(value.clone(), json!(reference(variant)));
            }
            if values.is_empty() {
                fallback = Some(variant.clone());
            }
        }
        let mut discriminator = json!({"propertyName": tag.property, "mapping": mapping});
        if let Some((fallback, map)) = fallback.zip(discriminator.as_object_mut()) {
            map.insert(X_FALLBACK.to_owned(), fallback);
        }
        schema.shift_remove("anyOf");
        schema.insert("oneOf".to_owned(), Value::Array(variants));
        schema.insert("discriminator".to_owned(), discriminator);
    }

    /// An inline variant moves to a component.
    fn become_component(&mut self, name: TypeName<'_>, variant: &mut Value, values: &[String]) {
        if reference(variant).is_some() {
            return;
        }
        let value = values.first().map_or("Other", String::as_str);
        let name = self.free_name(&format!("{name}{}", type_name(value)));
        let reference = json!({"$ref": join("#/components/schemas", &name)});
        self.combined
            .insert(name, std::mem::replace(variant, reference));
    }

    /// The tag of variants, in the order of the first one's properties.
    fn tag(&self, variants: &[Value]) -> Option<Tag> {
        let schemas: Option<Vec<&Value>> = variants.iter().map(|one| self.variant(one)).collect();
        let schemas = schemas?;
        let names = property_names(self.root, schemas.first()?);
        names
            .into_iter()
            .find_map(|name| self.tag_named(name, &schemas))
    }

    fn tag_named(&self, property: &str, schemas: &[&Value]) -> Option<Tag> {
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        let mut values = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            let mut required = parts(self.root, schema).into_iter();
            if !required.any(|part| items(part.get("required")).any(|name| name == property)) {
                return None;
            }
            let own = discriminator_values(self.root, schema, property)?;
            if own
                .iter()
                .any(|value| owners.insert(value, index).is_some_and(|at| at != index))
            {
                return None;
            }
            values.push(own.into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        let open = values.iter().filter(|values| values.is_empty()).count();
        (schemas.len() > 1 && open <= 1).then(|| Tag {
            property: property.to_owned(),
            values,
        })
    }

    /// The schema of a variant, if it is not a union itself or another name of a component.
    fn variant<'v>(&'v self, variant: &'v Value) -> Option<&'v Value> {
        let schema = match reference(variant).map(component) {
            None => variant,
            Some(name) => {
                let schemas = self.root.pointer("/components/schemas");
                let known = schemas.and_then(|all| all.get(name));
                known.or_else(|| self.combined.get(name))?
            }
        };
        let is_own = reference(schema).is_none() && union_variants(schema).is_none();
        is_own.then_some(schema)
    }
}
