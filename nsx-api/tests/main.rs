//! All integration tests of the SDK. They are modules of one program, because each program would
//! link the whole SDK again.

#![cfg(feature = "mock")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers fail at their line"
)]

mod auth_schemes;
mod auth_secrets;
mod cancellation;
mod cluster;
mod cluster_faults;
mod common;
mod cookbook;
mod errors;
mod fault_proxy;
mod faults;
mod frozen_clock;
mod http2;
mod leak_capture;
mod limits;
mod managers;
mod metrics;
mod mock;
mod mock_auth;
mod mock_common;
mod mock_hostile;
mod mock_tls;
mod own_process;
mod pagination;
mod requests;
mod resilience;
mod retries;
mod retry_budget;
mod schema;
mod secrets;
mod session;
mod spans;
mod tls;
mod tls_alerts;
mod tls_files;
mod tls_identity;
mod tls_server;
