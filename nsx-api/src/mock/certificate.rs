//! The certificates of a stand-in: an authority of its own and a leaf for the loopback addresses,
//! made when it starts.
//!
//! Nothing is written to disk, and no two managers share an authority.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server needs to speak TLS, and what a client needs to trust it.
pub(super) struct Identity {
    /// The authority's certificate.
    pub(super) ca_pem: String,
    /// The server's side of the handshake.
    pub(super) config: Arc<ServerConfig>,
}

/// Makes an authority and a leaf certificate signed by it, for a server that offers these protocols
/// (ALPN), in order of preference.
pub(super) fn issue(protocols: &[&[u8]]) -> io::Result<Identity> {
    let (ca_pem, chain, key) = certificates().map_err(io::Error::other)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Identity {
        ca_pem,
        config: Arc::new(config),
    })
}

type Certificates = (String, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn certificates() -> Result<Certificates, rcgen::Error> {
    let mut authority = params("nsx-api stand-in CA", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut leaf = params("nsx-api stand-in", &NAMES)?;
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &authority)?;

    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((authority.pem(), vec![leaf.der().clone()], key.into()))
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
        let first = issue(&[b"h2"]).unwrap();
        let second = issue(&[b"h2"]).unwrap();
        assert!(first.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first.ca_pem, second.ca_pem);
        assert_eq!(first.config.alpn_protocols, [b"h2"]);
    }
}
