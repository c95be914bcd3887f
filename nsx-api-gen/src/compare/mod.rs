//! What a change of the document does to the users of the SDK that is generated from it.
//!
//! Two documents are read as [`generate`](crate::generate()) reads them, and compared as what they become in Rust: methods
//! with their arguments, setters and results, and types with their fields. So a name that changes is a change, and a length
//! that changes is none: no code comes of it. Component schemas are compared once each, with the methods that they reach.
//! [`Kind`] is the table of all that is told apart.
//!
//! Not compared is what no code is made of: descriptions, examples, defaults, lengths, patterns and ranges, the values of an
//! enum of numbers, the bodies of errors, security.
//!
//! ```
//! use nsx_api_gen::compare::{Bump, Kind, Source, Version, compare};
//!
//! let document = |parameter: &str| {
//!     let text = format!(
//!         "openapi: 3.0.3
//! info: {{title: A manager, version: '1'}}
//! paths:
//!   /nodes:
//!     get:
//!       operationId: ListNodes
//!       parameters: [{{name: kind, in: query, required: {parameter}, schema: {{type: string}}}}]
//!       responses: {{'204': {{description: Done}}}}
//! "
//!     );
//!     Source::new("nodes.yaml", text)
//! };
//! let comparison = compare(&document("false"), &document("true"))?;
//!
//! let change = comparison.changes().first().ok_or("no change")?;
//! assert_eq!(change.kind, Kind::RequestParameterBecameRequired);
//! assert_eq!(change.kind.id(), "request-parameter-became-required");
//! assert_eq!(
//!     change.to_string(),
//!     "parameter `kind` became required, its setter an argument: `.kind(…)` → `kind`"
//! );
//! let version = Version::new(0, 3, 1);
//! assert_eq!(comparison.bump(&version), Some(Bump::Minor));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bump;
mod change;
mod kinds;
mod operations;
mod pairs;
mod shape;
mod surface;
#[cfg(test)]
mod tests;
mod types;

pub use semver::Version;

use crate::error::Error;
pub use crate::read::Source;
use crate::{check, pipeline, read};
pub use bump::Bump;
pub use change::{Change, Level, Subject, Usage};
pub use kinds::{Kind, Section};
use surface::Surface;

/// All that two documents differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    changes: Vec<Change>,
}

impl Comparison {
    /// The changes: first those of the whole document, then those of operations, then those of types. Of both, those of the
    /// new document come first, and then those that are gone, in the order of their paths and names.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The highest level among the changes; `None` where there is none.
    pub fn level(&self) -> Option<Level> {
        self.changes.iter().map(Change::level).max()
    }

    /// The part of the version that has to be raised after a release of the version `old`; `None` where nothing changed.
    pub fn bump(&self, old: &Version) -> Option<Bump> {
        self.level().map(|level| Bump::of(level, old))
    }
}

/// Compares two documents.
///
/// # Errors
///
/// [`Error::Syntax`] and [`Error::Document`] when one of them is no document that code can be made of, as in
/// [`generate_from_str`](crate::generate_from_str).
pub fn compare(old: &Source, new: &Source) -> Result<Comparison, Error> {
    let (old, new) = (surface_of(old)?, surface_of(new)?);
    let operations = pairs::operations(&old, &new);
    let renamed = pairs::renamed(&old, &new, &operations);
    let mut changes = Vec::new();
    operations::compare(&old, &new, &operations, &renamed, &mut changes);
    types::compare(&old, &new, &renamed, &mut changes);
    Ok(Comparison { changes })
}

/// The Rust API of a document, after the steps of `generate` that come before the code.
fn surface_of(source: &Source) -> Result<Surface, Error> {
    let (root, _) = pipeline::mended(&read::parse(&source.name, &source.bytes)?)?;
    check::check(&source.name, &root)?;
    Ok(Surface::new(&root))
}
