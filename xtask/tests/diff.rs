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

/// A workspace that changes from `diff/node_old.yaml` to `diff/node_new.yaml`: operations with a
/// fixed query, a type that four operations use, and new tags.
fn node_workspace() -> Workspace {
    let workspace = Workspace::without_git();
    workspace.write("spec/nsx.yaml", include_str!("diff/node_old.yaml"));
    workspace.git(&["init", "--quiet"]);
    workspace.commit();
    workspace.write("spec/nsx.yaml", include_str!("diff/node_new.yaml"));
    workspace
}

const NODE_TITLE: &str = "HEAD:spec/nsx.yaml → spec/nsx.yaml";

const NODE_CLOSING_LINE: &str =
    "9 changes: 4 breaking, 5 note. Required: a minor version bump, from 0.1.0 to 0.2.0 or higher.";

/// The breaking changes as `--format accept` prints them.
const NODE_ACCEPTED: &str = "\
# HEAD:spec/nsx.yaml → spec/nsx.yaml
request-parameter-added-required restart_node parameter `force`: `force`
operation-removed shutdown_node operation
property-added Node property `version`: `Option<String>`
property-removed Node property `port`: `Option<i64>`
";

fn json(output: &CommandOutput) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn a_diff_is_summarized_and_sorted_by_level_with_tag_changes_folded_and_paths_with_their_query() {
    let workspace = node_workspace();
    let text = workspace.diff(&[]).success();
    assert_matches_file("node.txt", &text.stdout);
    let markdown = workspace.diff(&["--format", "markdown"]).success();
    assert_matches_file("node.md", &markdown.stdout);
}

#[test]
fn the_summary_of_a_diff_wraps_the_kinds_of_compatible_changes() {
    let workspace = Workspace::changed();
    let text = ["ListNodes", "UpdateNode"]
        .iter()
        .fold(NEW.to_owned(), |text, id| {
            let id = format!("operationId: {id}\n");
            text.replace(&id, &format!("{id}      x-idempotent: false\n"))
        });
    workspace.write("spec/nsx.yaml", &text);
    let expected = "
5 compatible changes
  2 operation-no-longer-idempotent, 1 operation-added, 1 operation-became-deprecated,
  1 enum-value-added

--- Breaking changes ---
";
    workspace.diff(&[]).success().stdout_contains(expected);
}

