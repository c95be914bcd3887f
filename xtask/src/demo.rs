//! `cargo xtask demo`: generates the code, then runs the example `demo` of the SDK.

use crate::{CommandResult, cargo, generate, workspace};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub(crate) const EXAMPLES: &str = "\
Example:
  cargo xtask demo";

/// The arguments of cargo that run the example.
const RUN_EXAMPLE: [&str; 7] = [
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
pub(crate) fn run() -> CommandResult {
    let root = workspace::root()?;
    generate::run(&generate::Arguments::default())?;
    check_operation(&root)?;
    let status = cargo::run(cargo::command(&root).args(RUN_EXAMPLE))?;
    match status.success() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(format!("the demo failed: {status}").into()),
    }
}

/// Checks that the generated code has the operation that the example calls. An import may have
/// replaced the document, and the errors of rustc would not show that this is the cause.
fn check_operation(root: &Path) -> Result<(), Box<dyn Error>> {
    let table = root.join(workspace::GENERATED).join("operations.rs");
    let table = fs::read_to_string(&table).map_err(workspace::with_path(&table))?;
    if table.contains(&format!("id: \"{OPERATION}\",")) {
        return Ok(());
    }
    let (spec, generated) = (workspace::SPEC, workspace::GENERATED);
    Err(format!("the demo calls {OPERATION}, which is not in {spec}; to restore the committed document, run `git checkout {spec} {generated}`").into())
}
