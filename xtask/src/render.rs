//! How `cargo xtask diff` writes a comparison: for people, for programs, and for a changelog.

use crate::diff::Calls;
use crate::style;
use nsx_api_gen::compare::{Change, Comparison, Kind, Level, Section, Subject};
use serde_json::{Value, json};
use std::fmt::Write;

/// Methods that are named behind a type. The rest are counted.
const METHODS: usize = 3;

/// Changes that the short form shows. The rest are counted.
const SHORT: usize = 10;

/// Columns of a level.
const LEVEL: usize = 11;

/// A comparison, and what was compared.
pub(crate) struct Report<'a> {
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) comparison: &'a Comparison,
    /// The version that the changes call for, where there is a change and the version before it is known.
    pub(crate) calls: Option<&'a Calls>,
}

impl Report<'_> {
    /// Lines for people, by operation and type.
    pub(crate) fn text(&self) -> String {
        let changes = self.comparison.changes();
        let mut text = format!("{} → {}\n", self.old, self.new);
        let mut subject = None;
        for change in changes {
            if subject != Some(&change.subject) {
                subject = Some(&change.subject);
                let _ = writeln!(text, "\n{}", heading(change));
            }
            let _ = writeln!(text, "{}  [{}]", line(change, ""), change.kind.id());
        }
        let _ = writeln!(text, "\n{}", self.sum());
        text
    }

    /// The gravest changes, a line each; `None` where there is nothing to say.
    pub(crate) fn short(&self) -> Option<String> {
        let mut changes: Vec<&Change> = self.comparison.changes().iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.level()));
        let left_out = changes.len().saturating_sub(SHORT);
        let mut text = format!("For users of the SDK, since {}:\n", self.old);
        for change in changes.iter().take(SHORT) {
            let name = format!("{}: ", name(&change.subject));
            let _ = writeln!(text, "{}", line(change, &name));
        }
        if left_out > 0 {
            let _ = writeln!(text, "  … and {left_out} more: cargo xtask diff");
        }
        text.push_str(&self.sum());
        (!changes.is_empty()).then_some(text)
    }

    fn sum(&self) -> String {
        let changes = self.comparison.changes();
        if changes.is_empty() {
            return "No change for users of the SDK.".to_owned();
        }
        let counts = [Level::Breaking, Level::Compatible, Level::Note].map(|level| {
            let count = changes.iter().filter(|change| change.level() == level);
            (level, count.count())
        });
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        let calls = self.calls.map_or(String::new(), |calls| {
            let (bump, next, before) = (calls.bump, &calls.next, &calls.before);
            format!(" This calls for a {bump} version: {next} or higher after {before}.")
        });
        let plural = if changes.len() == 1 { "" } else { "s" };
        let counts = counts.join(", ");
        format!("{} change{plural}: {counts}.{calls}", changes.len())
    }

    /// One object, for programs.
    pub(crate) fn json(&self) -> String {
        let changes: Vec<Value> = self.comparison.changes().iter().map(value).collect();
        let level = self.comparison.level();
        let report = json!({
            "old": self.old,
            "new": self.new,
            "level": level.map(|level| level.to_string()),
            "bump": self.calls.map(|calls| calls.bump.to_string()),
            "version": self.calls.map(|calls| calls.before.to_string()),
            "next_version": self.calls.map(|calls| calls.next.to_string()),
            "changes": changes,
        });
        format!("{report:#}\n")
    }

    /// The sections below a version in a changelog; nothing where nothing changed.
    pub(crate) fn markdown(&self) -> String {
        let sections = [
            (Section::Added, "Added"),
            (Section::Changed, "Changed"),
            (Section::Deprecated, "Deprecated"),
            (Section::Removed, "Removed"),
        ];
        let mut blocks = Vec::new();
        for (section, title) in sections {
            let changes = self.comparison.changes().iter();
            let items: String = changes
                .filter(|change| change.kind.section() == section)
                .map(item)
                .collect();
            if !items.is_empty() {
                blocks.push(format!("### {title}\n\n{items}"));
            }
        }
        blocks.join("\n")
    }
}

fn heading(change: &Change) -> String {
    match &change.subject {
        Subject::Operation {
            name, method, path, ..
        } => format!("{method} {path}, `{name}`"),
        Subject::Type { name } => {
            let by = methods(&change.methods);
            format!("Type `{name}`, {}{by}", change.usage)
        }
        _ => "All operations".to_owned(),
    }
}

fn methods(all: &[String]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(METHODS)
        .map(|name| format!("`{name}`"))
        .collect();
    match (shown.is_empty(), all.len().saturating_sub(METHODS)) {
        (true, _) => String::new(),
        (false, 0) => format!(" by {}", shown.join(", ")),
        (false, more) => format!(" by {} and {more} more", shown.join(", ")),
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Operation { name, .. } | Subject::Type { name } => format!("`{name}`"),
        _ => "all operations".to_owned(),
    }
}

/// A change behind its level. Where it is not the same for both ways, both are said.
fn line(change: &Change, name: &str) -> String {
    let apart = match (change.request_level(), change.response_level()) {
        (Some(request), Some(response)) if request != response => {
            format!(" ({request} where it is sent, {response} where it is received)")
        }
        _ => String::new(),
    };
    let level = style::level(change.level(), LEVEL);
    format!("  {level} {name}{change}{apart}")
}

fn item(change: &Change) -> String {
    let breaking = match change.level() {
        Level::Breaking => "**Breaking:** ",
        _ => "",
    };
    let call = match (&change.subject, change.kind) {
        (
            Subject::Operation { method, path, .. },
            Kind::OperationAdded | Kind::OperationRemoved,
        ) => {
            format!(" (`{method} {path}`)")
        }
        _ => String::new(),
    };
    format!("- {breaking}{}{call}: {change}.\n", name(&change.subject))
}

fn value(change: &Change) -> Value {
    let level = |level: Option<Level>| level.map(|level| level.to_string());
    let mut value = json!({
        "id": change.kind.id(),
        "level": change.level().to_string(),
        "request_level": level(change.request_level()),
        "response_level": level(change.response_level()),
        "operation": null,
        "type": null,
        "place": change.place,
        "old": change.old,
        "new": change.new,
        "text": change.to_string(),
        "sent": change.usage.sent,
        "received": change.usage.received,
        "methods": change.methods,
    });
    let (key, subject) = match &change.subject {
        Subject::Operation {
            id,
            name,
            method,
            path,
            ..
        } => (
            "operation",
            json!({"id": id, "name": name, "method": method, "path": path}),
        ),
        Subject::Type { name } => ("type", json!(name)),
        _ => return value,
    };
    if let Some(place) = value.get_mut(key) {
        *place = subject;
    }
    value
}

/// The table of all kinds.
pub(crate) fn list() -> String {
    let level = |level: Option<Level>| level.map_or("-".to_owned(), |level| level.to_string());
    let mut text = format!("{:<40} {:<11} response\n", "kind", "request");
    for kind in Kind::ALL {
        let (request, response) = (level(kind.request_level()), level(kind.response_level()));
        let row = format!("{:<40} {request:<11} {response:<11}", kind.id());
        let _ = writeln!(text, "{}\n    {}", row.trim_end(), kind.documentation());
    }
    text
}
