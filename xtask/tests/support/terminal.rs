//! Runs commands on a pseudo-terminal, with Python's `pty` module.

use std::fmt::Display;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

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
    run(command, "", |_| ())
}

/// Like [`run_in_terminal`], but sends Ctrl-C once this text is shown.
pub(crate) fn run_and_interrupt_at(text: &str, command: &Command) -> Option<TerminalOutput> {
    run(command, text, |_| ())
}

/// Like [`run_in_terminal`], but calls `react` once this text is shown for the `count`th time.
pub(crate) fn run_until(
    text: &str,
    count: usize,
    command: &Command,
    react: impl FnOnce(),
) -> Option<TerminalOutput> {
    let mut react = Some(react);
    run(command, "", |screen| {
        if screen.matches(text).count() >= count
            && let Some(react) = react.take()
        {
            react();
        }
    })
}

/// Runs a command and calls `watch` with the screen whenever it changes.
fn run(
    command: &Command,
    interrupted_at: &str,
    mut watch: impl FnMut(&str),
) -> Option<TerminalOutput> {
    let has_terminals = Command::new(PYTHON).args(["-c", "import pty"]).output();
    if !has_terminals.is_ok_and(|output| output.status.success()) {
        print_skipped(format_args!(
            "{PYTHON} is missing or has no pseudo-terminals"
        ));
        return None;
    }
    let mut python = Command::new(PYTHON);
    python
        .args(["-c", include_str!("terminal.py"), interrupted_at])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        python.current_dir(dir);
    }
    without_color_variables(&mut python).env("TERM", "xterm");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None if COLOR_VARIABLES.iter().any(|color| name == *color) => &mut python,
            None => python.env_remove(name),
        };
    }
    let mut python = python.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = python.stdout.take().unwrap();
    let (mut screen, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let length = output.read(&mut chunk).unwrap();
        if length == 0 {
            break;
        }
        screen.extend(chunk.iter().take(length));
        watch(&String::from_utf8_lossy(&screen));
    }
    Some(TerminalOutput {
        code: python.wait().unwrap().code(),
        screen: String::from_utf8(screen).unwrap(),
    })
}

/// Prints that a test is skipped. The test program captures what `println` prints, but not this.
pub(crate) fn print_skipped(reason: impl Display) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let _ = std::io::stderr().write_all(format!("skipped: {test}: {reason}\n").as_bytes());
}

/// Removes the color variables that may be set where the tests run.
pub(crate) fn without_color_variables(command: &mut Command) -> &mut Command {
    for name in COLOR_VARIABLES {
        command.env_remove(name);
    }
    command
}
