//! Helpers for the benchmarks that build programs: directories and processes.

#![allow(dead_code, reason = "each benchmark uses some of the helpers")]

pub(crate) mod process;

use std::fs;
use std::path::{Path, PathBuf};

/// The directories of a benchmark.
pub(crate) struct BenchDirs {
    /// The root of this workspace.
    pub(crate) root: PathBuf,
    /// A temporary directory for builds. It is empty at the start.
    pub(crate) scratch: PathBuf,
}

impl BenchDirs {
    pub(crate) fn new(name: &str) -> Self {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch).unwrap();
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: package.parent().unwrap().to_owned(),
            scratch,
        }
    }
}
