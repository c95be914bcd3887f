//! Recipes for common tasks. Every example runs as a test.
//!
//! Replace `address`, `user` and `password` with those of your manager; the tests use a [mock
//! manager][mock]. `client` is a [`Client`]. Each recipe is the body of an `async fn` that returns
//! a `Result`. The recipes need the crate `tokio` with the features `macros` and `rt-multi-thread`.
//! Those that declare types also need `serde` with the feature `derive`.
//!
//! # Connecting
//!
//! ## A self-signed manager
//!
//! A newly installed manager has a self-signed certificate. Fetch it once, and compare its
//! thumbprint with the one that `get certificate api thumbprint` prints on the manager:
//!
//! ```console
//! openssl s_client -connect nsx.example.com:443 </dev/null |
//!     openssl x509 -out manager.pem
//! openssl x509 -in manager.pem -noout -fingerprint -sha256
//! ```
//!
//! Then trust it like a CA, with [`Config::ca_file`], or [`Config::ca_pem`] for PEM text. A running
//! client reloads the file when it changes.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Certificate, Manager};
//! # let manager = Manager::builder().certificate(Certificate::SelfSignedCa).start().await?;
//! # let folder = tempfile::tempdir()?;
//! # let certificate = folder.path().join("manager.pem");
//! # std::fs::write(&certificate, manager.certificate_pem())?;
//! # manager.on("GET /api/v1/node/version", |_| 200);
//! # let (address, user, password) = (manager.url(), manager.username(), manager.password());
//! use nsx_api::Client;
//! use nsx_api::auth::Session;
//! # use nsx_api::http::Method;
//!
//! let client = Client::builder(address)
//!     .auth(Session::new(user, password))
//!     .ca_file(certificate)
//!     .build()?;
//! # client.request(Method::GET, "/api/v1/node/version").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The certificate must not be expired, and must match the name or address that the client uses. If
//! it does not, pin it with [`Config::pin_thumbprint`] or [`Config::pin_certificate`]. Then only
//! this certificate is trusted, under any name and at any time. The manager still has to prove that
//! it has the private key.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::ErrorKind;
//! # use nsx_api::mock::{Certificate, Manager};
//! # let manager = Manager::builder().certificate(Certificate::Expired).start().await?;
//! # manager.on("GET /api/v1/node/version", |_| 200);
//! # let (address, user, password) = (manager.url(), manager.username(), manager.password());
//! # let wrong = Client::builder(&address).pin_thumbprint("00".repeat(32)).build()?;
//! # let refused = wrong.request(Method::GET, "/api/v1/node/version").send().await;
//! # let refused = refused.err().ok_or("a pin of zeros let a manager in")?;
//! # assert_eq!(refused.kind(), ErrorKind::Tls);
//! # let told = refused.to_string();
//! # let thumbprint = told.split("thumbprint ").nth(1).ok_or("no thumbprint")?;
//! # let thumbprint = thumbprint.split(',').next().ok_or("no thumbprint")?;
//! use nsx_api::Client;
//! use nsx_api::auth::Session;
//! # use nsx_api::http::Method;
//!
//! let client = Client::builder(address)
//!     .auth(Session::new(user, password))
//!     .pin_thumbprint(thumbprint) // "5E:0B:86:CA:…", 64 digits
//!     .build()?;
//! # client.request(Method::GET, "/api/v1/node/version").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Do not [disable verification](Config::danger_accept_invalid_certs) instead: an attacker who can
//! intercept the connection could then impersonate the manager and steal the password and all
//! tokens.
//!
//! ## A proxy
//!
//! The client uses the proxy from these environment variables. The proxy only tunnels to the
//! manager, so it sees no credentials. If one manager of a client is on this machine (`localhost`,
//! `127.0.0.1`) or uses plain HTTP, the client uses no proxy for any of them.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `HTTPS_PROXY` | `http://proxy.example.com:3128`; with `https://` the proxy's certificate is verified like a manager's |
//! | `NO_PROXY` | hosts that are called directly, separated by commas: `nsx.example.com,10.0.0.0/8` |
//!
//! A gateway may instead forward one of its own paths to the manager. Put that path into the
//! address:
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::Manager;
//! # let manager = Manager::start().await?;
//! # manager.on("GET /site-a/nsx/api/v1/node/version", |_| 200);
//! # let (address, ca) = (manager.url(), manager.ca_pem());
//! # let (user, password) = (manager.username(), manager.password());
//! use nsx_api::Client;
//! use nsx_api::auth::Basic;
//! # use nsx_api::http::Method;
//!
//! let client = Client::builder(format!("{address}/site-a/nsx"))
//!     .auth(Basic::new(user, password))
//! #     .ca_pem(ca)
//!     .build()?;
//! # client.request(Method::GET, "/api/v1/node/version").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! ## An auth scheme of your own
//!
//! Implement one method of [`Authenticate`] that obtains credentials. The client calls it before
//! the first call, before the credentials expire, and when the manager refuses them, once for all
//! concurrent calls.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("GET /api/v1/node/version", |_| 200);
//! # manager.accept_bearer("t0ken");
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("token");
//! # std::fs::write(&path, "t0ken\n")?;
//! # let (address, ca) = (manager.url(), manager.ca_pem());
//! use std::path::PathBuf;
//! use std::time::Duration;
//!
//! use nsx_api::Client;
//! use nsx_api::auth::{AuthContext, Authenticate, BoxError, Credentials};
//! # use nsx_api::http::Method;
//!
//! /// A token that another program writes to a file every hour.
//! struct TokenFile(PathBuf);
//!
//! impl Authenticate for TokenFile {
//!     async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
//!         let token = std::fs::read_to_string(&self.0)?;
//!         Ok(Credentials::bearer(token.trim()).expires_in(Duration::from_secs(3600)))
//!     }
//! }
//!
//! let client = Client::builder(address)
//!     .auth(TokenFile(path))
//! #     .ca_pem(ca)
//!     .build()?;
//! # client.request(Method::GET, "/api/v1/node/version").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A scheme that logs in to the manager uses [`AuthContext::request`]. [`Credentials::header`] sets
//! headers of other names, [`Credentials::cookie`] cookies.
//!
//! # Calls
//!
//! ## A registration token
//!
//! A node needs a registration token to join the management plane. The token has the privileges of
//! the user who created it, so it is a [`Secret`]: it can be sent and read, but is never logged.
//! This example works without a generated method for the operation.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("POST /api/v1/aaa/registration-token", |_| {
//! #     Answer::json(200, serde_json::json!({"token": "s3cret", "roles": ["enterprise_admin"]}))
//! # });
//! # let client = manager.client()?;
//! use nsx_api::Secret;
//! use nsx_api::http::Method;
//!
//! #[derive(serde::Deserialize)]
//! struct Registration {
//!     token: Secret,
//!     roles: Vec<String>,
//! }
//!
//! let registration = client
//!     .request(Method::POST, "/api/v1/aaa/registration-token")
//!     .send()
//!     .await?
//!     .json::<Registration>()?;
//! println!("for {}", registration.roles.join(", "));
//! println!("{:?}", registration.token); // Secret(…)
//! let for_the_node = registration.token.expose_secret();
//! # assert_eq!(for_the_node, "s3cret");
//! # Ok(())
//! # }
//! ```
//!
//! Each call creates another token, so it is not retried if an earlier attempt may have created
//! one.
//!
//! ## A deadline for one call
//!
//! [`Client::with`] returns the same client, with its connections, credentials and retry budget,
//! but with other [`CallOptions`].
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::ErrorKind;
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.respond_always(Answer::status(200).delay(Duration::from_secs(60)));
//! # let client = manager.client()?;
//! use std::time::Duration;
//!
//! use nsx_api::CallOptions;
//! use nsx_api::http::Method;
//!
//! let hurried = client.with(CallOptions::new().deadline(Duration::from_millis(200)));
//! let result = hurried.request(Method::GET, "/api/v1/node/version").send().await;
//! # assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::Timeout));
//! # Ok(())
//! # }
//! ```
//!
//! The deadline covers everything: login, attempts and backoff. [`CallOptions::attempt_timeout`]
//! limits a single attempt.
//!
//! ## Idempotency of one call
//!
//! After a lost connection, it is unknown whether a `POST` took effect, so it is not retried. If
//! you know that repeating it is harmless, allow it:
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.respond_with(Answer::dropped());
//! # manager.on("POST /api/v1/node/services/search", |_| 200);
//! # let client = manager.client()?;
//! use nsx_api::CallOptions;
//! use nsx_api::http::Method;
//!
//! let harmless = client.with(CallOptions::new().idempotent(true));
//! let restart = harmless
//!     .request(Method::POST, "/api/v1/node/services/search?action=restart")
//!     .send()
//!     .await?;
//! assert_eq!(restart.attempts(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! Conversely, `idempotent(false)` prevents a `PUT` from being sent twice, and `max_retries(0)`
//! disables retries altogether. To change an operation for all calls, set `x-idempotent` in the
//! document.
//!
//! ## Cancelling a call
//!
//! Drop its future. The call stops and is not retried. What the manager has already done is not
//! undone.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.respond_always(Answer::status(200).delay(Duration::from_secs(60)));
//! # let client = manager.client()?;
//! # async fn shutdown() {}
//! use nsx_api::http::Method;
//! # use std::time::Duration;
//!
//! tokio::select! {
//!     response = client.request(Method::GET, "/api/v1/node/version").send() => {
//!         println!("{} bytes", response?.len());
//!     }
//!     // For example `tokio::signal::ctrl_c()`.
//!     () = shutdown() => println!("stopped"),
//! }
//! client.close().await; // Ends the session.
//! # Ok(())
//! # }
//! ```
//!
//! ## Many calls at once
//!
//! A client is cheap to clone. Clones share connections, credentials and [`Limits`]: by default, 40
//! calls are sent at once, and the others wait.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("GET /api/v1/transport-nodes/{id}/status", |_| 200);
//! # let client = manager.client()?;
//! use nsx_api::http::Method;
//! use tokio::task::JoinSet;
//!
//! let mut calls = JoinSet::new();
//! for node in 1..=100 {
//!     let client = client.clone();
//!     calls.spawn(async move {
//!         let path = format!("/api/v1/transport-nodes/{node}/status");
//!         client.request(Method::GET, path).send().await
//!     });
//! }
//! while let Some(answer) = calls.join_next().await {
//!     println!("{}", answer??.status());
//! }
//! # assert_eq!(manager.count(), 100);
//! # Ok(())
//! # }
//! ```
//!
//! ## An error of the manager
//!
//! The manager's error code is more specific than the status. [`Error::api_error`] is the whole
//! error body. If the body does not come from a manager, but for example from a proxy, read
//! [`Error::body`].
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.respond_always(Answer::api_error(403, 505, "The licence does not cover this."));
//! # let client = manager.client()?;
//! use nsx_api::ErrorKind;
//! use nsx_api::http::Method;
//!
//! let result = client.request(Method::DELETE, "/api/v1/ns-groups/7").send().await;
//! match result {
//!     Ok(_) => println!("deleted"),
//!     Err(error) if error.kind() == ErrorKind::NotFound => println!("was not there"),
//!     Err(error) if error.error_code() == Some(505) => {
//!         let said = error.api_error().and_then(|said| said.error_message.as_deref());
//!         println!("a licence is missing: {}", said.unwrap_or_default());
//!     }
//!     Err(error) => return Err(error.into()), // It prints as one line with the manager's message.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ## Concurrent changes to an object
//!
//! To change an object, read it, modify it, and write it back with the `_revision` that you read.
//! If somebody else changed it in between, the manager refuses with 409 or 412. Then read it again
//! and apply your change to the new state. Keep fields that you do not know; generated types do
//! that.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("GET /api/v1/ns-groups/7", |_| Answer::json(200, serde_json::json!({"_revision": 3})));
//! # manager.on("PUT /api/v1/ns-groups/7", |_| 200);
//! # manager.respond_with(Answer::documented(412).only_for("PUT /api/v1/ns-groups/7"));
//! # let client = manager.client()?;
//! use nsx_api::ErrorKind;
//! use nsx_api::http::Method;
//! use nsx_api::serde_json::Value;
//!
//! loop {
//!     let read = client.request(Method::GET, "/api/v1/ns-groups/7").send().await?;
//!     let mut group = read.json::<Value>()?.into_inner();
//!     group["description"] = "web servers".into();
//!     let write = client.request(Method::PUT, "/api/v1/ns-groups/7").json(&group);
//!     match write.send().await.map_err(|error| (error.kind(), error)) {
//!         Ok(_) => break,
//!         Err((ErrorKind::Conflict | ErrorKind::PreconditionFailed, _)) => continue,
//!         Err((_, error)) => return Err(error.into()),
//!     }
//! }
//! # assert_eq!(manager.count(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! # Lists, files, large bodies
//!
//! ## All pages of a list
//!
//! Generated operations that return pages have `stream()` and `pages()`. For others, implement
//! [`Page`](crate::Page) to say where the cursor and the items are:
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("GET /api/v1/transport-nodes", |call| {
//! #     let is_second = call.query.as_deref().is_some_and(|query| query.contains("cursor=c1"));
//! #     match is_second {
//! #         true => Answer::json(200, serde_json::json!({"results": [{"id": "n-3"}]})),
//! #         false => Answer::json(200, serde_json::json!({"cursor": "c1", "results": [{"id": "n-1"}, {"id": "n-2"}]})),
//! #     }
//! # });
//! # let client = manager.client()?;
//! use nsx_api::Page;
//! use nsx_api::http::Method;
//!
//! #[derive(serde::Deserialize)]
//! struct Node {
//!     id: String,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Nodes {
//!     cursor: Option<String>,
//!     results: Vec<Node>,
//! }
//!
//! impl Page for Nodes {
//!     type Item = Node;
//!
//!     fn cursor(&self) -> Option<&str> {
//!         self.cursor.as_deref()
//!     }
//!
//!     fn into_items(self) -> Vec<Node> {
//!         self.results
//!     }
//! }
//!
//! let list = client.request(Method::GET, "/api/v1/transport-nodes");
//! let mut nodes = list.query("page_size", &100).pages::<Nodes>().items();
//! # let mut seen = Vec::new();
//! while let Some(node) = nodes.next().await {
//!     let node = node?;
//!     println!("{}", node.id);
//! #     seen.push(node.id);
//! }
//! # assert_eq!(seen, ["n-1", "n-2", "n-3"]);
//! # Ok(())
//! # }
//! ```
//!
//! ## Uploading a file
//!
//! A [`Part`] made of bytes can be sent again when a call is retried. For a file that does not fit
//! into memory, use [`Body::from_stream`]; it is sent only once.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("POST /api/v1/upgrade/bundles", |_| 200);
//! # let client = manager.client()?;
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("bundle.mub");
//! # std::fs::write(&path, "content")?;
//! use std::time::Duration;
//!
//! use nsx_api::http::Method;
//! use nsx_api::{CallOptions, Part};
//!
//! let bundle = Part::from(std::fs::read(path)?).file_name("bundle.mub");
//! let time = Duration::from_secs(1800);
//! client
//!     .with(CallOptions::new().deadline(time).attempt_timeout(time))
//!     .request(Method::POST, "/api/v1/upgrade/bundles?action=upload")
//!     .multipart_file("file", bundle)
//!     .send()
//!     .await?;
//! # let [sent] = manager.requests().try_into().map_err(|_| "it was not sent once")?;
//! # assert!(String::from_utf8_lossy(&sent.body).contains("filename=\"bundle.mub\""));
//! # Ok(())
//! # }
//! ```
//!
//! ## Downloading a large body
//!
//! [`Request::stream`] keeps one piece in memory at a time, and has no size limit.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("POST /api/v1/administration/support-bundles", |_| Answer::status(200).body("content").chunked(3));
//! # let client = manager.client()?;
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("support.tgz");
//! # let kept = path.clone();
//! use std::io::Write;
//!
//! use nsx_api::http::Method;
//!
//! let path_and_query = "/api/v1/administration/support-bundles?action=collect";
//! let response = client.request(Method::POST, path_and_query).stream().await?;
//! let mut body = response.into_inner();
//! let mut file = std::fs::File::create(path)?;
//! while let Some(piece) = body.next().await {
//!     file.write_all(&piece?)?;
//! }
//! # assert_eq!(std::fs::read_to_string(kept)?, "content");
//! # Ok(())
//! # }
//! ```
//!
//! # Observability
//!
//! ## Tracing to the console
//!
//! Uses the crates `tracing` and `tracing-subscriber`. `INFO` shows retries and their reasons;
//! `DEBUG` also shows each attempt and the outcome of each call.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # manager.on("GET /api/v1/node/version", |_| 200);
//! # manager.respond_with(503);
//! # let client = manager.client()?;
//! use nsx_api::http::Method;
//! use tracing_subscriber::filter::{LevelFilter, Targets};
//! use tracing_subscriber::fmt::format::FmtSpan;
//! use tracing_subscriber::prelude::*;
//!
//! // Spans and events of this library only, not those of the HTTP library.
//! let ours = Targets::new().with_target("nsx_api", LevelFilter::DEBUG);
//! let console = tracing_subscriber::fmt::layer()
//!     // A line for each span that ends, with its duration.
//!     .with_span_events(FmtSpan::CLOSE)
//!     .with_writer(std::io::stderr);
//! tracing_subscriber::registry().with(console.with_filter(ours)).init();
//!
//! client.request(Method::GET, "/api/v1/node/version").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The [crate guide](crate#observability) lists the fields of the spans.
//!
// If the feature is disabled, its module does not exist, so the link goes to the list of features.
#![cfg_attr(feature = "mock", doc = "[mock]: crate::mock")]
#![cfg_attr(not(feature = "mock"), doc = "[mock]: crate#features")]

use crate::auth::{AuthContext, Authenticate, Credentials};
use crate::{Body, CallOptions, Client, Config, Error, Limits, Part, Request, Secret};
