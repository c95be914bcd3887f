//! Captures everything that a program could print, and all logs, so that tests can search it for
//! leaked secrets.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

    /// Asserts that no secret was captured, in any encoding.
    pub(crate) fn assert_hides<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) {
        let text = self.text();
        for needle in secrets.into_iter().flat_map(encodings) {
            let line = text.lines().find(|line| line.contains(&needle));
            assert_eq!(line, None, "{needle} shows");
        }
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

/// The encodings in which a secret could appear.
pub(crate) fn encodings(secret: &str) -> Vec<String> {
    let percent = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(*byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    let percent: String = secret.as_bytes().iter().map(percent).collect();
    vec![
        secret.to_owned(),
        percent,
        STANDARD.encode(secret),
        STANDARD.encode(format!("admin:{secret}")),
        format!("{:?}", secret.as_bytes()),
    ]
}

/// The parts of the base64 lines of an elliptic curve key (PKCS#8 in PEM) that encode its private
/// number, and that number in the form of `Debug`.
///
/// The rest is no secret, and may show: every key begins with the same bytes, and it ends with the
/// public key, which is also in the certificate, sometimes at the same position of a line.
pub(crate) fn private_parts(key_pem: &str) -> Vec<String> {
    const LINE: usize = 64;
    const LENGTH: usize = 32;
    /// What comes before the number: version 1, and the length.
    const START: [u8; 5] = [2, 1, 1, 4, LENGTH as u8];
    let lines: Vec<&str> = key_pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = STANDARD.decode(lines.concat()).unwrap();
    let found = der.windows(START.len()).position(|bytes| bytes == START);
    let from = found.unwrap() + START.len();
    let to = from + LENGTH;
    // Six bits each. A character that also encodes other bits is left out.
    let characters = (8 * from).div_ceil(6)..8 * to / 6;
    let mut parts = vec![format!("{:?}", &der[from..to]).replace(['[', ']'], "")];
    for (number, line) in lines.iter().enumerate() {
        let within = |position: usize| position.saturating_sub(number * LINE).min(line.len());
        let part = line
            .get(within(characters.start)..within(characters.end))
            .unwrap();
        // A few characters would also be found by accident.
        if part.len() > 8 {
            parts.push(part.to_owned());
        }
    }
    assert_eq!(parts.len(), 3, "the number spans two lines");
    parts
}
