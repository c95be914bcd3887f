//! The TLS setup of a mock manager: its server certificate, and the client certificates it accepts.

use std::io;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::certificate::{Certificate, CertificateAuthority, ClientCertificate};

/// The server certificate with its TLS configuration, and the CA that issues client certificates.
pub(super) struct ServerIdentity {
    /// The certificate that a client must trust.
    pub(super) ca_pem: String,
    /// The certificate of the server.
    pub(super) certificate_pem: String,
    /// The TLS configuration of the server.
    pub(super) config: Arc<ServerConfig>,
    /// Issues client certificates, if the server requests them.
    client_ca: Option<CertificateAuthority>,
}

impl ServerIdentity {
    /// Creates the certificates of a server that offers these protocols (ALPN), in order of
    /// preference.
    pub(super) fn new(
        kind: Certificate,
        protocols: &[&[u8]],
        requests_client_certificates: bool,
    ) -> io::Result<Self> {
        let authority = CertificateAuthority::new().map_err(io::Error::other)?;
        let leaf = authority
            .server_certificate(kind)
            .map_err(io::Error::other)?;
        let verifier = match requests_client_certificates {
            true => client_verifier(&authority)?,
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
            client_ca: requests_client_certificates.then_some(authority),
        })
    }

    /// Issues a client certificate that the server accepts.
    pub(super) fn client_certificate(&self) -> io::Result<ClientCertificate> {
        let Some(authority) = &self.client_ca else {
            return Err(io::Error::other(
                "this mock manager does not request client certificates: start it with `client_certificates`",
            ));
        };
        authority.client_certificate().map_err(io::Error::other)
    }
}

/// Requests a certificate but does not require one. Accepts only certificates of this CA.
fn client_verifier(authority: &CertificateAuthority) -> io::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).map_err(io::Error::other)?;
    let provider = Arc::new(crate::tls::provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .allow_unauthenticated()
        .build()
        .map_err(io::Error::other)
}
