//! Runs a stand-in for an NSX Manager, for programs in any language to talk to: a script, a run of Terraform.
//!
//! ```text
//! cargo run -p nsx-api --example manager --features mock
//! ```
//!
//! It prints where it is and who is let in, as lines for a shell, under the names that `Config::from_env` and Terraform's
//! provider read. It answers as the document says until it is told otherwise, by lines on its standard input, and it runs
//! until that ends (Ctrl-D).

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use nsx_api::mock::{Answer, Manager};
use serde_json::json;

const USUAL: &str =
    "# Answers as the document says. A status, such as 503, makes that the answer to all calls.";

#[tokio::main]
async fn main() -> ExitCode {
    match run(&mut io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is closed or full there is nobody to tell, and nothing to panic about.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let manager = Manager::start().await?;
    // For programs that take a file and no text. It goes when this program ends.
    let mut authority = tempfile::Builder::new().suffix(".pem").tempfile()?;
    authority.write_all(manager.ca_pem().as_bytes())?;
    for (name, value) in [
        ("NSXT_MANAGER_HOST", manager.url().as_str()),
        ("NSXT_USERNAME", manager.username()),
        ("NSXT_PASSWORD", manager.password()),
        ("NSXT_CA_FILE", &authority.path().display().to_string()),
    ] {
        writeln!(out, "export {name}='{value}'")?;
    }
    writeln!(out, "{}", tell(&manager, ""))?;
    // Holds up this thread alone: the manager runs on others.
    for line in io::stdin().lines() {
        writeln!(out, "{}", tell(&manager, &line?))?;
    }
    Ok(())
}

/// Has all calls answered with the status of a line, or as usual when there is none, and says so.
fn tell(manager: &Manager, line: &str) -> String {
    if let Ok(status) = line.trim().parse::<u16>() {
        manager.respond_always(status);
        return format!("# Answers {status}. An empty line takes that back.");
    }
    manager.reset();
    // Clients of several managers ask for their health first.
    manager.on("GET /api/v1/reverse-proxy/node/health", |_| {
        Answer::json(200, json!({ "healthy": true }))
    });
    USUAL.to_owned()
}
