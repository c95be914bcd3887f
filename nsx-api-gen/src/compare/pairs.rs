//! Matches operations, arguments and renamed types of the old document with those of the new one.

use std::collections::{BTreeMap, BTreeSet};

use super::surface::{Operation, Surface};
use crate::model::In;
use crate::model::rust_api::{Argument, RustType, Success, TypeDefinition, TypeKind};

/// The old operation for each new one, and the removed operations.
pub(super) struct Operations<'a> {
    pub(super) pairs: Vec<(Option<&'a Operation>, &'a Operation)>,
    pub(super) removed: Vec<&'a Operation>,
}

/// Whether two operations match by some criterion.
type Criterion = fn(&Operation, &Operation) -> bool;

/// The criteria, strongest first. If two operations exchange their names, code still compiles but
/// calls the other path, so a name counts more than a path.
const CRITERIA: [Criterion; 3] = [
    |old, new| same_call(old, new) && old.names() == new.names(),
    |old, new| old.names() == new.names(),
    same_call,
];

fn same_call(old: &Operation, new: &Operation) -> bool {
    old.model.method == new.model.method && old.pattern == new.pattern
}

/// Matches the operations of both documents.
pub(super) fn operations<'a>(old: &'a Surface, new: &'a Surface) -> Operations<'a> {
    let mut removed: Vec<&Operation> = old.operations.iter().collect();
    let mut pairs: Vec<(Option<&Operation>, &Operation)> =
        new.operations.iter().map(|new| (None, new)).collect();
    for same in CRITERIA {
        for (found, new) in pairs.iter_mut().filter(|(found, _)| found.is_none()) {
            let position = removed.iter().position(|old| same(old, new));
            *found = position.map(|position| removed.remove(position));
        }
    }
    Operations { pairs, removed }
}

/// The old argument that matches a new one: at the same position in the path, or with the same
/// name.
pub(super) fn argument<'a>(
    old: &'a Operation,
    new: &Operation,
    argument: &Argument,
) -> Option<&'a Argument> {
    let is_same_path = old.pattern == new.pattern;
    if argument.place == In::Path && is_same_path {
        let index = in_path(new).position(|other| other.name == argument.name);
        return in_path(old).nth(index?);
    }
    // Those in the path have their matches.
    let others = old.method.arguments.iter();
    let mut others = others.filter(|other| !(is_same_path && other.place == In::Path));
    others.find(|other| other.rust == argument.rust)
}

fn in_path(operation: &Operation) -> impl Iterator<Item = &Argument> {
    let arguments = operation.method.arguments.iter();
    arguments.filter(|argument| argument.place == In::Path)
}

/// The types that were renamed, by old name.
#[derive(Debug, Default)]
pub(super) struct Renamed(BTreeMap<String, String>);

impl Renamed {
    /// Whether two names are those of the same type.
    pub(super) fn same_name(&self, old: &str, new: &str) -> bool {
        self.new_name(old) == new
    }

    /// Whether two types are the same, except for renamed types in them.
    pub(super) fn same(&self, old: &RustType, new: &RustType) -> bool {
        old == new || self.renamed(old) == *new
    }

    /// The type, with the new names of renamed types in it.
    pub(super) fn renamed(&self, old: &RustType) -> RustType {
        old.renamed(|name| self.new_name(name))
    }

    fn new_name<'a>(&'a self, old: &'a str) -> &'a str {
        self.0.get(old).map_or(old, String::as_str)
    }

    /// The old name of a renamed type.
    pub(super) fn old_name(&self, new: &str) -> Option<&str> {
        let mut names = self.0.iter();
        names
            .find(|(_, name)| *name == new)
            .map(|(old, _)| old.as_str())
    }

