//! Reports a change that types inherit once, for the base.

use std::collections::BTreeMap;

use super::change::{Change, Subject};
use super::kinds::Kind;
use super::surface::{Surface, Type};
use crate::model::rust_api::RustType;

/// Removes the changes of types that one of their bases has too.
pub(super) fn without_inherited(changes: Vec<Change>, old: &Surface, new: &Surface) -> Vec<Change> {
    let mut by_type: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &changes {
        if let Subject::Type { name } = &change.subject {
            by_type.entry(name).or_default().push(change);
        }
    }
    let is_inherited = |change: &Change| {
        let Subject::Type { name } = &change.subject else {
            return false;
        };
        // Such a change concerns the name, or what only the type itself decides.
        if matches!(change.kind, Kind::TypeRenamed) {
            return false;
        }
        let ty = new.types.get(name).or_else(|| old.types.get(name));
        let bases = ty.into_iter().flat_map(|ty| &ty.bases);
        let bases: Vec<&String> = bases.filter(|base| *base != name).collect();
        bases.iter().any(|base| {
            let same = |other: &&Change| is_same(change, other, [old, new]);
            let all = by_type.get(base.as_str());
            all.into_iter().flatten().copied().any(|other| same(&other))
        })
    };
    let kept: Vec<bool> = changes.iter().map(|change| !is_inherited(change)).collect();
    let changes = changes.into_iter().zip(kept);
    changes
        .filter_map(|(change, is_kept)| is_kept.then_some(change))
        .collect()
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
