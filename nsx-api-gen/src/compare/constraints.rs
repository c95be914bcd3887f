//! Compares what two schemas say about values without changing the Rust type: bounds, patterns,
//! defaults, formats.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;

use super::kinds::Kind;
use super::report::ChangeReporter;
use crate::document::{all_of, is_nullable, items, members, reference, text};

/// Recursion limit for schemas that contain themselves.
const MAX_DEPTH: usize = 64;

/// Keywords that a greater value makes stricter, and the keyword that excludes the bound itself.
const LOWER_BOUNDS: [(&str, &str, Ordering); 4] = [
    ("minimum", "exclusiveMinimum", Ordering::Greater),
    ("minLength", "", Ordering::Greater),
    ("minItems", "", Ordering::Greater),
    ("minProperties", "", Ordering::Greater),
];

/// Keywords that a smaller value makes stricter.
const UPPER_BOUNDS: [(&str, &str, Ordering); 4] = [
    ("maximum", "exclusiveMaximum", Ordering::Less),
    ("maxLength", "", Ordering::Less),
    ("maxItems", "", Ordering::Less),
    ("maxProperties", "", Ordering::Less),
];

/// Compares two schemas recursively. Referenced components are compared on their own.
pub(super) struct SchemaComparison<'a> {
    roots: (&'a Value, &'a Value),
    report: ChangeReporter<'a>,
    /// Where the path starts, in words; `None` for a component.
    start: Option<String>,
    /// The path from there to the current schema: `tags[].scope`.
    path: String,
    depth: usize,
}

impl<'a> SchemaComparison<'a> {
    pub(super) fn new(
        roots: (&'a Value, &'a Value),
        report: ChangeReporter<'a>,
        start: Option<String>,
    ) -> Self {
        Self {
            roots,
            report,
            start,
            path: String::new(),
            depth: 0,
        }
    }

