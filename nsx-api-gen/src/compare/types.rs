//! Changes of types: structs and their fields, enums and their variants.

use super::change::{Change, Usage};
use super::kinds::Kind;
use super::pairs::Renamed;
use super::report::ChangeReporter;
use super::surface::{Surface, Type};
use crate::model::rust_api::{
    Constructor, DiscriminatedUnion, Field, RustType, StringEnum, Struct, TypeKind, UnionVariant,
    UntaggedVariant,
};

/// Adds the changes of the types.
pub(super) fn compare(old: &Surface, new: &Surface, renamed: &Renamed, changes: &mut Vec<Change>) {
    for after in new.types.values() {
        let name = renamed.old_name(&after.name).unwrap_or(&after.name);
        match old.types.get(name) {
            None => report(after, after.usage, changes).add(Kind::TypeAdded, "type", None, None),
            Some(before) => {
                let mut comparison = TypeComparison {
                    old: (old, before),
                    new: (new, after),
                    renamed,
                    report: report(after, before.usage.or(after.usage), changes),
                };
                comparison.compare();
            }
        }
    }
    for before in old.types.values() {
        if !new.types.contains_key(&before.name) && !renamed.is_old_name(&before.name) {
            let mut report = report(before, before.usage, changes);
            report.add(Kind::TypeRemoved, "type", None, None);
        }
    }
}

fn report<'a>(ty: &Type, usage: Usage, changes: &'a mut Vec<Change>) -> ChangeReporter<'a> {
    ChangeReporter::new(ty.subject(), usage, ty.methods.clone(), changes)
}

/// Compares the old and new version of a type.
struct TypeComparison<'a> {
    old: (&'a Surface, &'a Type),
    new: (&'a Surface, &'a Type),
    renamed: &'a Renamed,
    report: ChangeReporter<'a>,
}

