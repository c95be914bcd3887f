//! Shows the SDK at work against an embedded stand-in: a registration token, a session that expires
//! under way, and then each error response that the document describes for the operation, as the typed
//! error that it becomes.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use nsx_api::auth::Session;
use nsx_api::mock::Manager;
use nsx_api::{CallOptions, Client, Operation, operations};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&mut io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let manager = Manager::start().await?;
    // One retry, so that the table shows which errors are worth one.
    let client = Client::builder(manager.url())
        .auth(Session::new(manager.username(), manager.password()))
        .ca_pem(manager.ca_pem())
        .options(CallOptions::new().max_retries(1))
        .build()?;
    writeln!(out, "An embedded NSX Manager runs at {}\n", manager.url())?;
    show_token(out, &client).await?;
    show_expiry(out, &client, &manager).await?;
    show_errors(
        out,
        &client,
        &manager,
        &operations::CREATE_REGISTRATION_TOKEN,
    )
    .await?;
    client.close().await;
    writeln!(
        out,
        "\nThe client is closed, and the manager has {} sessions left.",
        manager.sessions()
    )?;
    Ok(())
}

async fn show_token(out: &mut impl Write, client: &Client) -> Result<(), Box<dyn Error>> {
    let created = client.create_registration_token().send().await?;
    let token = created.token.expose_secret();
    // A token is a secret even here, so that nobody copies a program that prints one.
    let start: String = token.chars().take(4).collect();
    let (operation, status, roles) = (created.operation(), created.status(), &created.roles);
    let length = token.chars().count();
    writeln!(out, "{operation}: {status}")?;
    writeln!(out, "  token: {start}… ({length} characters)")?;
    writeln!(out, "  roles: {}\n", roles.join(", "))?;
    Ok(())
}

/// Has the manager forget the session, as it does after half an hour without a call.
async fn show_expiry(
    out: &mut impl Write,
    client: &Client,
    manager: &Manager,
) -> Result<(), Box<dyn Error>> {
    manager.expire_sessions();
    let created = client.create_registration_token().send().await?;
    writeln!(out, "The session expires, and the next call is answered:")?;
    for request in manager.requests().iter().rev().take(3).rev() {
        writeln!(out, "  {} {}", request.method, request.path)?;
    }
    let (attempts, logins) = (created.attempts(), manager.logins());
    writeln!(
        out,
        "  {} after {attempts} attempts and {logins} logins in all\n",
        created.status()
    )?;
    Ok(())
}

/// Has the manager answer each documented error, and prints what the caller gets.
async fn show_errors(
    out: &mut impl Write,
    client: &Client,
    manager: &Manager,
    operation: &Operation,
) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "The errors that the document describes, as they arrive:"
    )?;
    row(out, ["status", "kind", "error_code", "attempts", "message"])?;
    for response in operation.responses {
        let Ok(status @ 400..) = response.status.parse::<u16>() else {
            continue;
        };
        manager.reset();
        manager.respond_always(status);
        let Err(error) = client.create_registration_token().send().await else {
            return Err(format!("the answer {status} did not arrive as an error").into());
        };
        if error.status().map(|arrived| arrived.as_u16()) != Some(status) {
            return Err(format!("the answer {status} arrived as: {error}").into());
        }
        let said = error
            .api_error()
            .and_then(|said| said.error_message.as_deref());
        row(
            out,
            [
                response.status,
                &format!("{:?}", error.kind()),
                &error
                    .error_code()
                    .map_or("-".to_owned(), |code| code.to_string()),
                &error.attempts().to_string(),
                said.unwrap_or("-"),
            ],
        )?;
    }
    Ok(())
}

fn row(out: &mut impl Write, cells: [&str; 5]) -> io::Result<()> {
    let [status, kind, error_code, attempts, message] = cells;
    writeln!(
        out,
        "  {status:<7} {kind:<20} {error_code:<11} {attempts:<9} {message}"
    )
}

/// Writes a line to stderr. Where that is closed or full there is nobody to tell, and nothing to panic about.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
