//! Compares what two schemas say about values without changing the Rust type: bounds, patterns,
//! defaults, formats.

use std::cmp::Ordering;

use serde_json::Value;

use super::kinds::Kind;
use super::report::ChangeReporter;
use crate::document::{is_nullable, items, members, reference, resolve, text};

/// Recursion limit for schemas that contain themselves.
const MAX_DEPTH: usize = 64;

/// Keywords that a greater value makes stricter.
const LOWER_BOUNDS: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];

/// Keywords that a smaller value makes stricter.
const UPPER_BOUNDS: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// Keywords that make a schema stricter if they are present.
const CONDITIONS: [&str; 2] = ["pattern", "multipleOf"];

/// Keywords that make a schema stricter if they are true.
const FLAGS: [&str; 3] = ["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"];

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
        let (old, new) = match (reference(old), reference(new)) {
            (Some(_), Some(_)) => return,
            (None, None) => (old, new),
            // A schema that moved to a component is the same as before.
            _ => match (resolve(self.roots.0, old), resolve(self.roots.1, new)) {
                (Some(old), Some(new)) => (old, new),
                _ => return,
            },
        };
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.values(old, new);
            self.inner(old, new);
            self.depth -= 1;
        }
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
        for (keys, stricter) in [
            (&LOWER_BOUNDS, Ordering::Greater),
            (&UPPER_BOUNDS, Ordering::Less),
        ] {
            for key in keys {
                let (old, new) = (keyword(old, key), keyword(new, key));
                let is_stricter = match (old, new) {
                    (Some(old), Some(new)) => number(new).partial_cmp(&number(old)),
                    (None, Some(_)) => Some(stricter),
                    _ => None,
                };
                self.constraint(key, old, new, is_stricter == Some(stricter));
            }
        }
        for key in CONDITIONS {
            let (old, new) = (keyword(old, key), keyword(new, key));
            self.constraint(key, old, new, new.is_some());
        }
        for key in FLAGS {
            let on = |schema| keyword(schema, key).filter(|value| **value == Value::Bool(true));
            let (old, new) = (on(old), on(new));
            self.constraint(key, old, new, new.is_some());
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
        let before = properties(old);
        for (name, schema) in properties(new) {
            let mut before = before.iter();
            if let Some((_, before)) = before.find(|(known, _)| *known == name) {
                let required = is_required(old, name) || is_required(new, name);
                self.within(name, |walk| match required {
                    // It is an `Option` if it is nullable, which is reported for the type.
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

/// The properties of a schema and of its inline `allOf` parts.
fn properties(schema: &Value) -> Vec<(&str, &Value)> {
    let own = members(schema.get("properties")).map(|(name, schema)| (name.as_str(), schema));
    let parts = inline_parts(schema).flat_map(properties);
    own.chain(parts).collect()
}

fn is_required(schema: &Value, property: &str) -> bool {
    let mut names = items(schema.get("required"));
    names.any(|name| name == property)
        || inline_parts(schema).any(|part| is_required(part, property))
}

fn inline_parts(schema: &Value) -> impl Iterator<Item = &Value> {
    items(schema.get("allOf")).filter(|part| reference(part).is_none())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
