//! Runs commands on a pseudo-terminal, with Python's `pty` module.

use std::process::Command;

const PYTHON: &str = "python3";

/// The environment variables that affect colors or the progress line.
const COLOR_VARIABLES: [&str; 5] = ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"];

/// The screen output and the exit code of a command. From 128 on, the code is 128 plus the signal
/// that ended the command.
#[derive(Debug)]
pub(crate) struct TerminalOutput {
    pub(crate) code: Option<i32>,
    pub(crate) screen: String,
}

/// Runs a command on a terminal, without the color variables of the user. `None` if there are no
/// pseudo-terminals.
pub(crate) fn run_in_terminal(command: &Command) -> Option<TerminalOutput> {
    run(command, "")
}

/// Like [`run_in_terminal`], but sends Ctrl-C once this text is shown.
pub(crate) fn run_and_interrupt_at(text: &str, command: &Command) -> Option<TerminalOutput> {
    run(command, text)
}

fn run(command: &Command, text: &str) -> Option<TerminalOutput> {
    let has_terminals = Command::new(PYTHON).args(["-c", "import pty"]).output();
    if !has_terminals.is_ok_and(|output| output.status.success()) {
        println!("skipped: {PYTHON} is missing or has no pseudo-terminals");
        return None;
    }
    let mut python = Command::new(PYTHON);
    python
        .args(["-c", include_str!("terminal.py"), text])
        .arg(command.get_program())
        .args(command.get_args());
    without_color_variables(&mut python).env("TERM", "xterm");
    if let Some(dir) = command.get_current_dir() {
        python.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    let output = python.output().unwrap();
    Some(TerminalOutput {
        code: output.status.code(),
        screen: String::from_utf8(output.stdout).unwrap(),
    })
}

/// Removes the color variables that may be set where the tests run.
pub(crate) fn without_color_variables(command: &mut Command) -> &mut Command {
    for name in COLOR_VARIABLES {
        command.env_remove(name);
    }
    command
}
