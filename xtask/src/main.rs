//! The commands of this workspace, run as `cargo xtask <command>`.
//!
//! This file reads the command line and turns the outcome into an exit code; each command has a file of its own.
//! The work itself is done elsewhere: in the generator library, and by cargo.

mod cargo;
mod demo;
mod diff;
mod docs;
mod folder;
mod generate;
mod git;
mod import;
mod lines;
mod manifest;
mod render;
mod unsupported;
mod workspace;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --check: the generated files are up to date
  1  failed; the generated files are as they were
  2  the command line is wrong
  4  with --check: the generated files are stale";

/// The generated files are not what the generator writes today.
const STALE: u8 = 4;

/// How a command ends: an exit code, or an error that is printed and becomes exit code 1.
type Outcome = Result<ExitCode, Box<dyn Error>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the generated code anew from the OpenAPI document
    #[command(after_help = EXIT_CODES)]
    Generate(generate::Arguments),
    /// Take operations from the document that a manager serves into the document of this workspace
    Import(import::Arguments),
    /// Tell what a change of the OpenAPI document does to the users of the SDK, and the version that it calls for
    Diff(diff::Arguments),
    /// Write the docs of the SDK and a reference of the API, check their links, and run their examples
    Docs(docs::Arguments),
    /// Regenerate, then create a token and show each documented error, all against an embedded NSX Manager
    Demo,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Demo => demo::run(),
    };
    outcome.unwrap_or_else(|error| {
        complain(format_args!("error: {error}"));
        ExitCode::FAILURE
    })
}

/// Prints a line of a command's result. A reader that has gone away (`… | head`) does not change how the command ends.
fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line about what is wrong.
fn complain(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
