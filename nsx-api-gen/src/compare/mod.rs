//! Reports what a change of the document means for users of the generated SDK.
//!
//! Both documents are processed like in [`generate`](crate::generate()), and their Rust APIs are
//! compared: methods with their arguments, setters and results, and types with their fields,
//! variants, constructors and implementations. What stays the same in code but not on the wire is
//! compared too: bounds, patterns and defaults, the values of enums, security, documented
//! responses. Each type is compared once and reported with the methods that use it. [`Kind`] lists
//! all kinds of changes.
//!
//! Only what neither code nor requests nor responses depend on is ignored, such as descriptions and
//! examples.
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
//!     "parameter `kind` became required, so its setter is now an argument: `.kind(…)` → `kind`"
//! );
//! let version = Version::new(0, 3, 1);
//! assert_eq!(comparison.bump(&version), Some(Bump::Minor));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bump;
mod change;
mod constraints;
mod inherited;
mod kinds;
mod operations;
mod pairs;
mod report;
mod surface;
#[cfg(test)]
mod tests;
mod types;
mod unused;
mod wire;

pub use semver::Version;

use crate::error::Error;
pub use crate::read::Source;
use crate::{normalize, pipeline, read};
pub use bump::Bump;
pub use change::{Change, Subject, Usage};
pub use kinds::{Kind, Level, Section};
use surface::Surface;
use unused::Unused;

/// The differences between two documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    changes: Vec<Change>,
}

impl Comparison {
    /// The changes: first those of the document as a whole, then those of operations, then those of
    /// types. Operations and types of the new document come first, then the removed ones, in the
    /// order of their paths and names.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Keeps only the changes for which `keep` returns true, for example those that are not already
    /// known. [`level`](Self::level) and [`bump`](Self::bump) then ignore the others.
    ///
    /// ```
    /// # use nsx_api_gen::compare::{Comparison, Kind};
    /// fn ignore_tags(comparison: &mut Comparison) {
    ///     comparison.retain(|change| change.kind != Kind::OperationTagChanged);
    /// }
    /// ```
    pub fn retain(&mut self, keep: impl FnMut(&Change) -> bool) {
        self.changes.retain(keep);
    }

    /// The highest level of all changes; `None` if there are none.
    pub fn level(&self) -> Option<Level> {
        self.changes.iter().map(Change::level).max()
    }

    /// The part of the version to increment after a release of the version `old`; `None` if nothing
    /// changed.
    pub fn bump(&self, old: &Version) -> Option<Bump> {
        self.level().map(|level| Bump::of(level, old))
    }
}

/// Compares two documents.
///
/// # Errors
///
/// [`Error::Syntax`] and [`Error::Document`] if one of them is invalid or unsupported, as for
/// [`generate_from_str`](crate::generate_from_str).
pub fn compare(old: &Source, new: &Source) -> Result<Comparison, Error> {
    let (old, new) = (surface_of(old)?, surface_of(new)?);
    let operations = pairs::operations(&old, &new);
    let renamed = pairs::renamed(&old, &new, &operations);
    let mut changes = Vec::new();
    operations::compare(&old, &new, &operations, &renamed, &mut changes);
    types::compare(&old, &new, &renamed, &mut changes);
    wire::compare(&old, &new, &operations, &renamed, &mut changes);
    let changes = inherited::fold_inherited(changes, &old, &new);
    Ok(Comparison { changes })
}

/// The Rust API of a document.
fn surface_of(source: &Source) -> Result<Surface, Error> {
    let (mut root, _) = pipeline::converted(&read::parse(&source.name, &source.bytes)?)?;
    let unused = Unused::of_operations(&root);
    normalize::normalize(&mut root);
    let (api, rust) = pipeline::rust_api(&source.name, &root)?;
    Ok(Surface::new(root, api, rust, unused))
}
