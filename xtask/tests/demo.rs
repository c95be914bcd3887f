//! `cargo xtask demo` up to the point where cargo takes over, on a copy of the workspace. What the demo itself shows is
//! tested with the commands of the README.

#![allow(clippy::unwrap_used)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::ffi::OsStr;
use std::fs;
use support::{Outcome, root, xtask};
use tempfile::TempDir;

/// A workspace as far as the command looks at it.
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

fn demo(workspace: &TempDir, cargo: impl AsRef<OsStr>) -> Outcome {
    let mut command = xtask();
    command
        .env("CARGO_MANIFEST_DIR", workspace.path().join("xtask"))
        .env("CARGO", cargo);
    Outcome::of(command.arg("demo"))
}

/// The place of cargo is taken by xtask itself, which does not know `run` and ends with 2. The demo failed all the same.
#[test]
fn the_demo_regenerates_first_and_fails_if_the_example_does() {
    let workspace = workspace();
    let cargo = env!("CARGO_BIN_EXE_xtask");
    demo(&workspace, cargo)
        .ended_with(1)
        .complains("error: the demo failed: exit status: 2")
        .says("nsx-api/src/generated written from spec/nsx.yaml")
        .complains("'run'");
    assert!(
        workspace
            .path()
            .join("nsx-api/src/generated/types.rs")
            .is_file()
    );
    demo(&workspace, cargo)
        .ended_with(1)
        .says("nothing changed")
        .complains("'run'");
}

#[test]
fn a_cargo_that_cannot_be_started_is_named() {
    demo(&workspace(), "no-such-cargo")
        .ended_with(1)
        .complains("no-such-cargo cannot be started");
}

#[test]
fn a_document_that_cannot_be_used_ends_the_demo() {
    let workspace = workspace();
    fs::write(workspace.path().join("spec/nsx.yaml"), "openapi: [").unwrap();
    let outcome = demo(&workspace, env!("CARGO_BIN_EXE_xtask"))
        .ended_with(1)
        .complains("spec/nsx.yaml");
    assert!(!outcome.stderr.contains("'run'"), "{outcome:#?}");
}

/// Cargo is run in the root, and would count from there.
#[cfg(unix)]
#[test]
fn a_relative_target_folder_counts_from_where_the_user_is() {
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
    let outcome = Outcome::of(command.arg("demo")).succeeded();
    let told = format!("builds into {}", below.join("built").display());
    assert!(outcome.stdout.contains(&told), "{}", outcome.stdout);
}

#[test]
fn a_document_without_the_operation_of_the_demo_is_told_before_anything_is_compiled() {
    let workspace = workspace();
    let spec = workspace.path().join("spec/nsx.yaml");
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, text.replace("CreateRegistrationToken", "MintToken")).unwrap();
    demo(&workspace, "no-such-cargo")
        .ended_with(1)
        .complains("the demo calls CreateRegistrationToken, which spec/nsx.yaml does not have");
}
