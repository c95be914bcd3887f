//! How the commands run cargo, with a script in place of it. CI runs them with cargo.

#![cfg(unix)] // The script needs a shell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{CommandOutput, root, xtask};

/// A script in place of cargo, and the directory that its calls are written to. The commands run in
/// it.
struct FakeCargo {
    dir: TempDir,
    then: &'static str,
}

impl FakeCargo {
    /// What the script does after it wrote down the call.
    fn new(then: &'static str) -> Self {
        let dir = TempDir::new().unwrap();
        Self { dir, then }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("calls")
    }

    fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::run(self.command(arguments).env_remove("CARGO_TARGET_DIR"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = xtask();
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("CARGO", root().join("xtask/tests/support/fake_cargo.sh"))
            .env("FAKE_CARGO_CALLS", self.file())
            .env("FAKE_CARGO_THEN", self.then)
            .env("CARGO_PKG_NAME", "xtask-commands")
            .env_remove("CARGO_BUILD_TARGET_DIR")
            .env_remove("RUSTDOCFLAGS");
        command
    }

    /// The arguments, target directory and package name of each call. All run in the root.
    fn calls(&self) -> Vec<[String; 3]> {
        let text = fs::read_to_string(self.file()).unwrap();
        let root = fs::canonicalize(root()).unwrap();
        let call = |line: &str| {
            let mut parts = line.split('|').map(str::to_owned);
            assert_eq!(Path::new(&parts.next().unwrap()), root);
            [(); 3].map(|()| parts.next().unwrap())
        };
        text.lines().map(call).collect()
    }
}

#[test]
fn demo_starts_the_launcher_in_the_root() {
    let cargo = FakeCargo::new("echo the demo ran");
    let output = cargo.run(&["demo"]).success();
    assert_eq!(output.stdout, "the demo ran\n");
    let [[arguments, target_dir, package]] = cargo.calls().try_into().unwrap();
    assert_eq!(arguments, "run --quiet --package xtask -- demo");
    // Only the user's variables are passed on.
    assert_eq!([target_dir, package], ["", ""]);
}

#[test]
fn relative_target_dir_is_relative_to_the_directory_of_the_user() {
    let cargo = FakeCargo::new("");
    CommandOutput::run(cargo.command(&["demo"]).env("CARGO_TARGET_DIR", "out")).success();
    let dir = fs::canonicalize(cargo.dir.path()).unwrap().join("out");
    let [[_, target_dir, _]] = cargo.calls().try_into().unwrap();
    assert_eq!(Path::new(&target_dir), dir);
}

#[test]
fn failure_of_cargo_is_reported() {
    let output = FakeCargo::new("exit 101").run(&["demo"]).exit_code(1);
    assert_eq!(output.stderr, "error: the demo failed: exit status: 101\n");
    FakeCargo::new("exit 101")
        .run(&["docs"])
        .exit_code(1)
        .stderr_contains("error: cargo metadata failed\n");
    FakeCargo::new("echo '{}'")
        .run(&["docs"])
        .exit_code(1)
        .stderr_contains("error: the output of cargo metadata has no target_directory\n");
}

#[test]
fn docs_asks_cargo_for_the_target_dir_and_builds_the_docs_without_aws_lc() {
    let cargo = FakeCargo::new(
        "if [ \"$1\" = metadata ]; then echo \"{\\\"target_directory\\\": \\\"$(dirname \"$FAKE_CARGO_CALLS\")/t\\\"}\"; else exit 101; fi",
    );
    cargo
        .run(&["docs"])
        .exit_code(1)
        .stderr_contains("error: cargo doc failed\n");
    let arguments: Vec<String> = cargo.calls().into_iter().map(|[one, ..]| one).collect();
    assert_eq!(
        arguments,
        [
            "metadata --no-deps --format-version 1",
            "doc --package nsx-api --no-deps --features metrics,mock,schemars",
        ]
    );
    // The reference of the REST API is written before.
    assert!(cargo.dir.path().join("t/doc").is_dir());
}

#[test]
fn cargo_that_cannot_be_started_is_named() {
    let missing = TempDir::new().unwrap().path().join("cargo");
    for command in ["demo", "docs"] {
        let output = CommandOutput::run(xtask().arg(command).env("CARGO", &missing));
        output
            .exit_code(1)
            .stderr_contains(&format!("error: cannot run {}: ", missing.display()));
    }
}
