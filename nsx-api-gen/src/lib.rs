//! Generates the Rust code of `nsx-api` from an OpenAPI or Swagger 2.0 document.
//!
//! A document goes through these steps, each of them a module: `read` parses the text, `convert`
//! turns Swagger 2.0 and OpenAPI 3.1 into OpenAPI 3.0, `normalize` rewrites what the next steps do
//! not support and fixes known errors, `check` reports every remaining problem at once, and `emit`
//! writes the code. In addition, [`import`] extracts part of a document and [`compare`] reports
//! what a change of the document means for users. This crate writes no files and prints nothing.
//!
//! ```
//! let document = r#"{
//!     "openapi": "3.0.3",
//!     "info": {"title": "A manager", "version": "1"},
//!     "paths": {"/node": {"get": {"operationId": "GetNode", "responses": {"200": {"description": "The node"}}}}}
//! }"#;
//! let generated = nsx_api_gen::generate_from_str("inline", document)?;
//! let builder = &generated.files[std::path::Path::new("builder/untagged.rs")];
//! assert!(builder.contains("pub fn get_node(&self)"));
//! # Ok::<(), nsx_api_gen::Error>(())
//! ```

mod check;
pub mod compare;
mod convert;
mod document;
mod emit;
mod error;
mod flatten;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod import;
mod model;
mod names;
mod normalize;
mod pipeline;
mod read;
#[cfg(test)]
#[path = "../tests/real_documents.rs"]
mod real_documents;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use check::prune;
use document::change::{self, Change};
use pipeline::{Code, flattened, generate_code, generate_flattened, normalized};
use serde_json::Value;

pub use check::prune::Skipped;
pub use emit::HEADER_MARK;
pub use error::{Error, Fault};

/// Runs the program in this package's README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// The code generated from a document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The text of each file, by its path in the output folder.
    pub files: BTreeMap<PathBuf, String>,
    /// What was changed in the document before generating code, one line per change.
    pub report: Vec<String>,
    /// The passes that changed something, and how often.
    pub summary: Vec<(&'static str, usize)>,
    /// The number of generated operations.
    pub operations: usize,
    /// The operations that were skipped. Always empty unless [`generate_supported`] was used.
    pub skipped: Vec<Skipped>,
}

/// Reads the document in a file as JSON, without checking or changing it.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, and [`Error::Syntax`] if it is neither YAML nor JSON.
pub fn read(path: &Path) -> Result<Value, Error> {
    Ok(read::read(path)?.root)
}

/// Generates the code of the document in a file.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; otherwise as for [`generate_from_str`].
pub fn generate(path: &Path) -> Result<Generated, Error> {
    from_document(read::read(path)?)
}

/// Generates the code of a document. Error messages refer to it as `name`.
///
/// # Errors
///
/// [`Error::Syntax`] if the text is neither YAML nor JSON. [`Error::Document`], with every problem
/// that was found, if it is not a supported OpenAPI 3 or Swagger 2.0 document.
pub fn generate_from_str(name: &str, text: &str) -> Result<Generated, Error> {
    from_document(read::parse(name, text.as_bytes())?)
}

/// Generates the code of the document in a file like [`generate()`], but skips unsupported
/// operations and the components that only those use. [`Generated::skipped`] lists them with the
/// reasons.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; otherwise as for [`generate_supported_from_str`].
pub fn generate_supported(path: &Path) -> Result<Generated, Error> {
    from_supported(read::read(path)?)
}

/// Generates the code of a document like [`generate_supported`]. Error messages refer to it as
/// `name`.
///
/// # Errors
///
/// [`Error::Syntax`] if the text is neither YAML nor JSON. [`Error::Document`] if no operation is
/// left, or if a problem concerns the document as a whole.
pub fn generate_supported_from_str(name: &str, text: &str) -> Result<Generated, Error> {
    from_supported(read::parse(name, text.as_bytes())?)
}

fn from_document(mut document: read::Document) -> Result<Generated, Error> {
    // Only one form of a large document is in memory at a time.
    let (root, changes) = normalized(&document)?;
    document.root = root;
    document.root = flattened(&document.file, &document.root)?;
    let code = generate_flattened(&document, &document.root)?;
    Ok(Generated::new(code, &changes, Vec::new()))
}

fn from_supported(document: read::Document) -> Result<Generated, Error> {
    let (mut root, mut changes) = normalized(&document)?;
    let generate = |root: &Value| generate_code(&document, &flattened(&document.file, root)?);
    let (code, skipped) = prune::prune_unsupported(&document.file, &mut root, generate)?;
    let is_skipped = |change: &Change| {
        change.operation.is_some() && skipped.iter().any(|one| one.operation == change.operation)
    };
    changes.retain(|change| !is_skipped(change));
    Ok(Generated::new(code, &changes, skipped))
}

impl Generated {
    fn new((files, operations): Code, changes: &[Change], skipped: Vec<Skipped>) -> Self {
        Self {
            files,
            summary: change::summary(changes),
            report: changes.iter().map(ToString::to_string).collect(),
            operations,
            skipped,
        }
    }
}
