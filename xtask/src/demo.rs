//! `cargo xtask demo`: regenerates, then hands over to the example `demo` of the SDK.

use crate::{Outcome, cargo, generate, workspace};
use std::error::Error;
use std::fs;
use std::path::Path;
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

/// The operation that the example calls.
const OPERATION: &str = "CreateRegistrationToken";

/// Runs the command.
pub(crate) fn run() -> Outcome {
    let root = workspace::root()?;
    generate::run(&generate::Arguments::default())?;
    check_operation(&root)?;
    let status = cargo::run(cargo::command(&root).args(EXAMPLE))?;
    match status.success() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(format!("the demo failed: {status}").into()),
    }
}

/// An import may have replaced the document. What rustc says then would not tell why.
fn check_operation(root: &Path) -> Result<(), Box<dyn Error>> {
    let table = root.join(workspace::GENERATED).join("operations.rs");
    let table = fs::read_to_string(&table).map_err(workspace::at(&table))?;
    if table.contains(&format!("id: \"{OPERATION}\",")) {
        return Ok(());
    }
    let (spec, generated) = (workspace::SPEC, workspace::GENERATED);
    Err(format!("the demo calls {OPERATION}, which {spec} does not have; `git checkout {spec} {generated}` brings back the document of the last commit").into())
}
