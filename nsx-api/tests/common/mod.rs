//! Mock managers, clients and answers that several test files share.

use std::time::Duration;

use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Error};

/// A mock manager, and a client that does not retry.
pub(crate) async fn manager() -> (Manager, Client) {
    with_client_without_retries(Manager::start().await.unwrap())
}

/// The same over HTTP/1.1, which allows more kinds of malformed responses.
pub(crate) async fn manager_over_http1() -> (Manager, Client) {
    with_client_without_retries(Manager::builder().http1_only().start().await.unwrap())
}

fn with_client_without_retries(manager: Manager) -> (Manager, Client) {
    let options = CallOptions::new().max_retries(0);
    let client = manager.client().unwrap().with(options);
    (manager, client)
}

/// A mock manager without TLS that accepts calls without credentials.
pub(crate) async fn unauthenticated_manager() -> Manager {
    Manager::builder()
        .plain_http()
        .accept_anyone()
        .start()
        .await
        .unwrap()
}

/// The same, and a client that retries almost without delay.
pub(crate) async fn unauthenticated_manager_and_client() -> (Manager, Client) {
    let manager = unauthenticated_manager().await;
    let quick = CallOptions::new().max_retry_delay(Duration::from_millis(1));
    let client = Client::builder(manager.url())
        .options(quick)
        .build()
        .unwrap();
    (manager, client)
}

/// The error of a call that is expected to fail.
pub(crate) async fn token_error(client: &Client) -> Error {
    client.create_registration_token().send().await.unwrap_err()
}

/// A 200 response with this JSON body.
pub(crate) fn json_body(body: &str) -> Answer {
    Answer::status(200)
        .header("content-type", "application/json")
        .body(body.to_owned())
}

/// The path of a thing that the manager of [`manager_with_things`] has.
pub(crate) const THING: &str = "/api/v1/things/1";

/// A mock manager that answers `null` for every thing, and its default client.
pub(crate) async fn manager_with_things() -> (Manager, Client) {
    let manager = Manager::start().await.unwrap();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        manager.on(&format!("{method} /api/v1/things/{{id}}"), |_| {
            Answer::json(200, ())
        });
    }
    let client = manager.client().unwrap();
    (manager, client)
}
