//! What the SDK costs those who build: a document to code, that code, a program, its binary.
//!
//! `cargo bench -p xtask --bench builds`. Where `openapi-to-rust` is installed it is measured beside; documents of real managers are where
//! there is a folder of them beside the project. A plot is left in `target/tmp`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

mod document;
mod growth;
#[path = "../../../nsx-api/benches/measure/mod.rs"]
mod measure;
mod plot;
mod process;
mod programs;

use std::path::{Path, PathBuf};

fn main() {
    if !measure::is_bench() {
        println!("builds: it would take minutes, and is left to `cargo bench`");
        return;
    }
    let place = Place::new();
    programs::compare(&place);
    programs::compare_lists(&place);
    growth::shipped_and_real(&place);
    growth::grow(&place);
}

/// Where things are.
struct Place {
    /// Of this workspace.
    root: PathBuf,
    /// For what is built, empty at the beginning.
    scratch: PathBuf,
}

impl Place {
    fn new() -> Self {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds");
        let _ = std::fs::remove_dir_all(&scratch);
        std::fs::create_dir_all(&scratch).unwrap();
        Self {
            root: Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .unwrap()
                .to_owned(),
            scratch,
        }
    }
}
