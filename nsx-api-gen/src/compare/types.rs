//! The changes of types: of structs and their fields, of enums and their variants.

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

fn report<'a>(ty: &Type, usage: Usage, changes: &'a mut Vec<Change>) -> Report<'a> {
    Report::new(ty.subject(), usage, ty.methods.clone(), changes)
}

/// A type before and after.
fn pair(old: &Type, new: &Type, renamed: &Renamed, changes: &mut Vec<Change>) {
    let mut report = report(new, old.usage.or(new.usage), changes);
    if old.name != new.name {
        report.changed(Kind::TypeRenamed, "type", &old.name, &new.name);
    }
    constructor(old, new, &mut report);
    let mut walk = Walk {
        renamed,
        report: report.part(report.usage),
        start: None,
        path: String::new(),
        kept: (old.keeps_unknown(), new.keeps_unknown()),
    };
    if !walk.same(&old.ty, &new.ty) {
        let (old, new) = (old.ty.what(), new.ty.what());
        report.changed(Kind::TypeChanged, "type", &old, &new);
    }
}

/// `new` comes and goes with the requests. What is required of the struct has changes of its own.
fn constructor(old: &Type, new: &Type, report: &mut Report<'_>) {
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
pub(super) struct Report<'a> {
    subject: Subject,
    usage: Usage,
    methods: Vec<String>,
    changes: &'a mut Vec<Change>,
}

impl<'a> Report<'a> {
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

    /// The same subject, as far as it goes one way.
    pub(super) fn part(&mut self, usage: Usage) -> Report<'_> {
        Report {
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

    /// Something that is on or off: `kinds` are those of on and of off.
    pub(super) fn turned(&mut self, (old, new): (bool, bool), kinds: (Kind, Kind), place: &str) {
        match (old, new) {
            (false, true) => self.add(kinds.0, place, None, None),
            (true, false) => self.add(kinds.1, place, None, None),
            _ => {}
        }
    }
}

/// Goes through two types side by side.
pub(super) struct Walk<'a> {
    renamed: &'a Renamed,
    report: Report<'a>,
    /// What the way begins at, in words; nothing for a component.
    start: Option<String>,
    /// The way from there to here: `tags[].scope`.
    path: String,
    /// Whether a struct here keeps what the document does not name, before and after.
    kept: (bool, bool),
}

impl<'a> Walk<'a> {
    /// Through the types of a part of an operation: of a parameter, a body or a response.
    pub(super) fn of_part(renamed: &'a Renamed, report: Report<'a>, part: &str) -> Self {
        Self {
            renamed,
            report,
            start: Some(part.to_owned()),
            path: String::new(),
            kept: (false, false),
        }
    }

    /// Reports what is otherwise within two types; `false` where they are different types altogether.
    pub(super) fn same(&mut self, old: &Ty, new: &Ty) -> bool {
        old.nullable == new.nullable && self.same_shape(&old.shape, &new.shape)
    }

    fn same_shape(&mut self, old: &Shape, new: &Shape) -> bool {
        match (old, new) {
            (Shape::Plain(old), Shape::Plain(new)) => {
                if old.rust == new.rust && old.format != new.format {
                    let (old, new) = (old.format.clone(), new.format.clone());
                    let place = self.place();
                    self.report.add(Kind::FormatChanged, &place, old, new);
                }
                old.rust == new.rust
            }
            (Shape::Named(old), Shape::Named(new)) => self.renamed.same(old, new),
            (Shape::List(old), Shape::List(new)) => self.within("[]", |walk| walk.same(old, new)),
            (Shape::Map(old), Shape::Map(new)) => self.within("{}", |walk| walk.same(old, new)),
            (Shape::Object(old), Shape::Object(new)) => {
                self.objects(old, new);
                true
            }
            (Shape::Texts(old), Shape::Texts(new)) => {
                self.values(&old.values, &new.values);
                true
            }
            (Shape::Choice(old), Shape::Choice(new)) => {
                self.variants(&old.variants, &new.variants);
                true
            }
            _ => false,
        }
    }

    /// Does something one step further on the way.
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

