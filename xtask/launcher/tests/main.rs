//! `cargo xtask` up to the point where it runs cargo.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A workspace with this operation, and a cargo that prints its arguments and the variables that
/// matter, and exits with 7.
fn workspace(operation: &str) -> TempDir {
    let workspace = TempDir::new().unwrap();
    let generated = workspace.path().join("nsx-api/src/generated");
    fs::create_dir_all(&generated).unwrap();
    let table = format!("Operation {{ id: \"{operation}\", }}");
    fs::write(generated.join("operations.rs"), table).unwrap();
    let cargo = workspace.path().join("cargo");
    let script = "#!/bin/sh\necho \"cargo: $*\"\necho \"$PWD $CARGO_TARGET_DIR $CARGO_PKG_NAME$CARGO_MANIFEST_DIR.\"\nexit 7\n";
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    workspace
}

fn launch(workspace: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .env("CARGO", workspace.join("cargo"))
        .env("CARGO_MANIFEST_DIR", workspace.join("xtask/launcher"))
        .env("CARGO_PKG_NAME", "xtask")
        .env("CARGO_TARGET_DIR", "built")
        .current_dir(workspace.join("nsx-api"))
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = run.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn demo_runs_the_example_without_the_commands() {
    let workspace = workspace("CreateRegistrationToken");
    let (code, stdout, stderr) = launch(workspace.path(), &["demo"]);
    assert_eq!((code, stderr.as_str()), (Some(7), ""));
    let manifest = workspace.path().join("Cargo.toml");
    let cargo = format!(
        "cargo: run --manifest-path {} --bin demo",
        manifest.display()
    );
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines.contains(&cargo.as_str()), "{stdout}");
    assert!(stdout.starts_with("The demo starts a mock NSX Manager"));
}

/// The command runs in the same directory, with the same exit code, and without the variables that
/// describe the launcher.
#[test]
fn a_command_gets_all_arguments_and_its_exit_code_is_the_result() {
    let workspace = workspace("Other");
    let (root, cwd) = (workspace.path(), workspace.path().join("nsx-api"));
    for arguments in [
        &["generate", "--check", "a b"][..],
        &["demo", "--help"],
        &["--help"],
        &[],
    ] {
        let (code, stdout, stderr) = launch(root, arguments);
        let manifest = root.join("Cargo.toml");
        let expected = format!(
            "cargo: run --manifest-path {} --bin xtask-commands --{}{}\n{} built .\n",
            manifest.display(),
            if arguments.is_empty() { "" } else { " " },
            arguments.join(" "),
            cwd.canonicalize().unwrap().display(),
        );
        assert_eq!((code, stdout, stderr.as_str()), (Some(7), expected, ""));
    }
}

#[test]
fn demo_reports_a_missing_operation_before_it_runs_cargo() {
    let workspace = workspace("MintToken");
    let (code, stdout, stderr) = launch(workspace.path(), &["demo"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains(
        "the demo calls CreateRegistrationToken, which the generated code does not have"
    ));
    assert!(stderr.contains("git checkout spec/nsx.yaml nsx-api/src/generated"));
    fs::remove_dir_all(workspace.path().join("nsx-api/src")).unwrap();
    let (code, _, stderr) = launch(workspace.path(), &["demo"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("nsx-api/src/generated/operations.rs: "),
        "{stderr}"
    );
}

#[test]
fn the_error_names_a_cargo_that_cannot_be_started() {
    let workspace = workspace("CreateRegistrationToken");
    fs::remove_file(workspace.path().join("cargo")).unwrap();
    for arguments in [["demo"], ["diff"]] {
        let (code, _, stderr) = launch(workspace.path(), &arguments);
        assert_eq!(code, Some(1));
        assert!(stderr.starts_with("error: cannot run /"), "{stderr}");
    }
}
