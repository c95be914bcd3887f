//! A client for the NSX Manager API.
//!
//! Each operation of the OpenAPI document is a method of [`Client`] ([all operations](operations)).
//! The methods, their [`builder`]s and the [`types`] that they send and receive are generated.
//! Connections, TLS, credentials, deadlines, retries and errors are written by hand.
//!
#![doc = include_str!("generated/example.md")]
//!
//! Replace `address`, `user` and `password` with those of your manager, and `ca` with the PEM of
//! its CA or of [its self-signed certificate](cookbook#a-self-signed-manager). The examples need
//! `tokio` with the features `macros` and `rt-multi-thread`. Examples that declare types also need
//! `serde` with the feature `derive`. `serde_json` is [re-exported](serde_json).
//!
//! [How a call works](#how-a-call-works) · [Authentication](#authentication) ·
//! [Responses](#responses) · [Errors](#errors) · [Retries](#retries) · [Several
//! managers](#several-managers) · [Testing](#testing-your-code) · [Features](#features) ·
//! [Cookbook](#cookbook) · [Security](#security) · [Observability](#observability) ·
//! [Runtime](#runtime)
//!
#![cfg_attr(
    api_reference,
    doc = "If you do not use Rust, read [the API reference](../api-reference/index.html)."
)]
//!
//! # How a call works
//!
//! A [`Client`] belongs to one NSX Manager, or to [the managers of one cluster](#several-managers).
//! It holds the connections, the credentials, the [limits](Limits) and the retry budget. Its clones
//! share them, so create one client and clone it for each task.
//!
//! Each `send()` is one **call**. A call makes one or more **attempts**; an attempt is one HTTP
//! request to one manager. For each attempt, the client chooses a manager, waits if a limit is
//! reached, and adds the credentials, which it obtains first if necessary. If the attempt fails,
//! the call is [retried](#retries) after a backoff, provided that this is safe. The call ends with
//! a [`Response`] or an [`Error`], no later than its [deadline](CallOptions::deadline).
//!
//! [`Config`] has the settings of a client, [`CallOptions`] those that can also be changed [for
//! some calls](Client::with).
//!
//! # Authentication
//!
//! | use | if |
//! | --- | --- |
//! | [`Session`](auth::Session) | you have a user name and password. The client logs in once and refreshes the session |
//! | [`Basic`](auth::Basic) | you have a user name and password, but sessions are not available. The password is sent with every call |
//! | [`Identity`](auth::Identity), with [`Config::identity`] | you have the client certificate of a principal identity |
//! | [`Bearer`](auth::Bearer) | you have a token that is valid for as long as your program runs |
//! | [`Csp`](auth::Csp) | the manager belongs to VMware Cloud on AWS, and you have an API token of VMware Cloud Services |
//! | [`Remote`](auth::Remote) | you have a vIDM user, and an early version of NSX Manager |
//! | [`Authenticate`](auth::Authenticate) | nothing else fits. [A scheme of your own](cookbook#an-auth-scheme-of-your-own) needs one method |
//! | [`Client::from_env`] | the environment chooses the scheme, with [the variables](Config::from_env) of the Terraform provider |
//!
//! The client [refreshes credentials](auth#refresh) automatically, once for all concurrent calls.
//! [`Client::close`] logs out.
//!
//! # Responses
//!
//! A call returns a [`Response<T>`](Response). It derefs to `T`, and carries status, headers,
//! attempts and manager. [`Client::request`] calls an operation that is not in the document, with
//! the same credentials, retries and errors.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let manager = Manager::start().await?;
//! # let version = serde_json::json!({"node_version": "4.2.1.0", "product_version": "4.2.1.0"});
//! # manager.on("GET /api/v1/node/version", move |_| Answer::json(200, &version));
//! # let client = manager.client()?;
//! use nsx_api::http::Method;
//!
//! #[derive(serde::Deserialize)]
//! struct Version {
//!     product_version: String,
//! }
//!
//! let response = client.request(Method::GET, "/api/v1/node/version").send().await?;
//! let version = response.json::<Version>()?;
//! println!("{} runs {}", version.manager(), version.product_version);
//! println!("{} after {} attempt(s)", version.status(), version.attempts());
//! # Ok(())
//! # }
//! ```
//!
//! If an operation returns a list in pages, its builder has `stream` and `pages` besides `send`.
//! `stream` returns the [`Items`] of all pages, `pages` the [`Pages`] themselves.
//!
//! Values and fields that are not in the document are preserved: enums keep unknown values, and
//! objects keep unknown fields ([`Extra`]) and send them when they are written back.
//!
//! # Errors
//!
//! Every failure is an [`Error`]. Match on its [`kind`](Error::kind). `Display` is one line for
//! people that contains the manager's message. [`api_error`](Error::api_error) is the manager's
//! error body.
//!
//! The column *retried* shows whether the client has already retried the call when it returns the
//! error. *If idempotent* also means that the call may have taken effect.
//!
//! | status or failure | [`ErrorKind`] | retried | what to do |
//! | --- | --- | --- | --- |
//! | 400 | [`BadRequest`](ErrorKind::BadRequest) | never | fix the request: the manager's message says what is wrong |
//! | 401 | [`Unauthorized`](ErrorKind::Unauthorized) | with new credentials | check user name and password, or the token |
//! | 403 | [`Forbidden`](ErrorKind::Forbidden) | with new credentials | check the credentials and the user's role; the [code](Error::error_code) 505 is a missing licence |
//! | 404 | [`NotFound`](ErrorKind::NotFound) | never | check the id and the path |
//! | 409 | [`Conflict`](ErrorKind::Conflict) | never | [read the object again](cookbook#concurrent-changes-to-an-object), and apply your change to the new state |
//! | 412 | [`PreconditionFailed`](ErrorKind::PreconditionFailed) | never | the same, or first create the state that the call requires |
//! | 429 | [`TooManyRequests`](ErrorKind::TooManyRequests) | always | send fewer calls, and share one client among all tasks; other programs with the same user count too |
//! | 500 | [`InternalServerError`](ErrorKind::InternalServerError) | if idempotent | check what took effect; search the manager's log for the [request id](Error::request_id) |
//! | 503, with an `error_code` | [`ServiceUnavailable`](ErrorKind::ServiceUnavailable) | always | wait: the manager is busy or starting, and did nothing |
//! | 503, without one | [`ServiceUnavailable`](ErrorKind::ServiceUnavailable) | if idempotent | check what took effect, then wait |
//! | 502, 504 | [`Status`](ErrorKind::Status) | if idempotent | check what took effect; a proxy got no response from the manager |
//! | any other 4xx, 5xx | [`Status`](ErrorKind::Status) | never | read [`status`](Error::status) and [`body`](Error::body) |
//! | 301, 307, 308 | [`Redirect`](ErrorKind::Redirect) | at [a configured manager](#several-managers) | use the address in the message, or add it to the client |
//! | 302, 303 | [`Redirect`](ErrorKind::Redirect) | never | use the address in the message |
//! | no connection | [`Connect`](ErrorKind::Connect) | always | check address, port, proxy and firewall |
//! | TLS handshake failed | [`Tls`](ErrorKind::Tls) | if transient, or at another manager | [trust the manager's certificate](cookbook#a-self-signed-manager), or fix the client certificate |
//! | timeout | [`Timeout`](ErrorKind::Timeout) | if idempotent | check what took effect; raise the [attempt timeout](CallOptions::attempt_timeout) or the [deadline](CallOptions::deadline) |
//! | connection lost | [`Connection`](ErrorKind::Connection) | if idempotent | check what took effect |
//! | 2xx, but the body does not match the type | [`Decode`](ErrorKind::Decode) | never | fix the type or the document at the place in the message; the call took effect |
//! | 2xx, but the body is too large | [`BodyTooLarge`](ErrorKind::BodyTooLarge) | never | [stream it](cookbook#downloading-a-large-body), or raise the [limit](CallOptions::body_limit); the call took effect |
//! | no credentials | [`Authentication`](ErrorKind::Authentication) | if transient | read the [source](std::error::Error::source): the login or your scheme failed |
//! | invalid arguments | [`InvalidRequest`](ErrorKind::InvalidRequest) | never | fix the call; nothing was sent |
//! | invalid configuration | [`Config`](ErrorKind::Config) | never | fix the setting that the message names |
//!
//! # Retries
//!
//! Whether a call is retried depends on how it failed ([all cases](CallOptions::max_retries)):
//! applying a change twice is worse than an error. If it is unknown whether a call took effect,
//! only idempotent calls are retried (by default all but `POST` and `PATCH`).
//!
//! | setting | default | reason |
//! | --- | --- | --- |
//! | [retries](CallOptions::max_retries) | 4 | spread over up to four seconds; managers count requests per second |
//! | [backoff](CallOptions::max_retry_delay) | random, up to 250 ms, 500 ms, 1 s … 10 s | full jitter, so that clients rejected together do not retry together |
//! | `Retry-After` | obeyed up to 60 s | a longer one fails the call; read it from [`Error::retry_after`] |
//! | retry budget | a fifth of the calls, plus 10 per second | without it, a failing manager would get up to five times the requests |
//! | [attempt timeout](CallOptions::attempt_timeout) | 60 s | gateways in front of a manager usually time out earlier |
//! | [connect timeout](Config::connect_timeout) | 10 s | TCP resends a lost packet after 1, 3 and 7 seconds |
//! | [deadline](CallOptions::deadline) | 300 s | an upper bound, so that no call hangs forever |
//! | [body in memory](CallOptions::body_limit) | 16 MiB | many times the largest page of a list |
//! | [concurrent calls](Limits) | 40 per manager | the limit per user of managers before 9.1 |
//! | [calls per second](Limits) | as many as the manager accepts | limits differ by version and configuration; nothing is throttled before the first rejection |
//!
//! Change them for a client with [`Config::options`] and [`Config::limits`], and for some calls
//! with [`Client::with`]. [`CallOptions`] compares the defaults with those of other clients, and
//! has measurements.
//!
//! # Several managers
//!
//! A call goes to the manager with the fewest calls in flight. If a manager fails, it is ejected,
//! and the call is retried at another one. [`Config::manager`] has the details.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use nsx_api::mock::{Answer, Manager};
//! # let start = || Manager::builder().credentials("admin", "VMware1!VMware1!").start();
//! # let (first, second) = (start().await?, start().await?);
//! # for manager in [&first, &second] {
//! #     manager.on("GET /api/v1/node/version", |_| 200);
//! # }
//! # let (one, other) = (first.url(), second.url());
//! # let cas = [first.ca_pem(), second.ca_pem()].concat();
//! use nsx_api::Client;
//! use nsx_api::auth::Session;
//! use nsx_api::http::Method;
//!
//! let client = Client::builder(one)
//!     .manager(other)
//!     .auth(Session::new("admin", "VMware1!VMware1!"))
//! #     .ca_pem(cas)
//!     .build()?;
//!
//! # drop(first);
//! # tokio::task::yield_now().await;
//! // One of the two may be down.
//! let request = client.request(Method::GET, "/api/v1/node/version");
//! let response = request.send().await?;
//! println!("{} responded", response.manager());
//! # assert!(second.url().ends_with(response.manager()));
//! # Ok(())
//! # }
//! ```
//!
//! # Testing your code
//!
//! The feature `mock` adds a [mock manager][`mock`] with real sockets, TLS, sessions and faults. It
//! implements every operation of the document, and responds with the document's examples unless a
//! test sets something else.
//!
//! ```
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use nsx_api::http::Method;
//! use nsx_api::mock::{Answer, Manager};
//! use nsx_api::{Client, Error, ErrorKind};
//!
//! // The code to be tested.
//! async fn is_there(client: &Client, id: &str) -> Result<bool, Error> {
//!     let path = format!("/api/v1/ns-groups/{id}");
//!     match client.request(Method::GET, path).send().await {
//!         Ok(_) => Ok(true),
//!         Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
//!         Err(e) => Err(e),
//!     }
//! }
//!
//! // In a `#[tokio::test]`:
//! let manager = Manager::start().await?;
//! let client = manager.client()?;
//! manager.on("GET /api/v1/ns-groups/{id}", |_| Answer::status(200));
//! assert!(is_there(&client, "7").await?);
//!
//! // The next call fails with an error of the manager.
//! manager.respond_with(Answer::api_error(403, 505, "A licence is missing."));
//! let error = is_there(&client, "7").await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Forbidden);
//! assert_eq!(error.error_code(), Some(505));
//!
//! // The client retries after a broken connection.
//! manager.respond_with(Answer::dropped());
//! assert!(is_there(&client, "7").await?);
//! assert_eq!(manager.count(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it adds | crates | CPU time |
//! | --- | --- | --- | --- |
//! | `ring`, the default | TLS with the cryptography of ring | 100 in all | 96 s in all |
//! | `aws-lc-rs` | TLS with the cryptography of AWS-LC, even if `ring` is enabled too, and P-521 keys of client certificates | 4 more than with `ring` if it replaces it, 7 if both are on | 44 s more if it replaces `ring`, 55 s if both are on |
//! | `mock` | [`mock`], a mock manager for tests | 8 more | 21 s more |
//! | `metrics` | counts and durations of calls, [below](#observability) | 3 more | 4 s more |
//! | `schemars` | JSON Schemas of the generated types, in [`schemas`] | 6 more | 11 s more |
//!
//! The library needs `ring` or `aws-lc-rs` to compile. To use AWS-LC alone, disable the default
//! features.
//!
//! The crates are counted with `cargo tree -e normal,build` for x86-64 Linux. The CPU time is user
//! plus system time of a first debug build, with Rust 1.95, of a program that makes one call: the
//! lowest of three runs. For a feature, it is the time to build the additional crates.
//!
//! | crates of the 100 | why they are needed |
//! | --- | --- |
//! | reqwest, hyper, h2, tokio, tower and their dependencies | HTTP/1.1 and HTTP/2 over pooled connections; h2 also reports requests that the server did not process |
//! | rustls, ring, rustls-platform-verifier and their dependencies | TLS, verified against the certificates that the platform trusts |
//! | url, idna and the tables of ICU: about 25 | addresses and host names; dependencies of reqwest |
//! | serde, serde_json, serde_path_to_error | bodies, and the location of decoding errors |
//! | httpdate, zeroize, tracing | dates in headers, wiping secrets, spans |
//!
//! # Cookbook
//!
//! | to | see |
//! | --- | --- |
//! | trust a manager whose certificate is not signed by a CA | [a self-signed manager](cookbook#a-self-signed-manager) |
//! | connect through a proxy or a gateway | [a proxy](cookbook#a-proxy) |
//! | authenticate in another way | [an auth scheme of your own](cookbook#an-auth-scheme-of-your-own) |
//! | let a node join the management plane | [a registration token](cookbook#a-registration-token) |
//! | wait less, or longer | [a deadline for one call](cookbook#a-deadline-for-one-call) |
//! | allow or forbid retries of a call | [idempotency of one call](cookbook#idempotency-of-one-call) |
//! | stop waiting | [cancelling a call](cookbook#cancelling-a-call) |
//! | make calls in parallel | [many calls at once](cookbook#many-calls-at-once) |
//! | handle an error code of the manager | [an error of the manager](cookbook#an-error-of-the-manager) |
//! | modify an object | [concurrent changes to an object](cookbook#concurrent-changes-to-an-object) |
//! | read a list | [all pages of a list](cookbook#all-pages-of-a-list) |
//! | send or receive large bodies | [uploading a file](cookbook#uploading-a-file), [downloading a large body](cookbook#downloading-a-large-body) |
//! | see attempts and retries | [tracing to the console](cookbook#tracing-to-the-console) |
//!
//! # Security
//!
//! | what | how it is protected |
//! | --- | --- |
//! | certificates | verified against those of the platform and those that you [add](Config::ca_file). A [pinned](Config::pin_thumbprint) certificate is accepted under any name and at any time. Only [`danger_accept_invalid_certs`](Config::danger_accept_invalid_certs) disables verification |
//! | files of certificates and keys | reloaded when they change, while the client is in use |
//! | plain HTTP | refused, except to this machine or with [`danger_allow_http`](Config::danger_allow_http) |
//! | redirects | followed only to [configured managers](Config::manager), so credentials are sent to no other host |
//! | a [proxy](cookbook#a-proxy) from the environment | only tunnels, and sees no credentials. The certificate of an HTTPS proxy is verified like a manager's, and the proxy gets the client certificate if it requests one |
//! | passwords, tokens, cookies, keys | never in `Debug` output, errors or logs of this library, even if a manager echoes them. A field that the document marks as a password is a [`Secret`] |
//!
//! One exception: at `DEBUG`, the dependency `h2` logs the debug data of a `GOAWAY` frame, which
//! the manager chooses.
//!
//! # Observability
//!
//! With `tracing` ([to the console](cookbook#tracing-to-the-console)). The fields have the names of
//! OpenTelemetry, except `nsx.operation`:
//!
//! | span or event | level | content |
//! | --- | --- | --- |
//! | span `nsx_call` | `INFO` | a call with all its attempts: `nsx.operation`, `http.request.method`, `http.request.resend_count`, `http.response.status_code`, `server.address`, `server.port`, `error.type` |
//! | span `nsx_attempt` | `DEBUG` | one attempt: the same fields without the operation |
//! | event for a retry | `INFO` | the reason for the retry, and the delay before it |
//! | event at the end | `DEBUG` | the outcome of the call |
//!
//! With the feature `metrics`, for the recorder that the program installs:
//!
//! | metric | labels | measures |
//! | --- | --- | --- |
//! | `nsx_api_calls_total` | `operation`, `outcome` | calls |
//! | `nsx_api_call_duration_seconds` | `operation`, `outcome` | duration of calls, as a histogram |
//! | `nsx_api_attempts_total` | `operation` | attempts |
//! | `nsx_api_decode_errors_total` | `operation` | 2xx responses that could not be decoded; their outcome is `ok` |
//!
//! `operation` is the `operationId`. It is `login`, `logout` or `health` for calls that the library
//! makes itself, and `other` for [`Client::request`].
//!
//! `outcome` is `ok`, a status, an [`ErrorKind`], or `cancelled` if the call was dropped.
//! `error.type` is `cancelled` then too.
//!
//! # Runtime
//!
//! The client needs a Tokio runtime with I/O and time (`enable_all`). Outside of a runtime, a call
//! fails with [`ErrorKind::InvalidRequest`]. On a runtime without I/O or time, Tokio panics; the
//! library cannot detect that.
//!
//! A call can be [dropped](cookbook#cancelling-a-call) at any time. It is then not retried.
//!
// If a feature is disabled, its module does not exist, so the link goes to the list of features.
#![cfg_attr(feature = "mock", doc = "[`mock`]: crate::mock")]
#![cfg_attr(not(feature = "mock"), doc = "[`mock`]: #features")]
#![cfg_attr(feature = "schemars", doc = "[`schemas`]: crate::schemas")]
#![cfg_attr(not(feature = "schemars"), doc = "[`schemas`]: #features")]
// If the compiler supports it, the docs show which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
mod body;
mod call;
mod client;
mod cluster;
mod compact_serde;
mod config;
#[cfg(any(doc, doctest))]
pub mod cookbook;
mod credentials;
#[cfg(test)]
mod docs_tests;
mod encode;
mod environment;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
// Formatted by prettyplease, which differs slightly from rustfmt.
#[rustfmt::skip]
mod generated;
#[cfg(feature = "mock")]
pub mod mock;
mod request;
mod response;
mod scheme;
mod secret;
mod sync;
mod telemetry;
mod tls;

// Types of the public API: methods, headers and statuses (http), bodies (bytes) and untyped values
// (serde_json).
pub use {bytes, http, serde_json};

pub use body::Body;
pub use body::multipart::Part;
pub use body::stream::ByteStream;
pub use client::Client;
pub use client::options::CallOptions;
pub use cluster::limits::Limits;
pub use compact_serde::Extra;
pub use config::Config;
pub use error::api_error::ApiError;
pub use error::{Error, ErrorKind};
#[cfg(feature = "schemars")]
pub use generated::schemas;
pub use generated::{builder, operations, types};
pub use request::Request;
pub use request::operation::{DocumentedResponse, Operation};
pub use request::pages::{Items, Page, Pages};
pub use response::Response;
pub use secret::Secret;

/// Runs the program in this package's README as a test.
#[cfg(all(doctest, feature = "mock"))]
#[doc = include_str!("../README.md")]
mod readme {}
