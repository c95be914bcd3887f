//! Changes of types: structs and their fields, enums and their variants.

use super::change::{Change, Subject, Usage};
use super::kinds::Kind;
use super::pairs::Renamed;
use super::shape::{Field, Object, Shape, Ty};
use super::surface::{Surface, Type};

/// Adds the changes of the component schemas.
pub(super) fn compare(old: &Surface, new: &Surface, renamed: &Renamed, changes: &mut Vec<Change>) {
    for after in &new.types {
        let name = renamed.old_name(&after.name).unwrap_or(&after.name);
        match old.ty(name) {
            None => report(after, after.usage, changes).add(Kind::TypeAdded, "type", None, None),
            Some(before) => pair(before, after, renamed, changes),
        }
    }
    for before in &old.types {
        if new.ty(&before.name).is_none() && !renamed.is_old_name(&before.name) {
            let mut report = report(before, before.usage, changes);
            report.add(Kind::TypeRemoved, "type", None, None);
        }
    }
}

fn report<'a>(ty: &Type, usage: Usage, changes: &'a mut Vec<Change>) -> ChangeReporter<'a> {
    ChangeReporter::new(ty.subject(), usage, ty.methods.clone(), changes)
}

/// Compares the old and new version of a type.
fn pair(old: &Type, new: &Type, renamed: &Renamed, changes: &mut Vec<Change>) {
    let mut report = report(new, old.usage.or(new.usage), changes);
    if old.name != new.name {
        report.changed(Kind::TypeRenamed, "type", &old.name, &new.name);
    }
    constructor(old, new, &mut report);
    let mut comparison = TypeComparison {
        renamed,
        report: report.part(report.usage),
        start: None,
        path: String::new(),
        kept: (old.keeps_unlisted(), new.keeps_unlisted()),
    };
    if !comparison.same(&old.ty, &new.ty) {
        let (old, new) = (old.ty.description(), new.ty.description());
        report.changed(Kind::TypeChanged, "type", &old, &new);
    }
}

/// `new` exists only for types that are sent. Changes of required fields are reported separately.
fn constructor(old: &Type, new: &Type, report: &mut ChangeReporter<'_>) {
    if !(old.requires() && new.requires()) {
        return;
    }
    let path = |ty: &Type| Some(format!("{}::new", ty.name));
    match (old.has_constructor(), new.has_constructor()) {
        (false, true) => report.add(Kind::TypeConstructorAdded, "constructor", None, path(new)),
        (true, false) => {
            report.add(Kind::TypeConstructorRemoved, "constructor", path(old), None);
        }
        _ => {}
    }
}

/// Collects the changes of one subject.
pub(super) struct ChangeReporter<'a> {
    subject: Subject,
    usage: Usage,
    methods: Vec<String>,
    changes: &'a mut Vec<Change>,
}

impl<'a> ChangeReporter<'a> {
    pub(super) fn new(
        subject: Subject,
        usage: Usage,
        methods: Vec<String>,
        changes: &'a mut Vec<Change>,
    ) -> Self {
        Self {
            subject,
            usage,
            methods,
            changes,
        }
    }

    /// A reporter for the same subject with another usage.
    pub(super) fn part(&mut self, usage: Usage) -> ChangeReporter<'_> {
        ChangeReporter {
            subject: self.subject.clone(),
            usage,
            methods: self.methods.clone(),
            changes: self.changes,
        }
    }

    pub(super) fn add(
        &mut self,
        kind: Kind,
        place: &str,
        old: Option<String>,
        new: Option<String>,
    ) {
        let usage = Usage {
            sent: self.usage.sent && kind.request_level().is_some(),
            received: self.usage.received && kind.response_level().is_some(),
        };
        self.changes.push(Change {
            kind,
            subject: self.subject.clone(),
            place: place.to_owned(),
            old,
            new,
            usage,
            methods: self.methods.clone(),
        });
    }

    pub(super) fn changed(&mut self, kind: Kind, place: &str, old: &str, new: &str) {
        self.add(kind, place, Some(old.to_owned()), Some(new.to_owned()));
    }

    /// Reports a flag that was set or cleared; `kinds` are the kinds for both cases.
    pub(super) fn toggled(&mut self, (old, new): (bool, bool), kinds: (Kind, Kind), place: &str) {
        match (old, new) {
            (false, true) => self.add(kinds.0, place, None, None),
            (true, false) => self.add(kinds.1, place, None, None),
            _ => {}
        }
    }
}

/// Compares two types recursively.
pub(super) struct TypeComparison<'a> {
    renamed: &'a Renamed,
    report: ChangeReporter<'a>,
    /// Where the path starts, in words; `None` for a component.
    start: Option<String>,
    /// The path from there to the current type: `tags[].scope`.
    path: String,
    /// Whether the struct keeps unlisted properties, before and after.
    kept: (bool, bool),
}

impl<'a> TypeComparison<'a> {
    /// Starts with the type of a parameter, body or response.
    pub(super) fn of_part(renamed: &'a Renamed, report: ChangeReporter<'a>, part: &str) -> Self {
        Self {
            renamed,
            report,
            start: Some(part.to_owned()),
            path: String::new(),
            kept: (false, false),
        }
    }

