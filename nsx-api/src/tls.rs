//! TLS: the platform's certificates and those that the caller adds, through rustls with the ring provider.
//!
//! The configuration is made here and handed to the HTTP library, which then adds nothing of its own, neither
//! roots nor protocols.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::ca::Source;
use crate::{Error, ErrorKind};

/// Whom to trust.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Certificates beside those of the platform.
    pub(crate) added: Vec<Source>,
    /// Whether any certificate will do.
    pub(crate) anyone: bool,
}

impl Trust {
    /// The configuration of a client. Reads the files.
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Read in any case: a file that is named but broken is a mistake.
        let added = self.certificates()?;
        let verifier: Arc<dyn ServerCertVerifier> = if self.anyone {
            Arc::new(Anyone(provider.clone()))
        } else {
            platform(added, provider.clone())?
        };
        configure(provider, verifier)
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let mut all = Vec::new();
        for source in &self.added {
            all.extend(source.certificates()?);
        }
        Ok(all)
    }
}

/// A configuration that trusts nobody: for plain HTTP, where there is no certificate to look at.
pub(crate) fn unused() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn configure(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn platform(
    added: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let verifier = Verifier::new_with_extra_roots(added, provider).map_err(unusable)?;
    Ok(Arc::new(verifier))
}

fn unusable(error: rustls::Error) -> Error {
    Error::new(ErrorKind::Config, format!("TLS cannot be set up: {error}")).with_source(error)
}

/// Trusts any certificate, under any name; the other side must still have its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
