//! Where the benchmarks of building find things, and how they run programs.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod process;

use std::fs;
use std::path::{Path, PathBuf};

/// Where things are.
pub(crate) struct Place {
    /// Of this workspace.
    pub(crate) root: PathBuf,
    /// For what is built, empty at the beginning.
    pub(crate) scratch: PathBuf,
}

impl Place {
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
