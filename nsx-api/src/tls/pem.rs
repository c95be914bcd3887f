//! PEM that a caller gives, as bytes or as a file: read, and refused with a reason that helps.
//!
//! What is read may hold a private key, or be another file altogether. So no message repeats any of it, and the errors of
//! the PEM library, which do, go no further than here. Memory that held it is wiped.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem;
use zeroize::Zeroizing;

use super::certificates::certificates;
use super::config_error;
use crate::text::without_bom;
use crate::{Error, ErrorKind};

/// Many times the bundle of all public authorities.
const FILE_LIMIT: u64 = 1 << 20;

/// Where a PEM comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Pem(Zeroizing<Vec<u8>>),
    File(PathBuf),
}

/// Shows no content: there may be a key in it.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
            Self::File(path) => path.fmt(f),
        }
    }
}

impl Source {
    pub(crate) fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self::Pem(Zeroizing::new(pem.into()))
    }

    /// Says what is wrong with certificates that are to be trusted.
    pub(crate) fn check(&self) -> Result<(), Error> {
        certificates(&self.read("CA")?).map(drop)
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The content. `what` it is meant to be is how errors call it.
    pub(super) fn read(&self, what: &str) -> Result<Pem, Error> {
        match self {
            Self::Pem(bytes) => Ok(Pem {
                name: format!("the {what} given as PEM"),
                bytes: bytes.clone(),
            }),
            Self::File(path) => {
                let name = format!("the {what} file {}", path.display());
                match read(path) {
                    Ok(bytes) => Ok(Pem { name, bytes }),
                    Err(error) => {
                        let message = format!("{name} cannot be read: {error}");
                        Err(Error::new(ErrorKind::Config, message).with_source(error))
                    }
                }
            }
        }
    }
}

/// The whole file, unless it is too large to be one of certificates: a device, for one, has no end.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // Room for all of it: a vector that grows leaves copies behind that nobody wipes.
    let length = file.metadata()?.len().min(FILE_LIMIT);
    let room = usize::try_from(length).unwrap_or_default() + 64;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    file.take(FILE_LIMIT + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_LIMIT {
        let reason = format!("it is larger than {} MiB", FILE_LIMIT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(content)
}

/// A PEM that was read, and its name in errors. It has no `Debug`.
pub(super) struct Pem {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Pem {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Without the mark of the byte order, should there be one.
    pub(super) fn bytes(&self) -> &[u8] {
        without_bom(&self.bytes)
    }

    pub(super) fn contains(&self, text: &[u8]) -> bool {
        contains(&self.bytes, text)
    }

    /// The error of this PEM: its name, and then this.
    pub(super) fn fault(&self, reason: impl fmt::Display) -> Error {
        config_error(format!("{} {reason}", self.name))
    }

    pub(super) fn broken(&self, error: &pem::Error) -> Error {
        self.fault(format_args!("is broken: {}", fault(error)))
    }

    /// The error of a file that is not PEM at all but in a form that is known, with what to do about it.
    /// `der` is how DER is converted.
    pub(super) fn check_form(&self, meant: &str, der: &str) -> Result<(), Error> {
        match other_form(self.bytes(), der) {
            Some(form) => Err(self.fault(format_args!("has no {meant} in PEM in it: {form}"))),
            None => Ok(()),
        }
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

fn other_form(content: &[u8], der: &str) -> Option<String> {
    let form = match content {
        // An ASN.1 sequence with a length of one or two bytes, which everything in DER here begins with.
        [0x30, 0x81 | 0x82, ..] => {
            return Some(format!(
                "it looks like DER: convert it, with `{der}` for one"
            ));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'-', 0, ..] | [0, b'-', ..] => {
            "it is text in UTF-16: save it as UTF-8"
        }
        _ if contains(content, b"\xEF\xBB\xBF-----BEGIN ") => {
            "a byte order mark stands before a BEGIN line: remove it"
        }
        _ => return None,
    };
    Some(form.to_owned())
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}
