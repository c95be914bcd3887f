//! The options of `cargo xtask diff` that select the changes to show.

use clap::ValueEnum;
use nsx_api_gen::compare::{Change, Comparison, Kind, Level, Subject};
use std::fmt;
use std::str::FromStr;

/// Which changes to show. By default all of them.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Filter {
    /// Show only changes of this level or higher
    #[arg(long, value_enum, value_name = "LEVEL")]
    level: Option<MinLevel>,
    /// Show only changes that affect this operation: its own, and those of types that it uses. NAME
    /// is an operationId or a method; `*` matches any text
    #[arg(long = "operation", value_name = "NAME")]
    operations: Vec<NamePattern>,
    /// Show only changes of this type; `*` matches any text. With --operation, shows both
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<NamePattern>,
}

impl Filter {
    /// The changes to show.
    pub(crate) fn select<'a>(&self, comparison: &'a Comparison) -> Vec<&'a Change> {
        let changes = comparison.changes().iter();
        changes.filter(|change| self.matches(change)).collect()
    }

    fn matches(&self, change: &Change) -> bool {
        let has_level = self
            .level
            .is_none_or(|level| change.level() >= level.level());
        has_level && (!self.has_names() || self.matches_name(change))
    }

    fn has_names(&self) -> bool {
        !self.operations.is_empty() || !self.types.is_empty()
    }

    fn matches_name(&self, change: &Change) -> bool {
        let mut operations = self.operations.iter();
        let mut types = self.types.iter();
        operations.any(|pattern| affects_operation(change, pattern))
            || types.any(|pattern| is_of_type(change, pattern))
    }

    /// Whether changes of the tag are asked for.
    pub(crate) fn wants_tags(&self) -> bool {
        matches!(self.level, Some(MinLevel::Note)) || !self.operations.is_empty()
    }

    /// A message for each name that no change has. It is probably misspelled.
    pub(crate) fn unmatched(&self, comparison: &Comparison) -> Vec<String> {
        let is_unmatched = |pattern: &&NamePattern, matches: fn(&Change, &NamePattern) -> bool| {
            let mut changes = comparison.changes().iter();
            !changes.any(|change| matches(change, pattern))
        };
        let operations = self.operations.iter();
        let operations = operations
            .filter(|pattern| is_unmatched(pattern, affects_operation))
            .map(|pattern| format!("no change affects an operation `{}`", pattern.text));
        let types = self.types.iter();
        let types = types
            .filter(|pattern| is_unmatched(pattern, is_of_type))
            .map(|pattern| format!("no type `{}` changed", pattern.text));
        operations.chain(types).collect()
    }
}

/// The options as on the command line. Empty if all changes are shown.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self
            .level
            .map(|level| format!("--level {}", level.level()))
            .into_iter();
        let operations = self.operations.iter();
        let operations = operations.map(|pattern| format!("--operation {}", pattern.text));
        let types = self.types.iter();
        let types = types.map(|pattern| format!("--type {}", pattern.text));
        let options: Vec<String> = level.chain(operations).chain(types).collect();
        f.write_str(&options.join(" "))
    }
}

/// Whether the change belongs to the operation or to a type that it uses. A renamed operation also
/// has its old name.
fn affects_operation(change: &Change, pattern: &NamePattern) -> bool {
    let id = match &change.subject {
        Subject::Operation { id, .. } => Some(id),
        _ => None,
    };
    let old = match change.kind {
        Kind::OperationRenamed | Kind::OperationIdChanged => change.old.as_ref(),
        _ => None,
    };
    let mut names = change.methods.iter().chain(id).chain(old);
    names.any(|name| pattern.matches(name))
}

fn is_of_type(change: &Change, pattern: &NamePattern) -> bool {
    let Subject::Type { name } = &change.subject else {
        return false;
    };
    let old = change
        .old
        .as_ref()
        .filter(|_| change.kind == Kind::TypeRenamed);
    [name]
        .into_iter()
        .chain(old)
        .any(|name| pattern.matches(name))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MinLevel {
    Breaking,
    Compatible,
    Note,
}

impl MinLevel {
    fn level(self) -> Level {
        match self {
            Self::Breaking => Level::Breaking,
            Self::Compatible => Level::Compatible,
            Self::Note => Level::Note,
        }
    }
}

/// A name in which `*` matches any text.
///
/// Only letters and digits are compared, without case. `ListNodes` therefore also matches the
/// method `list_nodes`, and `IPInfo` the type `IpInfo`. The ids of the operations that use a type
/// are not known, only their methods.
#[derive(Clone, Debug)]
struct NamePattern {
    text: String,
    pattern: glob::Pattern,
}

impl NamePattern {
    fn matches(&self, name: &str) -> bool {
        self.pattern.matches(&letters_and_digits(name))
    }
}

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<String> = text.split('*').map(letters_and_digits).collect();
        if parts.concat().is_empty() && parts.len() == 1 {
            return Err("a name has letters or digits".to_owned());
        }
        let mut folded = parts.join("*");
        // To `glob`, `**` means any number of directories.
        while folded.contains("**") {
            folded = folded.replace("**", "*");
        }
        let pattern = glob::Pattern::new(&folded).map_err(|error| error.to_string())?;
        Ok(Self {
            text: text.to_owned(),
            pattern,
        })
    }
}

fn letters_and_digits(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_pattern_matches_operation_ids_and_methods_with_wildcards() {
        for (pattern, name, matches) in [
            ("ListNodes", "ListNodes", true),
            ("ListNodes", "list_nodes", true),
            ("list_nodes", "ListNodes", true),
            ("list-nodes", "list_nodes", true),
            ("ListNode", "list_nodes", false),
            ("Nodes", "list_nodes", false),
            ("*nodes", "list_nodes", true),
            ("List*", "list_nodes", true),
            ("l**s", "list_nodes", true),
            ("*", "list_nodes", true),
            ("**", "list_nodes", true),
            ("list*all*nodes", "list_nodes", false),
            ("list[n]odes", "list_nodes", true),
        ] {
            let parsed: NamePattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(name), matches, "{pattern} {name}");
        }
        assert!("".parse::<NamePattern>().is_err());
        assert!("_".parse::<NamePattern>().is_err());
    }
}
