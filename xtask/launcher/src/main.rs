//! `cargo xtask`: starts the demo or a command, both through cargo.
//!
//! Most commands need the generator, which takes longer to compile than the SDK. The demo needs
//! only the SDK. It is the first command that a new user runs, so it is started from here, and the
//! commands are a package of their own.
//!
//! Cargo does not tell the programs that it runs about its own options, such as `--offline`. The
//! environment reaches both cargos: `CARGO_NET_OFFLINE=true cargo xtask demo`.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The operation that the demo calls.
const OPERATION: &str = "CreateRegistrationToken";

const DEMO: &str = "\
The demo starts a mock NSX Manager and calls it with the SDK. Cargo compiles both first. In a new
checkout, this takes about a minute.";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let started = match arguments.as_slice() {
        [command] if command == "demo" => demo(),
        arguments => command(arguments),
    };
    started.unwrap_or_else(|error| {
        // If stderr is closed, there is nowhere to report the error.
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::FAILURE
    })
}

fn demo() -> Result<ExitCode, Box<dyn Error>> {
    let root = root()?;
    check_operation(&root)?;
    let _ = writeln!(io::stdout(), "{DEMO}\n");
    replace_by(&mut cargo_run(&root, "demo"))
}

/// Checks that the generated code has the operation that the demo calls. An import may have
/// replaced the document, and the errors of rustc would not show that this is the cause.
fn check_operation(root: &Path) -> Result<(), Box<dyn Error>> {
    let table = root.join("nsx-api/src/generated/operations.rs");
    let text =
        fs::read_to_string(&table).map_err(|error| format!("{}: {error}", table.display()))?;
    if text.contains(&format!("id: \"{OPERATION}\",")) {
        return Ok(());
    }
    Err(format!("the demo calls {OPERATION}, which the generated code does not have; to restore it, run `git checkout spec/nsx.yaml nsx-api/src/generated`").into())
}

fn command(arguments: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let mut cargo = cargo_run(&root()?, "xtask-commands");
    replace_by(cargo.arg("--").args(arguments))
}

/// The root of the workspace. This package is in `xtask/launcher`.
fn root() -> Result<PathBuf, Box<dyn Error>> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(|dir| dir.ancestors().nth(2));
    Ok(root
        .ok_or("run this program with `cargo xtask`")?
        .to_path_buf())
}

/// The command that runs a program of the workspace, with the cargo that runs this one.
///
/// It does not name the package: cargo then enables the same features of the dependencies for every
/// program and for `cargo test --workspace`, and compiles each dependency once.
fn cargo_run(root: &Path, program: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // They describe this package. Some build scripts depend on them, so dependencies would be
    // rebuilt whenever the user alternates between this command and plain cargo.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
        .arg("run")
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"));
    cargo.args(["--bin", program]);
    cargo
}

/// Runs the program in place of this one, so that it gets the signals of the terminal and its exit
/// code is the result.
#[cfg(unix)]
fn replace_by(command: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    Err(start_error(command, &error))
}

#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    let status = command
        .status()
        .map_err(|error| start_error(command, &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn start_error(command: &Command, error: &io::Error) -> Box<dyn Error> {
    format!(
        "cannot run {}: {error}",
        Path::new(command.get_program()).display()
    )
    .into()
}
