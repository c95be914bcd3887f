//! Shows the SDK at work against a mock manager: it creates a registration token, calls again after
//! its session has expired, and then prints each error response that the document describes for the
//! operation, as the typed error that the caller gets.

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
            print_to_stderr(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let manager = Manager::start().await?;
    // One retry, so that the table shows which errors are retried.
    let client = Client::builder(manager.url())
        .auth(Session::new(manager.username(), manager.password()))
        .ca_pem(manager.ca_pem())
        .options(CallOptions::new().max_retries(1))
        .build()?;
    writeln!(out, "A mock NSX Manager runs at {}\n", manager.url())?;
    show_token(out, &client).await?;
    show_session_refresh(out, &client, &manager).await?;
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
        "\nThe client is closed. Sessions left on the manager: {}",
        manager.sessions()
    )?;
    Ok(())
}

async fn show_token(out: &mut impl Write, client: &Client) -> Result<(), Box<dyn Error>> {
    let created = client.create_registration_token().send().await?;
    let token = created.token.expose_secret();
    // A token is a secret, even in a demo: show only its start, so that no copy of this program
    // prints one.
    let prefix: String = token.chars().take(4).collect();
    let (operation, status, roles) = (created.operation(), created.status(), &created.roles);
    let length = token.chars().count();
    writeln!(out, "{operation}: {status}")?;
    writeln!(out, "  token: {prefix}… ({length} characters)")?;
    writeln!(out, "  roles: {}\n", roles.join(", "))?;
    Ok(())
}

/// Expires the session on the manager, as a real one does after half an hour without a call.
async fn show_session_refresh(
    out: &mut impl Write,
    client: &Client,
    manager: &Manager,
) -> Result<(), Box<dyn Error>> {
    manager.expire_sessions();
    let created = client.create_registration_token().send().await?;
    writeln!(
        out,
        "The session expires on the manager. The next call sends:"
    )?;
    for request in manager.requests().iter().rev().take(3).rev() {
        writeln!(out, "  {} {}", request.method, request.path)?;
    }
    let (attempts, logins) = (created.attempts(), manager.logins());
    writeln!(
        out,
        "  {} after {attempts} attempts ({logins} logins in total)\n",
        created.status()
    )?;
    Ok(())
}

/// Makes the manager answer with each documented error, and prints what the caller gets.
async fn show_errors(
    out: &mut impl Write,
    client: &Client,
    manager: &Manager,
    operation: &Operation,
) -> Result<(), Box<dyn Error>> {
    writeln!(out, "The documented error responses, as typed errors:")?;
    print_row(out, ["status", "kind", "error_code", "attempts", "message"])?;
    for response in operation.responses {
        let Ok(status @ 400..) = response.status.parse::<u16>() else {
            continue;
        };
        manager.reset();
        manager.respond_always(status);
        let Err(error) = client.create_registration_token().send().await else {
            return Err(format!("the response {status} was not returned as an error").into());
        };
        if error.status().map(|status| status.as_u16()) != Some(status) {
            return Err(format!("the response {status} was returned as: {error}").into());
        }
        let message = error
            .api_error()
            .and_then(|body| body.error_message.as_deref());
        print_row(
            out,
            [
                response.status,
                &format!("{:?}", error.kind()),
                &error
                    .error_code()
                    .map_or("-".to_owned(), |code| code.to_string()),
                &error.attempts().to_string(),
                message.unwrap_or("-"),
            ],
        )?;
    }
    Ok(())
}

fn print_row(out: &mut impl Write, cells: [&str; 5]) -> io::Result<()> {
    let [status, kind, error_code, attempts, message] = cells;
    writeln!(
        out,
        "  {status:<7} {kind:<20} {error_code:<11} {attempts:<9} {message}"
    )
}

/// Writes a line to stderr. If stderr is closed or full, the error is ignored: there is nowhere to
/// report it.
fn print_to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
