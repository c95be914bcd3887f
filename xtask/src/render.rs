//! Renders a comparison of documents as text, as JSON and as Markdown for a changelog.

mod json;
mod markdown;
mod summary;
mod text;

use crate::diff::{Filter, RequiredBump};
use nsx_api_gen::compare::{Change, Comparison, Kind, Level, Subject};
use std::fmt::Write;

/// A comparison and the names of the compared documents.
pub(crate) struct Report<'a> {
    pub(crate) old: String,
    pub(crate) new: String,
    /// All changes that are not accepted.
    pub(crate) comparison: &'a Comparison,
    /// Which of them are shown.
    pub(crate) filter: &'a Filter,
    /// The number of accepted changes.
    pub(crate) accepted: usize,
    /// The required version bump. `None` if nothing changed or the version before is unknown.
    pub(crate) required: Option<&'a RequiredBump>,
}

impl Report<'_> {
    /// The compared documents.
    pub(crate) fn title(&self) -> String {
        format!("{} → {}", self.old, self.new)
    }

    /// The changes to show.
    pub(crate) fn shown(&self) -> Vec<&Change> {
        self.filter.select(self.comparison)
    }

    /// A message if there are changes, but none is shown.
    pub(crate) fn nothing_shown(&self) -> Option<String> {
        let all = self.comparison.changes().len();
        let is_empty = all > 0 && self.shown().is_empty();
        is_empty.then(|| match all {
            1 => format!("The only change does not match {}.", self.filter),
            _ => format!("None of the {all} changes matches {}.", self.filter),
        })
    }

    /// How many changes are accepted and therefore not shown, if there are any.
    pub(crate) fn accepted_line(&self) -> Option<String> {
        match self.accepted {
            0 => None,
            1 => Some("1 accepted change is not shown.".to_owned()),
            count => Some(format!("{count} accepted changes are not shown.")),
        }
    }

    /// Removes the changes of tags, and returns their number, if they are shown as one line: if
    /// there are several, and the filter does not ask for them.
    fn fold_tags<'c>(&self, changes: Vec<&'c Change>) -> (Vec<&'c Change>, usize) {
        let is_tag = |change: &&Change| change.kind == Kind::OperationTagChanged;
        let tags = changes.iter().filter(|change| is_tag(change)).count();
        if tags < 2 || self.filter.wants_tags() {
            return (changes, 0);
        }
        let others = changes.into_iter().filter(|change| !is_tag(change));
        (others.collect(), tags)
    }
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Operation { name, .. } | Subject::Type { name } => format!("`{name}`"),
        _ => "all operations".to_owned(),
    }
}

/// The table that `cargo xtask diff --list` prints: every kind of change.
pub(crate) fn kinds_table() -> String {
    let level = |level: Option<Level>| level.map_or("-".to_owned(), |level| level.to_string());
    let mut text = format!("{:<40} {:<11} response\n", "kind", "request");
    for kind in Kind::ALL {
        let (request, response) = (level(kind.request_level()), level(kind.response_level()));
        let row = format!("{:<40} {request:<11} {response:<11}", kind.id());
        let _ = writeln!(text, "{}\n    {}", row.trim_end(), kind.documentation());
        if let Some(advice) = kind.advice() {
            let _ = writeln!(text, "    Advice: {advice}");
        }
    }
    text
}
