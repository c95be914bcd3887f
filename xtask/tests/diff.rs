//! `cargo xtask diff` as a user runs it, in a repository of its own.

#![allow(clippy::unwrap_used)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Outcome, xtask};
use tempfile::TempDir;

const FAILED: i32 = 1;
const TOO_LOW: i32 = 4;
const USAGE: i32 = 2;

const OLD: &str = include_str!("diff/old.yaml");
const NEW: &str = include_str!("diff/new.yaml");

/// A workspace like this one, with the old document.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// Without git.
    fn bare() -> Self {
        let workspace = Self {
            folder: TempDir::new().unwrap(),
        };
        for folder in ["spec", "nsx-api/src", "xtask"] {
            fs::create_dir_all(workspace.path(folder)).unwrap();
        }
        workspace.write("spec/nsx.yaml", OLD);
        workspace.write(
            "nsx-api/Cargo.toml",
            "[package]\nname = \"nsx-api\"\nversion.workspace = true\n",
        );
        workspace.set_version("0.1.0");
        workspace
    }

    /// With all of it committed.
    fn committed() -> Self {
        let workspace = Self::bare();
        workspace.git(&["init", "--quiet"]);
        workspace.commit();
        workspace
    }

    /// Committed, and then changed.
    fn changed() -> Self {
        let workspace = Self::committed();
        workspace.write("spec/nsx.yaml", NEW);
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    fn set_version(&self, version: &str) {
        let text = format!("[workspace.package]\nversion = \"{version}\"\n");
        self.write("Cargo.toml", &text);
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        let author = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
        let commit = ["commit", "--quiet", "--no-gpg-sign", "-m", "A change"];
        self.git(&[&author[..], &commit[..]].concat());
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = without_git(Command::new("git"));
        git.arg("-C").arg(self.folder.path()).args(arguments);
        Outcome::of(&mut git).succeeded();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = without_git(xtask());
        command
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    fn diff(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(&[&["diff"], arguments].concat()))
    }
}

/// Without what git hands to the commands that it starts, and with no repository above the temporary folders.
fn without_git(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CEILING_DIRECTORIES", std::env::temp_dir());
    command
}

/// Compares with a file of `tests/diff`. `UPDATE_EXPECTED=1 cargo test -p xtask` writes it anew.
#[track_caller]
fn assert_is(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/diff")
        .join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected.replace("\r\n", "\n"), "{name}");
}

#[test]
fn the_working_tree_is_compared_with_the_commit_in_each_format() {
    let workspace = Workspace::changed();
    for (format, name) in [
        ("text", "text.txt"),
        ("json", "changes.json"),
        ("markdown", "changelog.md"),
    ] {
        let outcome = workspace.diff(&["--format", format]).succeeded();
        assert_is(name, &outcome.stdout);
    }
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/text.txt"));
    assert_eq!(workspace.diff(&[]).stdout, text.unwrap());
}

#[test]
fn every_kind_is_listed_with_its_levels_and_documentation() {
    let outcome = Workspace::bare().diff(&["--list"]).succeeded();
    assert_is("list.txt", &outcome.stdout);
}

#[test]
fn a_document_that_did_not_change_gives_nothing_and_passes() {
    let workspace = Workspace::committed();
    workspace
        .diff(&["--check"])
        .succeeded()
        .says("No change for users of the SDK.");
    let markdown = workspace.diff(&["--format", "markdown"]).succeeded();
    assert_eq!(markdown.stdout, "");
    workspace
        .diff(&["--format", "json"])
        .succeeded()
        .says("\"bump\": null")
        .says("\"changes\": []");
}

#[test]
fn check_fails_until_the_version_is_raised_far_enough() {
    let workspace = Workspace::changed();
    for (version, code) in [
        ("0.1.0", TOO_LOW),
        ("0.1.9", TOO_LOW),
        ("0.2.0", 0),
        ("1.0.0", 0),
    ] {
        workspace.set_version(version);
        workspace.diff(&["--check"]).ended_with(code);
        // Without it nothing fails.
        workspace.diff(&[]).succeeded();
    }
    workspace.set_version("0.1.9");
    workspace.diff(&["--check"]).ended_with(TOO_LOW).complains(
        "error: the changes call for a minor version: 0.2.0 or higher after 0.1.0, and nsx-api/Cargo.toml has 0.1.9",
    );
}

#[test]
fn what_breaks_nothing_calls_for_less() {
    let workspace = Workspace::committed();
    let text = OLD.replace(
        "            - DOWN\n",
        "            - DOWN\n            - DEGRADED\n",
    );
    workspace.write("spec/nsx.yaml", &text);
    workspace.diff(&["--check"]).ended_with(TOO_LOW).says(
        "1 change: 1 compatible. This calls for a patch version: 0.1.1 or higher after 0.1.0.",
    );
    workspace.set_version("0.1.1");
    workspace.diff(&["--check"]).succeeded();
}

