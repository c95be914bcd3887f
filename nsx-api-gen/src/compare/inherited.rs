//! Reports a change that types inherit once, for the base.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Subject};
use super::kinds::Kind;
use super::surface::{Surface, Type};
use crate::model::rust_api::RustType;

/// Removes the changes of types that one of their bases has too, and adds the names of the types to
/// the change of the base.
pub(super) fn fold_inherited(changes: Vec<Change>, old: &Surface, new: &Surface) -> Vec<Change> {
    let in_bases = in_bases(&changes, [old, new]);
    let mut heirs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut dropped = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        let root = root(index, &in_bases);
        if let (Subject::Type { name }, true) = (&change.subject, root != index) {
            heirs.entry(root).or_default().push(name.clone());
            dropped.insert(index);
        }
    }
    let changes = changes.into_iter().enumerate();
    let kept = changes.filter(|(index, _)| !dropped.contains(index));
    kept.map(|(index, change)| Change {
        inherited_by: heirs.remove(&index).unwrap_or_default(),
        ..change
    })
    .collect()
}

/// For each change of a type, the same change of one of its bases.
fn in_bases(changes: &[Change], surfaces: [&Surface; 2]) -> BTreeMap<usize, usize> {
    let mut by_type: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        if let Subject::Type { name } = &change.subject {
            by_type.entry(name).or_default().push(index);
        }
    }
    let mut found = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        let Subject::Type { name } = &change.subject else {
            continue;
        };
        if !can_be_inherited(change, name, surfaces) {
            continue;
        }
        let others = bases(name, surfaces).flat_map(|base| by_type.get(base.as_str()));
        let mut others = others.flatten().filter(|other| **other != index);
        let is_same = |other: &&usize| {
            let base = changes.get(**other);
            base.is_some_and(|base| is_same(change, base, surfaces))
        };
        found.extend(others.find(is_same).map(|other| (index, *other)));
    }
    found
}

/// Whether a change is of something that a type has from its base. That a component was added, for
/// example, has nothing to do with its base, but the type of an inline schema in it has.
fn can_be_inherited(change: &Change, name: &str, surfaces: [&Surface; 2]) -> bool {
    match change.kind {
        Kind::TypeRenamed => false,
        Kind::TypeAdded | Kind::TypeRemoved | Kind::TypeChanged => {
            let types = surfaces.iter().filter_map(|one| one.types.get(name));
            types.into_iter().all(|ty| ty.is_inline)
        }
        _ => true,
    }
}

fn bases<'a>(name: &'a str, surfaces: [&'a Surface; 2]) -> impl Iterator<Item = &'a String> {
    let types = surfaces.into_iter().rev();
    let ty = types.filter_map(|surface| surface.types.get(name)).next();
    ty.into_iter().flat_map(|ty: &Type| &ty.bases)
}

/// The change that is not inherited itself. In a cycle, that is the first one.
fn root(index: usize, in_bases: &BTreeMap<usize, usize>) -> usize {
    let mut seen = BTreeSet::from([index]);
    let mut at = index;
    while let Some(base) = in_bases.get(&at) {
        if !seen.insert(*base) {
            return seen.first().copied().unwrap_or(index);
        }
        at = *base;
    }
    at
}

/// Whether a change of a type is the same as one of its base. The types of inline schemas are named
/// after the type that they are in.
fn is_same(change: &Change, base: &Change, surfaces: [&Surface; 2]) -> bool {
    let same = |text: &Option<String>, base: &Option<String>| match (text, base) {
        (Some(text), Some(base)) => text == base || in_base(text, surfaces, base),
        (None, None) => true,
        _ => false,
    };
    change.kind == base.kind
        && change.place == base.place
        && same(&change.old, &base.old)
        && same(&change.new, &base.new)
}

/// Whether a type becomes the one of the base if each name in it is replaced by that of its base.
fn in_base(text: &str, surfaces: [&Surface; 2], base: &str) -> bool {
    let (own, base) = (RustType::new(text), RustType::new(base));
    let mut names = own.names().zip(base.names());
    let is_base = |(own, base): (&str, &str)| {
        let types = surfaces.iter().filter_map(|surface| surface.types.get(own));
        let mut bases = types.flat_map(|ty: &Type| &ty.bases);
        own == base || bases.any(|one| one == base)
    };
    own.names().count() == base.names().count() && names.all(is_base)
}
