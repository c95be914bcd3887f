//! The certificates of a mock manager: its certificate authority, the server certificate, and the
//! client certificates that it issues.
//!
//! Nothing is written to disk. Every mock manager has its own certificate authority.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

const SERVER_NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The kind of server certificate that a [`Manager`](super::Manager) presents.
///
/// All certificates are valid for `localhost`, `127.0.0.1` and `::1`, except
/// [`OtherName`](Self::OtherName).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// Issued by the mock manager's own CA.
    #[default]
    Issued,
    /// Self-signed, without `CA:TRUE`.
    SelfSigned,
    /// Self-signed, with `CA:TRUE`, like the default certificate of an NSX Manager.
    SelfSignedCa,
    /// Issued by the mock manager's own CA, but expired yesterday.
    Expired,
    /// Issued by the mock manager's own CA, but only for the name `other.example`.
    OtherName,
}

/// A client certificate for the [`Manager`](super::Manager) that issued it.
///
/// `Debug` hides the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate, in PEM.
    pub certificate_pem: String,
    /// The private key, in PEM (PKCS#8, not encrypted).
    pub key_pem: String,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// A certificate and its private key.
pub(super) struct Leaf {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Leaf {
    pub(super) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(super) fn key(&self) -> PrivatePkcs8KeyDer<'static> {
        self.key.serialize_der().into()
    }
}

/// The certificate authority of one mock manager.
pub(super) struct CertificateAuthority(CertifiedIssuer<'static, KeyPair>);

impl CertificateAuthority {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        let mut params = params("nsx-api mock manager CA", &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        CertifiedIssuer::self_signed(params, KeyPair::generate()?).map(Self)
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Creates a server certificate. Depending on the kind, it is self-signed.
    pub(super) fn server_certificate(&self, kind: Certificate) -> Result<Leaf, rcgen::Error> {
        let names = match kind {
            Certificate::OtherName => &["other.example"],
            _ => SERVER_NAMES,
        };
        let mut params = params("nsx-api mock manager", names)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        match kind {
            Certificate::SelfSigned => return self_signed(&params),
            Certificate::SelfSignedCa => {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.key_usages.push(KeyUsagePurpose::KeyCertSign);
                return self_signed(&params);
            }
            Certificate::Expired => {
                params.not_before -= 29 * DAY;
                params.not_after -= 31 * DAY;
            }
            Certificate::Issued | Certificate::OtherName => {}
        }
        self.issue(params)
    }

    /// Issues a client certificate.
    pub(super) fn client_certificate(&self) -> Result<ClientCertificate, rcgen::Error> {
        let mut params = params("nsx-api mock client", &[])?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = self.issue(params)?;
        Ok(ClientCertificate {
            certificate_pem: leaf.pem(),
            key_pem: leaf.key.serialize_pem(),
        })
    }

    fn issue(&self, mut params: CertificateParams) -> Result<Leaf, rcgen::Error> {
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        Ok(Leaf { certificate, key })
    }
}

fn self_signed(params: &CertificateParams) -> Result<Leaf, rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Leaf { certificate, key })
}

fn params(name: &str, subject_alt_names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = subject_alt_names
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    // Some platforms refuse server certificates that are valid for years. The start is a day ago,
    // in case clocks differ.
    let now = date_time_ymd(1970, 1, 1)
        + SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
    params.not_before = now - DAY;
    params.not_after = now + 30 * DAY;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mock_manager_has_its_own_certificate_authority() {
        let first = CertificateAuthority::new().unwrap().pem();
        let second = CertificateAuthority::new().unwrap().pem();
        assert!(first.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first, second);
    }

    #[test]
    fn debug_of_a_client_certificate_hides_its_key() {
        let client = CertificateAuthority::new()
            .unwrap()
            .client_certificate()
            .unwrap();
        assert!(client.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
        let shown = format!("{client:?}");
        assert!(!shown.contains("KEY"), "{shown}");
        assert!(shown.contains("CERTIFICATE"), "{shown}");
    }
}
