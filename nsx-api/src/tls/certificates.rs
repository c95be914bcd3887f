//! Parses the certificates in a PEM.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pem::Pem;
use crate::Error;

const FROM_DER: &str = "openssl x509 -inform der";

/// Parses the certificates in a PEM, in order. Returns an error if there are none.
pub(super) fn parse_certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    pem.check_encoding("certificate", FROM_DER)?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.bytes()) {
        let certificate = certificate.map_err(|error| pem.malformed(&error))?;
        if RootCertStore::empty().add(certificate.clone()).is_err() {
            let number = certificates.len() + 1;
            return Err(pem.error(format_args!(
                "is malformed: certificate number {number} is not a valid X.509 certificate"
            )));
        }
        certificates.push(certificate);
    }
    match certificates.is_empty() {
        true => Err(pem.error(format_args!(
            "contains no certificate{}",
            wrong_content_hint(pem)
        ))),
        false => Ok(certificates),
    }
}

/// What a PEM without certificates contains instead, if it is recognized.
fn wrong_content_hint(pem: &Pem) -> &'static str {
    if pem.contains(b"PRIVATE KEY-----") {
        ", only a private key: check that this is the right file"
    } else if pem.contains(b"-----BEGIN TRUSTED CERTIFICATE-----") {
        ", only a TRUSTED CERTIFICATE, which only OpenSSL can read: convert it with `openssl x509`"
    } else {
        ""
    }
}
