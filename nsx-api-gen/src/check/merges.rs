//! Rejects schemas whose merge does not terminate.
//!
//! When several `allOf` parts define the same property, progenitor merges their schemas into one.
//! That does not terminate if the merge leads back to itself, for example if a variant that
//! contains an `A` is merged with a part that contains a `B`, and both are such schemas themselves.
//! (Conflicting property definitions do not occur here: see `normalize::overridden_properties`.)

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{self, items, join, members, reference, resolve};
use crate::error::Faults;

/// The maximum depth and number of merges in one schema. Real documents need two or three.
const MAX_DEPTH: usize = 32;
const MAX_MERGES: usize = 10_000;

const DOES_NOT_TERMINATE: &str = "`allOf` parts define a property differently, and merging the definitions does not terminate: \
                                  define the property in one part only";

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    for (name, schema) in members(root.pointer("/components/schemas")) {
        if MergeCheck::new(root).merge(&[schema]).is_err() {
            faults.add(join("#/components/schemas", name), DOES_NOT_TERMINATE);
        }
    }
    for place in document::operations(root) {
        if inline(root, place.node).is_err() {
            faults.add_for(place.id(), &place.pointer, DOES_NOT_TERMINATE);
        }
    }
}

fn inline(root: &Value, node: &Value) -> Result<(), NonTerminating> {
    match node {
        Value::Object(map) => map.iter().try_for_each(|(key, inner)| match key.as_str() {
            "schema" => MergeCheck::new(root).merge(&[inner]),
            "example" | "examples" => Ok(()),
            key if key.starts_with("x-") => Ok(()),
            _ => inline(root, inner),
        }),
        Value::Array(list) => list.iter().try_for_each(|inner| inline(root, inner)),
        _ => Ok(()),
    }
}

struct NonTerminating;

/// Schemas, identified by address.
type SchemaSet = BTreeSet<*const Value>;

struct MergeCheck<'a> {
    root: &'a Value,
    /// The sets that are being merged, outermost first.
    pending: Vec<SchemaSet>,
    /// The sets whose merge is known to terminate.
    done: BTreeSet<SchemaSet>,
}

impl<'a> MergeCheck<'a> {
    fn new(root: &'a Value) -> Self {
        Self {
            root,
            pending: Vec::new(),
            done: BTreeSet::new(),
        }
    }

    /// Merges schemas.
    fn merge(&mut self, schemas: &[&'a Value]) -> Result<(), NonTerminating> {
        let mut parts = Parts::default();
        for schema in schemas {
            collect(self.root, schema, true, &mut parts);
        }
        let Parts {
            list: parts, own, ..
        } = parts;
        if parts.len() < 2 {
            return own.iter().try_for_each(|part| self.check_inline(part));
        }
        let set: SchemaSet = parts.iter().map(|part| std::ptr::from_ref(*part)).collect();
        if self.done.contains(&set) {
            return Ok(());
        }
        let is_too_much = self.pending.len() >= MAX_DEPTH || self.done.len() >= MAX_MERGES;
        if is_too_much || self.pending.contains(&set) {
            return Err(NonTerminating);
        }
        self.pending.push(set);
        self.members(&parts)?;
        self.merge_variants(&parts)?;
        self.done.extend(self.pending.pop());
        Ok(())
    }

    /// Checks the inline schemas in one schema. Referenced schemas are checked separately.
    fn check_inline(&mut self, schema: &'a Value) -> Result<(), NonTerminating> {
        let inner = members(schema.get("properties")).map(|(_, inner)| inner);
        let inner = inner.chain(
            ["items", "additionalProperties"]
                .iter()
                .filter_map(|key| schema.get(*key)),
        );
        let merge_variants = ["oneOf", "anyOf"]
            .iter()
            .flat_map(|key| items(schema.get(*key)));
        for schema in inner.chain(merge_variants) {
            if reference(schema).is_none() {
                self.merge(&[schema])?;
            }
        }
        Ok(())
    }

    fn members(&mut self, parts: &[&'a Value]) -> Result<(), NonTerminating> {
        let names: BTreeSet<&String> = parts
            .iter()
            .flat_map(|part| members(part.get("properties")))
            .map(|(name, _)| name)
            .collect();
        for name in names {
            self.merge_differing(parts, |part| part.get("properties")?.get(name))?;
        }
        for key in ["items", "additionalProperties"] {
            self.merge_differing(parts, |part| part.get(key))?;
        }
        Ok(())
    }

    /// Merges the different schemas at one place of the parts.
    fn merge_differing(
        &mut self,
        parts: &[&'a Value],
        at: impl Fn(&'a Value) -> Option<&'a Value>,
    ) -> Result<(), NonTerminating> {
        let mut schemas: Vec<&Value> = Vec::new();
        for schema in parts.iter().filter_map(|part| at(part)) {
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        match schemas.as_slice() {
            [] => Ok(()),
            [one] if reference(one).is_some() => Ok(()),
            schemas => self.merge(schemas),
        }
    }

    /// Each variant of a union is merged with the other parts.
    fn merge_variants(&mut self, parts: &[&'a Value]) -> Result<(), NonTerminating> {
        for (index, part) in parts.iter().enumerate() {
            for variant in ["oneOf", "anyOf"]
                .iter()
                .flat_map(|key| items(part.get(*key)))
            {
                let others = parts
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                let others = others.map(|(_, part)| *part);
                let schemas: Vec<&Value> = others.chain([variant]).collect();
                self.merge(&schemas)?;
            }
        }
        Ok(())
    }
}

/// Collects the `allOf` parts of a schema that have members to merge, each once. A part's own
/// `allOf` is not visited again.
fn collect<'a>(root: &'a Value, schema: &'a Value, is_own: bool, into: &mut Parts<'a>) {
    let is_own = is_own && reference(schema).is_none();
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    if !into.seen.insert(schema) {
        return;
    }
    if MERGED_KEYS.iter().any(|key| schema.get(*key).is_some()) {
        into.list.push(schema);
        into.own.extend(is_own.then_some(schema));
    }
    for part in items(schema.get("allOf")) {
        collect(root, part, is_own, into);
    }
}

/// The members that are merged.
const MERGED_KEYS: [&str; 5] = [
    "properties",
    "items",
    "additionalProperties",
    "oneOf",
    "anyOf",
];

#[derive(Default)]
struct Parts<'a> {
    list: Vec<&'a Value>,
    /// The parts that are inline, not behind a reference.
    own: Vec<&'a Value>,
    seen: SchemaSet,
}
