//! The certificates of a stand-in: an authority of its own, the leaf that the server shows, and
//! those that it issues to clients.
//!
//! Nothing is written to disk, and no two managers share an authority.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

const NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Which certificate a [`Manager`](super::Manager) shows to its clients.
///
/// Each but [`OtherName`](Self::OtherName) is for `localhost`, `127.0.0.1` and `::1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// Issued by the stand-in's own authority.
    #[default]
    Issued,
    /// Signed by its own key, and not `CA:TRUE`.
    SelfSigned,
    /// Signed by its own key, and `CA:TRUE`: what an NSX Manager shows that was not given another.
    SelfSignedCa,
    /// Issued by the stand-in's own authority, and expired since yesterday.
    Expired,
    /// Issued by the stand-in's own authority, for `other.example` and no other name.
    OtherName,
}

/// A certificate that a client can present to the [`Manager`](super::Manager) that issued it.
///
/// `Debug` hides the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate, in PEM.
    pub certificate_pem: String,
    /// Its private key, in PEM: PKCS#8, not encrypted.
    pub key_pem: String,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// What the server shows, and the key to it.
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

/// An authority that only one stand-in has.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        let mut params = params("nsx-api stand-in CA", &[])?;
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

    /// Makes the server's certificate.
    pub(super) fn server(&self, kind: Certificate) -> Result<Leaf, rcgen::Error> {
        let names = match kind {
            Certificate::OtherName => &["other.example"],
            _ => NAMES,
        };
        let mut params = params("nsx-api stand-in", names)?;
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

    /// Makes a certificate for a client.
    pub(super) fn client(&self) -> Result<ClientCertificate, rcgen::Error> {
        let mut params = params("nsx-api stand-in client", &[])?;
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
    // Some platforms' verifiers refuse a leaf that is valid for years; a day back allows for clocks
    // that differ.
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
    fn every_manager_has_an_authority_of_its_own() {
        let first = Authority::new().unwrap().pem();
        let second = Authority::new().unwrap().pem();
        assert!(first.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first, second);
    }

    #[test]
    fn a_client_certificate_does_not_show_its_key() {
        let client = Authority::new().unwrap().client().unwrap();
        assert!(client.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
        let shown = format!("{client:?}");
        assert!(!shown.contains("KEY"), "{shown}");
        assert!(shown.contains("CERTIFICATE"), "{shown}");
    }
}
