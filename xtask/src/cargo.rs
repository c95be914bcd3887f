//! Cargo, which does what needs the SDK compiled: this package does not depend on it.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

/// The cargo that runs this command, in the workspace.
pub(crate) fn command(root: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(root);
    for name in facts_about_this_package() {
        command.env_remove(name);
    }
    for (name, folder) in target_folders() {
        command.env(name, folder);
    }
    command
}

/// Where the user was when this program began: paths that are not absolute count from there, and not from the root.
static BEGINNING: OnceLock<PathBuf> = OnceLock::new();

/// Keeps the folder that the user is in. To be called before a command moves to the root.
pub(crate) fn remember_folder() {
    if let Ok(folder) = env::current_dir() {
        BEGINNING.get_or_init(|| folder);
    }
}

/// The variables that move the folder that cargo builds into, for a cargo that runs in the root.
fn target_folders() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let names = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
    names.into_iter().filter_map(|name| {
        // None is none for cargo, and an empty one is an error that is cargo's to tell.
        let folder = env::var_os(name).filter(|folder| !folder.is_empty())?;
        Some((name, BEGINNING.get()?.join(folder)))
    })
}

/// Runs it to its end, with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus, Box<dyn Error>> {
    Ok(command.status().map_err(not_started)?)
}

/// The folder that cargo builds into, which the user's settings may have moved.
pub(crate) fn target_folder(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut command = command(root);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(not_started)?;
    if !output.status.success() {
        return Err("cargo metadata failed".into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let folder = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    Ok(folder
        .ok_or("cargo metadata does not say where it builds")?
        .into())
}

fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

fn not_started(error: io::Error) -> String {
    format!(
        "{} cannot be started: {error}",
        Path::new(&program()).display()
    )
}

/// The variables by which cargo tells a program what package it is of. Build scripts look at them: if they were handed
/// on, some dependencies would be compiled again on each change between this command and a plain `cargo run`.
fn facts_about_this_package() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}
