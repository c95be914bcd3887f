//! A mock NSX Manager for tests. It listens on a real socket and serves HTTP/1.1 and HTTP/2 over
//! TLS, with its own certificate authority.
//!
//! The mock manager supports every operation of the SDK. It responds with the examples of the
//! OpenAPI document. If a successful response has no example, the response contains only what the
//! schema requires.
//!
//! It checks the method, the path and the credentials of a request, but not its parameters and
//! body. Programs in other languages can use it through an example program: `cargo run --bin
//! manager`.
//!
//! A test takes three steps: start a manager, get its client, and set an answer.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use nsx_api::http::Method;
//! use nsx_api::ErrorKind;
//! use nsx_api::mock::Manager;
//!
//! let manager = Manager::start().await?;
//! let client = manager.client()?;
//! manager.respond_with(403);
//!
//! let result = client.request(Method::GET, "/api/v1/node").send().await;
//! assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::Forbidden));
//! assert_eq!(manager.count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//! An [`Answer`] is a response with any status, headers and body, or a fault: a dropped connection,
//! a truncated or stalled body, a delay, or bytes that are not HTTP.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::http::Method;
//! # use nsx_api::ErrorKind;
//! # use nsx_api::mock::Manager;
//! use nsx_api::mock::Answer;
//!
//! # let manager = Manager::start().await?;
//! # let client = manager.client()?;
//! manager.respond_with(Answer::status(200).body("truncated").truncated_at(5));
//! let html = Answer::status(404).header("content-type", "text/html");
//! manager.respond_with(html.body("<h1>?</h1>"));
//!
//! // The client retries after the truncated response.
//! let result = client.request(Method::GET, "/api/v1/node").send().await;
//! assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
//! assert_eq!(manager.count(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # State
//! A closure can respond to the calls of an operation and keep state between them. Specify the
//! operation by its `operationId`, or by method and path.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::http::Method;
//! # use nsx_api::mock::Manager;
//! use std::sync::{Arc, Mutex, PoisonError};
//! use nsx_api::mock::Answer;
//!
//! # let manager = Manager::start().await?;
//! # let client = manager.client()?;
//! let stored = Arc::new(Mutex::new(nsx_api::bytes::Bytes::from("{}")));
//! let read = Arc::clone(&stored);
//! manager.on("GET /api/v1/things/{id}", move |_| {
//!     let stored = read.lock().unwrap_or_else(PoisonError::into_inner).clone();
//!     Answer::status(200).header("content-type", "application/json").body(stored)
//! });
//! manager.on("PUT /api/v1/things/{id}", move |call| {
//!     *stored.lock().unwrap_or_else(PoisonError::into_inner) = call.body.clone();
//!     Answer::status(200)
//! });
//!
//! client.request(Method::PUT, "/api/v1/things/7").json(&["kept"]).send().await?;
//! let response = client.request(Method::GET, "/api/v1/things/7").send().await?;
//! assert_eq!(response.into_inner(), r#"["kept"]"#);
//! # Ok(())
//! # }
//! ```
//!
//! # Sessions
//! A login creates a session. It ends when the test expires it, or when it has been idle for the
//! [session timeout](ManagerBuilder::session_timeout). [`Manager`] describes which credentials are
//! accepted, and the responses to calls without them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use nsx_api::Client;
//! use nsx_api::auth::Session;
//! # use nsx_api::http::Method;
//! # use nsx_api::mock::{Answer, Manager};
//!
//! let manager = Manager::builder().without_basic_auth().start().await?;
//! manager.on("GET /api/v1/node", |_| Answer::json(200, "node-1"));
//! let client = Client::builder(manager.url())
//!     .ca_pem(manager.ca_pem())
//!     .auth(Session::new(manager.username(), manager.password()))
//!     .build()?;
//!
//! client.request(Method::GET, "/api/v1/node").send().await?;
//! manager.expire_sessions();
//! let response = client.request(Method::GET, "/api/v1/node").send().await?;
//! assert_eq!((response.attempts(), manager.logins()), (2, 2));
//!
//! client.close().await;
//! assert_eq!(manager.sessions(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Client certificates
//! A mock manager that requests client certificates also issues them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::http::Method;
//! # use nsx_api::mock::{Answer, Manager};
//! use nsx_api::Client;
//! use nsx_api::auth::Identity;
//!
//! let manager = Manager::builder().client_certificates().start().await?;
//! manager.on("GET /api/v1/node", |_| Answer::json(200, "node-1"));
//! let issued = manager.issue_client_certificate()?;
//! let client = Client::builder(manager.url())
//!     .ca_pem(manager.ca_pem())
//!     .identity(Identity::from_pem(issued.certificate_pem, issued.key_pem))
//!     .build()?;
//!
//! client.request(Method::GET, "/api/v1/node").send().await?;
//! assert!(manager.requests().iter().all(|call| call.client_certificate.is_some()));
//! # Ok(())
//! # }
//! ```

mod answer;
mod body;
mod certificate;
mod close;
mod credentials;
mod example;
mod identity;
mod login;
mod manager;
mod random;
mod recorded;
mod render;
mod routes;
mod script;
mod server;
mod sessions;
mod state;

pub use answer::Answer;
pub use certificate::{Certificate, ClientCertificate};
pub use example::example;
pub use manager::{Manager, ManagerBuilder};
pub use recorded::RecordedRequest;
