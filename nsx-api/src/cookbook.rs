//! Recipes: what programs do with this library beyond a plain call, each as code that runs.
//!
//! `address`, `user` and `password` are those of your manager; here they are those of a [stand-in][mock].
//! `client` is a [`Client`] that was built before. The recipes are the body of an `async fn` that returns a `Result`, and need the crate `tokio` with the
//! features `macros` and `rt-multi-thread`. Where a type is declared they need `serde` with `derive`.
//!
//! # Getting in
//!
//! ## A self-signed manager
//!
//! A manager that was installed and not configured further shows a certificate that it made for itself. Fetch it once, and compare its thumbprint
//! with what `get certificate api thumbprint` says on the manager's own command line:
//!
//! ```console
//! openssl s_client -connect nsx.example.com:443 </dev/null |
//!     openssl x509 -out manager.pem
//! openssl x509 -in manager.pem -noout -fingerprint -sha256
//! ```
//!
//! Then add it, as you would a CA ([`Config::ca_file`], or [`Config::ca_pem`] for its text). When the file changes a running client takes the new one.
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
//! The certificate has to be for the name or address that the client uses, and valid now. Where it is not, pin it: then it is this certificate
//! and no other, under any name and at any time ([`Config::pin_thumbprint`], [`Config::pin_certificate`]). The manager still has to prove that it has the key.
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
//! Do not [switch verification off](Config::danger_accept_invalid_certs) instead: whoever can answer in the manager's place then gets the
//! password, and the tokens that the manager would have given to you.
//!
//! ## A proxy
//!
//! The library uses the proxy of the environment, and has no setting for it. It is a tunnel to the manager, so the proxy sees no credentials. If one
//! manager of a client is on this machine (`localhost`, `127.0.0.1`) or spoken to over plain HTTP, all of them are called directly.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `HTTPS_PROXY` | `http://proxy.example.com:3128`; with `https://` the proxy's certificate is verified like a manager's |
//! | `NO_PROXY` | hosts that are called directly, with commas between them: `nsx.example.com,10.0.0.0/8` |
//!
//! Where it is a gateway with a path of its own that leads to the manager, that is a part of the address, and goes before every path:
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
//! Write how credentials are got: one method of [`Authenticate`]. The library calls it before the first call, before they
//! expire, and when the manager refuses them, once for all calls that wait.
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
//! A scheme that asks the manager itself makes its calls with [`AuthContext::request`]. Credentials that are headers of another name are made with
//! [`Credentials::header`], cookies with [`Credentials::cookie`].
//!
//! # Calls
//!
//! ## A registration token
//!
//! A node that joins the management plane shows a token. It carries the privileges of whoever asked for it, so it is a [`Secret`]: it can be
//! sent and read, and is in no log. A document that has this operation gives a method for it, with its types; this is without one.
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
//! Each call makes another token, so it is not sent again when an earlier one may have been made.
//!
//! ## A deadline for one call
//!
//! [`Client::with`] gives the same client, with its connections, credentials and budget, for calls with other [`CallOptions`].
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
//! The deadline is over everything: login, attempts and waits. [`CallOptions::attempt_timeout`] bounds each attempt.
//!
//! ## One call's idempotency
//!
//! After a lost connection nobody knows whether a `POST` took effect, so it is not sent again. You may know that a second one does no harm:
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
//! The other way round, `idempotent(false)` keeps a `PUT` from being sent twice, and `max_retries(0)` any call. For an operation that is always so,
//! say `x-idempotent` in the document.
//!
//! ## Cancelling a call
//!
//! Drop its future. It stops where it is, is not sent again, and leaves nothing behind but what the manager has done already.
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
//!     // `tokio::signal::ctrl_c()`, for one.
//!     () = shutdown() => println!("stopped"),
//! }
//! client.close().await; // Ends the session.
//! # Ok(())
//! # }
//! ```
//!
//! ## Many calls at once
//!
//! A client is cheap to clone, and its clones share connections, credentials and [`Limits`]: 40 calls at once by default, the others wait.
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
//! The manager's own number says more than the status. Everything that it sent is in [`Error::api_error`], and a body that is no
//! manager's, a proxy's page for one, in [`Error::body`].
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
//!     Err(error) => return Err(error.into()), // Its one line says everything.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ## A change that others make too
//!
//! An object that is written back carries the `_revision` that was read. If it has changed in between the manager refuses it, with 409 or 412: read it again, and
//! make the change to what it is now. Keep the fields that you do not know; types of a document do.
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
//! An operation of the document that answers in pages has `stream()` and `pages()`. Without one, say where cursor and items are:
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
//! A [`Part`] of bytes can be sent again when a call is retried. A file that does not fit into memory is a [`Body::from_stream`], which is sent once.
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
//! [`Request::stream`] holds no more than a piece in memory, and knows no limit.
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
//! # Watching
//!
//! ## Tracing to the console
//!
//! With the crates `tracing` and `tracing-subscriber`. `INFO` shows retries and their reasons, `DEBUG` each attempt and how each call ended.
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
//! // This library's spans and events, and not those of the HTTP library below it.
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
//! What the spans hold is said in the [tour](crate#observability).
//!
// Where the feature is off there is nothing to link to but what the feature is.
#![cfg_attr(feature = "mock", doc = "[mock]: crate::mock")]
#![cfg_attr(not(feature = "mock"), doc = "[mock]: crate#features")]

use crate::auth::{AuthContext, Authenticate, Credentials};
use crate::{Body, CallOptions, Client, Config, Error, Limits, Part, Request, Secret};
