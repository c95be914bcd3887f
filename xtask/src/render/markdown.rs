//! The report as Markdown: the sections of a version in a changelog.

use super::summary::count_levels;
use super::{Report, subject_name};
use nsx_api_gen::compare::{Change, Kind, Level, Section, Subject};
use std::cmp::Reverse;

const SECTIONS: [(Section, &str); 4] = [
    (Section::Added, "Added"),
    (Section::Changed, "Changed"),
    (Section::Deprecated, "Deprecated"),
    (Section::Removed, "Removed"),
];

impl Report<'_> {
    /// The number of changes, and the sections of a version in a changelog. Empty if nothing is
    /// shown.
    pub(crate) fn to_markdown(&self) -> String {
        let shown = self.shown();
        let mut blocks = vec![counts(&shown)];
        for (section, title) in SECTIONS {
            let changes = shown.iter().copied();
            let changes = changes.filter(|change| change.kind.section() == section);
            let items = self.changelog_section(changes.collect());
            if !items.is_empty() {
                blocks.push(format!("### {title}\n\n{items}"));
            }
        }
        match shown.is_empty() {
            true => String::new(),
            false => blocks.join("\n"),
        }
    }

    /// The items of a section, the breaking ones first.
    fn changelog_section(&self, changes: Vec<&Change>) -> String {
        let (mut changes, tags) = self.fold_tags(changes);
        changes.sort_by_key(|change| Reverse(change.level() == Level::Breaking));
        let mut items: String = changes.into_iter().map(item).collect();
        if tags > 0 {
            items.push_str(&format!("- {tags} operations moved to another tag.\n"));
        }
        items
    }
}

/// `**2 breaking changes**, 1 note.`
fn counts(changes: &[&Change]) -> String {
    let levels = count_levels(changes);
    let counts = levels.iter().filter_map(|level| match level.level {
        Level::Breaking if level.count == 0 => Some("No breaking changes".to_owned()),
        Level::Breaking => Some(format!("**{}**", level.phrase())),
        _ => (level.count > 0).then(|| level.phrase()),
    });
    format!("{}.\n", counts.collect::<Vec<_>>().join(", "))
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
    let name = subject_name(&change.subject);
    format!("- {breaking}{name}{call}: {change}.\n")
}
