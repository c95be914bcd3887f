//! The two sides: a call of the SDK, and what somebody would write without it.

use std::future::Future;

use nsx_api::auth::Session;
use nsx_api::{Client, Limits};
use reqwest::header::{ACCEPT, COOKIE};
use serde::Deserialize;

use crate::server;

/// A way to make the call.
pub(crate) trait Side: Clone + Send + Sync + 'static {
    fn new(address: &str, certificate: &str) -> Self;

    fn call(&self) -> impl Future<Output = ()> + Send;
}

/// The SDK with a session, retries and spans, and no subscriber.
#[derive(Clone)]
pub(crate) struct Sdk(Client);

impl Side for Sdk {
    fn new(address: &str, certificate: &str) -> Self {
        let client = Client::builder(address)
            .auth(Session::new("admin", "VMware1!VMware1!"))
            .ca_pem(certificate)
            // As many at once as the other side has.
            .limits(Limits::adaptive().concurrent(1000))
            .build()
            .unwrap();
        Self(client)
    }

    async fn call(&self) {
        let created = self.0.create_registration_token().send().await.unwrap();
        assert_eq!(created.roles.len(), 2);
    }
}

/// reqwest and serde_json, with a session that somebody has created already.
#[derive(Clone)]
pub(crate) struct ByHand {
    http: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Token {
    #[expect(dead_code, reason = "read as the SDK reads it")]
    token: String,
    roles: Vec<String>,
}

impl Side for ByHand {
    fn new(address: &str, certificate: &str) -> Self {
        // The second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificate = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([certificate])
            .user_agent("by-hand/0.1.0")
            .no_proxy()
            .build()
            .unwrap();
        Self {
            http,
            url: format!("{address}/api/v1/aaa/registration-token"),
        }
    }

    async fn call(&self) {
        let response = self
            .http
            .post(&self.url)
            .header(ACCEPT, "application/json")
            .header(COOKIE, server::COOKIE)
            .header("x-xsrf-token", server::XSRF)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
        let token: Token = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(token.roles.len(), 2);
    }
}
