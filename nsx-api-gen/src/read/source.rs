//! The document that a caller passes in, before it is parsed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file;

/// A document as it is before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The file, where it is one: a document may have parts in others beside it.
    pub(crate) file: Option<PathBuf>,
}

impl Source {
    /// A document's text; `name` is what errors call it.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            bytes: text.into(),
            file: None,
        }
    }

    /// The document in a file; the path is what errors call it. No more is read of it than a document may have.
    ///
    /// # Errors
    ///
    /// What the operating system says, and that of a pipe with a name: nobody may ever write to it.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        let bytes = file::bytes_of(path)?;
        Ok(Self {
            file: Some(path.to_owned()),
            ..Self::new(path.display().to_string(), bytes)
        })
    }

    /// What a reader gives, but no more than a document may have: there may be no end of it.
    ///
    /// # Errors
    ///
    /// What the reader says.
    pub fn from_reader(name: impl Into<String>, reader: impl Read) -> io::Result<Self> {
        Ok(Self::new(name, file::bytes_from(reader)?))
    }

    /// The same document under another name.
    pub fn called(self, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { name, ..self }
    }
}