#[test]
fn the_json_diff_is_complete_and_counts_changes_by_level_and_kind() {
    let outcome = node_workspace().diff(&["--format", "json"]).success();
    let report = json(&outcome);
    let expected = serde_json::json!({
        "total": 9,
        "accepted": 0,
        "listed": 9,
        "levels": {"breaking": 4, "compatible": 0, "note": 5},
        "kinds": {
            "operation-removed": 1,
            "request-parameter-added-required": 1,
            "property-added": 1,
            "property-removed": 1,
            "operation-tag-changed": 3,
            "response-error-status-removed": 1,
            "property-became-deprecated": 1,
        },
        "advice": {
            "operation-removed": "Call another operation, or use `Client::request`.",
            "request-parameter-added-required": "Pass the new argument.",
            "property-added": "Add `..` or the new field to literals and patterns.",
            "property-removed": "Remove the uses of the field.",
        },
    });
    assert_eq!(report["summary"], expected);
    let changes = report["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 9);
    let paths = changes
        .iter()
        .filter_map(|change| change["operation"]["path"].as_str());
    let mut paths: Vec<&str> = paths.filter(|path| path.contains('?')).collect();
    paths.dedup();
    assert_eq!(
        paths,
        [
            "/api/v1/node?action=restart",
            "/api/v1/node?action=shutdown"
        ]
    );
    let of_type = changes.iter().filter(|change| change["type"] == "Node");
    for change in of_type {
        let methods = ["get_node", "get_peer", "get_node_state", "restart_node"];
        assert_eq!(change["methods"], serde_json::json!(methods));
    }
}

#[test]
fn diff_level_shows_only_changes_of_that_level_or_higher() {
    let workspace = node_workspace();
    let lines = |level: &str| {
        let outcome = workspace.diff(&["--level", level]).success();
        let lines = outcome.stdout.lines().filter(|line| line.ends_with(']'));
        lines.count()
    };
    assert_eq!((lines("breaking"), lines("compatible")), (4, 4));
    // It also lists each change of a tag.
    assert_eq!(lines("note"), 9);
    let outcome = workspace.diff(&["--level", "breaking"]).success();
    let expected = format!(
        "\
{NODE_TITLE}
4 of 9 changes match --level breaking

4 breaking changes
  1 operation-removed                 Call another operation, or use `Client::request`.
"
    );
    assert!(outcome.stdout.starts_with(&expected), "{}", outcome.stdout);
    assert!(
        outcome
            .stdout
            .ends_with(&format!("\n\n{NODE_CLOSING_LINE}\n"))
    );
    workspace.diff(&["--level", "high"]).exit_code(USAGE);
}

#[test]
fn diff_operation_shows_the_changes_of_the_operation_and_of_the_types_that_it_uses() {
    let workspace = node_workspace();
    let expected = format!(
        "\
{NODE_TITLE}
2 of 9 changes match --level breaking --operation GetNodeState

2 breaking changes
  1 property-added    Add `..` or the new field to literals and patterns.
  1 property-removed  Remove the uses of the field.

--- Breaking changes ---

Type `Node`, received by `get_node`, `get_peer`, `get_node_state` and 1 more
  breaking    property `port` removed: `Option<i64>`  [property-removed]
  breaking    property `version` added: `Option<String>`  [property-added]

{NODE_CLOSING_LINE}
"
    );
    let filter = ["--level", "breaking", "--operation", "GetNodeState"];
    let outcome = workspace.diff(&filter).success();
    assert_eq!((outcome.stdout, outcome.stderr), (expected, String::new()));
}

#[test]
fn diff_operation_and_type_are_repeatable_and_take_wildcards() {
    let workspace = node_workspace();
    let accepted = |arguments: &[&str]| {
        let all = [&["--format", "accept"], arguments].concat();
        let outcome = workspace.diff(&all).success();
        assert_eq!(outcome.stderr, "");
        let lines = outcome.stdout.lines().skip(1);
        let subjects = lines.map(|line| line.split(' ').nth(1).unwrap().to_owned());
        subjects.collect::<Vec<String>>()
    };
    let (restart, shutdown) = ("restart_node", "shutdown_node");
    assert_eq!(accepted(&["--operation", shutdown]), [shutdown]);
    assert_eq!(accepted(&["--operation", "ShutdownNode"]), [shutdown]);
    assert_eq!(accepted(&["--type", "Node"]), ["Node", "Node"]);
    assert_eq!(accepted(&["--type", "N*"]), ["Node", "Node"]);
    assert_eq!(
        accepted(&["--type", "Node", "--operation", shutdown]),
        [shutdown, "Node", "Node"]
    );
    assert_eq!(
        accepted(&["--operation", shutdown, "--operation", "restart*"]),
        [restart, shutdown, "Node", "Node"]
    );
    // The old name of a renamed operation or type.
    let renamed = Workspace::changed();
    for (option, name, text) in [
        ("--operation", "GetNode", "method renamed: `get_node`"),
        ("--type", "Tag", "type renamed: `Tag` → `Label`"),
    ] {
        let outcome = renamed.diff(&[option, name]).success();
        let expected = format!("\n1 of 9 changes match {option} {name}\n");
        outcome.stdout_contains(&expected).stdout_contains(text);
    }
}

#[test]
fn a_diff_filter_that_matches_nothing_says_so_and_does_not_affect_the_version_check() {
    let workspace = node_workspace();
    let filter = ["--operation", "ListNode", "--type", "Peer*", "--check"];
    let outcome = workspace.diff(&filter).exit_code(TOO_LOW);
    let expected = format!(
        "\
{NODE_TITLE}

None of the 9 changes matches --operation ListNode --type Peer*.

{NODE_CLOSING_LINE}
"
    );
    assert_eq!(outcome.stdout, expected);
    let expected = "\
note: no change affects an operation `ListNode`
note: no type `Peer*` changed
error: the changes since 0.1.0 require a minor version bump to 0.2.0 or higher, but the version in nsx-api/Cargo.toml is 0.1.0
";
    assert_eq!(outcome.stderr, expected);
    let outcome = workspace.diff(&["--type", "Peer", "--format", "markdown"]);
    let outcome = outcome.success();
    assert_eq!(outcome.stdout, "");
    let expected = "\
None of the 9 changes matches --type Peer.
note: no type `Peer` changed
";
    assert_eq!(outcome.stderr, expected);
    let outcome = workspace.diff(&["--type", "Peer", "--format", "json"]);
    let report = json(&outcome.success());
    assert_eq!(report["summary"]["total"], 9);
    assert_eq!(report["summary"]["listed"], 0);
    assert_eq!(report["bump"], "minor");
    assert_eq!(report["changes"], serde_json::json!([]));
}

#[test]
fn accepted_changes_are_not_shown_and_do_not_count_for_the_version_check() {
    let workspace = node_workspace();
    let outcome = workspace.diff(&["--format", "accept"]).success();
    assert_eq!(outcome.stdout, NODE_ACCEPTED);
    workspace.write("accepted.txt", &outcome.stdout);
    workspace.set_version("0.1.1");
    workspace.diff(&["--check"]).exit_code(TOO_LOW);
    let accept = ["--accept", "accepted.txt", "--check"];
    let outcome = workspace.diff(&accept).success();
    let expected = format!(
        "\
{NODE_TITLE}

5 notes
  3 operation-tag-changed, 1 response-error-status-removed, 1 property-became-deprecated

--- Notes ---

GET /api/v1/node/state, `get_node_state`
  note        error 404 removed  [response-error-status-removed]

Type `Node`, received by `get_node`, `get_peer`, `get_node_state` and 1 more
  note        property `name` deprecated  [property-became-deprecated]

  note        3 operations moved to another tag (--level note lists them)  [operation-tag-changed]

4 accepted changes are not shown.
5 changes: 5 note. Required: a patch version bump, from 0.1.0 to 0.1.1 or higher.
"
    );
    assert_eq!((outcome.stdout, outcome.stderr), (expected, String::new()));
    let markdown = workspace.diff(&["--accept", "accepted.txt", "--format", "markdown"]);
    let markdown = markdown.success();
    assert_eq!(
        markdown.stdout.lines().next(),
        Some("No breaking changes, 5 notes.")
    );
    assert_eq!(markdown.stderr, "4 accepted changes are not shown.\n");
    let report = workspace.diff(&["--accept", "accepted.txt", "--format", "json"]);
    let report = json(&report.success());
    assert_eq!(report["summary"]["accepted"], 4);
    assert_eq!(report["level"], "note");
    assert_eq!(report["bump"], "patch");
    assert_eq!(report["changes"].as_array().unwrap().len(), 5);
}

#[test]
fn an_accepted_change_does_not_hide_another_one_of_the_same_place() {
    let workspace = node_workspace();
    let accepted = NODE_ACCEPTED.replace("Option<String>", "Option<i64>");
    workspace.write("accepted.txt", &accepted);
    let outcome = workspace.diff(&["--accept", "accepted.txt", "--format", "accept"]);
    let outcome = outcome.success();
    let expected = "\
# HEAD:spec/nsx.yaml → spec/nsx.yaml
property-added Node property `version`: `Option<String>`
";
    assert_eq!(outcome.stdout, expected);
    let expected = "\
3 accepted changes are not shown.
note: accepted.txt:4: stale, there is no such change: property-added Node property `version`: `Option<i64>`
";
    assert_eq!(outcome.stderr, expected);
    let check = ["--accept", "accepted.txt", "--check"];
    workspace.diff(&check).exit_code(TOO_LOW);
}

#[test]
fn comments_and_spaces_in_a_file_of_accepted_changes_are_ignored() {
    let workspace = Workspace::committed();
    let text = OLD.replace("operationId: DeleteNode", "operationId: RemoveNode");
    workspace.write("spec/nsx.yaml", &text);
    let accepted = "\
# Renamed before the release.\r

  # Twice:
operation-renamed  remove_node\tmethod: `delete_node` → `remove_node`  \r
operation-renamed remove_node method: `delete_node` → `remove_node`
";
    workspace.write("accepted.txt", accepted);
    let outcome = workspace.diff(&["--accept", "accepted.txt", "--check"]);
    let outcome = outcome.success();
    let expected = format!(
        "\
{NODE_TITLE}

1 accepted change is not shown.
No other changes for users of the SDK.
"
    );
    assert_eq!((outcome.stdout, outcome.stderr), (expected, String::new()));
    let outcome = workspace.diff(&["--accept", "accepted.txt", "--format", "accept"]);
    assert_eq!(outcome.success().stdout, "");
}

#[test]
fn a_malformed_line_in_a_file_of_accepted_changes_is_an_error_with_its_number() {
    let workspace = node_workspace();
    let incomplete = "error: accepted.txt:2: a line is the kind, subject, place and values of a change, as printed by cargo xtask diff --format accept\n";
    let unknown = "error: accepted.txt:2: there is no kind of change `operation-gone`; cargo xtask diff --list shows all\n";
    for (line, error) in [
        ("operation-removed", incomplete),
        ("operation-removed shutdown_node", incomplete),
        ("operation-gone shutdown_node operation", unknown),
    ] {
        workspace.write("accepted.txt", &format!("# Known\n{line}\n"));
        let outcome = workspace.diff(&["--accept", "accepted.txt"]);
        let outcome = outcome.exit_code(FAILED);
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str()),
            ("", error)
        );
    }
    workspace
        .diff(&["--accept", "none.txt"])
        .exit_code(FAILED)
        .stderr_contains("error: none.txt: ");
    for options in [
        ["--accept", "accepted.txt"],
        ["--level", "note"],
        ["--type", "Node"],
    ] {
        workspace
            .diff(&[&["--list"], &options[..]].concat())
            .exit_code(USAGE);
    }
}
