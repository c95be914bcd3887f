//! Terminal output: the progress line and colors.

#![cfg(unix)]

use crate::support::terminal::{
    TerminalOutput, run_and_interrupt_at, run_in_terminal, run_until, without_color_variables,
};
use crate::support::{CommandOutput, copy_document, root, xtask};
use std::fs::{self, File};
use std::process::Command;
use std::thread;
use tempfile::TempDir;

const ESCAPE: char = '\u{1b}';
const WAITING: &str = "waiting for another run to finish, ";

/// The files of a workspace that `generate` needs.
struct Workspace {
    dir: TempDir,
}

impl Workspace {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        for name in ["spec", "target"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        copy_document(&dir.path().join("spec/nsx.yaml"));
        Self { dir }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = xtask();
        command
            .env("CARGO_MANIFEST_DIR", self.dir.path().join("xtask"))
            .args(arguments);
        command
    }

    fn make_document_invalid(&self) {
        fs::write(self.dir.path().join("spec/nsx.yaml"), "openapi: [").unwrap();
    }

    /// Holds the lock until the result is dropped, as another run of `generate` would.
    fn lock(&self) -> File {
        let lock = File::create(self.dir.path().join("target/xtask.lock")).unwrap();
        lock.lock().unwrap();
        lock
    }

    /// Runs `generate` on a terminal. It gets the lock after the progress line has appeared.
    fn generate_after_waiting(&self) -> Option<TerminalOutput> {
        let lock = self.lock();
        run_until(WAITING, 1, &self.command(&["generate"]), || drop(lock))
    }
}

/// The output after the progress line, which was shown and cleared.
fn after_progress_line(output: &TerminalOutput) -> &str {
    assert!(
        output.screen.starts_with(&format!("\r{WAITING}")),
        "{output:?}"
    );
    let (_, last) = output.screen.rsplit_once(WAITING).unwrap();
    let (seconds, cleared) = last.split_once('\r').unwrap();
    assert!(seconds.ends_with(" s"), "{output:?}");
    let after = cleared.trim_start_matches(' ').strip_prefix('\r');
    after.unwrap_or_else(|| unreachable!("not cleared: {output:?}"))
}

#[test]
fn the_progress_line_is_shown_and_cleared_before_the_result() {
    let workspace = Workspace::new();
    let Some(output) = workspace.generate_after_waiting() else {
        return;
    };
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        after_progress_line(&output).starts_with("  created "),
        "{output:?}"
    );
}

#[test]
fn the_progress_line_is_cleared_before_an_error() {
    let workspace = Workspace::new();
    workspace.make_document_invalid();
    let Some(output) = workspace.generate_after_waiting() else {
        return;
    };
    assert_eq!(output.code, Some(1), "{output:?}");
    let error = "\u{1b}[1m\u{1b}[31merror:";
    assert!(
        after_progress_line(&output).starts_with(error),
        "{output:?}"
    );
}

#[test]
fn ctrl_c_ends_the_command_and_leaves_the_terminal_usable() {
    let workspace = Workspace::new();
    let command = workspace.command(&["generate"]);
    let _lock = workspace.lock();
    let Some(TerminalOutput { code, screen }) = run_and_interrupt_at(WAITING, &command) else {
        return;
    };
    assert_eq!(code, Some(128 + 2), "{screen:?}");
    assert!(!screen.contains(ESCAPE), "{screen:?}");
}

/// The runs wait together for the lock, until one of them has shown the line twice.
#[test]
fn there_is_no_progress_line_in_a_pipe_on_a_dumb_terminal_or_in_ci() {
    let workspace = Workspace::new();
    let lock = workspace.lock();
    let command = || workspace.command(&["generate"]);
    let on_terminal = |name, value| run_in_terminal(command().env(name, value));
    let (piped, others) = thread::scope(|scope| {
        let piped = scope.spawn(|| CommandOutput::run(&mut command()));
        let dumb = scope.spawn(|| on_terminal("TERM", "dumb"));
        let ci = scope.spawn(|| on_terminal("CI", "true"));
        run_until(WAITING, 2, &command(), || drop(lock));
        (
            piped.join().unwrap(),
            [dumb, ci].map(|run| run.join().unwrap()),
        )
    });
    let piped = piped.success();
    assert_eq!(piped.stderr, "");
    assert!(!piped.stdout.contains(['\r', ESCAPE]), "{piped:?}");
    for output in others.into_iter().flatten() {
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(!output.screen.contains("waiting"), "{output:?}");
    }
}

/// Commands with colored output: a diff, a failed check, and an invalid document.
fn colored_runs() -> [(Workspace, Vec<&'static str>); 3] {
    let (changed, stale, broken) = (Workspace::new(), Workspace::new(), Workspace::new());
    let document = |name: &str| {
        root()
            .join("xtask/tests/diff")
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let path = |name| -> &'static str { document(name).leak() };
    CommandOutput::run(&mut stale.command(&["generate"])).success();
    let generated = stale.dir.path().join("nsx-api/src/generated/mod.rs");
    let text = fs::read_to_string(&generated).unwrap();
    fs::write(&generated, text + "// edited\n").unwrap();
    broken.make_document_invalid();
    [
        (changed, vec!["diff", path("old.yaml"), path("new.yaml")]),
        (stale, vec!["generate", "--check"]),
        (broken, vec!["generate"]),
    ]
}

#[test]
fn levels_diffs_and_errors_are_colored_on_a_terminal() {
    let expected = [
        "\u{1b}[31mbreaking   \u{1b}[0m",
        "\u{1b}[31m-// edited",
        "\u{1b}[31merror:",
    ];
    for ((workspace, arguments), text) in colored_runs().iter().zip(expected) {
        let Some(output) = run_in_terminal(&workspace.command(arguments)) else {
            return;
        };
        assert!(output.screen.contains(text), "{output:?}");
    }
}

#[test]
fn no_color_disables_colors_on_a_terminal() {
    for (workspace, arguments) in colored_runs() {
        let mut command = workspace.command(&arguments);
        let Some(output) = run_in_terminal(command.env("NO_COLOR", "1")) else {
            return;
        };
        assert!(!output.screen.is_empty());
        assert!(!output.screen.contains(ESCAPE), "{output:?}");
    }
}

#[test]
fn a_pipe_gets_colors_only_with_clicolor_force() {
    for (workspace, arguments) in colored_runs() {
        for (forced, colored) in [(None, false), (Some("1"), true)] {
            let mut command = workspace.command(&arguments);
            without_color_variables(&mut command);
            forced.map(|value| command.env("CLICOLOR_FORCE", value));
            let outcome = CommandOutput::run(&mut command);
            let all = outcome.stdout + &outcome.stderr;
            assert_eq!(all.contains(ESCAPE), colored, "{all:?}");
        }
    }
}

#[test]
fn formats_for_files_have_no_colors_even_with_clicolor_force() {
    let [(workspace, arguments), ..] = colored_runs();
    for format in ["json", "markdown", "accept"] {
        let mut command = workspace.command(&arguments);
        command
            .args(["--format", format])
            .env("CLICOLOR_FORCE", "1");
        let outcome = CommandOutput::run(&mut command).success();
        assert!(!outcome.stdout.contains(ESCAPE), "{outcome:?}");
    }
}
