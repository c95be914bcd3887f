//! Verifies the certificate of a server.
//!
//! Only the rules for certificates can be configured. The signature of the handshake is always
//! verified, so that the server has proved possession of the certificate's private key.

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

/// The server certificates that are accepted.
#[derive(Debug)]
pub(super) enum TrustPolicy {
    /// Certificates signed by a CA of the platform or an added CA, and the added certificates
    /// themselves.
    Roots {
        /// Verifies against the CAs of the platform and the added ones. `None` if there is no CA.
        platform: Option<Arc<dyn ServerCertVerifier>>,
        /// All added certificates, of CAs and of servers.
        extra: Vec<CertificateDer<'static>>,
    },
    /// Certificates with one of these digests. Nothing else in them is checked.
    Pinned(Vec<Digest>),
    /// All certificates.
    AcceptAny,
}

/// Verifies server certificates by a [`TrustPolicy`].
#[derive(Debug)]
pub(super) struct Verifier {
    policy: TrustPolicy,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(policy: TrustPolicy, provider: Arc<CryptoProvider>) -> Self {
        Self { policy, provider }
    }

    fn verify_pin(
        &self,
        pins: &[Digest],
        certificate: &CertificateDer<'_>,
    ) -> Result<(), rustls::Error> {
        let digest = sha256(&self.provider, certificate)
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        if pins.contains(&digest) {
            return Ok(());
        }
        let error = OtherError(Arc::new(NotPinned(digest)));
        Err(CertificateError::Other(error).into())
    }

    /// Verifies a server certificate that was itself added to the trusted ones.
    ///
    /// Only its dates and names are checked. The platform's verifier would refuse it if it has
    /// `CA:TRUE`, as the self-signed certificates of NSX Managers do.
    fn verify_added(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        self.verify_dates(certificate, &parsed, now)?;
        verify_server_name(&parsed, name)
    }

    /// Verifies that `now` is within the validity period of a certificate.
    ///
    /// rustls does not expose the dates, but checks them first when it verifies a chain. So if
    /// verification fails with another error, the dates are valid. This relies on the order of the
    /// checks. To be safe if rustls changes that order, the same certificate must also be reported
    /// as expired at the end of time.
    fn verify_dates(
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
        let dates_are_checked = || verify(end_of_time).is_err_and(|error| is_date_error(&error));
        match !is_date_error(&error) && dates_are_checked() {
            true => Ok(()),
            false => Err(error),
        }
    }
}

fn is_date_error(error: &rustls::Error) -> bool {
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
        match &self.policy {
            TrustPolicy::AcceptAny => {}
            TrustPolicy::Pinned(pins) => self.verify_pin(pins, end_entity)?,
            TrustPolicy::Roots { extra, .. } if extra.contains(end_entity) => {
                self.verify_added(end_entity, server_name, now)?;
            }
            TrustPolicy::Roots { platform: None, .. } => {
                return Err(CertificateError::UnknownIssuer.into());
            }
            TrustPolicy::Roots {
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

/// The server presented a certificate that is not pinned.
#[derive(Debug)]
pub(super) struct NotPinned(Digest);

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the manager's certificate has the SHA-256 thumbprint {}, which is not pinned: \
             either the certificate was replaced, or the server is not the manager",
            Thumbprint(&self.0)
        )
    }
}

impl std::error::Error for NotPinned {}
