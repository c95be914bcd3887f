//! A client for the NSX Manager API.
//!
//! What it can call is generated from the OpenAPI document of the API: a method of [`Client`] for each operation ([all of them by their
//! tags](operations)), with a [`builder`] for its parameters, and the [`types`] of what goes out and comes back. Everything else is written by hand, once:
//! addresses, TLS, credentials, time-outs, retries and errors.
//!
#![doc = include_str!("generated/example.md")]
//!
//! `address`, `user` and `password` are those of your manager, and `ca` is the PEM of its CA, or of [its own certificate](cookbook#a-self-signed-manager).
//! Beside this crate the examples need `tokio` with the features `macros` and `rt-multi-thread`, and those that declare types `serde` with `derive`;
//! `serde_json` may be [this crate's](serde_json).
//!
//! [Authentication](#authentication) · [What comes back](#what-comes-back) · [Errors](#errors) · [Retries](#retries) ·
//! [Several managers](#several-managers) · [Testing](#testing-your-code) · [Features](#features) · [Cookbook](#cookbook) ·
//! [Security](#security) · [Observability](#observability) · [Runtime](#runtime)
//!
#![cfg_attr(
    api_reference,
    doc = "For those who do not write Rust there is [a reference of the API](../api-reference/index.html) beside these pages."
)]
//!
//! # Authentication
//!
//! | use | when |
//! | --- | --- |
//! | [`Session`](auth::Session) | you have a user and a password: one login, then a session that renews itself |
//! | [`Basic`](auth::Basic) | the same, where sessions are not to be had; the password goes with every call |
//! | [`Identity`](auth::Identity), by [`Config::identity`] | you have a client certificate, that of a principal identity |
//! | [`Bearer`](auth::Bearer) | you have a token already, and it lives as long as your program |
//! | [`Csp`](auth::Csp) | the manager is one of VMware Cloud on AWS, and you have an API token of VMware Cloud Services |
//! | [`Remote`](auth::Remote) | the user is one of vIDM, and the manager of an early version |
//! | [`Authenticate`](auth::Authenticate) | none of these fits: [a scheme of your own](cookbook#an-auth-scheme-of-your-own) is one method |
//! | [`Client::from_env`] | whoever starts the program decides: [the variables](Config::from_env) are those of the Terraform provider |
//!
//! Credentials are [renewed](auth#renewal) by themselves, once for all calls that wait. [`Client::close`] ends the session.
//!
//! # What comes back
//!
//! A [`Response`]: it dereferences to the value, and knows the facts of the call. [`Client::request`] is the way to an operation that the document
//! does not have, under the same credentials, retries and errors.
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
//! A list comes in pages: beside `send`, its builder has `stream` for the [`Items`] of all of them, and `pages` for the
//! [`Pages`]. Enums keep values that the document does not know, and objects that are written back keep such fields ([`Extra`]).
//!
//! # Errors
//!
//! What fails is one [`Error`]: its [`kind`](Error::kind) is for the program, its one line for people, and
//! [`api_error`](Error::api_error) has what the manager said. The third column tells whether the library has sent the call again by itself
//! before you see the error; *if idempotent* also means that the call may have taken effect.
//!
//! | status or failure | [`ErrorKind`] | sent again | what to do |
//! | --- | --- | --- | --- |
//! | 400 | [`BadRequest`](ErrorKind::BadRequest) | never | mend the request: the manager's message says what is wrong with it |
//! | 401 | [`Unauthorized`](ErrorKind::Unauthorized) | with new credentials | check user and password, or the token |
//! | 403 | [`Forbidden`](ErrorKind::Forbidden) | with new credentials | check them, and the user's role; the [code](Error::error_code) 505 is a missing licence |
//! | 404 | [`NotFound`](ErrorKind::NotFound) | never | check id and path |
//! | 409 | [`Conflict`](ErrorKind::Conflict) | never | [read the object again](cookbook#a-change-that-others-make-too), and change what it is now |
//! | 412 | [`PreconditionFailed`](ErrorKind::PreconditionFailed) | never | the same, or bring about the state that the call relies on |
//! | 429 | [`TooManyRequests`](ErrorKind::TooManyRequests) | always | call less, with one client for all tasks; other programs of this user count too |
//! | 500 | [`InternalServerError`](ErrorKind::InternalServerError) | if idempotent | see what took effect; the manager's log has the [request's id](Error::request_id) |
//! | 503, with an `error_code` | [`ServiceUnavailable`](ErrorKind::ServiceUnavailable) | always | wait: the manager is busy or starting, and has done nothing |
//! | 503, without one | [`ServiceUnavailable`](ErrorKind::ServiceUnavailable) | if idempotent | see what took effect, then wait |
//! | 502, 504 | [`Status`](ErrorKind::Status) | if idempotent | see what took effect; a proxy got no answer from the manager |
//! | any other 4xx, 5xx | [`Status`](ErrorKind::Status) | never | look at [`status`](Error::status) and [`body`](Error::body) |
//! | 301, 307, 308 | [`Redirect`](ErrorKind::Redirect) | to [a manager that was added](#several-managers) | use the address that the message names, or add it |
//! | 302, 303 | [`Redirect`](ErrorKind::Redirect) | never | use the address that the message names |
//! | no connection | [`Connect`](ErrorKind::Connect) | always | check address, port, proxy and firewall |
//! | no trusted connection | [`Tls`](ErrorKind::Tls) | if it may pass, or at another manager | [add the manager's certificate](cookbook#a-self-signed-manager), or mend the client's |
//! | no answer in time | [`Timeout`](ErrorKind::Timeout) | if idempotent | see what took effect; raise the [attempt's time](CallOptions::attempt_timeout) or the [deadline](CallOptions::deadline) |
//! | a connection lost | [`Connection`](ErrorKind::Connection) | if idempotent | see what took effect |
//! | a success that does not fit the type | [`Decode`](ErrorKind::Decode) | never | mend type or document where the message says; the call took effect |
//! | a success that is too large | [`BodyTooLarge`](ErrorKind::BodyTooLarge) | never | [stream it](cookbook#downloading-a-large-body), or raise the [limit](CallOptions::body_limit) |
//! | no credentials for the call | [`Authentication`](ErrorKind::Authentication) | if it may pass | look at the [source](std::error::Error::source): the login, or your scheme, has failed |
//! | arguments that make no request | [`InvalidRequest`](ErrorKind::InvalidRequest) | never | mend the call; nothing was sent |
//! | settings that make no client | [`Config`](ErrorKind::Config) | never | mend what the message names |
//!
//! # Retries
//!
//! A second effect is worse than an error, so what a call met decides whether it is sent again ([the whole table](CallOptions::max_retries)).
//! These say how often and when:
//!
//! | what | default | why |
//! | --- | --- | --- |
//! | [retries](CallOptions::max_retries) | 4 | they are spread over up to four seconds: several of the seconds in which a manager counts requests |
//! | [waits](CallOptions::max_retry_delay) | random, up to 250 ms, 500 ms, 1 s … 10 s | what was turned away together must not come back together |
//! | `Retry-After` | obeyed up to 60 s | a longer one is for you to know: [`Error::retry_after`] |
//! | budget | a fifth of the calls, and 10 a second | a manager that fails all that it gets is not sent five times as much |
//! | [attempt](CallOptions::attempt_timeout) | 60 s | gateways before a manager usually give up sooner |
//! | [connection](Config::connect_timeout) | 10 s | a lost packet is sent again after 1, 3 and 7 seconds |
//! | [whole call](CallOptions::deadline) | 300 s | whoever waits wants to know in the end |
//! | [body in memory](CallOptions::body_limit) | 16 MiB | many times the largest page of a list |
//! | [calls at once](Limits) | 40 a manager | what managers before 9.1 take of a user |
//! | [calls a second](Limits) | as many as the manager takes | versions and administrators differ; nothing is held back before the first refusal |
//!
//! Set them for a client with [`Config::options`] and [`Config::limits`], and for some calls with [`Client::with`].
//! [`CallOptions`] has what other clients do, and what ours bring, measured.
//!
//! # Several managers
//!
//! A call goes to the manager of the cluster that is up and has the fewest calls under way, and its retries go to another one. [`Config::manager`] says how.
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
//! println!("{} answered", response.manager());
//! # assert!(second.url().ends_with(response.manager()));
//! # Ok(())
//! # }
//! ```
//!
//! # Testing your code
//!
//! The feature `mock` brings a stand-in for a manager, with sockets, TLS, sessions and faults ([`mock`]). It knows each operation of the document, and answers with its
//! examples unless a test says otherwise.
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
//! // The next call is answered with an error of the manager's.
//! manager.respond_with(Answer::api_error(403, 505, "A licence is missing."));
//! let error = is_there(&client, "7").await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Forbidden);
//! assert_eq!(error.error_code(), Some(505));
//!
//! // A connection that breaks is met with another attempt.
//! manager.respond_with(Answer::dropped());
//! assert!(is_there(&client, "7").await?);
//! assert_eq!(manager.count(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it gives | crates | CPU time |
//! | --- | --- | --- | --- |
//! | `ring`, the default | the cryptography of TLS by ring | 100 in all | 96 s in all |
//! | `aws-lc-rs` | that of AWS-LC, even if `ring` is on too, and P-521 for the keys of client certificates | 4 more in the place of `ring`, 7 beside it | 44 s more in its place, 55 s beside it |
//! | `mock` | [`mock`], a stand-in for a manager, for your tests | 8 more | 21 s more |
//! | `metrics` | counts and durations of calls, [below](#observability) | 3 more | 4 s more |
//! | `schemars` | JSON Schemas of the generated types, in [`schemas`] | 6 more | 11 s more |
//!
//! With neither `ring` nor `aws-lc-rs` the library does not compile. For AWS-LC alone switch the default features off.
//!
//! Crates are those of `cargo tree -e normal,build` for x86-64 Linux. CPU time is user and system time of a first debug build, with Rust 1.95, of a
//! program that makes one call: the least of three for all of it; for a feature what building its crates takes after that.
//!
//! | crates of the 100 | why they are there |
//! | --- | --- |
//! | reqwest, hyper, h2, tokio, tower and theirs | HTTP/1.1 and HTTP/2 over pooled connections; h2 also tells the library what was never begun |
//! | rustls, ring, rustls-platform-verifier and theirs | TLS, verified by what the system trusts |
//! | url, idna and the tables of ICU: some 25 | addresses and host names; reqwest brings them |
//! | serde, serde_json, serde_path_to_error | bodies, and the place of what does not fit |
//! | httpdate, zeroize, tracing | dates in headers, secrets that are wiped, spans |
//!
//! # Cookbook
//!
//! | to | see |
//! | --- | --- |
//! | trust a manager that has no certificate of a CA | [a self-signed manager](cookbook#a-self-signed-manager) |
//! | get out through a proxy, or in through a gateway | [a proxy](cookbook#a-proxy) |
//! | authenticate otherwise | [an auth scheme of your own](cookbook#an-auth-scheme-of-your-own) |
//! | let a node join | [a registration token](cookbook#a-registration-token) |
//! | wait less, or longer | [a deadline for one call](cookbook#a-deadline-for-one-call) |
//! | allow or forbid a second sending | [one call's idempotency](cookbook#one-calls-idempotency) |
//! | stop waiting | [cancelling a call](cookbook#cancelling-a-call) |
//! | call in parallel | [many calls at once](cookbook#many-calls-at-once) |
//! | act on the manager's own code | [an error of the manager](cookbook#an-error-of-the-manager) |
//! | write an object back | [a change that others make too](cookbook#a-change-that-others-make-too) |
//! | read a list | [all pages of a list](cookbook#all-pages-of-a-list) |
//! | send or fetch what is large | [uploading a file](cookbook#uploading-a-file), [downloading a large body](cookbook#downloading-a-large-body) |
//! | see what goes on | [tracing to the console](cookbook#tracing-to-the-console) |
//!
//! # Security
//!
//! | what | how it is kept |
//! | --- | --- |
//! | certificates | verified against those of the platform and those that you [add](Config::ca_file); [a pinned one](Config::pin_thumbprint) holds under any name and at any time. Only [one setting](Config::danger_accept_invalid_certs) switches that off |
//! | files of certificates and keys | may change while the client is in use |
//! | plain HTTP | goes to this machine only, unless [another setting](Config::danger_allow_http) says so |
//! | redirects | followed to a manager that [was added](Config::manager) and to nobody else, so credentials go to the managers and nowhere else |
//! | a [proxy](cookbook#a-proxy) of the environment | is a tunnel, which sees no credentials. One that is itself spoken to over TLS is verified as a manager is, and is shown the client certificate if it asks for one |
//! | passwords, tokens, cookies, keys | in no `Debug`, no error and no log of this library, also if a manager echoes them. What the document calls a password is a [`Secret`] |
//!
//! One log of a library below is beyond reach: at `DEBUG` `h2` shows what a manager writes into a `GOAWAY`.
//!
//! # Observability
//!
//! With `tracing` ([to the console](cookbook#tracing-to-the-console)); the names of the fields are OpenTelemetry's, and `nsx.operation`:
//!
//! | span or event | level | holds |
//! | --- | --- | --- |
//! | span `nsx_call` | `INFO` | a call with all its attempts: `nsx.operation`, `http.request.method`, `http.request.resend_count`, `http.response.status_code`, `server.address`, `server.port`, `error.type` |
//! | span `nsx_attempt` | `DEBUG` | one attempt: the same without the operation |
//! | event of a retry | `INFO` | why there is one, and how long it waits |
//! | event of the end | `DEBUG` | what the call came to |
//!
//! With the feature `metrics`, for whichever recorder the program installs:
//!
//! | metric | labels | counts |
//! | --- | --- | --- |
//! | `nsx_api_calls_total` | `operation`, `outcome` | calls |
//! | `nsx_api_call_duration_seconds` | `operation`, `outcome` | how long they took, as a histogram |
//! | `nsx_api_attempts_total` | `operation` | how often requests were sent |
//! | `nsx_api_decode_errors_total` | `operation` | successes whose body did not fit; their outcome is `ok` |
//!
//! An operation is an `operationId`; `login`, `logout` or `health` for calls of the library's own; `other` for those of [`Client::request`]. An
//! outcome is `ok`, a status, an [`ErrorKind`], or `cancelled` for a call that was dropped, which is also what `error.type` says then.
//!
//! # Runtime
//!
//! It runs on a Tokio runtime with I/O and time (`enable_all`). Outside of a runtime a call is an error; a runtime without one of the
//! two cannot be told from others, and Tokio panics there. A call can be [dropped](cookbook#cancelling-a-call) at any time, and is then not sent again.
//!
// Where a feature is off there is nothing to link to but what the feature is.
#![cfg_attr(feature = "mock", doc = "[`mock`]: crate::mock")]
#![cfg_attr(not(feature = "mock"), doc = "[`mock`]: #features")]
#![cfg_attr(feature = "schemars", doc = "[`schemas`]: crate::schemas")]
#![cfg_attr(not(feature = "schemars"), doc = "[`schemas`]: #features")]
// The docs say which feature an item needs, where the compiler can do that.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod api_error;
pub mod auth;
mod body;
mod call;
mod client;
mod cluster;
mod compact;
mod config;
mod connections;
#[cfg(any(doc, doctest))]
pub mod cookbook;
mod decode;
mod error;
mod extra;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
// prettyplease formats it, which rustfmt would do a little differently.
#[rustfmt::skip]
mod generated;
mod health;
mod limit;
mod mask;
#[cfg(feature = "mock")]
pub mod mock;
mod multipart;
mod observe;
mod operation;
mod options;
mod pages;
mod path;
mod request;
mod response;
mod secret;
mod sync;
mod text;
mod tls;
#[cfg(test)]
mod tour;
mod value;

// What the interface speaks of: methods, headers and statuses; bodies; and values that have no type of their own.
pub use {bytes, http, serde_json};

pub use api_error::ApiError;
pub use body::{Body, ByteStream};
pub use client::Client;
pub use config::Config;
pub use error::{Error, ErrorKind};
pub use extra::Extra;
#[cfg(feature = "schemars")]
pub use generated::schemas;
pub use generated::{builder, operations, types};
pub use limit::Limits;
pub use multipart::Part;
pub use operation::{DocumentedResponse, Operation};
pub use options::CallOptions;
pub use pages::{Items, Page, Pages};
pub use request::Request;
pub use response::Response;
pub use secret::Secret;

/// The program of this package's README runs as a test.
#[cfg(all(doctest, feature = "mock"))]
#[doc = include_str!("../README.md")]
mod readme {}
