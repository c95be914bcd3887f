//! Creates a registration token and prints it as one JSON object.
//!
//! The manager comes from the environment: `NSXT_MANAGER_HOST` (a host name, `host:port` or a URL),
//! `NSXT_USERNAME`, `NSXT_PASSWORD`, and if need be `NSXT_CA_FILE` (certificate authorities in PEM)
//! or `NSXT_ALLOW_UNVERIFIED_SSL` (`true`). Without a host, an embedded stand-in is used:
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
    let created = client.create_registration_token().send().await?;
    let (token, roles) = (json!(created.token.expose_secret()), json!(created.roles));
    writeln!(io::stdout(), r#"{{"token": {token}, "roles": {roles}}}"#)?;
    Ok(())
}

async fn connect() -> Result<(Client, Option<Manager>), Box<dyn Error>> {
    let unverified = flag("NSXT_ALLOW_UNVERIFIED_SSL")?;
    let Some(host) = variable("NSXT_MANAGER_HOST")? else {
        let stand_in = Manager::start().await?;
        say(&format!(
            "NSXT_MANAGER_HOST is not set: using an embedded stand-in at {}",
            stand_in.url()
        ));
        return Ok((stand_in.client()?, Some(stand_in)));
    };
    let mut builder = Client::builder(host)
        .basic_auth(required("NSXT_USERNAME")?, required("NSXT_PASSWORD")?)
        .danger_accept_invalid_certs(unverified);
    if let Some(file) = variable("NSXT_CA_FILE")? {
        builder = builder.ca_file(file);
    }
    Ok((builder.build()?, None))
}

/// The value of an environment variable; an error never shows it.
fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Err(format!("{name} is empty")),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8")),
    }
}

fn required(name: &str) -> Result<String, String> {
    variable(name)?.ok_or_else(|| format!("{name} is not set, but NSXT_MANAGER_HOST is"))
}

fn flag(name: &str) -> Result<bool, String> {
    match variable(name)?.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(format!("{name} is neither true, false, 1 nor 0")),
    }
}

/// Writes a line to stderr. Where that is closed or full there is nobody to tell, and nothing to panic about.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
