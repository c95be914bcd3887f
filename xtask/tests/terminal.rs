//! What the commands show on a terminal and nowhere else: a progress line, and colours.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::fs::{self, File};
use std::process::Command;
use std::thread;
use std::time::Duration;
use support::terminal::{Shown, interrupted_at, on_terminal, without_settings};
use support::{Outcome, root, xtask};
use tempfile::TempDir;

const ESCAPE: char = '\u{1b}';
const WAITING: &str = "waiting for another run to end, ";

/// A workspace as far as `generate` looks at it.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["spec", "target"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let spec = folder.path().join("spec/nsx.yaml");
        fs::copy(root().join("spec/nsx.yaml"), spec).unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = xtask();
        command
            .env("CARGO_MANIFEST_DIR", self.folder.path().join("xtask"))
            .args(arguments);
        command
    }

    fn spoil(&self) {
        fs::write(self.folder.path().join("spec/nsx.yaml"), "openapi: [").unwrap();
    }

    /// Keeps `generate` waiting for so long, as another run would.
    fn held_for<T>(&self, time: Duration, run: impl FnOnce() -> T) -> T {
        let lock = File::create(self.folder.path().join("target/xtask.lock")).unwrap();
        lock.lock().unwrap();
        let holder = thread::spawn(move || {
            thread::sleep(time);
            drop(lock);
        });
        let outcome = run();
        holder.join().unwrap();
        outcome
    }
}

/// Long enough for Python to start on a busy machine, and for the line to show.
const LONG: Duration = Duration::from_secs(8);

/// The screen after the line, which was shown and wiped.
fn after_the_line(shown: &Shown) -> &str {
    assert!(
        shown.screen.starts_with(&format!("\r{WAITING}")),
        "{shown:?}"
    );
    let (_, last) = shown.screen.rsplit_once(WAITING).unwrap();
    let (seconds, wiped) = last.split_once('\r').unwrap();
    assert!(seconds.ends_with(" s"), "{shown:?}");
    let after = wiped.trim_start_matches(' ').strip_prefix('\r');
    after.unwrap_or_else(|| unreachable!("not wiped: {shown:?}"))
}

#[test]
fn work_that_takes_long_says_so_and_the_line_is_gone_before_the_result() {
    let workspace = Workspace::new();
    let command = workspace.command(&["generate"]);
    let Some(shown) = workspace.held_for(LONG, || on_terminal(&command)) else {
        return;
    };
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(
        after_the_line(&shown).starts_with("  created "),
        "{shown:?}"
    );
}

#[test]
fn an_error_begins_where_the_line_was() {
    let workspace = Workspace::new();
    workspace.spoil();
    let command = workspace.command(&["generate"]);
    let Some(shown) = workspace.held_for(LONG, || on_terminal(&command)) else {
        return;
    };
    assert_eq!(shown.code, Some(1), "{shown:?}");
    let error = "\u{1b}[1m\u{1b}[31merror:";
    assert!(after_the_line(&shown).starts_with(error), "{shown:?}");
}

#[test]
fn ctrl_c_ends_it_and_leaves_the_terminal_as_it_was() {
    let workspace = Workspace::new();
    let command = workspace.command(&["generate"]);
    let run = || interrupted_at(WAITING, &command);
    let Some(Shown { code, screen }) = workspace.held_for(LONG, run) else {
        return;
    };
    assert_eq!(code, Some(128 + 2), "{screen:?}");
    assert!(!screen.contains(ESCAPE), "{screen:?}");
}

#[test]
fn nobody_is_shown_a_line_off_a_terminal_on_a_dumb_one_or_in_ci() {
    let workspace = Workspace::new();
    let mut command = workspace.command(&["generate"]);
    let piped = workspace.held_for(LONG, || Outcome::of(without_settings(&mut command)));
    assert_eq!(piped.stderr, "");
    assert!(!piped.stdout.contains(['\r', ESCAPE]), "{piped:?}");
    for (name, value) in [("TERM", "dumb"), ("CI", "true")] {
        let mut command = workspace.command(&["generate"]);
        command.env(name, value);
        let Some(shown) = workspace.held_for(LONG, || on_terminal(&command)) else {
            return;
        };
        assert_eq!(shown.code, Some(0), "{shown:?}");
        assert!(!shown.screen.contains("waiting"), "{shown:?}");
    }
}

/// Two documents that differ, one that is stale, and one that is none, in colours if there are any.
fn colourful() -> [(Workspace, Vec<&'static str>); 3] {
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
    Outcome::of(&mut stale.command(&["generate"])).succeeded();
    let generated = stale.folder.path().join("nsx-api/src/generated/mod.rs");
    let text = fs::read_to_string(&generated).unwrap();
    fs::write(&generated, text + "// edited\n").unwrap();
    broken.spoil();
    [
        (changed, vec!["diff", path("old.yaml"), path("new.yaml")]),
        (stale, vec!["generate", "--check"]),
        (broken, vec!["generate"]),
    ]
}

#[test]
fn a_terminal_shows_levels_differences_and_errors_in_colours() {
    let shows = [
        "\u{1b}[31mbreaking   \u{1b}[0m",
        "\u{1b}[31m-// edited",
        "\u{1b}[31merror:",
    ];
    for ((workspace, arguments), text) in colourful().iter().zip(shows) {
        let Some(shown) = on_terminal(&workspace.command(arguments)) else {
            return;
        };
        assert!(shown.screen.contains(text), "{shown:?}");
    }
}

#[test]
fn no_color_takes_the_colours_away_on_a_terminal() {
    for (workspace, arguments) in colourful() {
        let mut command = workspace.command(&arguments);
        let Some(shown) = on_terminal(command.env("NO_COLOR", "1")) else {
            return;
        };
        assert!(!shown.screen.is_empty());
        assert!(!shown.screen.contains(ESCAPE), "{shown:?}");
    }
}

#[test]
fn a_pipe_gets_colours_only_where_they_are_forced() {
    for (workspace, arguments) in colourful() {
        for (forced, coloured) in [(None, false), (Some("1"), true)] {
            let mut command = workspace.command(&arguments);
            without_settings(&mut command);
            forced.map(|value| command.env("CLICOLOR_FORCE", value));
            let outcome = Outcome::of(&mut command);
            let all = outcome.stdout + &outcome.stderr;
            assert_eq!(all.contains(ESCAPE), coloured, "{all:?}");
        }
    }
}

#[test]
fn what_programs_read_has_no_colours_even_where_they_are_forced() {
    let [(workspace, arguments), ..] = colourful();
    for format in ["json", "markdown"] {
        let mut command = workspace.command(&arguments);
        command
            .args(["--format", format])
            .env("CLICOLOR_FORCE", "1");
        let outcome = Outcome::of(&mut command).succeeded();
        assert!(!outcome.stdout.contains(ESCAPE), "{outcome:?}");
    }
}