    pub(super) fn is_old_name(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Finds renamed types: a removed type in whose place a similar new type is used.
pub(super) fn renamed(old: &Surface, new: &Surface, operations: &Operations<'_>) -> Renamed {
    let mut finder = RenameFinder {
        old,
        new,
        found: Renamed::default(),
        pending: Vec::new(),
    };
    for (before, after) in &operations.pairs {
        if let Some(before) = before {
            finder.operation(before, after);
        }
    }
    for name in new.types.keys() {
        finder.definitions(name, name);
    }
    while let Some((before, after)) = finder.pending.pop() {
        finder.definitions(&before, &after);
    }
    finder.found
}

struct RenameFinder<'a> {
    old: &'a Surface,
    new: &'a Surface,
    found: Renamed,
    /// The renamed types, which may contain further renamed types.
    pending: Vec<(String, String)>,
}

impl RenameFinder<'_> {
    fn operation(&mut self, old: &Operation, new: &Operation) {
        for after in &new.method.arguments {
            if let Some(before) = argument(old, new, after) {
                self.types(&before.ty, &after.ty);
            }
        }
        if let (Some(before), Some(after)) = (&old.method.body, &new.method.body) {
            self.types(&before.ty, &after.ty);
        }
        if let (Success::Value(before), Success::Value(after)) =
            (&old.method.success, &new.method.success)
        {
            self.types(before, after);
        }
    }

    fn definitions(&mut self, before: &str, after: &str) {
        let types = (self.old.types.get(before), self.new.types.get(after));
        let (Some(before), Some(after)) = types else {
            return;
        };
        for (before, after) in before.bases.iter().zip(&after.bases) {
            self.names(before, after);
        }
        match (&before.definition.kind, &after.definition.kind) {
            (TypeKind::Struct(before), TypeKind::Struct(after)) => {
                for field in &after.fields {
                    let mut others = before.fields.iter();
                    if let Some(other) = others.find(|other| other.rust == field.rust) {
                        self.types(&other.ty, &field.ty);
                    }
                }
            }
            _ => {
                let (before, after) = (before.definition.inner(), after.definition.inner());
                for (before, after) in before.into_iter().zip(after) {
                    self.types(before, after);
                }
            }
        }
    }

    fn types(&mut self, old: &RustType, new: &RustType) {
        for (before, after) in old.names().zip(new.names()) {
            self.names(before, after);
        }
    }

    fn names(&mut self, before: &str, after: &str) {
        let stays = self.new.types.contains_key(before) || self.old.types.contains_key(after);
        let taken = self.found.is_old_name(before) || self.found.old_name(after).is_some();
        let (Some(old), Some(new)) = (self.old.types.get(before), self.new.types.get(after)) else {
            return;
        };
        if !stays && !taken && is_similar(&old.definition, &new.definition) {
            let (before, after) = (before.to_owned(), after.to_owned());
            self.found.0.insert(before.clone(), after.clone());
            self.pending.push((before, after));
        }
    }
}

/// Whether two types have at least half of their parts in common.
fn is_similar(old: &TypeDefinition, new: &TypeDefinition) -> bool {
    let (before, after) = (parts(&old.kind), parts(&new.kind));
    match (&old.kind, &new.kind) {
        (TypeKind::Wrapper(old), TypeKind::Wrapper(new)) => old == new,
        (TypeKind::Other(old), TypeKind::Other(new)) => old == new,
        (old, new) => {
            std::mem::discriminant(old) == std::mem::discriminant(new)
                && 2 * before.intersection(&after).count() >= before.len().max(after.len())
        }
    }
}

fn parts(kind: &TypeKind) -> BTreeSet<&str> {
    match kind {
        TypeKind::Struct(object) => object.properties().map(|one| one.json.as_str()).collect(),
        TypeKind::StringEnum(one) => one.variants.iter().map(|one| one.text.as_str()).collect(),
        TypeKind::Union(union) => union.variants.iter().map(|one| one.rust.as_str()).collect(),
        TypeKind::UntaggedUnion(variants) => variants.iter().map(|one| one.rust.as_str()).collect(),
        TypeKind::Wrapper(_) | TypeKind::Other(_) => BTreeSet::new(),
    }
}
