//! Runs programs and measures their cost.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::measure;

/// The cost of a process and its child processes.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    /// The peak memory of the largest process, in bytes.
    pub(crate) memory: u64,
}

impl Cost {
    pub(crate) fn seconds(&self) -> String {
        format!("{:.2} s", self.cpu.as_secs_f64())
    }

    pub(crate) fn megabytes(&self) -> String {
        format!("{} MB", measure::format_count(self.memory / 1_000_000))
    }
}

/// Runs a program in a directory. `None` if the program does not exist.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, dir: &Path, arguments: &[S]) -> Option<Cost> {
    let mut command = Command::new(program);
    // With cargo's variables for this package, some build scripts of dependencies would run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let start = Instant::now();
    let mut child = command
        .args(arguments)
        .current_dir(dir)
        .env_remove("CARGO_TARGET_DIR")
        // Otherwise parts compiled for an earlier document would be reused.
        .env("CARGO_INCREMENTAL", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut errors = String::new();
    let _ = child.stderr.take().unwrap().read_to_string(&mut errors);
    let used = child.wait4().unwrap();
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.as_ref().to_string_lossy())
        .collect();
    assert!(
        used.status.success(),
        "{program} {}: {}\n{errors}",
        words.join(" "),
        used.status
    );
    Some(Cost {
        time: start.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    })
}

pub(crate) fn cargo(dir: &Path, arguments: &[&str]) -> Cost {
    run(env!("CARGO"), dir, arguments).unwrap()
}
