//! Makes the Rust code of `nsx-api` from an OpenAPI or Swagger 2.0 document.
//!
//! A document goes through five steps, each a module: `read` makes a tree of the text, `upgrade` makes
//! OpenAPI 3.0 of Swagger 2.0 (`lower` of 3.1), `normalize` mends what a document may say and the next steps
//! cannot take, `check` reports all that is left of it at once, and `emit` writes the code. Beside them [`import`]
//! takes a part of a document, and [`compare`] tells what a change of one means. Nothing is written to disk and
//! nothing printed here.
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
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod import;
mod model;
mod names;
mod normalize;
mod pipeline;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use check::prune;
use document::change::{self, Change};
use pipeline::{Code, code, mended};
use serde_json::Value;

pub use check::prune::LeftOut;
pub use emit::HEADER_MARK;
pub use error::{Error, Fault};

/// The program of this package's README runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// The code made from a document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The text of each file by its path in the output folder.
    pub files: BTreeMap<PathBuf, String>,
    /// What was changed in the document before code was made of it, a line each.
    pub report: Vec<String>,
    /// The passes that changed something, and how often.
    pub summary: Vec<(&'static str, usize)>,
    /// How many operations there is code for.
    pub operations: usize,
    /// What was left out of it; nothing but by [`generate_supported`].
    pub left_out: Vec<LeftOut>,
}

/// The document in a file as JSON, as it stands there: neither checked nor changed.
///
/// # Errors
///
/// [`Error::Io`] when the file cannot be read, and [`Error::Syntax`] when it is neither YAML nor JSON.
pub fn read(path: &Path) -> Result<Value, Error> {
    Ok(read::read(path)?.root)
}

/// Generates the code of the document in a file.
///
/// # Errors
///
/// [`Error::Io`] when the file cannot be read; otherwise as [`generate_from_str`].
pub fn generate(path: &Path) -> Result<Generated, Error> {
    from_document(read::read(path)?)
}

/// Generates the code of a document; `name` is what errors call it.
///
/// # Errors
///
/// [`Error::Syntax`] when the text is neither YAML nor JSON, [`Error::Document`] with every fault that was
/// found when it is no OpenAPI 3 or Swagger 2.0 document that code can be made of.
pub fn generate_from_str(name: &str, text: &str) -> Result<Generated, Error> {
    from_document(read::parse(name, text.as_bytes())?)
}

/// Generates the code of the document in a file as [`generate()`] does, but leaves out the operations that code cannot be made of, and
/// the components that only those use. [`Generated::left_out`] tells which, and why.
///
/// # Errors
///
/// [`Error::Io`] when the file cannot be read; otherwise as [`generate_supported_from_str`].
pub fn generate_supported(path: &Path) -> Result<Generated, Error> {
    supported(read::read(path)?)
}

/// Generates the code of a document as [`generate_supported`] does; `name` is what errors call it.
///
/// # Errors
///
/// [`Error::Syntax`] when the text is neither YAML nor JSON, [`Error::Document`] when no operation would be left, and for faults that
/// belong to none.
pub fn generate_supported_from_str(name: &str, text: &str) -> Result<Generated, Error> {
    supported(read::parse(name, text.as_bytes())?)
}

fn from_document(document: read::Document) -> Result<Generated, Error> {
    let (root, changes) = mended(&document)?;
    let code = code(&document, &root)?;
    Ok(Generated::new(code, &changes, Vec::new()))
}

fn supported(document: read::Document) -> Result<Generated, Error> {
    let (mut root, mut changes) = mended(&document)?;
    let make = |root: &Value| code(&document, root);
    let (code, left_out) = prune::supported(&document.file, &mut root, make)?;
    let is_left_out = |change: &Change| {
        change.operation.is_some() && left_out.iter().any(|one| one.operation == change.operation)
    };
    changes.retain(|change| !is_left_out(change));
    Ok(Generated::new(code, &changes, left_out))
}

impl Generated {
    fn new((files, operations): Code, changes: &[Change], left_out: Vec<LeftOut>) -> Self {
        Self {
            files,
            summary: change::summary(changes),
            report: changes.iter().map(ToString::to_string).collect(),
            operations,
            left_out,
        }
    }
}
