//! Whether a manager's certificate is good enough.
//!
//! Only that differs: what the other side signs in the handshake is always verified, so that whoever shows a certificate
//! has its key.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::pin::Thumbprint;
use super::provider::{Digest, sha256};

/// Which certificates are good enough.
#[derive(Debug)]
pub(super) enum Accept {
    /// Those that the platform or an added certificate of a CA vouches for, and the added ones themselves.
    Trusted {
        /// `None` if there is nobody who vouches for another.
        platform: Option<Arc<dyn ServerCertVerifier>>,
        added: Vec<CertificateDer<'static>>,
    },
    /// Those with one of these digests, whatever is in them.
    Pinned(Vec<Digest>),
    /// Any.
    Anyone,
}

/// Verifies certificates by one of these rules.
#[derive(Debug)]
pub(super) struct Verifier {
    accept: Accept,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(accept: Accept, provider: Arc<CryptoProvider>) -> Self {
        Self { accept, provider }
    }

    fn pinned(&self, pins: &[Digest], shown: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let digest = sha256(&self.provider, shown)
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        if pins.contains(&digest) {
            return Ok(());
        }
        let error = OtherError(Arc::new(NotPinned(digest)));
        Err(CertificateError::Other(error).into())
    }

    /// A certificate that was added itself. What makes one a CA's does not matter then, unlike to the verifier behind, which
    /// accepts no server under a certificate that says `CA:TRUE`, as those that managers make for themselves do.
    fn added(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        self.is_current(certificate, &parsed, now)?;
        verify_server_name(&parsed, name)
    }

    /// Whether a certificate is within its dates.
    ///
    /// rustls does not show them, but looks at them before anything else when it verifies a chain. An error of another kind
    /// means that they are fine, if at the end of time the same certificate is expired; should rustls ever change the order,
    /// it would not be, and the certificate is refused.
    fn is_current(
        &self,
        certificate: &CertificateDer<'_>,
        parsed: &ParsedCertificate<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone().into_owned())?;
        let verify = |time| {
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(parsed, &roots, &[], time, algorithms)
        };
        let Err(error) = verify(now) else {
            return Ok(());
        };
        let end_of_time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::MAX));
        match !is_of_dates(&error) && verify(end_of_time).is_err_and(|error| is_of_dates(&error)) {
            true => Ok(()),
            false => Err(error),
        }
    }
}

fn is_of_dates(error: &rustls::Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.accept {
            Accept::Anyone => {}
            Accept::Pinned(pins) => self.pinned(pins, end_entity)?,
            Accept::Trusted { added, .. } if added.iter().any(|added| added == end_entity) => {
                self.added(end_entity, server_name, now)?;
            }
            Accept::Trusted { platform: None, .. } => {
                return Err(CertificateError::UnknownIssuer.into());
            }
            Accept::Trusted {
                platform: Some(platform),
                ..
            } => {
                return platform.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                );
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A certificate was shown that is not a pinned one.
#[derive(Debug)]
pub(super) struct NotPinned(Digest);

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the manager's certificate has the SHA-256 thumbprint {}, which is not a pinned one: \
             either the manager has a new certificate, or it is not the manager",
            Thumbprint(&self.0)
        )
    }
}

impl std::error::Error for NotPinned {}
