//! The report as text: a summary, then the changes by level, operation and type.

use super::summary::{LevelCount, count_levels};
use super::{Report, subject_name};
use crate::style;
use nsx_api_gen::compare::{Change, Kind, Level, Section, Subject};
use std::cmp::Reverse;
use std::fmt::Write;

/// How many of the methods that use a type, or of the types that inherit a change, are listed. The
/// others are counted.
const MAX_NAMES: usize = 3;

/// How many changes the short text lists. It counts the others.
const MAX_SHORT_CHANGES: usize = 10;

/// The width of the column of levels.
const LEVEL_WIDTH: usize = 11;

/// The width of the summary.
const WIDTH: usize = 100;

impl Report<'_> {
    /// A summary, and the changes grouped by level, operation and type.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.title());
        if let Some(message) = self.nothing_shown() {
            let _ = writeln!(text, "\n{message}");
        } else {
            text.push_str(&self.shown_to_text());
        }
        text.push('\n');
        if let Some(line) = self.accepted_line() {
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(text, "{}", self.closing_line());
        text
    }

    fn shown_to_text(&self) -> String {
        let (shown, all) = (self.shown(), self.comparison.changes().len());
        let levels = count_levels(&shown);
        let mut text = String::new();
        if shown.len() < all {
            let (shown, filter) = (shown.len(), &self.filter);
            let _ = writeln!(text, "{shown} of {all} changes match {filter}");
        }
        let levels = levels.iter().filter(|level| level.count > 0);
        for (index, level) in levels.clone().enumerate() {
            let separator = if index == 0 { "\n" } else { "" };
            let _ = write!(text, "{separator}{}", summary(level));
        }
        for level in levels {
            let changes = shown.iter().copied();
            let changes = changes.filter(|change| change.level() == level.level);
            text.push_str(&self.level_section(level.level, changes.collect()));
        }
        text
    }

    /// The changes of one level.
    fn level_section(&self, level: Level, changes: Vec<&Change>) -> String {
        let title = match level {
            Level::Breaking => "Breaking changes",
            Level::Compatible => "Compatible changes",
            _ => "Notes",
        };
        let mut text = format!("\n{}\n", style::heading(format_args!("--- {title} ---")));
        let (changes, tags) = self.fold_tags(changes);
        let groups = changes.chunk_by(|one, other| one.subject == other.subject);
        let (lines, others): (Vec<_>, Vec<_>) =
            groups.partition(|group| matches!(group, [change] if is_whole(change.kind)));
        if !lines.is_empty() {
            text.push('\n');
        }
        for change in lines.concat() {
            text.push_str(&whole_to_line(change));
        }
        for group in others {
            text.push_str(&group_to_text(group));
        }
        if tags > 0 {
            let id = Kind::OperationTagChanged.id();
            let level = style::level(level, LEVEL_WIDTH);
            let _ = writeln!(
                text,
                "\n  {level} {tags} operations moved to another tag (--level note lists them)  [{id}]"
            );
        }
        text
    }

    /// The most severe changes, one line each. `None` if nothing changed.
    pub(crate) fn to_short_text(&self) -> Option<String> {
        let mut changes: Vec<&Change> = self.comparison.changes().iter().collect();
        changes.sort_by_key(|change| Reverse(change.level()));
        let more = changes.len().saturating_sub(MAX_SHORT_CHANGES);
        let mut text = format!("Changes for users of the SDK since {}:\n", self.old);
        for change in changes.iter().take(MAX_SHORT_CHANGES) {
            let name = format!("{}: ", subject_name(&change.subject));
            let _ = writeln!(text, "{}", change_line(change, &name));
        }
        if more > 0 {
            let _ = writeln!(text, "  … and {more} more, see: cargo xtask diff");
        }
        text.push_str(&self.closing_line());
        (!changes.is_empty()).then_some(text)
    }

    /// The number of changes of each level, whether shown or not, and the required version bump.
    fn closing_line(&self) -> String {
        let changes: Vec<&Change> = self.comparison.changes().iter().collect();
        if changes.is_empty() {
            let other = if self.accepted > 0 { "other " } else { "" };
            return format!("No {other}changes for users of the SDK.");
        }
        let levels = count_levels(&changes);
        let counts: Vec<String> = levels
            .iter()
            .filter(|level| level.count > 0)
            .map(|level| format!("{} {}", level.count, level.level))
            .collect();
        let required = self.required.map_or(String::new(), |required| {
            let (bump, minimum, before) = (required.bump, &required.minimum, &required.before);
            format!(" Required: a {bump} version bump, from {before} to {minimum} or higher.")
        });
        let plural = if changes.len() == 1 { "" } else { "s" };
        let counts = counts.join(", ");
        format!("{} change{plural}: {counts}.{required}", changes.len())
    }
}