    /// Compares schemas whose nullability is reported elsewhere, or of a parameter, which cannot be
    /// null.
    pub(super) fn compare_values(&mut self, old: &Value, new: &Value) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match (target(old), target(new)) {
            // What the component says is compared on its own.
            (Some(_), Some(_)) => self.values(old, new),
            (None, None) => {
                self.values(old, new);
                self.inner(old, new);
            }
            // A schema that moved to a component is the same as before.
            _ => {
                let (old, new) = (followed(self.roots.0, old), followed(self.roots.1, new));
                self.values(old, new);
                self.inner(old, new);
            }
        }
        self.depth -= 1;
    }

    pub(super) fn compare(&mut self, old: &Value, new: &Value) {
        let nullable = (
            Kind::OptionalPropertyBecameNullable,
            Kind::OptionalPropertyNoLongerNullable,
        );
        self.toggled((is_nullable(old), is_nullable(new)), nullable);
        self.compare_values(old, new);
    }

    /// What the schemas say about the value itself.
    fn values(&mut self, old: &Value, new: &Value) {
        self.flags(old, new);
        if text(old, "type") == text(new, "type") {
            self.format(old, new);
            self.bounds(old, new);
            self.numbers(old, new);
        }
        let default = |schema: &Value| keyword(schema, "default").map(Value::to_string);
        let (old, new) = (default(old), default(new));
        if old != new {
            let place = self.place();
            self.report.add(Kind::DefaultChanged, &place, old, new);
        }
    }

    fn flags(&mut self, old: &Value, new: &Value) {
        for (name, kinds) in [
            (
                "deprecated",
                (
                    Kind::PropertyBecameDeprecated,
                    Kind::PropertyNoLongerDeprecated,
                ),
            ),
            (
                "readOnly",
                (Kind::PropertyBecameReadOnly, Kind::PropertyNoLongerReadOnly),
            ),
            (
                "writeOnly",
                (
                    Kind::PropertyBecameWriteOnly,
                    Kind::PropertyNoLongerWriteOnly,
                ),
            ),
        ] {
            let flag = |schema| keyword(schema, name) == Some(&Value::Bool(true));
            self.toggled((flag(old), flag(new)), kinds);
        }
        // A schema for other properties is part of the Rust type.
        let others = |schema| keyword(schema, "additionalProperties");
        if [old, new]
            .into_iter()
            .filter_map(others)
            .any(Value::is_object)
        {
            return;
        }
        let is_closed = |schema| others(schema) == Some(&Value::Bool(false));
        let place = self.part("object");
        let kinds = (Kind::ConstraintTightened, Kind::ConstraintRelaxed);
        self.report
            .toggled((is_closed(old), is_closed(new)), kinds, &place);
    }

    fn toggled(&mut self, values: (bool, bool), kinds: (Kind, Kind)) {
        let place = self.place();
        self.report.toggled(values, kinds, &place);
    }

    /// A format that does not determine the Rust type.
    fn format(&mut self, old: &Value, new: &Value) {
        const WITH_TYPE: [&str; 4] = ["int32", "uint64", "password", "binary"];
        let format = |schema| keyword(schema, "format").and_then(Value::as_str);
        let (old, new) = (format(old), format(new));
        let has_type = |format: Option<&str>| format.is_some_and(|one| WITH_TYPE.contains(&one));
        if old != new && !has_type(old) && !has_type(new) {
            let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
            let place = self.place();
            self.report.add(Kind::FormatChanged, &place, old, new);
        }
    }

    fn bounds(&mut self, old: &Value, new: &Value) {
        for (key, flag, stricter) in LOWER_BOUNDS {
            self.bound((old, new), key, flag, stricter);
        }
        for (key, flag, stricter) in UPPER_BOUNDS {
            self.bound((old, new), key, flag, stricter);
        }
        let multiple =
            |schema| keyword(schema, "multipleOf").filter(|one| !is_trivial(schema, one));
        let (before, after) = (multiple(old), multiple(new));
        let is_multiple = match (
            before.and_then(Value::as_i64),
            after.and_then(Value::as_i64),
        ) {
            (Some(old), Some(new)) => old.checked_rem(new) == Some(0),
            _ => false,
        };
        let stricter = after.is_some() && !is_multiple;
        self.constraint("multipleOf", before, after, stricter);
        for (key, value) in [("pattern", None), ("uniqueItems", Some(Value::Bool(true)))] {
            let set = |schema| {
                let set = keyword(schema, key);
                set.filter(|set| value.as_ref().is_none_or(|value| value == *set))
            };
            let (old, new) = (set(old), set(new));
            self.constraint(key, old, new, new.is_some());
        }
    }

    /// Compares a bound. The keyword `flag` excludes the bound itself. `stricter` is how the
    /// stricter value compares with the other one.
    fn bound(&mut self, (old, new): (&Value, &Value), key: &str, flag: &str, stricter: Ordering) {
        let effective = |schema| Bound::new(schema, key, flag, stricter);
        let (before, after) = (effective(old), effective(new));
        let order = match (&before, &after) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => stricter,
            (Some(_), None) => stricter.reverse(),
            (Some(old), Some(new)) => new.compare(old, stricter),
        };
        if order != Ordering::Equal {
            let kind = match order == stricter {
                true => Kind::ConstraintTightened,
                false => Kind::ConstraintRelaxed,
            };
            let code = |bound: Option<Bound<'_>>| match bound {
                Some(bound) if bound.is_excluded => format!("{key} {}, {flag}", bound.written),
                Some(bound) => format!("{key} {}", bound.written),
                None => format!("no {key}"),
            };
            let place = self.place();
            self.report
                .changed(kind, &place, &code(before), &code(after));
        }
    }

    fn constraint(&mut self, key: &str, old: Option<&Value>, new: Option<&Value>, stricter: bool) {
        if old == new {
            return;
        }
        let kind = match stricter {
            true => Kind::ConstraintTightened,
            false => Kind::ConstraintRelaxed,
        };
        let code = |value: Option<&Value>| match value {
            Some(value) => format!("{key} {value}"),
            None => format!("no {key}"),
        };
        let place = self.place();
        self.report.changed(kind, &place, &code(old), &code(new));
    }

    /// The listed values of a type that is not an enum in Rust.
    fn numbers(&mut self, old: &Value, new: &Value) {
        let listed =
            |schema| keyword(schema, "enum").filter(|_| text(schema, "type") != Some("string"));
        let (old, new) = (listed(old), listed(new));
        let stricter = match (old, new) {
            (Some(old), Some(new)) => {
                let mut values = items(Some(old));
                values.any(|value| !items(Some(new)).any(|other| other == value))
            }
            (old, _) => old.is_none(),
        };
        self.constraint("enum", old, new, stricter);
    }

    /// The schemas of properties, items, values and variants.
    fn inner(&mut self, old: &Value, new: &Value) {
        let (before, after) = (properties(self.roots.0, old), properties(self.roots.1, new));
        for (name, schema) in after {
            if let Some(before) = before.get(name) {
                let required =
                    is_required(self.roots.0, old, name) || is_required(self.roots.1, new, name);
                let is_typed = required || self.report.is_sent();
                self.within(name, |walk| match is_typed {
                    // Null has a Rust value of its own, which is reported for the type.
                    true => walk.compare_values(before, schema),
                    false => walk.compare(before, schema),
                });
            }
        }
        for (key, step) in [("items", "[]"), ("additionalProperties", "{}")] {
            if let (Some(old), Some(new)) = (keyword(old, key), keyword(new, key)) {
                self.within(step, |walk| walk.compare_values(old, new));
            }
        }
        for key in ["oneOf", "anyOf"] {
            for (old, new) in items(old.get(key)).zip(items(new.get(key))) {
                self.compare_values(old, new);
            }
        }
    }

    /// Runs `run` one step further down the path.
    fn within(&mut self, step: &str, run: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if !self.path.is_empty() && !step.starts_with(['[', '{']) {
            self.path.push('.');
        }
        self.path.push_str(step);
        run(self);
        self.path.truncate(length);
    }

    /// The current schema, in words.
    fn place(&self) -> String {
        let word = match self.path.chars().next_back() {
            None => return self.start.clone().unwrap_or_else(|| "type".to_owned()),
            Some(']' | '}') => "element",
            Some(_) => "property",
        };
        self.behind(format!("{word} `{}`", self.path))
    }

    /// A part of the current schema, in words.
    fn part(&self, words: &str) -> String {
        match self.path.is_empty() {
            true => self.behind(words.to_owned()),
            false => self.behind(format!("{words} `{}`", self.path)),
        }
    }

    fn behind(&self, words: String) -> String {
        match &self.start {
            Some(start) => format!("{words} of {start}"),
            None => words,
        }
    }
}

