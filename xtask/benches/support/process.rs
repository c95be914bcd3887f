//! Programs run to their end, and what they took.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::measure;

/// What a process and all that it has started took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    /// The most that one of them had at once, in bytes.
    pub(crate) memory: u64,
}

impl Cost {
    pub(crate) fn seconds(&self) -> String {
        format!("{:.2} s", self.cpu.as_secs_f64())
    }

    pub(crate) fn megabytes(&self) -> String {
        format!("{} MB", measure::number(self.memory / 1_000_000))
    }
}

/// Runs a command in a folder; `None` if there is no such program.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, folder: &Path, arguments: &[S]) -> Option<Cost> {
    let mut command = Command::new(program);
    // What cargo says of this package would make the build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let start = Instant::now();
    let mut child = command
        .args(arguments)
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        // What was compiled of an earlier size would not be compiled again.
        .env("CARGO_INCREMENTAL", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut said = String::new();
    let _ = child.stderr.take().unwrap().read_to_string(&mut said);
    let used = child.wait4().unwrap();
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.as_ref().to_string_lossy())
        .collect();
    assert!(
        used.status.success(),
        "{program} {}: {}\n{said}",
        words.join(" "),
        used.status
    );
    Some(Cost {
        time: start.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    })
}

pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Cost {
    run(env!("CARGO"), folder, arguments).unwrap()
}