/// The counts of a level. Breaking kinds have a line each, with what to do about them.
fn summary(level: &LevelCount) -> String {
    let mut text = format!("{}\n", style::in_level(level.level, level.phrase()));
    match level.level {
        Level::Breaking => text.push_str(&kinds_with_advice(&level.kinds)),
        _ => text.push_str(&kinds_in_lines(&level.kinds)),
    }
    text
}

fn kinds_with_advice(kinds: &[(Kind, usize)]) -> String {
    let widths = kinds
        .iter()
        .map(|(kind, count)| (count.to_string().len(), kind.id().len()));
    let (count_width, id_width) = widths.fold((0, 0), |(count, id), (one, other)| {
        (count.max(one), id.max(other))
    });
    let lines = kinds.iter().map(|(kind, count)| {
        let (id, advice) = (kind.id(), kind.advice().unwrap_or_default());
        format!("  {count:>count_width$} {id:<id_width$}  {advice}\n")
    });
    lines.collect()
}

/// As many kinds in a line as fit.
fn kinds_in_lines(kinds: &[(Kind, usize)]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (index, (kind, count)) in kinds.iter().enumerate() {
        let comma = if index + 1 < kinds.len() { "," } else { "" };
        let item = format!(" {count} {}{comma}", kind.id());
        match lines.last_mut() {
            Some(line) if line.len() + item.len() <= WIDTH => line.push_str(&item),
            _ => lines.push(format!(" {item}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The changes of one operation or type. What was removed or renamed comes first.
fn group_to_text(group: &[&Change]) -> String {
    let mut group = group.to_vec();
    group.sort_by_key(|change| !is_removed_or_renamed(change.kind));
    let heading = group.first().map(|change| heading(change));
    let mut text = format!("\n{}\n", heading.unwrap_or_default());
    for change in group {
        let _ = writeln!(text, "{}  [{}]", change_line(change, ""), change.kind.id());
    }
    text
}

/// An operation or type that was added or removed.
fn whole_to_line(change: &Change) -> String {
    let name = format!("{}: ", heading(change));
    format!("{}  [{}]\n", change_line(change, &name), change.kind.id())
}

/// Whether a kind of change concerns a whole operation or type.
fn is_whole(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::OperationAdded | Kind::OperationRemoved | Kind::TypeAdded | Kind::TypeRemoved
    )
}

fn is_removed_or_renamed(kind: Kind) -> bool {
    let is_renamed = matches!(kind, Kind::OperationRenamed | Kind::TypeRenamed);
    kind.section() == Section::Removed || is_renamed
}

fn heading(change: &Change) -> String {
    match &change.subject {
        Subject::Operation {
            name, method, path, ..
        } => format!("{method} {path}, `{name}`"),
        Subject::Type { name } => {
            let methods = shortened(&change.methods);
            let by = methods.map_or(String::new(), |methods| format!(" by {methods}"));
            format!("Type `{name}`, {}{by}", change.usage)
        }
        _ => "All operations".to_owned(),
    }
}

/// The first names, and how many there are in addition: `` `a`, `b` and 3 more``.
fn shortened(names: &[String]) -> Option<String> {
    let shown = names.iter().take(MAX_NAMES);
    let shown: Vec<String> = shown.map(|name| format!("`{name}`")).collect();
    let shown = Some(shown.join(", ")).filter(|shown| !shown.is_empty())?;
    Some(match names.len().saturating_sub(MAX_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    })
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
    let heirs = shortened(&change.inherited_by);
    let heirs = heirs.map_or(String::new(), |heirs| format!("; inherited by {heirs}"));
    format!("  {level} {name}{change}{both_levels}{heirs}")
}
