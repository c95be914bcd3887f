//! A client for the NSX Manager API.
//!
//! What it can call is generated from the OpenAPI document of the API: a method of [`Client`] for each operation, with a
//! [`builder`] for its parameters, and the [`types`] of what goes out and comes back. Everything else is written by hand, once: addresses,
//! TLS, credentials, time-outs, retries and errors.
#![doc = include_str!("generated/example.md")]
//!
//! # Getting in
//!
//! [`auth`] has a scheme for each way into a manager: a session (as above), HTTP Basic, a client certificate, bearer tokens, VMware
//! Cloud Services, and a trait for your own. [`Client::from_env`] takes all of it from the environment. Credentials are
//! renewed by themselves.
//!
//! # A call
//!
//! - It has a deadline over everything and a time-out for each attempt: [`CallOptions`], for all calls of a client or, by
//!   [`Client::with`], for some.
//! - It is sent again when that is safe: always when it was not begun (429, a 503 with a manager's `error_code`, no
//!   connection), and otherwise only if the operation is idempotent. See [`CallOptions::max_retries`].
//! - It ends in a [`Response`], which is the value and the facts of the call, or in an [`Error`], whose [`ErrorKind`] is for the
//!   program and whose one line is for people.
//! - A list comes in pages: beside `send`, its builder has `stream` for the [`Items`] of all of them, and `pages` for the [`Pages`].
//! - It can be dropped at any time, and is then not sent again. Its spans end with the `error.type` `cancelled`.
//!
//! Calls are shared among the managers of a cluster ([`Config::manager`]), and held back where a manager would refuse them
//! ([`Limits`]). With `tracing` a call is a span `nsx_call` (`INFO`), with a span `nsx_attempt` (`DEBUG`) for each attempt and an
//! event (`INFO`) for each retry, which says why and how long. Their fields have OpenTelemetry's names (`http.request.method`, `http.request.resend_count`,
//! `http.response.status_code`, `server.address`, `error.type`), and `nsx.operation`.
//!
//! It runs on a Tokio runtime with I/O and time (`enable_all`). Outside of a runtime it is an error; a runtime without one of
//! the two cannot be told from others, and Tokio panics there.
//!
//! # Security
//!
//! Certificates are verified against those of the platform and those that you add ([`Config::ca_file`]); one that a manager
//! made for itself may be added as it is. A pinned certificate ([`Config::pin_thumbprint`]) holds under any name and at any
//! time. Nothing but [`Config::danger_accept_invalid_certs`] switches verification off. Files of certificates and keys may
//! change while the client is in use.
//!
//! Plain HTTP goes to this machine only, unless [`Config::danger_allow_http`] says otherwise. A redirect is followed to a
//! manager that was added ([`Config::manager`]) and to nobody else, so credentials go to the managers and nowhere else. A
//! proxy of the environment (`HTTPS_PROXY`, `NO_PROXY`) is used as a tunnel, which sees no credentials. A proxy that is itself
//! spoken to over TLS is verified as a manager is, and is shown the client certificate if it asks for one.
//!
//! No password, token, cookie or `Authorization` header is in a `Debug`, an error or a log of this library, also if a manager
//! echoes it. What the document calls a password is a [`Secret`]. One log of a library below is beyond reach: at `DEBUG`
//! `h2` shows what a manager writes into a `GOAWAY`.
//!
//! # Features
//!
//! - `ring` (a default feature): the cryptography of TLS comes from ring.
//! - `aws-lc-rs`: it comes from AWS-LC, even if `ring` is on too. That doubles the time that this library and all below it take to
//!   build (measured: 103 instead of 55 seconds of CPU time), and adds P-521 to the keys of a client's certificate. For AWS-LC
//!   alone switch the default features off. With neither of the two the library does not compile.
//! - `mock`: `nsx_api::mock`, a stand-in for an NSX Manager, for your tests.
//! - `metrics`: counts and durations of calls, by the `metrics` crate: `nsx_api_calls_total` and
//!   `nsx_api_call_duration_seconds` by `operation` and `outcome`, and `nsx_api_attempts_total` by `operation`. An operation is
//!   an `operationId`, `login`, `logout` or `health` for calls of the library's own, and `other` for those of
//!   [`Client::request`]; an outcome is `ok`, a status, an [`ErrorKind`], or `cancelled` for a call that was dropped.
//!   An answer whose body does not fit is `ok` there, and one of `nsx_api_decode_errors_total` by `operation`.
//! - `schemars`: JSON Schemas of the generated types.

mod address;
mod api_error;
pub mod auth;
mod body;
mod client;
mod cluster;
mod compact;
mod config;
mod connections;
mod decode;
mod error;
mod extra;
mod failure;
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
mod receive;
mod redirect;
mod request;
mod response;
mod retry;
mod secret;
mod sync;
mod text;
mod tls;
mod transport;
mod value;

pub use {bytes, http};

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

/// The program of the README runs as a test.
#[cfg(all(doctest, feature = "mock"))]
#[doc = include_str!("../../README.md")]
mod readme {}
