//! Creates a registration token and prints it as one JSON object.
//!
//! The manager, the credentials and the rest come from the environment, under the names of `Config::from_env`:
//! `NSXT_MANAGER_HOST`, `NSXT_USERNAME`, `NSXT_PASSWORD` and so on. Without a host, an embedded stand-in is used:
//!
//! ```text
//! cargo run -p nsx-api --example registration_token --features mock
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
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    // The stand-in, if there is one, runs until the end of this function.
    let (client, _stand_in) = connect().await?;
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
    let stand_in = Manager::start().await?;
    say(&format!(
        "NSXT_MANAGER_HOST is not set: using an embedded stand-in at {}",
        stand_in.url()
    ));
    Ok((stand_in.client()?, Some(stand_in)))
}

/// Writes a line to stderr. Where that is closed or full there is nobody to tell, and nothing to panic about.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
