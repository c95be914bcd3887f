//! `cargo xtask diff [OLD] [NEW]`: shows how a change of the document affects users of the SDK, and
//! whether the version was raised far enough for it.
//!
//! The generator library compares the documents. This module reads them from git and checks the
//! versions.

mod accepted;
mod filter;

use crate::git::Blob;
use crate::{
    CHECK_FAILED, CommandResult, eprint_line, manifest, print, print_error, progress, render,
    workspace,
};
use accepted::AcceptedChanges;
pub(crate) use filter::Filter;
use nsx_api_gen::compare::{Bump, Comparison, Source, compare};
use semver::Version;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The default revision.
const HEAD: &str = "HEAD";

const EXAMPLES: &str = "\
Examples:
  cargo xtask diff
  cargo xtask diff v0.1.0 --check
  cargo xtask diff main:spec/nsx.yaml spec/nsx.yaml --format markdown
  cargo xtask diff --level breaking --operation 'list_*' --type Node
  cargo xtask diff v0.1.0 --format accept > accepted.txt
  cargo xtask diff v0.1.0 --accept accepted.txt --check
  cargo xtask diff --list";

/// The arguments of `cargo xtask diff`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The old document: a file, a git revision (v1.2, HEAD~1), or a file in a revision
    /// (main:spec/nsx.yaml) [default: HEAD]
    old: Option<String>,
    /// The new document, in the same forms [default: spec/nsx.yaml in the working tree]
    new: Option<String>,
    /// Output format; `markdown` writes the sections of a version in CHANGELOG.md, `accept` a line
    /// for each breaking change for --accept
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    filter: Filter,
    /// Ignore the changes in this file, also for --check and the required version bump. A line is a
    /// change as printed by `--format accept`, or a comment that starts with `#`
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// Exit with code 4 if the version of nsx-api was not raised far enough since OLD (since HEAD
    /// if OLD is a file)
    #[arg(long)]
    check: bool,
    /// List the kinds of changes with their levels, meanings and advice, and exit
    #[arg(long, conflicts_with_all = ["old", "new", "check", "format", "level", "operations", "types", "accept"])]
    list: bool,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Markdown,
    Accept,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    if arguments.list {
        print(render::kinds_table().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let root = workspace::root()?;
    let default = || Blob::new(HEAD, workspace::SPEC).map(DocumentRef::Committed);
    let old = arguments
        .old
        .as_deref()
        .map_or_else(default, DocumentRef::new)?;
    let new = arguments.new.as_deref().map(DocumentRef::new).transpose()?;
    let new = new.unwrap_or_else(|| DocumentRef::File(root.join(workspace::SPEC)));
    let accepted = arguments.accept.as_deref().map(AcceptedChanges::read);
    let accepted = accepted.transpose()?;
    let mut comparison = new.compare_with(&old, &root)?;
    let (accepted, stale) = match accepted {
        Some(accepted) => accepted.remove_from(&mut comparison),
        None => (0, Vec::new()),
    };
    let version = old.version_before(&root);
    let required = match &version {
        Ok(version) => RequiredBump::new(&comparison, version),
        Err(_) => None,
    };
    let report = render::Report {
        old: old.name(&root),
        new: new.name(&root),
        comparison: &comparison,
        filter: &arguments.filter,
        accepted,
        required: required.as_ref(),
    };
    print_report(&report, arguments.format);
    let unmatched = arguments.filter.unmatched(&comparison);
    for note in stale.iter().chain(&unmatched) {
        eprint_line(format_args!("note: {note}"));
    }
    match arguments.check {
        true => check(&version?, &new.version_after(&root)?, required.as_ref()),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn print_report(report: &render::Report<'_>, format: Format) {
    let text = match format {
        Format::Text => report.to_text(),
        Format::Json => report.to_json(),
        Format::Markdown => report.to_markdown(),
        Format::Accept => accepted::to_lines(&report.title(), &report.shown()),
    };
    if !text.is_empty() {
        print(text.trim_end());
    }
    // The text contains these lines. The other formats are for files.
    if !matches!(format, Format::Text) {
        let notes = [report.nothing_shown(), report.accepted_line()];
        notes.into_iter().flatten().for_each(eprint_line);
    }
}

/// Prints in a few lines how the document in the working tree differs from the one of the last
/// commit.
///
/// Prints nothing if there is nothing to compare with: no git, no commit, or no document in it.
pub(crate) fn print_short_report(root: &Path, spec: &Path) {
    if let Some(text) = short_report(root, spec) {
        print(text.trim_end());
    }
}

fn short_report(root: &Path, spec: &Path) -> Option<String> {
    // Git uses `/` on every system. A document outside of the workspace is in none of its commits.
    let path = spec.to_str().filter(|_| spec.is_relative())?;
    let old = DocumentRef::Committed(Blob::new(HEAD, &path.replace('\\', "/")).ok()?);
    let new = DocumentRef::File(root.join(spec));
    let comparison = new.compare_with(&old, root).ok()?;
    let version = old.version_before(root).ok();
    let required = version.and_then(|version| RequiredBump::new(&comparison, &version));
    let report = render::Report {
        old: HEAD.to_owned(),
        new: new.name(root),
        comparison: &comparison,
        filter: &Filter::default(),
        accepted: 0,
        required: required.as_ref(),
    };
    report.to_short_text()
}

/// The version bump that changes require.
pub(crate) struct RequiredBump {
    pub(crate) bump: Bump,
    /// The version before the changes.
    pub(crate) before: Version,
    /// The lowest version that is high enough.
    pub(crate) minimum: Version,
}

impl RequiredBump {
    fn new(comparison: &Comparison, before: &Version) -> Option<Self> {
        let bump = comparison.bump(before)?;
        Some(Self {
            bump,
            before: before.clone(),
            minimum: bump.after(before),
        })
    }

    /// Whether the version is high enough. A pre-release of the minimum is, but the version before
    /// with other build metadata is not.
    fn is_satisfied_by(&self, version: &Version) -> bool {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(version) >= numbers(&self.minimum) && version.cmp_precedence(&self.before).is_gt()
    }
}

fn check(before: &Version, after: &Version, required: Option<&RequiredBump>) -> CommandResult {
    let Some(required) = required.filter(|required| !required.is_satisfied_by(after)) else {
        return Ok(ExitCode::SUCCESS);
    };
    print_error(format_args!(
        "the changes since {before} require a {} version bump to {} or higher, but the version in {} is {after}",
        required.bump,
        required.minimum,
        manifest::SDK
    ));
    Ok(ExitCode::from(CHECK_FAILED))
}

/// One of the two documents to compare.
enum DocumentRef {
    File(PathBuf),
    Committed(Blob),
}

impl DocumentRef {
    /// A path of an existing file is that file. Everything else is a git revision.
    fn new(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        match path.is_file() {
            true => Ok(Self::File(path.to_owned())),
            false => Blob::new(text, workspace::SPEC).map(Self::Committed),
        }
    }

    /// Compares this document, the new one, with the old one.
    fn compare_with(&self, old: &Self, root: &Path) -> Result<Comparison, Box<dyn Error>> {
        let what = format!("comparing {} with {}", old.name(root), self.name(root));
        progress::show_while(what, || {
            Ok(compare(&old.source(root)?, &self.source(root)?)?)
        })
    }

    fn source(&self, root: &Path) -> Result<Source, Box<dyn Error>> {
        let name = self.name(root);
        match self {
            Self::File(path) => {
                let source = Source::from_file(path).map_err(workspace::with_path(path))?;
                Ok(source.called(name))
            }
            Self::Committed(blob) => {
                let bytes = blob.read(root).map_err(|error| {
                    format!("{name} is neither a file nor a document in git: {error}")
                })?;
                Ok(Source::new(name, bytes))
            }
        }
    }

    fn name(&self, root: &Path) -> String {
        match self {
            Self::File(path) => {
                let short = workspace::relative_to_root(root, path);
                short.unwrap_or_else(|_| path.clone()).display().to_string()
            }
            Self::Committed(blob) => blob.name().replace(":./", ":"),
        }
    }

    /// The version of the SDK before the change. For a file it is the version of the last commit.
    fn version_before(&self, root: &Path) -> Result<Version, String> {
        match self {
            Self::File(_) => version_at(&Blob::new(HEAD, workspace::SPEC)?, root),
            Self::Committed(blob) => version_at(blob, root),
        }
    }

    /// The version of the SDK after the change.
    fn version_after(&self, root: &Path) -> Result<Version, String> {
        match self {
            Self::File(_) => manifest::sdk_version(|file| {
                let path = root.join(file);
                let text = fs::read_to_string(&path);
                text.map_err(|error| workspace::with_path(&path)(error).to_string())
            }),
            Self::Committed(blob) => version_at(blob, root),
        }
    }
}

fn version_at(blob: &Blob, root: &Path) -> Result<Version, String> {
    manifest::sdk_version(|file| {
        let bytes = blob.sibling(file).read(root)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_bump_must_be_as_high_as_the_change_requires() {
        let version = |text: &str| Version::parse(text).unwrap();
        for (before, bump, after, met) in [
            ("0.1.0", Bump::Minor, "0.1.9", false),
            ("0.1.0", Bump::Minor, "0.2.0", true),
            ("0.1.0", Bump::Minor, "0.2.0-rc.1", true),
            ("0.1.0", Bump::Minor, "1.0.0", true),
            ("1.4.2", Bump::Major, "1.5.0", false),
            ("1.4.2", Bump::Patch, "1.4.2", false),
            ("1.4.2", Bump::Patch, "1.4.3", true),
            ("2.0.0-rc.1", Bump::Major, "2.0.0-rc.2", true),
            ("2.0.0-rc.1", Bump::Major, "2.0.0-rc.1", false),
            ("0.2.0-rc.1", Bump::Minor, "0.2.0-rc.2", true),
            ("0.2.0-rc.1", Bump::Minor, "0.2.0", true),
            // A pre-release of a patch version has not raised the minor version.
            ("0.1.1-rc.1", Bump::Minor, "0.1.1", false),
            ("0.1.1-rc.1", Bump::Minor, "0.1.1-rc.2", false),
            ("0.1.1-rc.1", Bump::Minor, "0.2.0-rc.1", true),
            ("0.1.1-rc.1", Bump::Patch, "0.1.1", true),
            ("1.1.0-rc.1", Bump::Major, "1.1.0", false),
            ("1.0.0-rc.1", Bump::Major, "1.0.0-rc.1+b", false),
            ("1.0.0-rc.1+a", Bump::Major, "1.0.0-rc.1+b", false),
            ("1.0.0-rc.2", Bump::Major, "1.0.0-rc.1", false),
            ("1.4.2", Bump::Patch, "1.4.2+b", false),
        ] {
            let before = version(before);
            let minimum = bump.after(&before);
            let required = RequiredBump {
                bump,
                before,
                minimum,
            };
            assert_eq!(
                required.is_satisfied_by(&version(after)),
                met,
                "{} {after}",
                required.before
            );
        }
    }
}