impl TypeComparison<'_> {
    fn compare(&mut self) {
        let (old, new) = (self.old.1, self.new.1);
        let before = self.report.count();
        if old.name != new.name {
            self.report
                .changed(Kind::TypeRenamed, "type", &old.name, &new.name);
        }
        match (&old.definition.kind, &new.definition.kind) {
            (TypeKind::Struct(old), TypeKind::Struct(new)) => self.structs(old, new),
            (TypeKind::StringEnum(old), TypeKind::StringEnum(new)) => self.string_enums(old, new),
            (TypeKind::Union(old), TypeKind::Union(new)) => self.unions(old, new),
            (TypeKind::UntaggedUnion(old), TypeKind::UntaggedUnion(new)) => {
                self.untagged_unions(old, new);
            }
            (TypeKind::Wrapper(old), TypeKind::Wrapper(new)) if self.renamed.same(old, new) => {}
            (TypeKind::Other(old), TypeKind::Other(new)) if old == new => {}
            (old, new) => {
                let (old, new) = (description(old), description(new));
                self.report.changed(Kind::TypeChanged, "type", &old, &new);
            }
        }
        // Otherwise the traits follow from what was reported.
        if self.report.count() == before {
            self.traits();
        }
    }

    /// The traits that depend on the document.
    fn traits(&mut self) {
        let old = self.old.1.definition.traits.iter();
        let old: Vec<RustType> = old.map(|one| self.renamed.renamed(one)).collect();
        let new: Vec<RustType> = self.new.1.definition.traits.iter().cloned().collect();
        let kinds = (Kind::TypeTraitAdded, Kind::TypeTraitRemoved);
        self.report.difference((&old, &new), kinds, |name| {
            format!("implementation of `{}`", name.as_str())
        });
    }

    fn structs(&mut self, old: &Struct, new: &Struct) {
        let mut has_same_requirements = true;
        for after in new.properties() {
            let mut fields = old.properties();
            match fields.find(|before| before.rust == after.rust) {
                Some(before) => {
                    has_same_requirements &= before.optional == after.optional;
                    self.fields(before, after);
                }
                None => {
                    has_same_requirements &= after.optional;
                    let kind = match after.optional {
                        true => Kind::PropertyAdded,
                        false => Kind::PropertyAddedRequired,
                    };
                    let ty = Some(after.ty.as_str().to_owned());
                    self.report.add(kind, &property(after), None, ty);
                }
            }
        }
        for before in old.properties() {
            if !new.properties().any(|after| after.rust == before.rust) {
                has_same_requirements &= before.optional;
                let ty = Some(before.ty.as_str().to_owned());
                self.report
                    .add(Kind::PropertyRemoved, &property(before), ty, None);
            }
        }
        self.rest(old.rest(), new.rest());
        self.order(old, new);
        if has_same_requirements {
            self.constructors(old, new);
        }
    }

    fn fields(&mut self, old: &Field, new: &Field) {
        let place = property(new);
        if old.json != new.json {
            let kind = Kind::PropertyWireNameChanged;
            self.report.changed(kind, &place, &old.json, &new.json);
        }
        let kind = match (old.optional, new.optional) {
            (true, false) => Some(Kind::PropertyBecameRequired),
            (false, true) => Some(Kind::PropertyBecameOptional),
            _ => match (null_depth(&old.ty), null_depth(&new.ty)) {
                (before, after) if before < after => Some(Kind::PropertyBecameNullable),
                (before, after) if before > after => Some(Kind::PropertyNoLongerNullable),
                _ => None,
            },
        };
        if let Some(kind) = kind {
            let (old, new) = (old.ty.as_str(), new.ty.as_str());
            self.report.changed(kind, &place, old, new);
        }
        let (before, after) = (without_options(&old.ty), without_options(&new.ty));
        if !self.renamed.same(&before, &after) {
            let kind = Kind::PropertyTypeChanged;
            self.report
                .changed(kind, &place, before.as_str(), after.as_str());
        }
        if let (Some(old), Some(new)) = (&old.discriminator_value, &new.discriminator_value)
            && old != new
        {
            let kind = Kind::PropertyDiscriminatorValueChanged;
            self.report.changed(kind, &place, old, new);
        }
    }

    /// The field for unlisted properties.
    fn rest(&mut self, old: Option<&Field>, new: Option<&Field>) {
        const PLACE: &str = "field";
        let code = |field: &Field| Some(format!("{}: {}", field.rust, field.ty.as_str()));
        match (old, new) {
            (Some(old), Some(new)) if old.rust == new.rust => {
                if !self.renamed.same(&old.ty, &new.ty) {
                    let place = "field for other properties";
                    let kind = Kind::PropertyTypeChanged;
                    self.report
                        .changed(kind, place, old.ty.as_str(), new.ty.as_str());
                }
            }
            (old, new) => {
                if let Some(new) = new {
                    let kind = Kind::TypeExtraAdded;
                    self.report.add(kind, PLACE, None, code(new));
                }
                if let Some(old) = old {
                    let kind = Kind::TypeExtraRemoved;
                    self.report.add(kind, PLACE, code(old), None);
                }
            }
        }
    }

    /// Compares the order of the required fields that both versions have. The order within a base
    /// is reported there.
    fn order(&mut self, old: &Struct, new: &Struct) {
        let mut pairs: Vec<(usize, String)> = Vec::new();
        for after in new.arguments() {
            let position = old.arguments().position(|field| field.rust == after.rust);
            let Some(position) = position else {
                continue;
            };
            let base = self.base_with(&after.rust);
            let name = base.unwrap_or_else(|| after.rust.clone());
            if !pairs.iter().any(|(_, known)| *known == name) {
                pairs.push((position, name));
            }
        }
        let kind = Kind::PropertiesReordered;
        self.reordered(kind, "required properties", pairs);
    }

    /// The base of both versions that has this required field.
    fn base_with(&self, field: &str) -> Option<String> {
        let has = |surface: &Surface, base: &str| {
            let object = surface.object(base);
            object.is_some_and(|object| object.arguments().any(|one| one.rust == field))
        };
        let mut bases = self.new.1.bases.iter();
        let base = bases.find(|base| {
            let old = self.renamed.old_name(base).unwrap_or(base);
            has(self.new.0, base) && has(self.old.0, old)
        });
        base.cloned()
    }

    /// Reports items whose order changed: their old positions, in the new order.
    fn reordered(&mut self, kind: Kind, place: &str, mut pairs: Vec<(usize, String)>) {
        let names = |list: &[(usize, String)]| {
            let names = list.iter().map(|(_, name)| name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let after = names(&pairs);
        pairs.sort();
        let before = names(&pairs);
        if before != after {
            self.report.changed(kind, place, &before, &after);
        }
    }

    /// How code creates the struct, if the required fields stay the same. It depends on whether the
    /// struct is sent, and on the unions that it is a variant of.
    fn constructors(&mut self, old: &Struct, new: &Struct) {
        const PLACE: &str = "constructor";
        match (constructor(old), constructor(new)) {
            (None, Some(new)) => {
                let kind = Kind::TypeConstructorAdded;
                self.report.add(kind, PLACE, None, Some(new.code()));
            }
            (Some(old), None) => {
                let kind = Kind::TypeConstructorRemoved;
                self.report.add(kind, PLACE, Some(old.code()), None);
            }
            (Some(old), Some(new)) if !old.is_same(&new) => {
                let kind = Kind::TypeConstructorChanged;
                self.report.changed(kind, PLACE, &old.code(), &new.code());
            }
            _ => {}
        }
    }

    fn string_enums(&mut self, old: &StringEnum, new: &StringEnum) {
        for after in &new.variants {
            let mut variants = old.variants.iter();
            let named = variants.find(|before| before.rust == after.rust);
            let is_renamed = || old.variants.iter().any(|before| before.text == after.text);
            match named {
                Some(before) if before.text != after.text => {
                    let place = format!("variant `{}`", after.rust);
                    let kind = Kind::EnumValueChanged;
                    self.report.changed(kind, &place, &before.text, &after.text);
                }
                None if !is_renamed() => {
                    let place = format!("value `{}`", after.text);
                    self.report.add(Kind::EnumValueAdded, &place, None, None);
                }
                _ => {}
            }
        }
        for before in &old.variants {
            if new.variants.iter().any(|after| after.rust == before.rust) {
                continue;
            }
            let place = format!("value `{}`", before.text);
            let mut variants = new.variants.iter();
            match variants.find(|after| after.text == before.text) {
                Some(after) => {
                    let kind = Kind::EnumVariantRenamed;
                    self.report.changed(kind, &place, &before.rust, &after.rust);
                }
                None => self.report.add(Kind::EnumValueRemoved, &place, None, None),
            }
        }
        self.fallback(&old.fallback, &new.fallback);
    }

    /// The variant for unlisted values.
    fn fallback(&mut self, old: &str, new: &str) {
        if old != new {
            let place = "variant for other values";
            let kind = Kind::EnumFallbackChanged;
            self.report.changed(kind, place, old, new);
        }
    }

    fn unions(&mut self, old: &DiscriminatedUnion, new: &DiscriminatedUnion) {
        if old.property != new.property {
            let kind = Kind::UnionDiscriminatorChanged;
            self.report
                .changed(kind, "discriminator", &old.property, &new.property);
        }
        for after in &new.variants {
            let mut variants = old.variants.iter();
            let found = variants.find(|one| self.renamed.same_name(&one.rust, &after.rust));
            match found {
                Some(before) => self.union_variant(before, after, old),
                None => {
                    let code = format!("{}({})", after.rust, after.ty.as_str());
                    let kind = Kind::DiscriminatedUnionVariantAdded;
                    self.report.add(kind, "variant", None, Some(code));
                }
            }
        }
        for before in &old.variants {
            let mut variants = new.variants.iter();
            if !variants.any(|one| self.renamed.same_name(&before.rust, &one.rust)) {
                let code = format!("{}({})", before.rust, before.ty.as_str());
                let kind = Kind::UnionVariantRemoved;
                self.report.add(kind, "variant", Some(code), None);
            }
        }
        let code = |union: &DiscriminatedUnion| {
            let ty = self.renamed.renamed(&union.fallback_type);
            format!("{}({})", union.fallback, ty.as_str())
        };
        let (old, new) = (code(old), code(new));
        self.fallback(&old, &new);
    }

    fn union_variant(
        &mut self,
        old: &UnionVariant,
        new: &UnionVariant,
        before: &DiscriminatedUnion,
    ) {
        let place = format!("variant `{}`", new.rust);
        self.variant_type(&place, &old.ty, &new.ty);
        if old.values == new.values {
            return;
        }
        let is_new = |value: &String| !before.variants.iter().any(|one| one.values.contains(value));
        let added = new
            .values
            .iter()
            .filter(|value| !old.values.contains(value));
        let keeps = old.values.iter().all(|value| new.values.contains(value));
        let kind = match keeps && old.values.first() == new.values.first() {
            true if added.clone().all(is_new) && added.count() > 0 => Kind::UnionVariantValueAdded,
            _ => Kind::UnionVariantValuesChanged,
        };
        let (old, new) = (old.values.join("`, `"), new.values.join("`, `"));
        self.report.changed(kind, &place, &old, &new);
    }

    fn variant_type(&mut self, place: &str, old: &RustType, new: &RustType) {
        if !self.renamed.same(old, new) {
            let kind = Kind::UnionVariantTypeChanged;
            self.report.changed(kind, place, old.as_str(), new.as_str());
        }
    }

    fn untagged_unions(&mut self, old: &[UntaggedVariant], new: &[UntaggedVariant]) {
        let code = |variant: &UntaggedVariant| {
            Some(format!("{}({})", variant.rust, variant.content.as_str()))
        };
        let mut pairs = Vec::new();
        for after in new {
            let same = |one: &UntaggedVariant| self.renamed.same_name(&one.rust, &after.rust);
            match old
                .iter()
                .position(same)
                .and_then(|at| Some((at, old.get(at)?)))
            {
                Some((position, before)) => {
                    pairs.push((position, after.rust.clone()));
                    let place = format!("variant `{}`", after.rust);
                    self.variant_type(&place, &before.content, &after.content);
                }
                None => {
                    let kind = Kind::UnionVariantAdded;
                    self.report.add(kind, "variant", None, code(after));
                }
            }
        }
        for before in old {
            let same = |one: &UntaggedVariant| self.renamed.same_name(&before.rust, &one.rust);
            if !new.iter().any(same) {
                let kind = Kind::UnionVariantRemoved;
                self.report.add(kind, "variant", code(before), None);
            }
        }
        self.reordered(Kind::UnionVariantsReordered, "variants", pairs);
    }
}

fn property(field: &Field) -> String {
    format!("property `{}`", field.json)
}

/// The kind of a type, in words.
fn description(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Struct(_) => "struct".to_owned(),
        TypeKind::StringEnum(_) => "enum of strings".to_owned(),
        TypeKind::Union(_) => "discriminated union".to_owned(),
        TypeKind::UntaggedUnion(_) => "enum of types".to_owned(),
        TypeKind::Wrapper(ty) => ty.as_str().to_owned(),
        TypeKind::Other(code) => code.clone(),
    }
}

