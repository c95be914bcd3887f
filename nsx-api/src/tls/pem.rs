//! Reads PEM from bytes or a file, and explains errors in it.
//!
//! The content may include a private key, or be an unrelated file. No error message repeats any of
//! it. The errors of the PEM library do, so they are translated here. The memory of the content is
//! wiped.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem;
use zeroize::Zeroizing;

use crate::Error;
use crate::error::text::without_bom;

/// Several times the size of a bundle of all public CAs.
const FILE_LIMIT: u64 = 1 << 20;

/// The name of a trusted certificate in error messages.
pub(super) const CA: &str = "CA";

/// Where a PEM comes from.
#[derive(Clone)]
pub(crate) struct Source {
    origin: Origin,
    /// The environment variable that it was configured with. Error messages begin with it.
    variable: Option<&'static str>,
}

#[derive(Clone)]
enum Origin {
    Pem(Zeroizing<Vec<u8>>),
    File(PathBuf),
    /// The path and the content of a special file, such as a pipe, that can be read only once.
    Buffered(PathBuf, Zeroizing<Vec<u8>>),
}

/// Hides the content, which may include a private key.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
            Origin::File(path) if is_pem_content(path) => f.write_str("PEM instead of a path"),
            Origin::File(path) | Origin::Buffered(path, _) => path.fmt(f),
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

    /// Records the environment variable that the value comes from, for error messages.
    pub(crate) fn with_variable(self, variable: &'static str) -> Self {
        Self {
            variable: Some(variable),
            ..self
        }
    }

    /// Whether it is a file whose content may change.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// Reads a special file, such as a pipe, and keeps its content. Other sources stay unchanged.
    ///
    /// `what` names the content in error messages.
    pub(super) fn buffer_pipe(&mut self, what: &str) -> Result<(), Error> {
        if let Origin::File(path) = &self.origin
            && !is_pem_content(path)
            && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
        {
            let path = path.clone();
            let bytes = read_limited(&path).map_err(|error| self.read_error(what, error))?;
            self.origin = Origin::Buffered(path, bytes);
        }
        Ok(())
    }

    /// Takes over the content of `other` if both are the same pipe, which can be read only once.
    pub(super) fn reuse_buffer_of(&mut self, other: &Self) {
        if let (Origin::File(path), Origin::Buffered(other_path, _)) = (&self.origin, &other.origin)
            && path == other_path
        {
            self.origin = other.origin.clone();
        }
    }

    /// Loads the content. `what` names it in error messages.
    pub(super) fn load(&self, what: &str) -> Result<Pem, Error> {
        let bytes = match &self.origin {
            Origin::Pem(bytes) | Origin::Buffered(_, bytes) => bytes.clone(),
            Origin::File(path) if is_pem_content(path) => {
                return Err(self.pem_instead_of_path(what));
            }
            Origin::File(path) => {
                read_regular_file(path).map_err(|error| self.read_error(what, error))?
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
            Origin::File(path) | Origin::Buffered(path, _) => {
                format!("the {what} file {}", path.display())
            }
        }
    }

    fn read_error(&self, what: &str, error: io::Error) -> Error {
        let message = format!("{} cannot be read: {error}", self.name(what));
        Error::config(with_variable_prefix(self.variable, message)).with_source(error)
    }

    fn pem_instead_of_path(&self, what: &str) -> Error {
        // Each `…_FILE` variable has a counterpart without the suffix for the content.
        let variable = self.variable.map(|name| name.trim_end_matches("_FILE"));
        let function = match what {
            CA => "`ca_pem`",
            _ => "`Identity::from_pem`",
        };
        let message = format!(
            "the path of the {what} file is PEM, not a path: pass the PEM with {}",
            variable.unwrap_or(function)
        );
        Error::config(with_variable_prefix(self.variable, message))
    }
}

fn with_variable_prefix(variable: Option<&str>, message: String) -> String {
    match variable {
        Some(variable) => format!("{variable}: {message}"),
        None => message,
    }
}

/// Whether a path is actually the content of a PEM file. It may be a private key, so it must not be
/// shown.
fn is_pem_content(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.contains("-----BEGIN") || path.contains(['\n', '\r'])
}

/// Reads a regular file. Special files are not opened, because opening a pipe may block.
fn read_regular_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    match fs::metadata(path)?.is_file() {
        true => read_limited(path),
        false => Err(io::Error::other("it is no longer a regular file")),
    }
}

/// Reads a file of limited size. A device such as `/dev/zero` would never end.
fn read_limited(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // Reserve the full size: a vector that grows would leave copies that are not wiped.
    let metadata = file.metadata()?;
    let length = match metadata.is_file() {
        true => metadata.len().min(FILE_LIMIT),
        false => FILE_LIMIT,
    };
    let capacity = usize::try_from(length).unwrap_or_default() + 64;
    let mut content = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(FILE_LIMIT + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_LIMIT {
        let reason = format!("it is larger than {} MiB", FILE_LIMIT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(content)
}

/// Loaded PEM content and its name in error messages. It has no `Debug`, because it may be a key.
pub(super) struct Pem {
    name: String,
    variable: Option<&'static str>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Pem {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The content without a byte order mark.
    pub(super) fn bytes(&self) -> &[u8] {
        without_bom(&self.bytes)
    }

    pub(super) fn contains(&self, text: &[u8]) -> bool {
        contains(&self.bytes, text)
    }

    /// An error about this PEM: its name, followed by `reason`.
    pub(super) fn error(&self, reason: impl fmt::Display) -> Error {
        Error::config(with_variable_prefix(
            self.variable,
            format!("{} {reason}", self.name),
        ))
    }

    pub(super) fn malformed(&self, error: &pem::Error) -> Error {
        self.error(format_args!("is malformed: {}", describe(error)))
    }

    /// Refuses a known encoding other than PEM, and says how to convert it.
    ///
    /// `from_der` is the command that converts DER.
    pub(super) fn check_encoding(&self, expected: &str, from_der: &str) -> Result<(), Error> {
        match detect_other_encoding(self.bytes(), from_der) {
            Some(found) => Err(self.error(format_args!("is not a PEM {expected}: {found}"))),
            None => Ok(()),
        }
    }
}

/// Describes a PEM error without quoting the content, as the library's message would.
fn describe(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "an END line is missing (were the line breaks lost?)"
        }
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed",
        pem::Error::Base64Decode(_) => "the text between BEGIN and END is not base64",
        pem::Error::SectionTooLarge => "a section is too large",
        _ => "it is not PEM",
    }
}

fn detect_other_encoding(content: &[u8], from_der: &str) -> Option<String> {
    let hint = match content {
        // An ASN.1 sequence with a length of one or two bytes, as at the start of every DER
        // certificate and key.
        [0x30, 0x81 | 0x82, ..] => {
            return Some(format!("it looks like DER, convert it with `{from_der}`"));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'-', 0, ..] | [0, b'-', ..] => {
            "it is UTF-16 text, save it as UTF-8"
        }
        _ if contains(content, b"\xEF\xBB\xBF-----BEGIN ") => {
            "a byte order mark precedes a BEGIN line, remove it"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}
