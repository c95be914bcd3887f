//! The file of accepted changes: known changes that the report leaves out.
//!
//! A line is the id of the kind, the subject, the place, and the old and new value, as printed by
//! `--format accept`:
//!
//! ```text
//! property-type-changed Node property `port`: `i64` → `i32`
//! ```
//!
//! The values are part of the line, so that an accepted change does not hide another change of the
//! same place. Lines that start with `#` are comments.

use crate::workspace;
use nsx_api_gen::compare::{Change, Comparison, Kind, Level, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

/// The subject of a change of the whole document.
const DOCUMENT: &str = "*";

/// The lines of a file of accepted changes.
#[derive(Debug)]
pub(crate) struct AcceptedChanges {
    /// The path of the file.
    file: String,
    /// The normalized lines, and where each is first.
    lines: BTreeMap<String, usize>,
}

impl AcceptedChanges {
    /// Reads the file. A malformed line is an error.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path).map_err(workspace::with_path(path))?;
        Ok(Self::parse(path.display().to_string(), &text)?)
    }

    fn parse(file: String, text: &str) -> Result<Self, String> {
        let mut lines = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let (line, number) = (normalized(line), index.saturating_add(1));
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            check(&line).map_err(|error| format!("{file}:{number}: {error}"))?;
            lines.entry(line).or_insert(number);
        }
        Ok(Self { file, lines })
    }

    /// Removes the accepted changes, and returns how many there were, and a message for each line
    /// that matches no change.
    pub(crate) fn remove_from(&self, comparison: &mut Comparison) -> (usize, Vec<String>) {
        let before = comparison.changes().len();
        let mut found = BTreeSet::new();
        comparison.retain(|change| {
            let line = line_of(change);
            let is_accepted = self.lines.contains_key(&line);
            found.extend(is_accepted.then_some(line));
            !is_accepted
        });
        let mut stale: Vec<(usize, &String)> = self
            .lines
            .iter()
            .filter(|(line, _)| !found.contains(*line))
            .map(|(line, number)| (*number, line))
            .collect();
        stale.sort_unstable();
        let stale = stale.iter().map(|(number, line)| {
            let file = &self.file;
            format!("{file}:{number}: stale, there is no such change: {line}")
        });
        let count = before.saturating_sub(comparison.changes().len());
        (count, stale.collect())
    }
}

fn check(line: &str) -> Result<(), String> {
    let mut words = line.splitn(3, ' ');
    let id = words.next().unwrap_or_default();
    if !Kind::ALL.iter().any(|kind| kind.id() == id) {
        return Err(format!(
            "there is no kind of change `{id}`; cargo xtask diff --list shows all"
        ));
    }
    if words.count() < 2 {
        return Err(
            "a line is the kind, subject, place and values of a change, as printed by \
             cargo xtask diff --format accept"
                .to_owned(),
        );
    }
    Ok(())
}

/// The lines of all breaking changes, after a comment. Empty if there are none.
pub(crate) fn to_lines(title: &str, changes: &[&Change]) -> String {
    let changes = changes.iter();
    let breaking = changes.filter(|change| change.level() == Level::Breaking);
    let lines: Vec<String> = breaking.map(|change| line_of(change)).collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("# {title}\n{}\n", lines.join("\n")),
    }
}

fn line_of(change: &Change) -> String {
    let subject = match &change.subject {
        Subject::Operation { name, .. } | Subject::Type { name } => name,
        _ => DOCUMENT,
    };
    let values = match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!(": `{old}` → `{new}`"),
        (Some(one), None) | (None, Some(one)) => format!(": `{one}`"),
        (None, None) => String::new(),
    };
    normalized(&format!(
        "{} {subject} {}{values}",
        change.kind.id(),
        change.place
    ))
}

/// With single spaces. Values of a document can contain line breaks.
fn normalized(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