    /// Reports the differences within two types. Returns `false` if they are completely different.
    pub(super) fn same(&mut self, old: &Ty, new: &Ty) -> bool {
        old.nullable == new.nullable && self.same_shape(&old.shape, &new.shape)
    }

    fn same_shape(&mut self, old: &Shape, new: &Shape) -> bool {
        match (old, new) {
            (Shape::Scalar(old), Shape::Scalar(new)) => {
                if old.rust == new.rust && old.format != new.format {
                    let (old, new) = (old.format.clone(), new.format.clone());
                    let place = self.place();
                    self.report.add(Kind::FormatChanged, &place, old, new);
                }
                old.rust == new.rust
            }
            (Shape::Named(old), Shape::Named(new)) => self.renamed.same(old, new),
            (Shape::List(old), Shape::List(new)) => {
                self.within("[]", |comparison| comparison.same(old, new))
            }
            (Shape::Map(old), Shape::Map(new)) => {
                self.within("{}", |comparison| comparison.same(old, new))
            }
            (Shape::Object(old), Shape::Object(new)) => {
                self.objects(old, new);
                true
            }
            (Shape::StringEnum(old), Shape::StringEnum(new)) => {
                self.values(&old.values, &new.values);
                true
            }
            (Shape::Union(old), Shape::Union(new)) => {
                self.variants(&old.variants, &new.variants);
                true
            }
            _ => false,
        }
    }

    /// Runs `run` one step further down the path.
    fn within<T>(&mut self, step: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if !self.path.is_empty() && !step.starts_with(['[', '{']) {
            self.path.push('.');
        }
        self.path.push_str(step);
        let result = run(self);
        self.path.truncate(length);
        result
    }

    /// The current type, in words.
    fn place(&self) -> String {
        let word = match self.path.chars().next_back() {
            None => return self.start.clone().unwrap_or_else(|| "type".to_owned()),
            Some(']' | '}') => "element",
            Some(_) => "property",
        };
        self.named(word, &self.path)
    }

    /// A part of the current type, in words.
    fn part(&self, words: &str) -> String {
        match self.path.is_empty() {
            true => self.behind(words.to_owned()),
            false => self.named(&format!("{words} of"), &self.path),
        }
    }

    fn named(&self, word: &str, name: &str) -> String {
        self.behind(format!("{word} `{name}`"))
    }

    fn behind(&self, words: String) -> String {
        match &self.start {
            Some(start) => format!("{words} of {start}"),
            None => words,
        }
    }

    fn objects(&mut self, old: &Object, new: &Object) {
        for after in &new.fields {
            let json = after.json.as_str();
            match old.field(&after.rust) {
                Some(before) if self.is_inherited(before, after) => {}
                Some(before) => self.within(json, |comparison| comparison.field(before, after)),
                // The field belongs to a base that the struct already had, and is reported there.
                None if self.has_base(old, after, Renamed::same) => {}
                None => self.within(json, |comparison| comparison.field_added(after)),
            }
        }
        for before in &old.fields {
            let is_reported =
                self.has_base(new, before, |renamed, base, old| renamed.same(old, base));
            if new.field(&before.rust).is_none() && !is_reported {
                let place = self.within(&before.json, |comparison| comparison.place());
                let ty = Some(before.rust_type());
                self.report.add(Kind::PropertyRemoved, &place, ty, None);
            }
        }
        self.order(old, new);
        self.rest(old, new);
    }

    /// Whether both fields are inherited unchanged from the same base, where changes are reported.
    fn is_inherited(&self, old: &Field, new: &Field) -> bool {
        let origins = old.origin.as_ref().zip(new.origin.as_ref());
        origins.is_some_and(|(old, new)| self.renamed.same(old, new))
    }

    /// Whether a struct inherits from the base that a field of the other document comes from.
    fn has_base(
        &self,
        object: &Object,
        field: &Field,
        same: fn(&Renamed, &str, &str) -> bool,
    ) -> bool {
        let origin = field.origin.as_deref();
        let mut bases = object.bases.iter();
        origin.is_some_and(|origin| bases.any(|base| same(self.renamed, base, origin)))
    }

    fn field_added(&mut self, new: &Field) {
        let kind = match new.required {
            true => Kind::PropertyAddedRequired,
            false => Kind::PropertyAdded,
        };
        let place = self.place();
        self.report.add(kind, &place, None, Some(new.rust_type()));
    }

