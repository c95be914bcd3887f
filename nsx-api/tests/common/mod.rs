//! What the tests of answers and of faults begin with.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Error};

/// A manager, and a client that does not try twice.
pub(crate) async fn manager() -> (Manager, Client) {
    client_of(Manager::start().await.unwrap())
}

/// The same over HTTP/1.1, where an answer can be ill-formed in more ways.
pub(crate) async fn manager_over_http1() -> (Manager, Client) {
    client_of(Manager::builder().http1_only().start().await.unwrap())
}

fn client_of(manager: Manager) -> (Manager, Client) {
    let options = CallOptions::new().max_retries(0);
    let client = manager.client().unwrap().with(options);
    (manager, client)
}

/// A manager without TLS that anyone may call.
pub(crate) async fn open() -> Manager {
    Manager::builder()
        .plain_http()
        .accept_anyone()
        .start()
        .await
        .unwrap()
}

/// The same, and a client that tries again at once.
pub(crate) async fn open_and_quick() -> (Manager, Client) {
    let manager = open().await;
    let quick = CallOptions::new().max_retry_delay(Duration::from_millis(1));
    let client = Client::builder(manager.url())
        .options(quick)
        .build()
        .unwrap();
    (manager, client)
}

/// The error of a call that does not bring a token.
pub(crate) async fn token_error(client: &Client) -> Error {
    client.create_registration_token().send().await.unwrap_err()
}

/// A success with this body.
pub(crate) fn json_body(body: &str) -> Answer {
    Answer::status(200)
        .header("content-type", "application/json")
        .body(body.to_owned())
}

/// A thing that a manager of [`things`] has.
pub(crate) const THING: &str = "/api/v1/things/1";

/// A manager that answers `null` for every thing unless something else is said, and its usual client.
pub(crate) async fn things() -> (Manager, Client) {
    let manager = Manager::start().await.unwrap();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        manager.on(&format!("{method} /api/v1/things/{{id}}"), |_| {
            Answer::json(200, ())
        });
    }
    let client = manager.client().unwrap();
    (manager, client)
}
