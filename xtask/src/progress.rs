//! A line that says what is being done and for how long, for people who wait at a terminal.
//!
//! It needs no more than a carriage return: the cursor stays visible, and whatever ends the process leaves a usable terminal.
//! A library for progress bars would bring more code than the commands have themselves.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How long work takes before anything is said of it, and how often the line is renewed.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest text in columns, so that it takes up one line of any usual terminal. More than one could not be wiped.
const COLUMNS: usize = 60;

/// What is on the screen.
static LINE: Mutex<Line> = Mutex::new(Line::new());

/// Does the work, and says so while it lasts.
pub(crate) fn during<T>(what: impl Display, work: impl FnOnce() -> T) -> T {
    let _ticker = is_wanted().then(|| Ticker::start(what.to_string()));
    work()
}

/// Takes the line away, for other output.
pub(crate) fn wipe() {
    line().wipe(&mut io::stderr());
}

/// Has the line taken away for good before a panic is reported, which takes a while with a backtrace.
pub(crate) fn end_before_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        line().end(&mut io::stderr());
        report(panic);
    }));
}

/// Nobody watches a file, a pipe or a log, and not every terminal can go back to the start of a line.
fn is_wanted() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_dumb && !is_set("CI")
}

fn line() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Renews the line until it is dropped.
struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(what: String) -> Self {
        let (stop, stopped) = channel();
        let thread = Builder::new().spawn(move || tick(&what, &stopped));
        Self {
            stop: Some(stop),
            // Without a thread there is no line, and the work is done all the same.
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
        wipe();
    }
}

fn tick(what: &str, stopped: &Receiver<()>) {
    let start = Instant::now();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let seconds = start.elapsed().as_secs();
        line().show(&mut io::stderr(), what, seconds);
    }
}

/// A line that is written over itself.
struct Line {
    /// How much of it is on the screen.
    columns: usize,
    /// Nothing more is shown.
    is_over: bool,
}

impl Line {
    const fn new() -> Self {
        Self {
            columns: 0,
            is_over: false,
        }
    }

    fn show(&mut self, out: &mut impl Write, what: &str, seconds: u64) {
        if self.is_over {
            return;
        }
        let text = format!("{}, {seconds} s", shortened(what));
        let columns = text.chars().map(width).sum();
        let rest = " ".repeat(self.columns.saturating_sub(columns));
        let _ = write!(out, "\r{text}{rest}");
        let _ = out.flush();
        self.columns = columns;
    }

    fn wipe(&mut self, out: &mut impl Write) {
        if self.columns > 0 {
            let _ = write!(out, "\r{}\r", " ".repeat(self.columns));
            let _ = out.flush();
            self.columns = 0;
        }
    }

    fn end(&mut self, out: &mut impl Write) {
        self.wipe(out);
        self.is_over = true;
    }
}

/// The text as far as it fits, with nothing in it that moves the cursor.
fn shortened(what: &str) -> String {
    let mut columns = 0;
    let printable = what.chars().map(|one| match one.is_control() {
        true => '?',
        false => one,
    });
    let fitting = printable.take_while(|one| {
        columns += width(*one);
        columns <= COLUMNS
    });
    fitting.collect()
}

/// How many columns a letter takes at most.
fn width(letter: char) -> usize {
    match letter.is_ascii() {
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
    use super::terminal::on_terminal;
    use super::*;
    use std::process::Command;
    use std::thread;

    /// What is written, a line shown at each of these seconds and then wiped.
    fn written(what: &str, seconds: &[u64]) -> String {
        let mut line = Line::new();
        let mut out = Vec::new();
        for second in seconds {
            line.show(&mut out, what, *second);
        }
        line.wipe(&mut out);
        line.wipe(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_line_is_written_over_itself_and_leaves_nothing() {
        let blank = " ".repeat("reading a.json, 10 s".len());
        assert_eq!(
            written("reading a.json", &[9, 10]),
            format!("\rreading a.json, 9 s\rreading a.json, 10 s\r{blank}\r")
        );
        assert_eq!(written("reading a.json", &[]), "");
    }

    #[test]
    fn a_line_that_is_over_does_not_come_back() {
        let (mut line, mut out) = (Line::new(), Vec::new());
        line.show(&mut out, "working", 1);
        line.end(&mut out);
        let before = out.len();
        line.show(&mut out, "working", 2);
        assert_eq!(out.len(), before);
    }

    #[test]
    fn a_long_or_strange_name_stays_on_one_line() {
        for name in [
            "a".repeat(500),
            "文".repeat(500),
            "\n\u{1b}[2J\r".repeat(500),
        ] {
            let written = written(&name, &[1]);
            let (text, _) = written
                .strip_prefix('\r')
                .unwrap()
                .split_once('\r')
                .unwrap();
            assert!(
                text.chars().map(width).sum::<usize>() <= COLUMNS + 5,
                "{text}"
            );
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }

    /// Has the next test panic in a process of its own.
    const PANIC: &str = "XTASK_TEST_PANIC";

    #[test]
    fn a_panic_is_reported_where_the_line_was() {
        if env::var_os(PANIC).is_some() {
            end_before_panics();
            during("working", || {
                while line().columns == 0 {
                    thread::sleep(INTERVAL / 20);
                }
                panic!("what went wrong");
            })
        }
        let mut command = Command::new(env::current_exe().unwrap());
        let name = "progress::tests::a_panic_is_reported_where_the_line_was";
        command
            .args(["--exact", name, "--nocapture"])
            .env(PANIC, "1");
        let Some(shown) = on_terminal(&command) else {
            return;
        };
        let (_, after) = shown.screen.rsplit_once("\rworking, ").unwrap();
        let (_, after) = after.split_once('\r').unwrap();
        let report = after.trim_start_matches([' ', '\r', '\n']);
        assert!(report.starts_with("thread '"), "{shown:?}");
        assert!(report.contains("what went wrong"), "{shown:?}");
    }
}
