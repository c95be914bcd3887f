//! Certificates, taken out of their PEM.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::pem::Pem;
use crate::Error;

const FROM_DER: &str = "openssl x509 -inform der";

/// The certificates in a PEM in their order, at least one.
pub(super) fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    pem.check_form("certificate", FROM_DER)?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.bytes()) {
        let certificate = certificate.map_err(|error| pem.broken(&error))?;
        if RootCertStore::empty().add(certificate.clone()).is_err() {
            let number = certificates.len() + 1;
            return Err(pem.fault(format_args!(
                "is broken: number {number} in it is no certificate of X.509"
            )));
        }
        certificates.push(certificate);
    }
    match certificates.is_empty() {
        true => Err(pem.fault(format_args!("has no certificate in it{}", instead(pem)))),
        false => Ok(certificates),
    }
}

/// What a PEM without certificates has in it, if that is known.
fn instead(pem: &Pem) -> &'static str {
    if pem.contains(b"PRIVATE KEY-----") {
        ", but a private key: is it the right file?"
    } else if pem.contains(b"-----BEGIN TRUSTED CERTIFICATE-----") {
        ", but a TRUSTED CERTIFICATE, which is OpenSSL's own form: convert it with `openssl x509`"
    } else {
        ""
    }
}