#[test]
fn files_and_revisions_are_compared_with_each_other() {
    let workspace = Workspace::changed();
    workspace.git(&["tag", "v0.1.0"]);
    workspace.set_version("0.2.0");
    workspace.commit();
    workspace.write("old.yaml", OLD);
    const SUM: &str =
        "6 breaking, 3 compatible. This calls for a minor version: 0.2.0 or higher after 0.1.0.";
    for (old, new, head) in [
        (
            "v0.1.0",
            "HEAD",
            "v0.1.0:spec/nsx.yaml → HEAD:spec/nsx.yaml",
        ),
        (
            "HEAD~1",
            "spec/nsx.yaml",
            "HEAD~1:spec/nsx.yaml → spec/nsx.yaml",
        ),
        (
            "v0.1.0:spec/nsx.yaml",
            ":spec/nsx.yaml",
            "v0.1.0:spec/nsx.yaml → :spec/nsx.yaml",
        ),
    ] {
        workspace
            .diff(&[old, new, "--check"])
            .succeeded()
            .says(head)
            .says(SUM);
    }
    // The commit that a file comes after is the last one, whose version is raised already.
    workspace
        .diff(&["old.yaml", "HEAD", "--check"])
        .ended_with(TOO_LOW)
        .says("old.yaml → HEAD:spec/nsx.yaml")
        .complains("0.3.0 or higher after 0.2.0, and nsx-api/Cargo.toml has 0.2.0");
    let same = "No change for users of the SDK.";
    workspace.diff(&["HEAD"]).succeeded().says(same);
    workspace
        .diff(&["old.yaml", "HEAD~1"])
        .succeeded()
        .says(same);
}

#[test]
fn it_works_from_any_folder_with_files_of_that_folder() {
    let workspace = Workspace::changed();
    workspace.write("nsx-api/src/old.yaml", OLD);
    for arguments in [&["diff"][..], &["diff", "old.yaml"]] {
        let mut command = workspace.command(arguments);
        command.current_dir(workspace.path("nsx-api/src"));
        Outcome::of(&mut command)
            .succeeded()
            .says("→ spec/nsx.yaml")
            .says("6 breaking");
    }
}

#[test]
fn outside_of_git_files_are_compared_and_revisions_are_an_error_that_says_why() {
    let workspace = Workspace::bare();
    workspace.write("new.yaml", NEW);
    workspace
        .diff(&["spec/nsx.yaml", "new.yaml"])
        .succeeded()
        .says("9 changes: 6 breaking, 3 compatible.\n");
    workspace
        .diff(&[])
        .ended_with(FAILED)
        .complains("HEAD:spec/nsx.yaml is neither a file nor a document that git has")
        .complains("not a git repository");
    workspace
        .diff(&["spec/nsx.yaml", "new.yaml", "--check"])
        .ended_with(FAILED)
        .complains("not a git repository");
}

#[test]
fn what_is_no_document_and_no_revision_is_named() {
    let workspace = Workspace::changed();
    for (old, complaint) in [
        (
            "v9",
            "v9:spec/nsx.yaml is neither a file nor a document that git has",
        ),
        ("HEAD:none.yaml", "HEAD:none.yaml is neither"),
        ("HEAD:spec", "HEAD:spec is neither"),
        ("", "`` is no revision"),
    ] {
        workspace
            .diff(&[old])
            .ended_with(FAILED)
            .complains(complaint);
    }
    workspace
        .diff(&["--", "--output=stolen"])
        .ended_with(FAILED)
        .complains("`--output=stolen` is no revision");
    assert!(!workspace.path("stolen").exists());
    workspace.write("spec/nsx.yaml", "openapi: [");
    workspace
        .diff(&[])
        .ended_with(FAILED)
        .complains("spec/nsx.yaml:1:");
    workspace.diff(&["--list", "HEAD"]).ended_with(USAGE);
}

#[test]
fn generate_tells_what_its_change_does_in_a_few_lines() {
    let workspace = Workspace::changed();
    let generate = || Outcome::of(&mut workspace.command(&["generate"])).succeeded();
    let outcome = generate();
    let (_, short) = outcome.stdout.split_once("unchanged\n").unwrap();
    assert_is("short.txt", short);
    // The second run changes nothing and tells nothing.
    assert!(!generate().stdout.contains("For users"));
}

#[test]
fn generate_shows_ten_changes_the_gravest_first_and_counts_the_rest() {
    let workspace = Workspace::committed();
    let values: String = (0..12)
        .map(|number| format!("            - V{number}\n"))
        .collect();
    let text = OLD
        .replace("            - DOWN\n", &values)
        .replace("operationId: DeleteNode", "operationId: RemoveNode");
    workspace.write("spec/nsx.yaml", &text);
    let outcome = Outcome::of(&mut workspace.command(&["generate"]))
        .succeeded()
        .says("value `DOWN` of `state` removed\n  compatible")
        .says("  … and 4 more: cargo xtask diff\n14 changes: 2 breaking, 12 compatible.");
    let lines = outcome.stdout.lines();
    assert_eq!(
        lines
            .filter(|line| line.starts_with("  compatible"))
            .count(),
        8
    );
}

#[test]
fn generate_says_nothing_of_it_where_there_is_no_commit_to_compare_with() {
    let no_git = Workspace::bare();
    let no_commit = Workspace::bare();
    no_commit.git(&["init", "--quiet"]);
    let same = Workspace::committed();
    let broken = Workspace::bare();
    broken.write("spec/nsx.yaml", "openapi: [");
    broken.git(&["init", "--quiet"]);
    broken.commit();
    broken.write("spec/nsx.yaml", OLD);
    for workspace in [no_git, no_commit, same, broken] {
        let outcome = Outcome::of(&mut workspace.command(&["generate"])).succeeded();
        assert!(outcome.stdout.ends_with("0 unchanged\n"), "{outcome:#?}");
        assert_eq!(outcome.stderr, "");
    }
}
