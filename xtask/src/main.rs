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
mod progress;
mod render;
mod style;
mod unsupported;
mod workspace;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// The end of each help.
const EXIT_CODES: &str = "\
Exit codes, of every command:
  0  done; with --check: all is as it should be
  1  failed; the reason is printed
  2  the command line is wrong
  4  with --check: the generated files are stale, or the version was not raised far enough";

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo
  cargo xtask import nsx_api.json --list switch
  cargo xtask generate
  cargo xtask diff";

/// What `--check` looks at was not brought up to date.
const STALE: u8 = 4;

/// How a command ends: an exit code, or an error that is printed and becomes exit code 1.
type Outcome = Result<ExitCode, Box<dyn Error>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the generated code anew from the OpenAPI document
    Generate(generate::Arguments),
    /// Take operations from the document that a manager serves into the document of this workspace
    Import(import::Arguments),
    /// Tell what a change of the OpenAPI document does to the users of the SDK, and the version that it calls for
    Diff(diff::Arguments),
    /// Write the docs of the SDK and a reference of the API, check their links, and run their examples
    Docs(docs::Arguments),
    /// Regenerate, then create a token and show each documented error, all against an embedded NSX Manager
    #[command(after_help = demo::EXAMPLES)]
    Demo,
}

fn main() -> ExitCode {
    progress::end_before_panics();
    cargo::remember_folder();
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
        fail(error);
        ExitCode::FAILURE
    })
}

/// The command line, with the exit codes below the examples of each command.
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

/// Prints a line of a command's result. A reader that has gone away (`… | head`) does not change how the command ends.
fn say(line: impl Display) {
    progress::wipe();
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Prints which passes did something to a document, and how often; nothing if none did.
fn say_passes(done: &str, passes: &[(&str, usize)]) {
    let passes = passes.iter().map(|(pass, count)| format!("{pass} {count}"));
    let passes: Vec<String> = passes.collect();
    if !passes.is_empty() {
        let passes = passes.join(", ");
        say(format_args!(
            "{done} on the way (--verbose says where): {passes}"
        ));
    }
}

/// Prints a line about what is wrong.
fn complain(line: impl Display) {
    progress::wipe();
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Prints what made a command fail.
fn fail(error: impl Display) {
    complain(format_args!("{} {error}", style::error("error:")));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the commands that a help shows.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let commands = help
            .lines()
            .filter_map(|line| line.split_once("cargo xtask "));
        commands.map(|(_, arguments)| words(arguments)).collect()
    }

    fn words(arguments: &str) -> Vec<String> {
        let words = arguments.split(' ');
        words
            .map(|word| word.trim_matches('\'').to_owned())
            .collect()
    }

    /// The commands themselves: clap adds `help`.
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
    fn every_example_of_a_help_is_a_command_line_of_that_command() {
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
    fn every_help_ends_with_the_exit_codes() {
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
