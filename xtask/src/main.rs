//! The commands of this workspace, run as `cargo xtask <command>`.
//!
//! This file parses the command line and turns the result of a command into an exit code. Each
//! command has its own file. The work itself is done by the generator library and by cargo.

mod cargo;
mod demo;
mod diff;
mod docs;
mod generate;
mod git;
mod import;
mod manifest;
mod output_dir;
mod progress;
mod render;
mod style;
mod unified_diff;
mod unsupported;
mod workspace;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// The last part of every help text.
const EXIT_CODES: &str = "\
Exit codes of all commands:
  0  success
  1  an error, which is printed
  2  invalid command line
  4  --check failed: generated files are out of date, or the version is too low";

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo
  cargo xtask import nsx_api.json --list switch
  cargo xtask generate
  cargo xtask diff";

/// The exit code when `--check` finds generated files out of date or a version that is too low.
const CHECK_FAILED: u8 = 4;

/// The result of a command: an exit code, or an error, which is printed and becomes exit code 1.
type CommandResult = Result<ExitCode, Box<dyn Error>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Development commands of the nsx-sdk workspace
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the code of the SDK from the OpenAPI document
    Generate(generate::Arguments),
    /// Import operations from an NSX Manager's OpenAPI document into spec/nsx.yaml
    Import(import::Arguments),
    /// Compare the Rust API of two documents and show the version bump that the changes require
    Diff(diff::Arguments),
    /// Build the docs of the SDK and an API reference, check the links and run the examples
    Docs(docs::Arguments),
    /// Call a mock manager with the SDK
    #[command(after_help = demo::EXAMPLES)]
    Demo,
}

fn main() -> ExitCode {
    progress::install_panic_hook();
    cargo::save_start_dir();
    let arguments = command_line().get_matches();
    let arguments = Arguments::from_arg_matches(&arguments).unwrap_or_else(|error| error.exit());
    let outcome = match arguments.command {
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Demo => demo::run(),
    };
    outcome.unwrap_or_else(|error| {
        print_error(error);
        ExitCode::FAILURE
    })
}

/// The command line, with the exit codes at the end of every help text.
fn command_line() -> clap::Command {
    let with_exit_codes = |command: clap::Command| {
        let help = match command.get_after_help() {
            Some(examples) => format!("{examples}\n\n{EXIT_CODES}"),
            None => EXIT_CODES.to_owned(),
        };
        command.after_help(help)
    };
    with_exit_codes(Arguments::command()).mut_subcommands(with_exit_codes)
}

/// Prints a line to standard output.
///
/// A write error is ignored: a closed pipe (`… | head`) does not change the exit code.
fn print(line: impl Display) {
    progress::clear();
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Prints the passes that changed the document, with the number of changes of each. Prints nothing
/// if there were none.
fn print_pass_summary(passes: &[(&str, usize)]) {
    let passes = passes.iter().map(|(pass, count)| format!("{pass} {count}"));
    let passes: Vec<String> = passes.collect();
    if !passes.is_empty() {
        let passes = passes.join(", ");
        print(format_args!(
            "Changes to the document (--verbose lists them): {passes}"
        ));
    }
}

/// Prints a line to standard error. A write error is ignored, as in [`print()`].
fn eprint_line(line: impl Display) {
    progress::clear();
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Prints an error to standard error.
fn print_error(error: impl Display) {
    eprint_line(format_args!("{} {error}", style::error("error:")));
}

/// Prints a warning to standard error.
fn print_warning(warning: impl Display) {
    eprint_line(format_args!("{} {warning}", style::warning("warning:")));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments of each example command in a help text.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let commands = help
            .lines()
            .filter_map(|line| line.split_once("cargo xtask "));
        commands
            .map(|(_, arguments)| split_arguments(arguments))
            .collect()
    }

    /// Without a redirection of the output.
    fn split_arguments(arguments: &str) -> Vec<String> {
        let words = arguments.split(' ').take_while(|word| *word != ">");
        words
            .map(|word| word.trim_matches('\'').to_owned())
            .collect()
    }

    /// All commands except `help`, which clap adds.
    fn commands(all: &clap::Command) -> impl Iterator<Item = &clap::Command> {
        let commands = all.get_subcommands();
        commands.filter(|command| command.get_name() != "help")
    }

    fn assert_parses(words: &[String]) {
        let words = [&["cargo xtask".to_owned()], words].concat();
        let parsed = command_line().try_get_matches_from(&words);
        parsed.unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }

    #[test]
    fn every_example_in_a_help_text_parses() {
        let mut all = command_line();
        all.build();
        let help = |command: &clap::Command| command.get_after_help().unwrap().to_string();
        for words in examples(&help(&all)) {
            assert_parses(&words);
        }
        for command in commands(&all) {
            let examples = examples(&help(command));
            assert!(!examples.is_empty(), "{}", command.get_name());
            for words in examples {
                assert_eq!(words[0], command.get_name());
                assert_parses(&words);
            }
        }
    }

    #[test]
    fn every_help_text_ends_with_the_exit_codes() {
        let mut all = command_line();
        all.build();
        let ends = |command: &clap::Command| {
            let help = command.get_after_help().map(ToString::to_string);
            help.is_some_and(|help| help.ends_with(EXIT_CODES))
        };
        assert!(ends(&all));
        for command in commands(&all) {
            assert!(ends(command), "{}", command.get_name());
        }
    }
}
