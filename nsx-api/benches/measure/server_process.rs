//! The other side of a benchmark, in a process of its own.

use std::io::{self, BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A process of this program that serves, and ends with this.
pub(crate) struct Serving {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    /// Starts this program with the argument `serve`.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, said }
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> String {
        self.said.next().unwrap().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In such a process: waits until whoever has started it is gone.
pub(crate) async fn until_gone() {
    let wait = || io::stdin().read_to_end(&mut Vec::new());
    let _ = tokio::task::spawn_blocking(wait).await;
}
