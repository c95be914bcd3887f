//! `cargo xtask demo` up to the point where it runs cargo, on a copy of the workspace. The output
//! of the demo itself is tested with the commands of the README.

use crate::support::{CommandOutput, root, xtask};
use std::ffi::OsStr;
use std::fs;
use tempfile::TempDir;

/// The files of a workspace that the command needs.
fn workspace() -> TempDir {
    let workspace = TempDir::new().unwrap();
    fs::create_dir(workspace.path().join("spec")).unwrap();
    fs::copy(
        root().join("spec/nsx.yaml"),
        workspace.path().join("spec/nsx.yaml"),
    )
    .unwrap();
    workspace
}

fn demo(workspace: &TempDir, cargo: impl AsRef<OsStr>) -> CommandOutput {
    let mut command = xtask();
    command
        .env("CARGO_MANIFEST_DIR", workspace.path().join("xtask"))
        .env("CARGO", cargo);
    CommandOutput::run(command.arg("demo"))
}

/// This test runs xtask instead of cargo: it has no command `run` and exits with 2, and the demo
/// fails.
#[test]
fn the_demo_generates_the_code_first_and_fails_if_the_example_fails() {
    let workspace = workspace();
    let cargo = env!("CARGO_BIN_EXE_xtask");
    demo(&workspace, cargo)
        .exit_code(1)
        .stderr_contains("error: the demo failed: exit status: 2")
        .stdout_contains("nsx-api/src/generated written from spec/nsx.yaml")
        .stderr_contains("'run'");
    assert!(
        workspace
            .path()
            .join("nsx-api/src/generated/types.rs")
            .is_file()
    );
    demo(&workspace, cargo)
        .exit_code(1)
        .stdout_contains("nothing changed")
        .stderr_contains("'run'");
}

#[test]
fn the_error_names_a_cargo_that_cannot_be_started() {
    demo(&workspace(), "no-such-cargo")
        .exit_code(1)
        .stderr_contains("cannot run no-such-cargo");
}

#[test]
fn the_demo_fails_on_an_invalid_document_without_running_cargo() {
    let workspace = workspace();
    fs::write(workspace.path().join("spec/nsx.yaml"), "openapi: [").unwrap();
    let outcome = demo(&workspace, env!("CARGO_BIN_EXE_xtask"))
        .exit_code(1)
        .stderr_contains("spec/nsx.yaml");
    assert!(!outcome.stderr.contains("'run'"), "{outcome:#?}");
}

/// Cargo runs in the root and would otherwise resolve the path there.
#[cfg(unix)]
#[test]
fn a_relative_target_dir_is_relative_to_the_current_directory() {
    use std::os::unix::fs::PermissionsExt;

    let workspace = workspace();
    let cargo = workspace.path().join("cargo");
    fs::write(
        &cargo,
        "#!/bin/sh\necho \"builds into $CARGO_TARGET_DIR\"\n",
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let below = workspace.path().canonicalize().unwrap().join("spec");
    let mut command = xtask();
    command
        .env("CARGO_MANIFEST_DIR", workspace.path().join("xtask"))
        .env("CARGO", cargo)
        .env("CARGO_TARGET_DIR", "built")
        .current_dir(&below);
    let outcome = CommandOutput::run(command.arg("demo")).success();
    let expected = format!("builds into {}", below.join("built").display());
    assert!(outcome.stdout.contains(&expected), "{}", outcome.stdout);
}

#[test]
fn the_demo_reports_a_missing_operation_before_it_runs_cargo() {
    let workspace = workspace();
    let spec = workspace.path().join("spec/nsx.yaml");
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, text.replace("CreateRegistrationToken", "MintToken")).unwrap();
    demo(&workspace, "no-such-cargo")
        .exit_code(1)
        .stderr_contains("the demo calls CreateRegistrationToken, which is not in spec/nsx.yaml");
}
