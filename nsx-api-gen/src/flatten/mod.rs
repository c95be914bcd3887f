//! Merges the parts of every `allOf`, so that the steps that follow see one schema for each type.
//!
//! A schema with a single part, which only describes it or allows null, stays as it is. A union
//! that is combined with other parts becomes a union of combinations.

mod combine;
mod directions;
mod tags;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use crate::document::all_of::{self, needs_merge};
use crate::document::recorded::reserved_type_names;
use crate::document::{is_password, join, members, reference, text};
use crate::error::{Error, Faults};
use crate::names::type_name;

/// The maximum nesting of merged schemas, and their number in a component or path. Real documents
/// need two or three levels.
const MAX_DEPTH: usize = 32;
const MAX_MERGES: usize = 10_000;

const TOO_MANY: &str = "`allOf` and `oneOf` have too many combinations here";

/// A checked document, with the parts of every `allOf` merged.
pub(crate) fn flatten(file: &str, root: &Value) -> Result<Value, Error> {
    let (flat, faults) = flatten_all(root);
    faults.into_result(file)?;
    Ok(flat)
}

/// Like [`flatten`], with the faults. Schemas with faults stay as they are.
pub(crate) fn flatten_all(root: &Value) -> (Value, Faults) {
    let mut faults = Faults::default();
    let mut flatten = Flatten::new(root);
    let mut flat = root.clone();
    for (section, parts) in members_mut(flat.get_mut("components")) {
        for (name, part) in members_mut(Some(parts)) {
            let flattened = match section.as_str() {
                "schemas" => flatten.start().component(name, part),
                _ => flatten.start().schemas_in(TypeName::new(name), part),
            };
            if let Err(reason) = flattened {
                let pointer = join(&join("#/components", section), name);
                faults.add(pointer, reason);
            }
        }
    }
    for (path, item) in members_mut(flat.get_mut("paths")) {
        for (key, node) in members_mut(Some(item)) {
            let name = text(node, "operationId").unwrap_or(path).to_owned();
            if let Err(reason) = flatten.start().schemas_in(TypeName::new(&name), node) {
                let pointer = join(&join("#/paths", path), key);
                faults.add_for(text(node, "operationId"), pointer, reason);
            }
        }
    }
    let schemas = flat.pointer_mut("/components/schemas");
    if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
        schemas.extend(flatten.combined);
    }
    directions::relax_required(&mut flat);
    (flat, faults)
}

fn members_mut(node: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    node.and_then(Value::as_object_mut).into_iter().flatten()
}

/// The name of a type, which is needed only for a few schemas.
#[derive(Clone, Copy)]
struct TypeName<'a> {
    within: Option<&'a TypeName<'a>>,
    key: &'a str,
}

impl<'a> TypeName<'a> {
    fn new(key: &'a str) -> Self {
        Self { within: None, key }
    }

    /// The name of the type of a property.
    fn of_property(&'a self, key: &'a str) -> Self {
        Self {
            within: Some(self),
            key,
        }
    }
}

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            within.fmt(f)?;
        }
        f.write_str(&type_name(self.key))
    }
}

struct Flatten<'a> {
    root: &'a Value,
    /// How many more schemas may be merged.
    left: usize,
    /// The components that combine a variant of a union with what is beside the union.
    combined: Map<String, Value>,
    /// The names of the types of all components.
    used_names: BTreeSet<String>,
}

impl<'a> Flatten<'a> {
    fn new(root: &'a Value) -> Self {
        let schemas = members(root.pointer("/components/schemas"));
        let names = schemas.map(|(name, _)| type_name(name));
        Self {
            root,
            left: MAX_MERGES,
            combined: Map::new(),
            used_names: names.chain(reserved_type_names(root)).collect(),
        }
    }

    /// Starts with another component or path.
    fn start(&mut self) -> &mut Self {
        self.left = MAX_MERGES;
        self
    }

    /// The schemas in an operation or in a component that is not a schema. `name` is that of the
    /// operation or component.
    fn schemas_in(&mut self, name: TypeName<'_>, node: &mut Value) -> Result<(), String> {
        match node {
            Value::Object(map) => {
                let mut members = map.iter_mut();
                members.try_for_each(|(key, inner)| match key.as_str() {
                    "schema" => self.schema(name, inner, 0),
                    "example" | "examples" => Ok(()),
                    key if key.starts_with("x-") => Ok(()),
                    _ => self.schemas_in(name, inner),
                })
            }
            Value::Array(list) => {
                let mut list = list.iter_mut();
                list.try_for_each(|inner| self.schemas_in(name, inner))
            }
            _ => Ok(()),
        }
    }

    fn component(&mut self, name: &str, schema: &mut Value) -> Result<(), String> {
        // The schema in the document, to which unions of its base may refer.
        let schemas = self.root.pointer("/components/schemas");
        let original = schemas.and_then(|all| all.get(name));
        let original = original.filter(|schema| needs_merge(schema));
        match original.filter(|schema| !is_password(self.root, schema)) {
            Some(original) => self.merge(TypeName::new(name), original, schema, 0),
            None => self.schema(TypeName::new(name), schema, 0),
        }
    }

    /// A schema whose type is called `name`, within `depth` merged schemas.
    fn schema(
        &mut self,
        name: TypeName<'_>,
        schema: &mut Value,
        depth: usize,
    ) -> Result<(), String> {
        if reference(schema).is_some() || is_password(self.root, schema) {
            return Ok(());
        }
        if needs_merge(schema) {
            let original = schema.clone();
            return self.merge(name, &original, schema, depth);
        }
        if let Some(map) = schema.as_object_mut() {
            let unions = combine::own_unions(map);
            self.combine(name, map, unions, depth)?;
        }
        self.inner_schemas(name, schema, depth)
    }

    /// Replaces a schema by what its parts say together.
    fn merge(
        &mut self,
        name: TypeName<'_>,
        original: &Value,
        schema: &mut Value,
        depth: usize,
    ) -> Result<(), String> {
        let depth = depth + 1;
        self.left = self.left.saturating_sub(1);
        if depth > MAX_DEPTH || self.left == 0 {
            return Err(TOO_MANY.to_owned());
        }
        let mut merged = all_of::merge(self.root, original);
        if let Some(reason) = merged.contradiction {
            return Err(format!("the `allOf` parts contradict each other: {reason}"));
        }
        self.combine(name, &mut merged.schema, merged.unions, depth)?;
        *schema = Value::Object(merged.schema);
        self.inner_schemas(name, schema, depth)
    }

    fn inner_schemas(
        &mut self,
        name: TypeName<'_>,
        schema: &mut Value,
        depth: usize,
    ) -> Result<(), String> {
        for key in ["allOf", "oneOf", "anyOf"] {
            let parts = schema.get_mut(key).and_then(Value::as_array_mut);
            for part in parts.into_iter().flatten() {
                self.schema(name, part, depth)?;
            }
        }
        for (property, inner) in members_mut(schema.get_mut("properties")) {
            self.schema(name.of_property(property), inner, depth)?;
        }
        for (key, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
            if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
                self.schema(name.of_property(suffix), inner, depth)?;
            }
        }
        // The inline variants are flat now.
        if let Some(schema) = schema.as_object_mut() {
            self.add_discriminator(name, schema);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
