//! What tests of secrets write on: all that a program could write down, and all that is logged.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nsx_api::{Client, Error};
use tracing_subscriber::fmt::MakeWriter;

/// All that a program could write down.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<String>>);

impl Paper {
    pub(crate) fn text(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, thing: &impl Debug) {
        writeln!(self.text(), "{thing:?} {thing:#?}").unwrap();
    }

    /// An error with its causes.
    pub(crate) fn note_error(&self, error: &Error) {
        self.note(error);
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            writeln!(self.text(), "{error} {error:?}").unwrap();
            cause = error.source();
        }
    }

    /// All that the minting of a token brings.
    pub(crate) async fn note_token(&self, client: &Client) {
        match client.create_registration_token().send().await {
            Ok(response) => {
                self.note(&response);
                self.note(response.headers());
            }
            Err(error) => {
                self.note_error(&error);
                self.note(&error.body());
            }
        }
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl log::Log for Paper {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.text(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

/// Both kinds of log there are, at their lowest level, for the whole process.
pub(crate) fn log_everything() -> Paper {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(paper.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log::set_boxed_logger(Box::new(paper.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    paper
}
