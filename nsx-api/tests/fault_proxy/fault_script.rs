//! A manager with a proxy before it, what is called there, and what comes of it.

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
/// The size of bodies: several records of TLS, so that half of it is more than the headers.
pub(crate) const LARGE: usize = 64 << 10;
pub(crate) const HALF: usize = LARGE / 2;
pub(crate) const SMALL: usize = 10;

/// A manager with a proxy before it.
pub(crate) struct Scene {
    pub(crate) manager: Manager,
    pub(crate) proxy: Proxy,
    minted: Arc<AtomicUsize>,
}

impl Scene {
    /// Tokens and things have bodies of about this size.
    pub(crate) async fn new(version: Version, size: usize) -> Self {
        let builder = match version == Version::HTTP_11 {
            true => Manager::builder().http1_only(),
            false => Manager::builder(),
        };
        let manager = builder.start().await.unwrap();
        let filler = "x".repeat(size);
        let minted = Arc::new(AtomicUsize::new(0));
        let count = minted.clone();
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
            minted,
        }
    }

    /// A client through the proxy, by HTTP Basic.
    pub(crate) fn basic(&self) -> Config {
        let (user, password) = (self.manager.username(), self.manager.password());
        let config = self.proxy.client().options(quick());
        config.auth(Basic::new(user, password))
    }

    /// The same, by a session.
    pub(crate) fn session(&self) -> Config {
        let (user, password) = (self.manager.username(), self.manager.password());
        let config = self.proxy.client().options(quick());
        config.auth(Session::new(user, password))
    }

    /// Leaves one connection, on which nothing more is to be said but calls.
    pub(crate) async fn warm_up(&self, client: &Client) {
        for _ in 0..2 {
            assert_eq!(call(client, &Method::GET).await, DONE);
            rest().await;
        }
        assert_eq!(self.proxy.accepted(), 1);
    }

    /// How many tokens the manager minted.
    pub(crate) fn minted(&self) -> usize {
        self.minted.load(Ordering::SeqCst)
    }
}

/// One retry, and at once.
pub(crate) fn quick() -> CallOptions {
    let soon = Duration::from_millis(10);
    CallOptions::new().max_retries(1).max_retry_delay(soon)
}

/// Time for other tasks: what has arrived is noticed by the end of the first wait, and dealt with by that of the second.
pub(crate) async fn rest() {
    for _ in 0..2 {
        sleep(Duration::from_millis(10)).await;
    }
}

/// The result of a call, and how many attempts it took.
pub(crate) type Outcome = (Result<(), ErrorKind>, u32);

pub(crate) const DONE: Outcome = (Ok(()), 1);
pub(crate) const DONE_AGAIN: Outcome = (Ok(()), 2);

pub(crate) const fn failed(kind: ErrorKind, attempts: u32) -> Outcome {
    (Err(kind), attempts)
}

pub(crate) fn outcome<T>(result: Result<Response<T>, Error>) -> Outcome {
    match result {
        Ok(response) => (Ok(()), response.attempts()),
        Err(error) => (Err(error.kind()), error.attempts()),
    }
}

/// Mints a token by POST; gets or puts a thing by the other methods.
pub(crate) async fn call(client: &Client, method: &Method) -> Outcome {
    let request = client.request(method.clone(), THING);
    match method.as_str() {
        "POST" => outcome(client.create_registration_token().send().await),
        "PUT" => outcome(request.json(&"x").send().await),
        _ => outcome(request.send().await),
    }
}
