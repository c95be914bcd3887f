//! `cargo xtask docs [--open]`: the docs of the SDK for those who write Rust, and beside them a reference of the API for
//! those who do not. What they say is tried: links must lead somewhere, and examples run.

mod links;
mod reference;

use crate::{Outcome, cargo, complain, say, workspace};
use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The features that examples need, which are those of all tests: with the other cryptography they would be built anew.
const FEATURES: &str = "metrics,mock,schemars";

/// Flags for rustdoc that may have spaces in them, such as a path.
const ENCODED_FLAGS: &str = "CARGO_ENCODED_RUSTDOCFLAGS";

/// What is between them.
const SEPARATOR: &str = "\u{1f}";

const EXAMPLES: &str = "\
Examples:
  cargo xtask docs
  cargo xtask docs --open

They are put where cargo puts docs: target/doc, or below CARGO_TARGET_DIR. The pages need no server and ask no other host for
anything; the folder can be put on a web server as it is.";

/// What the command line says.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Show them in a browser
    #[arg(long)]
    open: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = workspace::root()?;
    let folder = cargo::target_folder(&root)?.join("doc");
    let reference = folder.join(reference::FOLDER);
    reference::write(&root.join(workspace::SPEC), &reference)?;
    if !cargo::run(&mut pages(&root, arguments.open))?.success() {
        return Err("the docs were not written".into());
    }
    check_links(&folder, &["nsx_api", reference::FOLDER])?;
    if !cargo::run(&mut examples(&root))?.success() {
        return Err("an example of the docs fails".into());
    }
    say(format_args!("The SDK: {}", index(&folder.join("nsx_api"))));
    say(format_args!("The API: {}", index(&reference)));
    Ok(ExitCode::SUCCESS)
}

/// The docs of the SDK, in which a warning is an error, and which know of the reference beside them.
fn pages(root: &Path, open: bool) -> Command {
    let header = root.join("nsx-api/docs/header.html");
    let mut flags = flags_of_the_user();
    flags.extend(
        [
            "-D",
            "warnings",
            "--cfg",
            "api_reference",
            "--html-in-header",
        ]
        .map(OsString::from),
    );
    flags.push(header.into());
    let mut command = cargo::command(root);
    command
        .args(["doc", "--package", "nsx-api", "--no-deps", "--all-features"])
        .env(ENCODED_FLAGS, flags.join(OsStr::new(SEPARATOR)));
    if open {
        command.arg("--open");
    }
    command
}

/// The flags for rustdoc in either of the two variables that cargo reads, of which the first takes the place of the other.
fn flags_of_the_user() -> Vec<OsString> {
    let split = |name: &str, separator: &str| {
        let flags = env::var(name).ok()?;
        let flags = flags.split(separator).filter(|flag| !flag.is_empty());
        Some(flags.map(OsString::from).collect())
    };
    split(ENCODED_FLAGS, SEPARATOR)
        .or_else(|| split("RUSTDOCFLAGS", " "))
        .unwrap_or_default()
}

/// Every example: compiled, and run against the stand-in for a manager.
fn examples(root: &Path) -> Command {
    let mut command = cargo::command(root);
    command.args(["test", "--doc", "--package", "nsx-api"]);
    command.args(["--features", FEATURES, "--quiet"]);
    command
}

fn check_links(folder: &Path, parts: &[&str]) -> Result<(), Box<dyn Error>> {
    let (pages, broken) = links::check(folder, parts)?;
    if broken.is_empty() {
        say(format_args!("{pages} pages: every link leads somewhere"));
        return Ok(());
    }
    for link in &broken {
        complain(link);
    }
    Err(format!("{} links of {pages} pages lead nowhere", broken.len()).into())
}

fn index(folder: &Path) -> String {
    folder.join("index.html").display().to_string()
}
