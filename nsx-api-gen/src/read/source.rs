//! The document that a caller passes in, before it is parsed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file;

/// A document before it is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The path, if the document is a file. References to other files are relative to it.
    pub(crate) file: Option<PathBuf>,
}

impl Source {
    /// A document as text. Error messages refer to it as `name`.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            bytes: text.into(),
            file: None,
        }
    }

    /// Reads the document in a file. Error messages refer to it by its path. At most the maximum
    /// size of a document is read.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system, or an error for a named pipe, which could block
    /// forever.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        let bytes = file::read_file(path)?;
        Ok(Self {
            file: Some(path.to_owned()),
            ..Self::new(path.display().to_string(), bytes)
        })
    }

    /// Reads a document from a reader, up to the maximum size of a document.
    ///
    /// # Errors
    ///
    /// Returns the error of the reader.
    pub fn from_reader(name: impl Into<String>, reader: impl Read) -> io::Result<Self> {
        Ok(Self::new(name, file::read_limited(reader)?))
    }

    /// The same document under another name.
    pub fn called(self, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { name, ..self }
    }
}
