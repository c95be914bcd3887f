//! Runs a mock manager that programs in any language can call, such as a script or Terraform.
//!
//! ```text
//! cargo run --bin manager
//! ```
//!
//! It prints its address and credentials as `export` lines for a shell, under the names that
//! `Config::from_env` and Terraform's provider read. It answers as the document describes until a
//! line on its standard input sets another status, and it runs until the input ends (Ctrl-D).

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use nsx_api::mock::{Answer, Manager};
use serde_json::json;

const DEFAULT_ANSWERS: &str =
    "# Answers as the document says. Enter a status, such as 503, to answer all calls with it.";

#[tokio::main]
async fn main() -> ExitCode {
    match run(&mut io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed or full, the error is ignored: there is nowhere to report it.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let manager = Manager::start().await?;
    // For programs that accept the CA only as a file. The file is deleted when this program ends.
    let mut ca_file = tempfile::Builder::new().suffix(".pem").tempfile()?;
    ca_file.write_all(manager.ca_pem().as_bytes())?;
    for (name, value) in [
        ("NSXT_MANAGER_HOST", manager.url().as_str()),
        ("NSXT_USERNAME", manager.username()),
        ("NSXT_PASSWORD", manager.password()),
        ("NSXT_CA_FILE", &ca_file.path().display().to_string()),
    ] {
        writeln!(out, "export {name}='{value}'")?;
    }
    writeln!(out, "{}", set_answer(&manager, ""))?;
    // Blocks only this thread: the manager runs on others.
    for line in io::stdin().lines() {
        writeln!(out, "{}", set_answer(&manager, &line?))?;
    }
    Ok(())
}

/// Makes the manager answer every call with the status in the line, or as the document describes if
/// the line has none. Returns a line that says which.
fn set_answer(manager: &Manager, line: &str) -> String {
    if let Ok(status) = line.trim().parse::<u16>() {
        manager.respond_always(status);
        return format!("# Answers {status}. An empty line restores the defaults.");
    }
    manager.reset();
    // A client of several managers probes their health.
    manager.on("GET /api/v1/reverse-proxy/node/health", |_| {
        Answer::json(200, json!({ "healthy": true }))
    });
    DEFAULT_ANSWERS.to_owned()
}