/// A keyword of a schema or of its inline `allOf` parts.
fn keyword<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let mut parts = inline_parts(schema);
    schema
        .get(key)
        .or_else(|| parts.find_map(|part| keyword(part, key)))
}

/// The component that a schema stands for: by a reference, or by an `allOf` with nothing else.
fn target(schema: &Value) -> Option<&str> {
    let parts = schema.get("allOf").and_then(Value::as_array);
    match parts.map(Vec::as_slice) {
        Some([part]) if schema.get("properties").is_none() => reference(part),
        _ => reference(schema),
    }
}

/// The schema of the component that a schema stands for.
fn followed<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        let Some(target) = target(schema) else {
            break;
        };
        let Some(next) = root.pointer(target.trim_start_matches('#')) else {
            break;
        };
        schema = next;
    }
    schema
}

/// The properties of a schema and of its `allOf` parts. Those of the schema itself come first.
fn properties<'a>(root: &'a Value, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
    let mut all = BTreeMap::new();
    for part in all_of::parts(root, schema).into_iter().rev() {
        for (name, schema) in members(part.get("properties")) {
            all.entry(name.as_str()).or_insert(schema);
        }
    }
    all
}

fn is_required(root: &Value, schema: &Value, property: &str) -> bool {
    let parts = all_of::parts(root, schema).into_iter();
    let mut names = parts.flat_map(|part| items(part.get("required")));
    names.any(|name| name == property)
}

fn inline_parts(schema: &Value) -> impl Iterator<Item = &Value> {
    items(schema.get("allOf")).filter(|part| reference(part).is_none())
}

/// A bound that excludes some values of its type.
struct Bound<'a> {
    written: &'a Value,
    /// Whether the bound itself is not valid.
    is_excluded: bool,
    /// The last valid value, if all values are integers.
    last: Option<i128>,
}

impl<'a> Bound<'a> {
    fn new(schema: &'a Value, key: &str, flag: &str, stricter: Ordering) -> Option<Self> {
        let written = keyword(schema, key)?;
        let is_excluded = keyword(schema, flag) == Some(&Value::Bool(true));
        let is_number = text(schema, "type") == Some("number");
        let written_integer = written
            .as_i64()
            .map(i128::from)
            .or(written.as_u64().map(i128::from));
        let step = match (is_excluded, stricter) {
            (false, _) => 0,
            (true, Ordering::Greater) => 1,
            (true, _) => -1,
        };
        let last = written_integer.filter(|_| !is_number).map(|one| one + step);
        let natural = match (key, text(schema, "format")) {
            ("minLength" | "minItems" | "minProperties", _) => Some(0),
            ("minimum", Some("int32")) => Some(i128::from(i32::MIN)),
            ("minimum", Some("int64")) => Some(i128::from(i64::MIN)),
            ("maximum", Some("int32")) => Some(i128::from(i32::MAX)),
            ("maximum", Some("int64")) => Some(i128::from(i64::MAX)),
            _ => None,
        };
        let is_natural = last
            .zip(natural)
            .is_some_and(|(last, natural)| last.cmp(&natural) != stricter);
        (!is_natural).then_some(Self {
            written,
            is_excluded,
            last,
        })
    }

    /// How the last valid value compares with that of another bound.
    fn compare(&self, other: &Self, stricter: Ordering) -> Ordering {
        if let (Some(own), Some(other)) = (self.last, other.last) {
            return own.cmp(&other);
        }
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let order = number(self.written).partial_cmp(&number(other.written));
        match order.unwrap_or(stricter) {
            Ordering::Equal if self.is_excluded == other.is_excluded => Ordering::Equal,
            Ordering::Equal if self.is_excluded => stricter,
            Ordering::Equal => stricter.reverse(),
            order => order,
        }
    }
}

/// Whether every integer is a multiple of a number.
fn is_trivial(schema: &Value, multiple: &Value) -> bool {
    multiple.as_i64() == Some(1) && text(schema, "type") == Some("integer")
}
