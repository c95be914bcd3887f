//! A progress line on a terminal: what the command is doing, and for how long.
//!
//! The only control character is a carriage return. The cursor stays visible, so the terminal is
//! usable however the process ends. This needs far less code than a library for progress bars.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// The time until the line is first shown, and between updates.
const INTERVAL: Duration = Duration::from_secs(1);

/// The maximum width of the message. The text must fit in one line of the terminal: a wrapped line
/// could not be cleared.
const MAX_COLUMNS: usize = 60;

/// The line on the screen.
static PROGRESS_LINE: Mutex<ProgressLine> = Mutex::new(ProgressLine::new());

/// Runs `work` and shows the message until it is done.
pub(crate) fn show_while<T>(message: impl Display, work: impl FnOnce() -> T) -> T {
    let _ticker = is_enabled().then(|| Ticker::start(message.to_string()));
    work()
}

/// Clears the line before other output.
pub(crate) fn clear() {
    progress_line().clear(&mut io::stderr());
}

/// Removes the line for good before a panic is reported. Otherwise it could be printed into the
/// backtrace, which takes a while to print.
pub(crate) fn install_panic_hook() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        progress_line().finish(&mut io::stderr());
        report(panic);
    }));
}

/// Shows no line in a file, a pipe or a CI log, and none on a dumb terminal, which cannot overwrite
/// a line.
fn is_enabled() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_dumb && !is_set("CI")
}

fn progress_line() -> MutexGuard<'static, ProgressLine> {
    PROGRESS_LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Updates the line until it is dropped.
struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(message: String) -> Self {
        let (stop, stopped) = channel();
        let thread = Builder::new().spawn(move || tick(&message, &stopped));
        Self {
            stop: Some(stop),
            // If the thread cannot be started, the work runs without a progress line.
            thread: thread.ok(),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        clear();
    }
}

fn tick(message: &str, stopped: &Receiver<()>) {
    let start = Instant::now();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let seconds = start.elapsed().as_secs();
        progress_line().show(&mut io::stderr(), message, seconds);
    }
}

/// A line that overwrites itself.
struct ProgressLine {
    /// The width of the text on the screen.
    columns: usize,
    /// If true, nothing is shown anymore.
    is_finished: bool,
}

impl ProgressLine {
    const fn new() -> Self {
        Self {
            columns: 0,
            is_finished: false,
        }
    }

    fn show(&mut self, out: &mut impl Write, message: &str, seconds: u64) {
        if self.is_finished {
            return;
        }
        let text = format!("{}, {seconds} s", truncated(message));
        let columns = text.chars().map(char_width).sum();
        let padding = " ".repeat(self.columns.saturating_sub(columns));
        let _ = write!(out, "\r{text}{padding}");
        let _ = out.flush();
        self.columns = columns;
    }

    fn clear(&mut self, out: &mut impl Write) {
        if self.columns > 0 {
            let _ = write!(out, "\r{}\r", " ".repeat(self.columns));
            let _ = out.flush();
            self.columns = 0;
        }
    }

    fn finish(&mut self, out: &mut impl Write) {
        self.clear(out);
        self.is_finished = true;
    }
}

/// The message, truncated to [`MAX_COLUMNS`] and without control characters.
fn truncated(message: &str) -> String {
    let mut columns = 0;
    let printable = message.chars().map(|one| match one.is_control() {
        true => '?',
        false => one,
    });
    let fitting = printable.take_while(|one| {
        columns += char_width(*one);
        columns <= MAX_COLUMNS
    });
    fitting.collect()
}

/// The maximum number of columns of a character.
fn char_width(character: char) -> usize {
    match character.is_ascii() {
        true => 1,
        false => 2,
    }
}

#[cfg(test)]
#[path = "../tests/support/terminal.rs"]
#[allow(dead_code, clippy::unwrap_used)] // Other tests use the rest of it.
mod terminal;

#[cfg(test)]
mod tests {
    use super::terminal::run_in_terminal;
    use super::*;
    use std::process::Command;
    use std::thread;

    /// The output of a line that is shown at each of these seconds and then cleared.
    fn output(message: &str, seconds: &[u64]) -> String {
        let mut line = ProgressLine::new();
        let mut out = Vec::new();
        for second in seconds {
            line.show(&mut out, message, *second);
        }
        line.clear(&mut out);
        line.clear(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_progress_line_overwrites_itself_and_is_cleared() {
        let blank = " ".repeat("reading a.json, 10 s".len());
        assert_eq!(
            output("reading a.json", &[9, 10]),
            format!("\rreading a.json, 9 s\rreading a.json, 10 s\r{blank}\r")
        );
        assert_eq!(output("reading a.json", &[]), "");
    }

    #[test]
    fn a_finished_progress_line_is_not_shown_again() {
        let (mut line, mut out) = (ProgressLine::new(), Vec::new());
        line.show(&mut out, "working", 1);
        line.finish(&mut out);
        let before = out.len();
        line.show(&mut out, "working", 2);
        assert_eq!(out.len(), before);
    }

    #[test]
    fn long_messages_and_control_characters_stay_on_one_progress_line() {
        for name in [
            "a".repeat(500),
            "文".repeat(500),
            "\n\u{1b}[2J\r".repeat(500),
        ] {
            let output = output(&name, &[1]);
            let (text, _) = output.strip_prefix('\r').unwrap().split_once('\r').unwrap();
            assert!(
                text.chars().map(char_width).sum::<usize>() <= MAX_COLUMNS + 5,
                "{text}"
            );
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }

    /// When set, the next test panics. It sets this for a child process.
    const PANIC: &str = "XTASK_TEST_PANIC";

    #[test]
    fn a_panic_clears_the_progress_line_before_it_is_reported() {
        if env::var_os(PANIC).is_some() {
            install_panic_hook();
            show_while("working", || {
                while progress_line().columns == 0 {
                    thread::sleep(INTERVAL / 20);
                }
                panic!("something failed");
            })
        }
        let mut command = Command::new(env::current_exe().unwrap());
        let name = "progress::tests::a_panic_clears_the_progress_line_before_it_is_reported";
        command
            .args(["--exact", name, "--nocapture"])
            .env(PANIC, "1");
        let Some(output) = run_in_terminal(&command) else {
            return;
        };
        let (_, after) = output.screen.rsplit_once("\rworking, ").unwrap();
        let (_, after) = after.split_once('\r').unwrap();
        let report = after.trim_start_matches([' ', '\r', '\n']);
        assert!(report.starts_with("thread '"), "{output:?}");
        assert!(report.contains("something failed"), "{output:?}");
    }
}
