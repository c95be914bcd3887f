//! Commands on a pseudo-terminal, which Python has.

use std::process::Command;

const PYTHON: &str = "python3";

/// What would change the colours or the progress line.
const SETTINGS: [&str; 5] = ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"];

/// What a command showed, and how it ended; 128 and more is the signal that ended it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) code: Option<i32>,
    pub(crate) screen: String,
}

/// Runs a command on a terminal, in the environment of a user who has set nothing. `None` where there is no terminal to be had.
pub(crate) fn on_terminal(command: &Command) -> Option<Shown> {
    run(command, "")
}

/// The same, and presses Ctrl-C once this text is shown.
pub(crate) fn interrupted_at(text: &str, command: &Command) -> Option<Shown> {
    run(command, text)
}

fn run(command: &Command, text: &str) -> Option<Shown> {
    let has_terminals = Command::new(PYTHON).args(["-c", "import pty"]).output();
    if !has_terminals.is_ok_and(|output| output.status.success()) {
        println!("left out: {PYTHON} is missing or has no terminals");
        return None;
    }
    let mut python = Command::new(PYTHON);
    python
        .args(["-c", include_str!("terminal.py"), text])
        .arg(command.get_program())
        .args(command.get_args());
    without_settings(&mut python).env("TERM", "xterm");
    if let Some(folder) = command.get_current_dir() {
        python.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    let output = python.output().unwrap();
    Some(Shown {
        code: output.status.code(),
        screen: String::from_utf8(output.stdout).unwrap(),
    })
}

/// Without what the user of these tests may have set.
pub(crate) fn without_settings(command: &mut Command) -> &mut Command {
    for name in SETTINGS {
        command.env_remove(name);
    }
    command
}
