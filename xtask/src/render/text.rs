//! Renders a comparison of documents as text, as JSON and as Markdown for a changelog.

use crate::diff::RequiredBump;
use crate::style;
use nsx_api_gen::compare::{Change, Comparison, Kind, Level, Section, Subject};
use serde_json::{Value, json};
use std::fmt::Write;

/// How many methods the heading of a type lists. It counts the others.
const MAX_METHODS: usize = 3;

/// How many changes the short text lists. It counts the others.
const MAX_SHORT_CHANGES: usize = 10;

/// The width of the column of levels.
const LEVEL_WIDTH: usize = 11;

/// A comparison and the names of the compared documents.
pub(crate) struct Report<'a> {
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) comparison: &'a Comparison,
    /// The required version bump. `None` if nothing changed or the version before is unknown.
    pub(crate) required: Option<&'a RequiredBump>,
}

impl Report<'_> {
    /// The changes as text, grouped by operation and type.
    pub(crate) fn to_text(&self) -> String {
        let changes = self.comparison.changes();
        let mut text = format!("{} → {}\n", self.old, self.new);
        let mut subject = None;
        for change in changes {
            if subject != Some(&change.subject) {
                subject = Some(&change.subject);
                let _ = writeln!(text, "\n{}", heading(change));
            }
            let _ = writeln!(text, "{}  [{}]", change_line(change, ""), change.kind.id());
        }
        let _ = writeln!(text, "\n{}", self.summary());
        text
    }

    /// The most severe changes, one line each. `None` if nothing changed.
    pub(crate) fn to_short_text(&self) -> Option<String> {
        let mut changes: Vec<&Change> = self.comparison.changes().iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.level()));
        let more = changes.len().saturating_sub(MAX_SHORT_CHANGES);
        let mut text = format!("Changes for users of the SDK since {}:\n", self.old);
        for change in changes.iter().take(MAX_SHORT_CHANGES) {
            let name = format!("{}: ", subject_name(&change.subject));
            let _ = writeln!(text, "{}", change_line(change, &name));
        }
        if more > 0 {
            let _ = writeln!(text, "  … and {more} more, see: cargo xtask diff");
        }
        text.push_str(&self.summary());
        (!changes.is_empty()).then_some(text)
    }

    /// The number of changes of each level, and the required version bump.
    fn summary(&self) -> String {
        let changes = self.comparison.changes();
        if changes.is_empty() {
            return "No changes for users of the SDK.".to_owned();
        }
        let counts = [Level::Breaking, Level::Compatible, Level::Note].map(|level| {
            let count = changes.iter().filter(|change| change.level() == level);
            (level, count.count())
        });
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        let required = self.required.map_or(String::new(), |required| {
            let (bump, minimum, before) = (required.bump, &required.minimum, &required.before);
            format!(" Required: a {bump} version bump, from {before} to {minimum} or higher.")
        });
        let plural = if changes.len() == 1 { "" } else { "s" };
        let counts = counts.join(", ");
        format!("{} change{plural}: {counts}.{required}", changes.len())
    }

    /// The comparison as one JSON object.
    pub(crate) fn to_json(&self) -> String {
        let changes = self.comparison.changes().iter();
        let changes: Vec<Value> = changes.map(change_to_json).collect();
        let level = self.comparison.level();
        let report = json!({
            "old": self.old,
            "new": self.new,
            "level": level.map(|level| level.to_string()),
            "bump": self.required.map(|required| required.bump.to_string()),
            "version": self.required.map(|required| required.before.to_string()),
            "next_version": self.required.map(|required| required.minimum.to_string()),
            "changes": changes,
        });
        format!("{report:#}\n")
    }

    /// The sections of a version in a changelog. Empty if nothing changed.
    pub(crate) fn to_markdown(&self) -> String {
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
                .map(markdown_item)
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
            let used_by = method_list(&change.methods);
            format!("Type `{name}`, {}{used_by}", change.usage)
        }
        _ => "All operations".to_owned(),
    }
}

fn method_list(methods: &[String]) -> String {
    let shown: Vec<String> = methods
        .iter()
        .take(MAX_METHODS)
        .map(|name| format!("`{name}`"))
        .collect();
    match (shown.is_empty(), methods.len().saturating_sub(MAX_METHODS)) {
        (true, _) => String::new(),
        (false, 0) => format!(" by {}", shown.join(", ")),
        (false, more) => format!(" by {} and {more} more", shown.join(", ")),
    }
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Operation { name, .. } | Subject::Type { name } => format!("`{name}`"),
        _ => "all operations".to_owned(),
    }
}

/// The level and the text of a change. Shows both levels if they differ for requests and responses.
fn change_line(change: &Change, name: &str) -> String {
    let both_levels = match (change.request_level(), change.response_level()) {
        (Some(request), Some(response)) if request != response => {
            format!(" ({request} in requests, {response} in responses)")
        }
        _ => String::new(),
    };
    let level = style::level(change.level(), LEVEL_WIDTH);
    format!("  {level} {name}{change}{both_levels}")
}

fn markdown_item(change: &Change) -> String {
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
    let name = subject_name(&change.subject);
    format!("- {breaking}{name}{call}: {change}.\n")
}

fn change_to_json(change: &Change) -> Value {
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
    if let Some(slot) = value.get_mut(key) {
        *slot = subject;
    }
    value
}

/// The table that `cargo xtask diff --list` prints: every kind of change.
pub(crate) fn kinds_table() -> String {
    let level = |level: Option<Level>| level.map_or("-".to_owned(), |level| level.to_string());
    let mut text = format!("{:<40} {:<11} response\n", "kind", "request");
    for kind in Kind::ALL {
        let (request, response) = (level(kind.request_level()), level(kind.response_level()));
        let row = format!("{:<40} {request:<11} {response:<11}", kind.id());
        let _ = writeln!(text, "{}\n    {}", row.trim_end(), kind.documentation());
    }
    text
}
