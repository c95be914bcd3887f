//! Shared by the tests of the mock manager: its transports, and a plain HTTP client.

pub(crate) mod raw_client;

use std::sync::Arc;

use http::{Method, Version};
use nsx_api::mock::{Manager, ManagerBuilder};
use reqwest::{RequestBuilder, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use crate::tls_server::backend;

pub(crate) const TOKEN_PATH: &str = "/api/v1/aaa/registration-token";

/// The three transports of a mock manager, and the HTTP version that each negotiates.
pub(crate) fn transports() -> [(ManagerBuilder, Version); 3] {
    [
        (Manager::builder(), Version::HTTP_2),
        (Manager::builder().http1_only(), Version::HTTP_11),
        (Manager::builder().plain_http(), Version::HTTP_11),
    ]
}

pub(crate) fn tls_that_trusts(ca_pem: Option<&str>, protocols: &[&[u8]]) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca_pem {
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
    }
    let mut tls =
        rustls::ClientConfig::builder_with_provider(Arc::new(backend::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    tls
}

pub(crate) fn client_that_trusts(ca_pem: Option<&str>) -> reqwest::Client {
    let tls = tls_that_trusts(ca_pem, &[b"h2", b"http/1.1"]);
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
        .unwrap()
}

/// A mock manager, and a plain HTTP client that trusts it.
pub(crate) struct Pair {
    pub(crate) manager: Manager,
    pub(crate) client: reqwest::Client,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        Self::from_builder(Manager::builder()).await
    }

    pub(crate) async fn from_builder(builder: ManagerBuilder) -> Self {
        let manager = builder.start().await.unwrap();
        // Over plain HTTP there is no CA.
        let ca_pem = Some(manager.ca_pem()).filter(|pem| !pem.is_empty());
        let client = client_that_trusts(ca_pem);
        Self { manager, client }
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.manager.url()))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path)
            .basic_auth(self.manager.username(), Some(self.manager.password()))
    }

    pub(crate) fn token(&self) -> RequestBuilder {
        self.request(Method::POST, TOKEN_PATH)
    }
}

pub(crate) async fn body(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}