    fn field(&mut self, old: &Field, new: &Field) {
        let place = self.place();
        if old.json != new.json {
            let kind = Kind::PropertyWireNameChanged;
            self.report.changed(kind, &place, &old.json, &new.json);
        }
        if old.required != new.required {
            let kind = match new.required {
                true => Kind::PropertyBecameRequired,
                false => Kind::PropertyBecameOptional,
            };
            let (old, new) = (old.rust_type(), new.rust_type());
            self.report.changed(kind, &place, &old, &new);
        }
        let nullable = match old.required && new.required {
            true => (Kind::PropertyBecameNullable, Kind::PropertyNoLongerNullable),
            false => (
                Kind::OptionalPropertyBecameNullable,
                Kind::OptionalPropertyNoLongerNullable,
            ),
        };
        let was = (old.ty.nullable, new.ty.nullable);
        self.report.toggled(was, nullable, &place);
        let deprecated = (
            Kind::PropertyBecameDeprecated,
            Kind::PropertyNoLongerDeprecated,
        );
        let was = (old.deprecated, new.deprecated);
        self.report.toggled(was, deprecated, &place);
        if !self.same_shape(&old.ty.shape, &new.ty.shape) {
            let (old, new) = (old.ty.shape.rust(), new.ty.shape.rust());
            let kind = Kind::PropertyTypeChanged;
            self.report.changed(kind, &place, &old, &new);
        }
    }

    /// Compares the order of the arguments of `new` that both versions have.
    fn order(&mut self, old: &Object, new: &Object) {
        let fields = new.fields.iter().filter(|field| field.required);
        let mut pairs: Vec<(usize, String)> = Vec::new();
        for after in fields {
            let Some(position) = old.required_position(&after.rust) else {
                continue;
            };
            let before = old.field(&after.rust);
            // The order within a base is reported there.
            let inherited = before.is_some_and(|before| self.is_inherited(before, after));
            let base = after.origin.clone().filter(|_| inherited);
            let name = base.unwrap_or_else(|| after.rust.clone());
            if !pairs.iter().any(|(_, known)| *known == name) {
                pairs.push((position, name));
            }
        }
        let after = names(&pairs);
        pairs.sort();
        let before = names(&pairs);
        if before != after {
            let place = self.part("required properties");
            let kind = Kind::PropertiesReordered;
            self.report.changed(kind, &place, &before, &after);
        }
    }

    /// The field for unlisted properties.
    fn rest(&mut self, old: &Object, new: &Object) {
        let place = self.part("field");
        let (before, after) = (old.extra(self.kept.0), new.extra(self.kept.1));
        match (&before, &after) {
            (None, None) => {}
            (None, Some(_)) => self.report.add(Kind::TypeExtraAdded, &place, None, after),
            (Some(_), None) => {
                self.report
                    .add(Kind::TypeExtraRemoved, &place, before, None);
            }
            (Some(before), Some(after)) => {
                let same = match (&old.rest, &new.rest) {
                    (Some(old), Some(new)) => {
                        self.within("{}", |comparison| comparison.same(old, new))
                    }
                    _ => before == after,
                };
                if !same {
                    let place = self.part("field for other properties");
                    let kind = Kind::PropertyTypeChanged;
                    self.report.changed(kind, &place, before, after);
                }
            }
        }
    }

    fn values(&mut self, old: &[String], new: &[String]) {
        for (kind, values, others) in [
            (Kind::EnumValueAdded, new, old),
            (Kind::EnumValueRemoved, old, new),
        ] {
            for value in values.iter().filter(|value| !others.contains(value)) {
                let place = self.part(&format!("value `{value}`"));
                self.report.add(kind, &place, None, None);
            }
        }
    }

    fn variants(&mut self, old: &[Ty], new: &[Ty]) {
        let place = self.part("variant");
        let mut left: Vec<(usize, &Ty)> = old.iter().enumerate().collect();
        let mut known = Vec::new();
        for (index, after) in new.iter().enumerate() {
            let found = left
                .iter()
                .position(|(before, ty)| self.is_match(ty, after, *before == index));
            match found.map(|found| left.remove(found)) {
                Some((position, before)) => {
                    known.push((position, after.rust()));
                    self.same(before, after);
                }
                None => {
                    let kind = Kind::UnionVariantAdded;
                    self.report.add(kind, &place, None, Some(after.rust()));
                }
            }
        }
        for (_, before) in left {
            let kind = Kind::UnionVariantRemoved;
            self.report.add(kind, &place, Some(before.rust()), None);
        }
        let after = names(&known);
        known.sort();
        let before = names(&known);
        if before != after {
            let place = self.part("variants");
            let kind = Kind::UnionVariantsReordered;
            self.report.changed(kind, &place, &before, &after);
        }
    }

    /// Whether two variants match. An inline variant is identified by its position.
    fn is_match(&self, old: &Ty, new: &Ty, same_position: bool) -> bool {
        let shapes = (&old.shape, &new.shape);
        old.nullable == new.nullable
            && match shapes {
                (Shape::Scalar(old), Shape::Scalar(new)) => old.rust == new.rust,
                (Shape::Named(old), Shape::Named(new)) => self.renamed.same(old, new),
                (Shape::List(old), Shape::List(new)) | (Shape::Map(old), Shape::Map(new)) => {
                    self.is_match(old, new, same_position)
                }
                (Shape::Object(_), Shape::Object(_))
                | (Shape::StringEnum(_), Shape::StringEnum(_))
                | (Shape::Union(_), Shape::Union(_)) => same_position,
                _ => false,
            }
    }
}

/// The names, in the order of the list.
fn names(list: &[(usize, String)]) -> String {
    let names = list.iter().map(|(_, name)| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}