    /// What is here, in words.
    fn place(&self) -> String {
        let word = match self.path.chars().next_back() {
            None => return self.start.clone().unwrap_or_else(|| "type".to_owned()),
            Some(']' | '}') => "element",
            Some(_) => "property",
        };
        self.named(word, &self.path)
    }

    /// A part of what is here.
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
                Some(before) => self.within(json, |walk| walk.field(before, after)),
                // It came with a base that the struct had before, and is told there.
                None if self.has_base(old, after, Renamed::same) => {}
                None => self.within(json, |walk| walk.field_added(after)),
            }
        }
        for before in &old.fields {
            let told = self.has_base(new, before, |renamed, base, old| renamed.same(old, base));
            if new.field(&before.rust).is_none() && !told {
                let place = self.within(&before.json, |walk| walk.place());
                let ty = Some(before.rust_type());
                self.report.add(Kind::PropertyRemoved, &place, ty, None);
            }
        }
        self.order(old, new);
        self.rest(old, new);
    }

    /// Whether both come from one base as they are, where their changes are told.
    fn is_inherited(&self, old: &Field, new: &Field) -> bool {
        let origins = old.origin.as_ref().zip(new.origin.as_ref());
        origins.is_some_and(|(old, new)| self.renamed.same(old, new))
    }

    /// Whether a struct is made of the base that a field of the other document comes from.
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
        self.report.turned(was, nullable, &place);
        let deprecated = (
            Kind::PropertyBecameDeprecated,
            Kind::PropertyNoLongerDeprecated,
        );
        let was = (old.deprecated, new.deprecated);
        self.report.turned(was, deprecated, &place);
        if !self.same_shape(&old.ty.shape, &new.ty.shape) {
            let (old, new) = (old.ty.shape.rust(), new.ty.shape.rust());
            let kind = Kind::PropertyTypeChanged;
            self.report.changed(kind, &place, &old, &new);
        }
    }

    /// The order of what `new` takes, as far as it takes the same.
    fn order(&mut self, old: &Object, new: &Object) {
        let fields = new.fields.iter().filter(|field| field.required);
        let mut pairs: Vec<(usize, String)> = Vec::new();
        for after in fields {
            let Some(position) = old.required_position(&after.rust) else {
                continue;
            };
            let before = old.field(&after.rust);
            // The order within a base is told there.
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

    /// The field for the properties that the document does not name.
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
                    (Some(old), Some(new)) => self.within("{}", |walk| walk.same(old, new)),
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
                .position(|(before, ty)| self.fits(ty, after, *before == index));
            match found.map(|found| left.remove(found)) {
                Some((position, before)) => {
                    known.push((position, after.rust()));
                    self.same(before, after);
                }
                None => {
                    let kind = Kind::ChoiceVariantAdded;
                    self.report.add(kind, &place, None, Some(after.rust()));
                }
            }
        }
        for (_, before) in left {
            let kind = Kind::ChoiceVariantRemoved;
            self.report.add(kind, &place, Some(before.rust()), None);
        }
        let after = names(&known);
        known.sort();
        let before = names(&known);
        if before != after {
            let place = self.part("variants");
            let kind = Kind::ChoiceVariantsReordered;
            self.report.changed(kind, &place, &before, &after);
        }
    }

    /// Whether two variants are one. What stands in a choice itself is named by its position.
    fn fits(&self, old: &Ty, new: &Ty, same_position: bool) -> bool {
        let shapes = (&old.shape, &new.shape);
        old.nullable == new.nullable
            && match shapes {
                (Shape::Plain(old), Shape::Plain(new)) => old.rust == new.rust,
                (Shape::Named(old), Shape::Named(new)) => self.renamed.same(old, new),
                (Shape::List(old), Shape::List(new)) | (Shape::Map(old), Shape::Map(new)) => {
                    self.fits(old, new, same_position)
                }
                (Shape::Object(_), Shape::Object(_))
                | (Shape::Texts(_), Shape::Texts(_))
                | (Shape::Choice(_), Shape::Choice(_)) => same_position,
                _ => false,
            }
    }
}

/// The names of things that have a position, in the order of the list.
fn names(list: &[(usize, String)]) -> String {
    let names = list.iter().map(|(_, name)| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}
