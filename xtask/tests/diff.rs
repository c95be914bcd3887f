//! Runs `cargo xtask diff` in temporary git repositories.

use crate::support::{CommandOutput, xtask};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const FAILED: i32 = 1;
const TOO_LOW: i32 = 4;
const USAGE: i32 = 2;

const OLD: &str = include_str!("diff/old.yaml");
const NEW: &str = include_str!("diff/new.yaml");

/// A workspace like this one, with the document of `diff/old.yaml`.
struct Workspace {
    dir: TempDir,
}

impl Workspace {
    /// Not in a git repository.
    fn without_git() -> Self {
        let workspace = Self {
            dir: TempDir::new().unwrap(),
        };
        for dir in ["spec", "nsx-api/src", "xtask"] {
            fs::create_dir_all(workspace.path(dir)).unwrap();
        }
        workspace.write("spec/nsx.yaml", OLD);
        workspace.write(
            "nsx-api/Cargo.toml",
            "[package]\nname = \"nsx-api\"\nversion.workspace = true\n",
        );
        workspace.set_version("0.1.0");
        workspace
    }

    /// With all files committed.
    fn committed() -> Self {
        let workspace = Self::without_git();
        workspace.git(&["init", "--quiet"]);
        workspace.commit();
        workspace
    }

    /// With all files committed, and then the document of `diff/new.yaml`.
    fn changed() -> Self {
        let workspace = Self::committed();
        workspace.write("spec/nsx.yaml", NEW);
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
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
        let mut git = isolated_from_git(Command::new("git"));
        git.arg("-C").arg(self.dir.path()).args(arguments);
        CommandOutput::run(&mut git).success();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = isolated_from_git(xtask());
        command
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .current_dir(self.dir.path())
            .args(arguments);
        command
    }

    fn diff(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::run(&mut self.command(&[&["diff"], arguments].concat()))
    }
}

/// Removes git's environment variables, which are set in a git hook, ignores the settings of the
/// user, and hides repositories above the temporary directories.
fn isolated_from_git(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let temp = std::env::temp_dir().canonicalize().unwrap();
    command
        .env("GIT_CEILING_DIRECTORIES", temp)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        // The tests compare messages of git.
        .env("LC_ALL", "C");
    command
}

/// Compares the text with a file in `tests/diff`. `UPDATE_EXPECTED=1 cargo test -p xtask` updates
/// the file.
#[track_caller]
fn assert_matches_file(name: &str, text: &str) {
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
fn the_diff_of_the_working_tree_and_head_is_written_in_each_format() {
    let workspace = Workspace::changed();
    for (format, name) in [
        ("text", "text.txt"),
        ("json", "changes.json"),
        ("markdown", "changelog.md"),
    ] {
        let outcome = workspace.diff(&["--format", format]).success();
        assert_matches_file(name, &outcome.stdout);
    }
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/text.txt"));
    assert_eq!(workspace.diff(&[]).stdout, text.unwrap());
}

#[test]
fn diff_list_shows_every_kind_of_change_with_levels_and_documentation() {
    let outcome = Workspace::without_git().diff(&["--list"]).success();
    assert_matches_file("list.txt", &outcome.stdout);
}

#[test]
fn an_unchanged_document_has_an_empty_diff_and_passes_the_version_check() {
    let workspace = Workspace::committed();
    workspace
        .diff(&["--check"])
        .success()
        .stdout_contains("No changes for users of the SDK.");
    let markdown = workspace.diff(&["--format", "markdown"]).success();
    assert_eq!(markdown.stdout, "");
    workspace
        .diff(&["--format", "json"])
        .success()
        .stdout_contains("\"bump\": null")
        .stdout_contains("\"changes\": []");
}

#[test]
fn diff_check_fails_until_the_version_is_raised_far_enough() {
    let workspace = Workspace::changed();
    for (version, code) in [
        ("0.1.0", TOO_LOW),
        ("0.1.9", TOO_LOW),
        ("0.2.0", 0),
        ("1.0.0", 0),
    ] {
        workspace.set_version(version);
        workspace.diff(&["--check"]).exit_code(code);
        // Without --check, the command succeeds.
        workspace.diff(&[]).success();
    }
    workspace.set_version("0.1.9");
    workspace.diff(&["--check"]).exit_code(TOO_LOW).stderr_contains(
        "error: the changes since 0.1.0 require a minor version bump to 0.2.0 or higher, but the version in nsx-api/Cargo.toml is 0.1.9",
    );
}

#[test]
fn compatible_changes_require_only_a_patch_version() {
    let workspace = Workspace::committed();
    let text = OLD.replace(
        "            - DOWN\n",
        "            - DOWN\n            - DEGRADED\n",
    );
    workspace.write("spec/nsx.yaml", &text);
    workspace.diff(&["--check"]).exit_code(TOO_LOW).stdout_contains(
        "1 change: 1 compatible. Required: a patch version bump, from 0.1.0 to 0.1.1 or higher.",
    );
    workspace.set_version("0.1.1");
    workspace.diff(&["--check"]).success();
}

#[test]
fn diff_compares_files_and_git_revisions_with_each_other() {
    let workspace = Workspace::changed();
    workspace.git(&["tag", "v0.1.0"]);
    workspace.set_version("0.2.0");
    workspace.commit();
    workspace.write("old.yaml", OLD);
    const SUMMARY: &str =
        "6 breaking, 3 compatible. Required: a minor version bump, from 0.1.0 to 0.2.0 or higher.";
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
            .success()
            .stdout_contains(head)
            .stdout_contains(SUMMARY);
    }
    // For a file, the version before is the one of HEAD, which is already raised here.
    workspace
        .diff(&["old.yaml", "HEAD", "--check"])
        .exit_code(TOO_LOW)
        .stdout_contains("old.yaml → HEAD:spec/nsx.yaml")
        .stderr_contains("to 0.3.0 or higher, but the version in nsx-api/Cargo.toml is 0.2.0");
    let same = "No changes for users of the SDK.";
    workspace.diff(&["HEAD"]).success().stdout_contains(same);
    workspace
        .diff(&["old.yaml", "HEAD~1"])
        .success()
        .stdout_contains(same);
}