/// How code creates a struct: `new`, or `default` without arguments.
struct Constructed<'a> {
    constructor: Constructor,
    /// In the order of the fields.
    arguments: Vec<&'a str>,
}

fn constructor(object: &Struct) -> Option<Constructed<'_>> {
    (object.constructor != Constructor::None).then(|| Constructed {
        constructor: object.constructor,
        arguments: object
            .arguments()
            .map(|field| field.rust.as_str())
            .collect(),
    })
}

impl Constructed<'_> {
    /// Whether both take the same arguments. A change of their order is reported separately.
    fn is_same(&self, other: &Self) -> bool {
        let sorted = |one: &Self| {
            let mut names: Vec<String> =
                one.arguments.iter().map(|one| (*one).to_owned()).collect();
            names.sort();
            names
        };
        self.constructor == other.constructor && sorted(self) == sorted(other)
    }

    fn code(&self) -> String {
        match self.constructor {
            Constructor::New => format!("new({})", self.arguments.join(", ")),
            Constructor::Default | Constructor::None => "default()".to_owned(),
        }
    }
}

/// How many `Option`s a value is in.
fn null_depth(ty: &RustType) -> usize {
    ty.option().map_or(0, |inner| 1 + null_depth(&inner))
}

/// The type of the value in all `Option`s.
fn without_options(ty: &RustType) -> RustType {
    ty.option()
        .map_or_else(|| ty.clone(), |inner| without_options(&inner))
}
