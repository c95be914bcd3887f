//! Creates a registration token and prints it as one JSON object.
//!
//! The manager, the credentials and the other settings come from the environment, under the names
//! of `Config::from_env`: `NSXT_MANAGER_HOST`, `NSXT_USERNAME`, `NSXT_PASSWORD` and so on. Without
//! a host, the example starts a mock manager:
//!
//! ```text
//! cargo run --bin registration_token
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use nsx_api::Client;
use nsx_api::mock::Manager;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_to_stderr(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    // The mock manager, if there is one, runs until the end of this function.
    let (client, _mock_manager) = connect().await?;
    let created = client.create_registration_token().send().await;
    client.close().await;
    let created = created?;
    let (token, roles) = (json!(created.token.expose_secret()), json!(created.roles));
    writeln!(io::stdout(), r#"{{"token": {token}, "roles": {roles}}}"#)?;
    Ok(())
}

async fn connect() -> Result<(Client, Option<Manager>), Box<dyn Error>> {
    if env::var_os("NSXT_MANAGER_HOST").is_some() {
        return Ok((Client::from_env()?, None));
    }
    let mock_manager = Manager::start().await?;
    print_to_stderr(&format!(
        "NSXT_MANAGER_HOST is not set: using an embedded mock manager at {}",
        mock_manager.url()
    ));
    Ok((mock_manager.client()?, Some(mock_manager)))
}

/// Writes a line to stderr. If stderr is closed or full, the error is ignored: there is nowhere to
/// report it.
fn print_to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
