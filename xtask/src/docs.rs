//! `cargo xtask docs [--open]`: builds the docs of the SDK and a reference of the REST API, checks
//! their links and runs the examples.

mod links;
mod reference;

use crate::{CommandResult, cargo, eprint_line, print, workspace};
use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The features of the docs: all except AWS-LC, which has no docs and takes long to compile.
const FEATURES: &str = "metrics,mock,schemars";

/// The environment variable for rustdoc flags that may contain spaces, such as paths.
const ENCODED_FLAGS: &str = "CARGO_ENCODED_RUSTDOCFLAGS";

/// The separator of the flags in it.
const SEPARATOR: &str = "\u{1f}";

const EXAMPLES: &str = "\
Examples:
  cargo xtask docs
  cargo xtask docs --open

The output is in target/doc, or in $CARGO_TARGET_DIR/doc. The pages are static and load nothing from
other hosts: open them from disk, or copy target/doc to any web server.";

/// The arguments of `cargo xtask docs`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Open the docs in a browser
    #[arg(long)]
    open: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let root = workspace::root()?;
    let dir = cargo::target_dir(&root)?.join("doc");
    let reference = dir.join(reference::DIR_NAME);
    reference::write(&root.join(workspace::SPEC), &reference)?;
    if !cargo::run(&mut rustdoc_command(&root, arguments.open))?.success() {
        return Err("cargo doc failed".into());
    }
    check_links(&dir, &["nsx_api", reference::DIR_NAME])?;
    if !cargo::run(&mut doc_test_command(&root))?.success() {
        return Err("an example in the docs failed".into());
    }
    print(format_args!(
        "SDK docs: {}",
        index_page(&dir.join("nsx_api"))
    ));
    print(format_args!("API reference: {}", index_page(&reference)));
    Ok(ExitCode::SUCCESS)
}

/// The command that builds the docs of the SDK. Warnings are errors, and the docs link to the API
/// reference.
fn rustdoc_command(root: &Path, open: bool) -> Command {
    let header = root.join("nsx-api/docs/header.html");
    let mut flags = user_rustdoc_flags();
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
        .args(["doc", "--package", "nsx-api", "--no-deps"])
        .args(["--features", FEATURES])
        .env(ENCODED_FLAGS, flags.join(OsStr::new(SEPARATOR)));
    if open {
        command.arg("--open");
    }
    command
}

/// The rustdoc flags that the user set in the environment. As for cargo, the encoded variable takes
/// precedence.
fn user_rustdoc_flags() -> Vec<OsString> {
    let split = |name: &str, separator: &str| {
        let flags = env::var(name).ok()?;
        let flags = flags.split(separator).filter(|flag| !flag.is_empty());
        Some(flags.map(OsString::from).collect())
    };
    split(ENCODED_FLAGS, SEPARATOR)
        .or_else(|| split("RUSTDOCFLAGS", " "))
        .unwrap_or_default()
}

/// The command that runs all examples. They call a mock manager.
fn doc_test_command(root: &Path) -> Command {
    let mut command = cargo::command(root);
    // All packages, because they share their dependencies with the other tests.
    command.args(["test", "--doc", "--workspace", "--quiet"]);
    command
}

fn check_links(dir: &Path, subdirs: &[&str]) -> Result<(), Box<dyn Error>> {
    let (pages, broken) = links::find_broken_links(dir, subdirs)?;
    if broken.is_empty() {
        print(format_args!("checked {pages} pages: no broken links"));
        return Ok(());
    }
    for link in &broken {
        eprint_line(link);
    }
    Err(format!("{} broken links in {pages} pages", broken.len()).into())
}

fn index_page(dir: &Path) -> String {
    dir.join("index.html").display().to_string()
}
