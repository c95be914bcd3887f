//! Runs cargo. Commands that need the SDK compiled use it, because this package does not depend on
//! the SDK.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

/// A command that runs cargo in the root of the workspace: the same cargo that runs this program.
pub(crate) fn command(root: &Path) -> Command {
    let mut command = Command::new(cargo_program());
    command.current_dir(root);
    for name in package_variables() {
        command.env_remove(name);
    }
    for (name, dir) in absolute_target_dirs() {
        command.env(name, dir);
    }
    command
}

/// The current directory at the start of this program. Relative paths of the user are relative to
/// it, not to the root of the workspace.
static START_DIR: OnceLock<PathBuf> = OnceLock::new();

/// Saves the current directory. Call this before a command changes to the root.
pub(crate) fn save_start_dir() {
    if let Ok(dir) = env::current_dir() {
        START_DIR.get_or_init(|| dir);
    }
}

/// The environment variables that set cargo's target directory, as absolute paths, because cargo
/// runs in the root.
fn absolute_target_dirs() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let names = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
    names.into_iter().filter_map(|name| {
        // An empty value stays as it is: cargo reports it as an error.
        let dir = env::var_os(name).filter(|dir| !dir.is_empty())?;
        Some((name, START_DIR.get()?.join(dir)))
    })
}

/// Runs the command and waits for it. Its output is not captured.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus, Box<dyn Error>> {
    Ok(command.status().map_err(start_error)?)
}

/// Cargo's target directory. The user's configuration may change it, so cargo is asked for it.
pub(crate) fn target_dir(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut command = command(root);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(start_error)?;
    if !output.status.success() {
        return Err("cargo metadata failed".into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let dir = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    Ok(dir
        .ok_or("the output of cargo metadata has no target_directory")?
        .into())
}

fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

fn start_error(error: io::Error) -> String {
    format!(
        "cannot run {}: {error}",
        Path::new(&cargo_program()).display()
    )
}

/// The environment variables that describe this package. Cargo sets them for `cargo run`. They must
/// not be passed on: some build scripts depend on them, so dependencies would be rebuilt whenever
/// the user alternates between this command and plain cargo.
fn package_variables() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}
