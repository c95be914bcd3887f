//! `cargo xtask demo`: regenerates, then hands over to the example `demo` of the SDK. Cargo runs it, because this
//! package does not depend on the SDK.

use crate::{Outcome, generate, workspace};
use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

pub(crate) const EXAMPLES: &str = "\
Example:
  cargo xtask demo";

/// What cargo is told.
const EXAMPLE: [&str; 7] = [
    "run",
    "--package",
    "nsx-api",
    "--example",
    "demo",
    "--features",
    "mock",
];

/// Runs the command.
pub(crate) fn run() -> Outcome {
    let root = workspace::root()?;
    generate::run(&generate::Arguments::default())?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command.args(EXAMPLE).current_dir(root);
    for name in facts_about_this_package() {
        command.env_remove(name);
    }
    let status = command
        .status()
        .map_err(|error| format!("{} cannot be started: {error}", cargo.display()))?;
    match status.success() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(format!("the demo failed: {status}").into()),
    }
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
