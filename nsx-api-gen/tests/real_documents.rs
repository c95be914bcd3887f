//! The folder with documents of real managers, for the integration tests and the unit tests.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder with documents of real managers and related products, which is next to the project
/// and not part of it. If it is missing, prints that the test is skipped.
pub(crate) fn real_documents() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/openapi");
    if folder.is_dir() {
        return Some(folder);
    }
    print_skipped(format_args!("{} does not exist", folder.display()));
    None
}

/// Prints that a test is skipped. The test program captures what `println` prints, but not this.
pub(crate) fn print_skipped(reason: impl Display) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let _ = std::io::stderr().write_all(format!("skipped: {test}: {reason}\n").as_bytes());
}
