//! `cargo xtask demo`: regenerates, then hands over to the example `demo` of the SDK.

use crate::{Outcome, cargo, generate, workspace};
use std::process::ExitCode;

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
    let status = cargo::run(cargo::command(&root).args(EXAMPLE))?;
    match status.success() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(format!("the demo failed: {status}").into()),
    }
}
