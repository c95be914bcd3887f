//! What several parts of a schema have is one type, which progenitor makes by laying their schemas over each other. It does not end
//! where that comes back to itself: a variant that holds an `A` laid over a part that holds a `B`, which are such things themselves.
//! (Properties that do not fit each other are no such thing any more: `normalize::redeclared`.)

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{self, items, join, members, reference, resolve};
use crate::error::Faults;

/// How deep schemas may be laid over each other, and how often in one schema. In real documents there are two or three.
const DEEPEST: usize = 32;
const MOST: usize = 10_000;

const ENDLESS: &str = "parts of the schema say different things of one property, and what they say leads back to itself: \
                       give the property in one of them only";

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    for (name, schema) in members(root.pointer("/components/schemas")) {
        if Look::new(root).over(&[schema]).is_err() {
            faults.at(join("#/components/schemas", name), ENDLESS);
        }
    }
    for place in document::operations(root) {
        if inline(root, place.node).is_err() {
            faults.of(place.id(), &place.pointer, ENDLESS);
        }
    }
}

fn inline(root: &Value, node: &Value) -> Result<(), Endless> {
    match node {
        Value::Object(map) => map.iter().try_for_each(|(key, inner)| match key.as_str() {
            "schema" => Look::new(root).over(&[inner]),
            "example" | "examples" => Ok(()),
            key if key.starts_with("x-") => Ok(()),
            _ => inline(root, inner),
        }),
        Value::Array(list) => list.iter().try_for_each(|inner| inline(root, inner)),
        _ => Ok(()),
    }
}

struct Endless;

/// Schemas by where they stand.
type Set = BTreeSet<*const Value>;

struct Look<'a> {
    root: &'a Value,
    /// What is being laid over each other, the outer ones first.
    open: Vec<Set>,
    /// What is known to end.
    done: BTreeSet<Set>,
}

impl<'a> Look<'a> {
    fn new(root: &'a Value) -> Self {
        Self {
            root,
            open: Vec::new(),
            done: BTreeSet::new(),
        }
    }

    /// Lays schemas over each other.
    fn over(&mut self, schemas: &[&'a Value]) -> Result<(), Endless> {
        let mut parts = Parts::default();
        for schema in schemas {
            collect(self.root, schema, true, &mut parts);
        }
        let Parts {
            list: parts, own, ..
        } = parts;
        if parts.len() < 2 {
            return own.iter().try_for_each(|part| self.within(part));
        }
        let set: Set = parts.iter().map(|part| std::ptr::from_ref(*part)).collect();
        if self.done.contains(&set) {
            return Ok(());
        }
        let is_too_much = self.open.len() >= DEEPEST || self.done.len() >= MOST;
        if is_too_much || self.open.contains(&set) {
            return Err(Endless);
        }
        self.open.push(set);
        self.members(&parts)?;
        self.choices(&parts)?;
        self.done.extend(self.open.pop());
        Ok(())
    }

    /// What stands in one schema itself may be laid over each other, too. What it refers to is looked at on its own.
    fn within(&mut self, schema: &'a Value) -> Result<(), Endless> {
        let inner = members(schema.get("properties")).map(|(_, inner)| inner);
        let inner = inner.chain(
            ["items", "additionalProperties"]
                .iter()
                .filter_map(|key| schema.get(*key)),
        );
        let choices = ["oneOf", "anyOf"]
            .iter()
            .flat_map(|key| items(schema.get(*key)));
        for schema in inner.chain(choices) {
            if reference(schema).is_none() {
                self.over(&[schema])?;
            }
        }
        Ok(())
    }

    fn members(&mut self, parts: &[&'a Value]) -> Result<(), Endless> {
        let names: BTreeSet<&String> = parts
            .iter()
            .flat_map(|part| members(part.get("properties")))
            .map(|(name, _)| name)
            .collect();
        for name in names {
            self.same(parts, |part| part.get("properties")?.get(name))?;
        }
        for key in ["items", "additionalProperties"] {
            self.same(parts, |part| part.get(key))?;
        }
        Ok(())
    }

    /// Lays over each other what stands at one place in the parts, as far as it is not the same.
    fn same(
        &mut self,
        parts: &[&'a Value],
        at: impl Fn(&'a Value) -> Option<&'a Value>,
    ) -> Result<(), Endless> {
        let mut schemas: Vec<&Value> = Vec::new();
        for schema in parts.iter().filter_map(|part| at(part)) {
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        match schemas.as_slice() {
            [] => Ok(()),
            [one] if reference(one).is_some() => Ok(()),
            schemas => self.over(schemas),
        }
    }

    /// Each variant of a choice is laid over the other parts.
    fn choices(&mut self, parts: &[&'a Value]) -> Result<(), Endless> {
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
                self.over(&schemas)?;
            }
        }
        Ok(())
    }
}

/// What a schema is made of, each part that says anything once. A part's own `allOf` stays in it and is not looked at again.
fn collect<'a>(root: &'a Value, schema: &'a Value, is_own: bool, into: &mut Parts<'a>) {
    let is_own = is_own && reference(schema).is_none();
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    if !into.seen.insert(schema) {
        return;
    }
    if SAYING.iter().any(|key| schema.get(*key).is_some()) {
        into.list.push(schema);
        into.own.extend(is_own.then_some(schema));
    }
    for part in items(schema.get("allOf")) {
        collect(root, part, is_own, into);
    }
}

/// The members that are laid over each other.
const SAYING: [&str; 5] = [
    "properties",
    "items",
    "additionalProperties",
    "oneOf",
    "anyOf",
];

#[derive(Default)]
struct Parts<'a> {
    list: Vec<&'a Value>,
    /// Those that stand there themselves, and not behind a reference.
    own: Vec<&'a Value>,
    seen: Set,
}
