//! The two clients: the SDK, and a handwritten one.

use std::future::Future;

use nsx_api::auth::Session;
use nsx_api::{Client, Limits};
use reqwest::header::{ACCEPT, COOKIE};
use serde::Deserialize;

use crate::server;

/// A client that can make the call.
pub(crate) trait BenchClient: Clone + Send + Sync + 'static {
    fn new(address: &str, certificate: &str) -> Self;

    fn call(&self) -> impl Future<Output = ()> + Send;
}

/// The SDK with a session, retries and spans, but no subscriber.
#[derive(Clone)]
pub(crate) struct Sdk(Client);

impl BenchClient for Sdk {
    fn new(address: &str, certificate: &str) -> Self {
        let client = Client::builder(address)
            .auth(Session::new("admin", "VMware1!VMware1!"))
            .ca_pem(certificate)
            // High enough not to limit this benchmark, because the other client has no limit.
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

/// A handwritten client on reqwest and serde_json. Its session exists already.
#[derive(Clone)]
pub(crate) struct ByHand {
    http: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Token {
    #[expect(dead_code, reason = "deserialized because the SDK deserializes it")]
    token: String,
    roles: Vec<String>,
}

impl BenchClient for ByHand {
    fn new(address: &str, certificate: &str) -> Self {
        // Fails if a provider is already installed.
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
