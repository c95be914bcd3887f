//! The server of a benchmark, in a child process.

use std::io::{self, BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A child process that runs this program as the server. It is killed when this is dropped.
pub(crate) struct ServerProcess {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl ServerProcess {
    /// Starts this program with the argument `serve`.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, output }
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        self.output.next().unwrap().unwrap()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In the child process: waits until the parent process has exited.
pub(crate) async fn wait_for_parent_exit() {
    let wait = || io::stdin().read_to_end(&mut Vec::new());
    let _ = tokio::task::spawn_blocking(wait).await;
}
