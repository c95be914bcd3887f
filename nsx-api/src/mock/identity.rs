//! The stand-in's side of TLS: which certificate it shows, and whose it asks of its clients.

use std::io;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::certificate::{Authority, Certificate, ClientCertificate};

/// What a server needs to speak TLS, and what its clients need to be trusted and to trust it.
pub(super) struct Identity {
    /// The certificate that a client has to trust.
    pub(super) ca_pem: String,
    /// The certificate that the server shows.
    pub(super) certificate_pem: String,
    /// The server's side of the handshake.
    pub(super) config: Arc<ServerConfig>,
    /// Issues certificates to clients, if the server asks for them.
    clients: Option<Authority>,
}

impl Identity {
    /// Makes the certificates of a server that offers these protocols (ALPN), in order of
    /// preference.
    pub(super) fn new(
        kind: Certificate,
        protocols: &[&[u8]],
        asks_clients: bool,
    ) -> io::Result<Self> {
        let authority = Authority::new().map_err(io::Error::other)?;
        let leaf = authority.server(kind).map_err(io::Error::other)?;
        let verifier = match asks_clients {
            true => verifier(&authority)?,
            false => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(crate::tls::provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf.der()], leaf.key().into())
            .map_err(io::Error::other)?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Self {
            ca_pem: match kind {
                Certificate::SelfSigned | Certificate::SelfSignedCa => leaf.pem(),
                _ => authority.pem(),
            },
            certificate_pem: leaf.pem(),
            config: Arc::new(config),
            clients: asks_clients.then_some(authority),
        })
    }

    /// Issues a certificate that the server accepts of a client.
    pub(super) fn client_certificate(&self) -> io::Result<ClientCertificate> {
        let Some(authority) = &self.clients else {
            return Err(io::Error::other(
                "this stand-in asks for no client certificates: start it with `client_certificates`",
            ));
        };
        authority.client().map_err(io::Error::other)
    }
}

/// Asks for a certificate, can do without one, and accepts only the authority's.
fn verifier(authority: &Authority) -> io::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).map_err(io::Error::other)?;
    let provider = Arc::new(crate::tls::provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(io::Error::other)
}
