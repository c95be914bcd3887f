//! Certificates that a caller adds: read, taken out of their PEM, and refused with a reason that helps.
//!
//! What is read may hold a private key beside the certificates, or be another file altogether. So no message
//! repeats any of it, and the errors of the PEM library, which do, go no further than here.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::text::without_bom;
use crate::{Error, ErrorKind};

/// Many times the bundle of all public authorities.
const FILE_LIMIT: u64 = 1 << 20;

/// Certificates that a caller adds.
pub(crate) enum Source {
    Pem(Vec<u8>),
    File(PathBuf),
}

/// Shows no content: there may be a key beside the certificates.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
            Self::File(path) => path.fmt(f),
        }
    }
}

impl Source {
    /// The certificates, at least one.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        match self {
            Self::Pem(pem) => named("the CA given as PEM", parse(pem)),
            Self::File(path) => {
                let name = format!("the CA file {}", path.display());
                let pem = read(path).map_err(|error| {
                    let message = format!("{name} cannot be read: {error}");
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
                named(&name, parse(&pem))
            }
        }
    }
}

fn named<T>(name: &str, result: Result<T, String>) -> Result<T, Error> {
    result.map_err(|reason| Error::new(ErrorKind::Config, format!("{name} {reason}")))
}

/// The whole file, unless it is too large to be one of certificates: a device, for one, has no end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?
        .take(FILE_LIMIT + 1)
        .read_to_end(&mut content)?;
    if content.len() as u64 > FILE_LIMIT {
        let reason = format!("it is larger than {} MiB", FILE_LIMIT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(content)
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = without_bom(pem);
    if let Some(form) = other_form(pem) {
        return Err(format!("has no certificate in PEM in it: {form}"));
    }
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("is broken: {}", fault(&error)))?;
        if RootCertStore::empty().add(certificate.clone()).is_err() {
            let number = certificates.len() + 1;
            return Err(format!(
                "is broken: number {number} in it is no certificate of X.509"
            ));
        }
        certificates.push(certificate);
    }
    match certificates.is_empty() {
        true => Err(format!("has no certificate in it{}", instead(pem))),
        false => Ok(certificates),
    }
}

/// What is wrong with a PEM, in words of our own: the library's quote lines of it.
fn fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "an END line is missing: are the line ends lost?",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is damaged",
        pem::Error::Base64Decode(_) => "what stands between BEGIN and END is not base64",
        pem::Error::SectionTooLarge => "a section is too large",
        _ => "it is not PEM",
    }
}

/// The form of a file that is not PEM at all, and what to do about it.
fn other_form(content: &[u8]) -> Option<&'static str> {
    match content {
        // An ASN.1 sequence with a length of two bytes, which every certificate in DER begins with.
        [0x30, 0x82, ..] => {
            Some("it looks like DER: convert it, with `openssl x509 -inform der` for one")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'-', 0, ..] | [0, b'-', ..] => {
            Some("it is text in UTF-16: save it as UTF-8")
        }
        _ if contains(content, b"\xEF\xBB\xBF-----BEGIN ") => {
            Some("a byte order mark stands before a BEGIN line: remove it")
        }
        _ => None,
    }
}

/// What a PEM without certificates has in it, if that is known.
fn instead(pem: &[u8]) -> &'static str {
    if contains(pem, b"PRIVATE KEY-----") {
        ", but a private key: is it the right file?"
    } else if contains(pem, b"-----BEGIN TRUSTED CERTIFICATE-----") {
        ", but a TRUSTED CERTIFICATE, which is OpenSSL's own form: convert it with `openssl x509`"
    } else {
        ""
    }
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}