#[test]
fn diff_works_in_any_directory_and_resolves_files_relative_to_it() {
    let workspace = Workspace::changed();
    workspace.write("nsx-api/src/old.yaml", OLD);
    for arguments in [&["diff"][..], &["diff", "old.yaml"]] {
        let mut command = workspace.command(arguments);
        command.current_dir(workspace.path("nsx-api/src"));
        CommandOutput::run(&mut command)
            .success()
            .stdout_contains("→ spec/nsx.yaml")
            .stdout_contains("6 breaking");
    }
}

#[test]
fn without_git_files_can_be_compared_and_revisions_are_an_error() {
    let workspace = Workspace::without_git();
    workspace.write("new.yaml", NEW);
    workspace
        .diff(&["spec/nsx.yaml", "new.yaml"])
        .success()
        .stdout_contains("9 changes: 6 breaking, 3 compatible.\n");
    workspace
        .diff(&[])
        .exit_code(FAILED)
        .stderr_contains("HEAD:spec/nsx.yaml is neither a file nor a document in git")
        .stderr_contains("not a git repository");
    workspace
        .diff(&["spec/nsx.yaml", "new.yaml", "--check"])
        .exit_code(FAILED)
        .stderr_contains("not a git repository");
}

#[test]
fn diff_names_a_missing_document_and_an_invalid_revision() {
    let workspace = Workspace::changed();
    for (old, message) in [
        (
            "v9",
            "v9:spec/nsx.yaml is neither a file nor a document in git",
        ),
        ("HEAD:none.yaml", "HEAD:none.yaml is neither"),
        ("HEAD:spec", "HEAD:spec is neither"),
        ("", "`` is not a revision"),
    ] {
        workspace
            .diff(&[old])
            .exit_code(FAILED)
            .stderr_contains(message);
    }
    workspace
        .diff(&["--", "--output=stolen"])
        .exit_code(FAILED)
        .stderr_contains("`--output=stolen` is not a revision");
    assert!(!workspace.path("stolen").exists());
    workspace.write("spec/nsx.yaml", "openapi: [");
    workspace
        .diff(&[])
        .exit_code(FAILED)
        .stderr_contains("spec/nsx.yaml:1:");
    workspace.diff(&["--list", "HEAD"]).exit_code(USAGE);
}

#[test]
fn generate_prints_a_short_diff_for_users_of_the_sdk() {
    let workspace = Workspace::changed();
    let generate = || CommandOutput::run(&mut workspace.command(&["generate"])).success();
    let outcome = generate();
    let (_, short) = outcome.stdout.split_once("unchanged\n").unwrap();
    assert_matches_file("short.txt", short);
    // The second run changes nothing and prints no diff.
    assert!(!generate().stdout.contains("for users"));
}

#[test]
fn the_short_diff_lists_the_ten_most_severe_changes_and_counts_the_rest() {
    let workspace = Workspace::committed();
    let values: String = (0..12)
        .map(|number| format!("            - V{number}\n"))
        .collect();
    let text = OLD
        .replace("            - DOWN\n", &values)
        .replace("operationId: DeleteNode", "operationId: RemoveNode");
    workspace.write("spec/nsx.yaml", &text);
    let outcome = CommandOutput::run(&mut workspace.command(&["generate"]))
        .success()
        .stdout_contains("value `DOWN` removed\n  compatible")
        .stdout_contains(
            "  … and 4 more, see: cargo xtask diff\n14 changes: 2 breaking, 12 compatible.",
        );
    let lines = outcome.stdout.lines();
    assert_eq!(
        lines
            .filter(|line| line.starts_with("  compatible"))
            .count(),
        8
    );
}

#[test]
fn generate_prints_no_diff_if_there_is_no_commit_to_compare_with() {
    let no_git = Workspace::without_git();
    let no_commit = Workspace::without_git();
    no_commit.git(&["init", "--quiet"]);
    let same = Workspace::committed();
    let broken = Workspace::without_git();
    broken.write("spec/nsx.yaml", "openapi: [");
    broken.git(&["init", "--quiet"]);
    broken.commit();
    broken.write("spec/nsx.yaml", OLD);
    for workspace in [no_git, no_commit, same, broken] {
        let outcome = CommandOutput::run(&mut workspace.command(&["generate"])).success();
        assert!(outcome.stdout.ends_with("0 unchanged\n"), "{outcome:#?}");
        assert_eq!(outcome.stderr, "");
    }
}
