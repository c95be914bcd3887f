//! PEM that a caller gives, as bytes or as a file: read, and refused with a reason that helps.
//!
//! What is read may hold a private key, or be another file altogether. So no message repeats any of it, and the errors of
//! the PEM library, which do, go no further than here. Memory that held it is wiped.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem;
use zeroize::Zeroizing;

use crate::Error;
use crate::error::text::without_bom;

/// Many times the bundle of all public authorities.
const FILE_LIMIT: u64 = 1 << 20;

/// How errors call what is to be trusted.
pub(super) const CA: &str = "CA";

/// Where a PEM comes from.
#[derive(Clone)]
pub(crate) struct Source {
    origin: Origin,
    /// The variable of the environment that it was in, which its errors begin with.
    variable: Option<&'static str>,
}

#[derive(Clone)]
enum Origin {
    Pem(Zeroizing<Vec<u8>>),
    File(PathBuf),
    /// What was read of something that is no regular file, a pipe for one, and cannot be read again.
    Once(PathBuf, Zeroizing<Vec<u8>>),
}

/// Shows no content: there may be a key in it.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
            Origin::File(path) if is_pem(path) => f.write_str("PEM in the place of a path"),
            Origin::File(path) | Origin::Once(path, _) => path.fmt(f),
        }
    }
}

impl Source {
    pub(crate) fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self {
            origin: Origin::Pem(Zeroizing::new(pem.into())),
            variable: None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            origin: Origin::File(path.into()),
            variable: None,
        }
    }

    /// The same, from this variable of the environment.
    pub(crate) fn named(self, variable: &'static str) -> Self {
        Self {
            variable: Some(variable),
            ..self
        }
    }

    /// Whether it may change.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// Reads it now and for good, if it is neither a regular file nor missing.
    pub(super) fn take_in(&mut self, what: &str) -> Result<(), Error> {
        if let Origin::File(path) = &self.origin
            && !is_pem(path)
            && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
        {
            let path = path.clone();
            let bytes = read(&path).map_err(|error| self.unreadable(what, error))?;
            self.origin = Origin::Once(path, bytes);
        }
        Ok(())
    }

    /// Takes what the other has read, if both are the same pipe: the second reader of one finds nothing.
    pub(super) fn share(&mut self, other: &Self) {
        if let (Origin::File(path), Origin::Once(other_path, _)) = (&self.origin, &other.origin)
            && path == other_path
        {
            self.origin = other.origin.clone();
        }
    }

    /// The content. `what` it is meant to be is how errors call it.
    pub(super) fn read(&self, what: &str) -> Result<Pem, Error> {
        let bytes = match &self.origin {
            Origin::Pem(bytes) | Origin::Once(_, bytes) => bytes.clone(),
            Origin::File(path) if is_pem(path) => return Err(self.pem_for_path(what)),
            Origin::File(path) => {
                read_regular(path).map_err(|error| self.unreadable(what, error))?
            }
        };
        Ok(Pem {
            name: self.name(what),
            variable: self.variable,
            bytes,
        })
    }

    fn name(&self, what: &str) -> String {
        match &self.origin {
            Origin::Pem(_) => format!("the {what} given as PEM"),
            Origin::File(path) | Origin::Once(path, _) => {
                format!("the {what} file {}", path.display())
            }
        }
    }

    fn unreadable(&self, what: &str, error: io::Error) -> Error {
        let message = format!("{} cannot be read: {error}", self.name(what));
        Error::config(labelled(self.variable, message)).with_source(error)
    }

    fn pem_for_path(&self, what: &str) -> Error {
        // Each variable of a file has a sister for its content.
        let variable = self.variable.map(|name| name.trim_end_matches("_FILE"));
        let function = match what {
            CA => "`ca_pem`",
            _ => "`Identity::from_pem`",
        };
        let message = format!(
            "the path of the {what} file is PEM and not a path: give it with {}",
            variable.unwrap_or(function)
        );
        Error::config(labelled(self.variable, message))
    }
}

fn labelled(variable: Option<&str>, message: String) -> String {
    match variable {
        Some(variable) => format!("{variable}: {message}"),
        None => message,
    }
}

/// Whether a path is what should be in the file, a private key for one, which must not show.
fn is_pem(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.contains("-----BEGIN") || path.contains(['\n', '\r'])
}

/// A file that may be read again and again. Another kind is not opened: that may take until somebody writes to it.
fn read_regular(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    match fs::metadata(path)?.is_file() {
        true => read(path),
        false => Err(io::Error::other("it is not a regular file any more")),
    }
}

/// The whole file, unless it is too large to be one of certificates: a device, for one, has no end.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // Room for all of it: a vector that grows leaves copies behind that nobody wipes.
    let metadata = file.metadata()?;
    let length = match metadata.is_file() {
        true => metadata.len().min(FILE_LIMIT),
        false => FILE_LIMIT,
    };
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
    variable: Option<&'static str>,
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
        Error::config(labelled(self.variable, format!("{} {reason}", self.name)))
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
