//! The fixture of the network fault tests: a mock manager behind a fault proxy, the calls that are
//! made through it, and their outcomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Version};
use nsx_api::auth::{Basic, Session};
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config, Error, ErrorKind, Response};
use serde_json::json;
use tokio::time::sleep;

use super::Proxy;

pub(crate) const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];
pub(crate) const THING: &str = "/api/v1/things/1";
/// A body of several TLS records, so that half of it is larger than the response headers.
pub(crate) const LARGE: usize = 64 << 10;
pub(crate) const HALF: usize = LARGE / 2;
pub(crate) const SMALL: usize = 10;

/// A mock manager behind a fault proxy.
pub(crate) struct Fixture {
    pub(crate) manager: Manager,
    pub(crate) proxy: Proxy,
    tokens_created: Arc<AtomicUsize>,
}

impl Fixture {
    /// Responses have bodies of about this size.
    pub(crate) async fn new(version: Version, size: usize) -> Self {
        let builder = match version == Version::HTTP_11 {
            true => Manager::builder().http1_only(),
            false => Manager::builder(),
        };
        let manager = builder.start().await.unwrap();
        let filler = "x".repeat(size);
        let tokens_created = Arc::new(AtomicUsize::new(0));
        let count = tokens_created.clone();
        let token = json!({ "token": "t", "roles": [], "filler": filler });
        manager.on("CreateRegistrationToken", move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Answer::json(200, &token)
        });
        let thing = Answer::json(200, filler);
        for method in ["GET", "PUT"] {
            let thing = thing.clone();
            manager.on(&format!("{method} {THING}"), move |_| thing.clone());
        }
        let proxy = Proxy::start(&manager).await;
        Self {
            manager,
            proxy,
            tokens_created,
        }
    }

    /// A client that connects through the proxy and uses HTTP Basic authentication.
    pub(crate) fn basic(&self) -> Config {
        let (user, password) = (self.manager.username(), self.manager.password());
        let config = self.proxy.client().options(fast_retry());
        config.auth(Basic::new(user, password))
    }

    /// A client that connects through the proxy and uses a session.
    pub(crate) fn session(&self) -> Config {
        let (user, password) = (self.manager.username(), self.manager.password());
        let config = self.proxy.client().options(fast_retry());
        config.auth(Session::new(user, password))
    }

    /// Opens one connection and completes its handshakes, so that only calls follow on it.
    pub(crate) async fn warm_up(&self, client: &Client) {
        for _ in 0..2 {
            assert_eq!(call(client, &Method::GET).await, DONE);
            let_tasks_run().await;
        }
        assert_eq!(self.proxy.accepted(), 1);
    }

    /// The number of tokens that the manager created.
    pub(crate) fn tokens_created(&self) -> usize {
        self.tokens_created.load(Ordering::SeqCst)
    }
}

/// One retry, without delay.
pub(crate) fn fast_retry() -> CallOptions {
    let options = CallOptions::new().max_retries(1);
    options.max_retry_delay(Duration::ZERO)
}

/// Gives other tasks time to run. They notice what has arrived during the first wait and handle it
/// during the second.
pub(crate) async fn let_tasks_run() {
    for _ in 0..2 {
        sleep(Duration::from_millis(10)).await;
    }
}

/// The result of a call and its number of attempts.
pub(crate) type Outcome = (Result<(), ErrorKind>, u32);

pub(crate) const DONE: Outcome = (Ok(()), 1);
pub(crate) const DONE_ON_RETRY: Outcome = (Ok(()), 2);

pub(crate) const fn failed(kind: ErrorKind, attempts: u32) -> Outcome {
    (Err(kind), attempts)
}

pub(crate) fn outcome<T>(result: Result<Response<T>, Error>) -> Outcome {
    match result {
        Ok(response) => (Ok(()), response.attempts()),
        Err(error) => (Err(error.kind()), error.attempts()),
    }
}

/// Creates a token with POST; reads or writes a thing with the other methods.
pub(crate) async fn call(client: &Client, method: &Method) -> Outcome {
    let request = client.request(method.clone(), THING);
    match method.as_str() {
        "POST" => outcome(client.create_registration_token().send().await),
        "PUT" => outcome(request.json(&"x").send().await),
        _ => outcome(request.send().await),
    }
}
