//! Matches operations, arguments and renamed types of the old document with those of the new one.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::{Object, Shape, Ty};
use super::surface::{Argument, Operation, Success, Surface};
use crate::model::In;

/// The old operation for each new one, and the removed operations.
pub(super) struct Operations<'a> {
    pub(super) pairs: Vec<(Option<&'a Operation>, &'a Operation)>,
    pub(super) removed: Vec<&'a Operation>,
}

/// Whether two operations match by some criterion.
type Criterion = fn(&Operation, &Operation) -> bool;

/// The criteria, strongest first. An operation with the same HTTP method and path was renamed, even
/// if another one now has its name.
const CRITERIA: [Criterion; 3] = [
    |old, new| same_call(old, new) && old.names == new.names,
    same_call,
    |old, new| old.names == new.names,
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
    if argument.place == In::Path && old.pattern == new.pattern {
        let index = in_path(new).position(|other| other.name == argument.name);
        return in_path(old).nth(index?);
    }
    let mut others = old.arguments.iter();
    others.find(|other| other.rust == argument.rust)
}

fn in_path(operation: &Operation) -> impl Iterator<Item = &Argument> {
    let arguments = operation.arguments.iter();
    arguments.filter(|argument| argument.place == In::Path)
}

/// The types that were renamed, by old name.
#[derive(Debug, Default)]
pub(super) struct Renamed(BTreeMap<String, String>);

impl Renamed {
    /// Whether two names are those of the same type.
    pub(super) fn same(&self, old: &str, new: &str) -> bool {
        old == new || self.0.get(old).is_some_and(|name| name == new)
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
    for after in &new.types {
        if let Some(before) = old.ty(&after.name) {
            finder.types(&before.ty, &after.ty);
        }
    }
    while let Some((before, after)) = finder.pending.pop() {
        finder.types(before, after);
    }
    finder.found
}

struct RenameFinder<'a> {
    old: &'a Surface,
    new: &'a Surface,
    found: Renamed,
    /// The contents of renamed types, which may contain further renamed types.
    pending: Vec<(&'a Ty, &'a Ty)>,
}

impl<'a> RenameFinder<'a> {
    fn operation(&mut self, old: &'a Operation, new: &'a Operation) {
        for after in &new.arguments {
            if let Some(before) = argument(old, new, after) {
                self.types(&before.ty, &after.ty);
            }
        }
        if let (Some(before), Some(after)) = (&old.body, &new.body) {
            self.types(&before.ty, &after.ty);
        }
        if let (Success::Value { ty: before, .. }, Success::Value { ty: after, .. }) =
            (&old.success, &new.success)
        {
            self.types(before, after);
        }
    }

    fn types(&mut self, old: &'a Ty, new: &'a Ty) {
        match (&old.shape, &new.shape) {
            (Shape::Named(before), Shape::Named(after)) => self.names(before, after),
            (Shape::List(before), Shape::List(after)) | (Shape::Map(before), Shape::Map(after)) => {
                self.types(before, after);
            }
            (Shape::Object(before), Shape::Object(after)) => self.objects(before, after),
            (Shape::Union(before), Shape::Union(after)) => {
                for (before, after) in before.variants.iter().zip(&after.variants) {
                    self.types(before, after);
                }
            }
            _ => {}
        }
    }

    fn objects(&mut self, old: &'a Object, new: &'a Object) {
        for (before, after) in old.bases.iter().zip(&new.bases) {
            self.names(before, after);
        }
        for after in &new.fields {
            if let Some(before) = old.field(&after.rust) {
                self.types(&before.ty, &after.ty);
            }
        }
    }

    fn names(&mut self, before: &str, after: &str) {
        let stays = self.new.ty(before).is_some() || self.old.ty(after).is_some();
        let taken = self.found.is_old_name(before) || self.found.old_name(after).is_some();
        let (Some(old), Some(new)) = (self.old.ty(before), self.new.ty(after)) else {
            return;
        };
        if !stays && !taken && is_similar(&old.ty, &new.ty) {
            let (before, after) = (before.to_owned(), after.to_owned());
            self.found.0.insert(before, after);
            self.pending.push((&old.ty, &new.ty));
        }
    }
}

/// Whether two types have at least half of their parts in common.
fn is_similar(old: &Ty, new: &Ty) -> bool {
    let (before, after) = (parts(old), parts(new));
    match (&old.shape, &new.shape) {
        (Shape::Object(_), Shape::Object(_))
        | (Shape::StringEnum(_), Shape::StringEnum(_))
        | (Shape::Union(_), Shape::Union(_)) => {
            2 * before.intersection(&after).count() >= before.len().max(after.len())
        }
        _ => old.rust() == new.rust(),
    }
}

fn parts(ty: &Ty) -> BTreeSet<String> {
    match &ty.shape {
        Shape::Object(object) => object.fields.iter().map(|one| one.json.clone()).collect(),
        Shape::StringEnum(string_enum) => string_enum.values.iter().cloned().collect(),
        Shape::Union(union) => union.variants.iter().map(Ty::rust).collect(),
        _ => BTreeSet::new(),
    }
}
