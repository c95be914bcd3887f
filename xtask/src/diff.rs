//! `cargo xtask diff [OLD] [NEW]`: tells what a change of the document does to the users of the SDK, and whether the
//! version was raised as far as that calls for. The comparison is the generator library's; here are git and the versions.

use crate::git::Blob;
use crate::{Outcome, STALE, fail, manifest, progress, render, say, workspace};
use nsx_api_gen::compare::{Bump, Comparison, Source, compare};
use semver::Version;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The revision that is taken where none is named.
const HEAD: &str = "HEAD";

const EXAMPLES: &str = "\
Examples:
  cargo xtask diff
  cargo xtask diff v0.1.0 --check
  cargo xtask diff main:spec/nsx.yaml spec/nsx.yaml --format markdown
  cargo xtask diff --list";

/// What the command line says.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The document before: a file, or what git has (`v1.2`, `HEAD~1`, `main:spec/nsx.yaml`) [default: HEAD]
    old: Option<String>,
    /// The document after, likewise [default: spec/nsx.yaml as it is]
    new: Option<String>,
    /// How to write the changes; `markdown` fits below a version in CHANGELOG.md
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Fail with exit code 4 unless the version of the SDK was raised as far as the changes call for, since the revision of OLD, or since
    /// HEAD where OLD is a file
    #[arg(long)]
    check: bool,
    /// List every kind of change with its levels and what it means, and compare nothing
    #[arg(long, conflicts_with_all = ["old", "new", "check", "format"])]
    list: bool,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Markdown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if arguments.list {
        say(render::list().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let root = workspace::root()?;
    let default = || Blob::new(HEAD, workspace::SPEC).map(Side::Committed);
    let old = arguments.old.as_deref().map_or_else(default, Side::new)?;
    let new = arguments.new.as_deref().map(Side::new).transpose()?;
    let new = new.unwrap_or_else(|| Side::File(root.join(workspace::SPEC)));
    let comparison = new.since(&old, &root)?;
    let version = old.version_before(&root);
    let calls = match &version {
        Ok(version) => Calls::new(&comparison, version),
        Err(_) => None,
    };
    let report = render::Report {
        old: old.name(&root),
        new: new.name(&root),
        comparison: &comparison,
        calls: calls.as_ref(),
    };
    let text = match arguments.format {
        Format::Text => report.text(),
        Format::Json => report.json(),
        Format::Markdown => report.markdown(),
    };
    if !text.is_empty() {
        say(text.trim_end());
    }
    match arguments.check {
        true => check(&version?, &new.version_after(&root)?, calls.as_ref()),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// Says what the changes of the working tree's document since the last commit do, in a few lines. Where there is no git, no
/// commit or no document in it, there is nothing to say, and that is no failure.
pub(crate) fn say_short(root: &Path, spec: &Path) {
    if let Some(text) = short(root, spec) {
        say(text.trim_end());
    }
}

fn short(root: &Path, spec: &Path) -> Option<String> {
    // Slashes are git's on every system. A document outside of the workspace is none of its commits'.
    let path = spec.to_str().filter(|_| spec.is_relative())?;
    let old = Side::Committed(Blob::new(HEAD, &path.replace('\\', "/")).ok()?);
    let new = Side::File(root.join(spec));
    let comparison = new.since(&old, root).ok()?;
    let version = old.version_before(root).ok();
    let calls = version.and_then(|version| Calls::new(&comparison, &version));
    let report = render::Report {
        old: HEAD.to_owned(),
        new: new.name(root),
        comparison: &comparison,
        calls: calls.as_ref(),
    };
    report.short()
}

/// The version that changes call for.
pub(crate) struct Calls {
    pub(crate) bump: Bump,
    pub(crate) before: Version,
    /// The lowest one that will do.
    pub(crate) next: Version,
}

impl Calls {
    fn new(comparison: &Comparison, before: &Version) -> Option<Self> {
        let bump = comparison.bump(before)?;
        Some(Self {
            bump,
            before: before.clone(),
            next: bump.after(before),
        })
    }

    /// A pre-release may be the one that raises the version, and promises nothing to the next.
    fn is_met_by(&self, version: &Version) -> bool {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        let after_pre_release = !self.before.pre.is_empty() && *version > self.before;
        after_pre_release || numbers(version) >= numbers(&self.next)
    }
}

fn check(before: &Version, after: &Version, calls: Option<&Calls>) -> Outcome {
    let Some(calls) = calls.filter(|calls| !calls.is_met_by(after)) else {
        return Ok(ExitCode::SUCCESS);
    };
    fail(format_args!(
        "the changes call for a {} version: {} or higher after {before}, and {} has {after}",
        calls.bump,
        calls.next,
        manifest::SDK
    ));
    Ok(ExitCode::from(STALE))
}

/// One of the two documents.
enum Side {
    File(PathBuf),
    Committed(Blob),
}

impl Side {
    /// What is there as a file is that file; `REVISION:PATH` is always git's.
    fn new(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        match path.is_file() {
            true => Ok(Self::File(path.to_owned())),
            false => Blob::new(text, workspace::SPEC).map(Self::Committed),
        }
    }

    /// What changed since the other one.
    fn since(&self, old: &Self, root: &Path) -> Result<Comparison, Box<dyn Error>> {
        let what = format!("comparing {} with {}", old.name(root), self.name(root));
        progress::during(what, || {
            Ok(compare(&old.source(root)?, &self.source(root)?)?)
        })
    }

    fn source(&self, root: &Path) -> Result<Source, Box<dyn Error>> {
        let name = self.name(root);
        match self {
            Self::File(path) => {
                let source = Source::from_file(path).map_err(workspace::at(path))?;
                Ok(source.called(name))
            }
            Self::Committed(blob) => {
                let bytes = blob.read(root).map_err(|error| {
                    format!("{name} is neither a file nor a document that git has: {error}")
                })?;
                Ok(Source::new(name, bytes))
            }
        }
    }

    fn name(&self, root: &Path) -> String {
        match self {
            Self::File(path) => {
                let short = workspace::from_root(root, path);
                short.unwrap_or_else(|_| path.clone()).display().to_string()
            }
            Self::Committed(blob) => blob.name().replace(":./", ":"),
        }
    }

    /// The version that users have before the change. A file has none, so it is that of the last commit.
    fn version_before(&self, root: &Path) -> Result<Version, String> {
        match self {
            Self::File(_) => version_at(&Blob::new(HEAD, workspace::SPEC)?, root),
            Self::Committed(blob) => version_at(blob, root),
        }
    }

    /// The version that the change comes with.
    fn version_after(&self, root: &Path) -> Result<Version, String> {
        match self {
            Self::File(_) => manifest::version(|file| {
                let path = root.join(file);
                fs::read_to_string(&path).map_err(|error| workspace::at(&path)(error).to_string())
            }),
            Self::Committed(blob) => version_at(blob, root),
        }
    }
}

fn version_at(blob: &Blob, root: &Path) -> Result<Version, String> {
    manifest::version(|file| {
        let bytes = blob.beside(file).read(root)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_must_be_raised_as_far_as_the_change_calls_for() {
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
        ] {
            let before = version(before);
            let next = bump.after(&before);
            let calls = Calls { bump, before, next };
            assert_eq!(
                calls.is_met_by(&version(after)),
                met,
                "{} {after}",
                calls.before
            );
        }
    }
}
