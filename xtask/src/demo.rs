//! `cargo xtask demo`. The launcher runs it without this program, so this is only for those who
//! start the program themselves.

use crate::{CommandResult, cargo, workspace};
use std::process::ExitCode;

pub(crate) const EXAMPLES: &str = "\
Example:
  cargo xtask demo";

/// Runs the command.
pub(crate) fn run() -> CommandResult {
    let mut launcher = cargo::command(&workspace::root()?);
    let status = cargo::run(launcher.args(["run", "--quiet", "--package", "xtask", "--", "demo"]))?;
    match status.success() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(format!("the demo failed: {status}").into()),
    }
}
