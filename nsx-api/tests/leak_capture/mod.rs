//! Captures everything that a program could print, and all logs, so that tests can search it for
//! leaked secrets.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nsx_api::{Client, Error};
use tracing_subscriber::fmt::MakeWriter;

/// The captured text.
#[derive(Clone, Default)]
pub(crate) struct LeakCapture(Arc<Mutex<String>>);

impl LeakCapture {
    pub(crate) fn text(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, thing: &impl Debug) {
        writeln!(self.text(), "{thing:?} {thing:#?}").unwrap();
    }

    /// Records an error with its sources.
    pub(crate) fn record_error(&self, error: &Error) {
        self.record(error);
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            writeln!(self.text(), "{error} {error:?}").unwrap();
            cause = error.source();
        }
    }

    /// Records the result of creating a token.
    pub(crate) async fn record_token_call(&self, client: &Client) {
        match client.create_registration_token().send().await {
            Ok(response) => {
                self.record(&response);
                self.record(response.headers());
            }
            Err(error) => {
                self.record_error(&error);
                self.record(&error.body());
            }
        }
    }
}

impl io::Write for LeakCapture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LeakCapture {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl log::Log for LeakCapture {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.text(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

/// Captures `tracing` and `log` output of the whole process, at the lowest level.
pub(crate) fn capture_all_logs() -> LeakCapture {
    let capture = LeakCapture::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(capture.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log::set_boxed_logger(Box::new(capture.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    capture
}
