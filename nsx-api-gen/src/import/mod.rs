//! Imports the needed part of a manager's document as an OpenAPI 3.0 document that a person can
//! review.
//!
//! [`import`] reads a document, converts it to OpenAPI 3.0, applies the corrections of an
//! [overlay](Import::overlay), keeps the [selected](Selection) operations and the components that
//! they use, adds them to an existing document if there is one, and writes YAML. The changes that
//! `generate` makes before it generates code are not included, so that the document stays close to
//! the manager's. Names are the exception: the names of operations and components are chosen for
//! the whole document and written to the result, so that they do not depend on the selection.
//!
//! ```
//! use nsx_api_gen::compare::Source;
//! use nsx_api_gen::import::{Import, Selection, import};
//!
//! let document = r#"{
//!     "swagger": "2.0",
//!     "info": {"title": "A manager", "version": "4.2"},
//!     "basePath": "/api/v1",
//!     "paths": {
//!         "/node": {"get": {"operationId": "GetNode", "responses": {"200": {"description": "The node"}}}},
//!         "/tags": {"get": {"operationId": "GetTags", "responses": {"200": {"description": "Tags"}}}}
//!     }
//! }"#;
//! let document = Source::new("nsx_api.json", document);
//! let task = Import::new(document, Selection::new().operation("GetNode"));
//! let imported = import(&task)?;
//! assert!(imported.text.contains("operationId: GetNode"));
//! assert!(!imported.text.contains("GetTags"));
//! # Ok::<(), nsx_api_gen::Error>(())
//! ```

mod base;
mod extensions;
mod files;
mod merge;
mod overlay;
mod select;
mod target;
#[cfg(test)]
mod tests;
mod whole;
mod write;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::prune::{self, Skipped};
use crate::document::change::Change;
use crate::document::key_order;
use crate::document::{self, OperationRef, items, text};
use crate::error::{Error, Faults};
use crate::read::Source;
use crate::read::limits;
use crate::{convert, normalize, pipeline, read};
pub use select::Selection;

/// What to import, and into which document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Import {
    /// The document that a manager serves.
    pub document: Source,
    /// The operations to keep.
    pub selection: Selection,
    /// Corrections of the document, as an OpenAPI Overlay. It applies to the document after the
    /// conversion to OpenAPI 3.0.
    pub overlay: Option<Source>,
    /// The document to add the operations to.
    pub into: Option<Source>,
    /// Whether to skip selected operations that `generate` does not support. Otherwise they are
    /// written like the others, and `generate` reports them.
    pub skip_unsupported: bool,
}

impl Import {
    /// Imports part of a document as a separate document.
    pub fn new(document: Source, selection: Selection) -> Self {
        Self {
            document,
            selection,
            overlay: None,
            into: None,
            skip_unsupported: false,
        }
    }
}

/// An imported document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The document in YAML.
    pub text: String,
    /// The number of operations that were kept.
    pub operations: usize,
    /// The number of operations in the original document.
    pub of: usize,
    /// What was changed in the document, one line per change.
    pub report: Vec<String>,
    /// The passes that changed something, and how often.
    pub summary: Vec<(&'static str, usize)>,
    /// Hints about the selection, one per line.
    pub notes: Vec<String>,
    /// The actions of the overlay that select nothing, one per line.
    pub warnings: Vec<String>,
    /// The selected operations that were skipped. Always empty unless [`Import::skip_unsupported`]
    /// is set.
    pub skipped: Vec<Skipped>,
}

/// An operation that can be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The `operationId`, or its replacement if it is not unique.
    pub id: String,
    /// The `operationId` of the document, if it was replaced.
    pub original_id: Option<String>,
    /// The method in upper case.
    pub method: String,
    /// The path as in the document.
    pub path: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// A short description.
    pub summary: String,
}

/// Imports a part of a document.
///
/// # Errors
///
/// [`Error::Syntax`] if a text is neither YAML nor JSON. [`Error::Document`] if the document is
/// invalid or has an unsupported version, if a part of the selection matches nothing, if the
/// overlay cannot be applied, for each conflict with the existing document, and if all selected
/// operations are unsupported and skipped.
pub fn import(task: &Import) -> Result<Imported, Error> {
    let whole = load_whole(&task.document, task.overlay.as_ref())?;
    let Loaded {
        document,
        mut root,
        mut changes,
        warnings,
    } = whole;
    let all: BTreeSet<String> = pointers(&root).into_iter().collect();
    let names = normalize::new_component_names(&root);
    let whole = whole::Whole::new(&root);
    let notes = select::select(&document.file, &mut root, &task.selection)?;
    extensions::drop_unused(&mut root, &mut changes);
    // Drops components to which only an extension referred.
    select::keep_reached(&mut root);
    // The reviewer sees which values are secrets.
    normalize::mark_secrets(&mut root, &mut changes);
    normalize::apply_component_names(&mut root, names, &mut changes);
    key_order::sort_keys(&mut root);
    let skipped = match task.skip_unsupported {
        true => skip_unsupported(&document, &mut root)?,
        false => Vec::new(),
    };
    whole.record(&mut root);
    // Changes of other operations are not reported.
    let places = document::operations(&root);
    let kept = pointers(&root).into_iter().collect();
    let ids: BTreeSet<&str> = places.iter().filter_map(OperationRef::id).collect();
    changes.retain(|change| is_relevant(change, &all, &kept, &ids));
    let operations = places.len();
    let root = match &task.into {
        Some(into) => merge::merge(into, root, &mut changes)?,
        None => root,
    };
    Ok(Imported {
        text: write::yaml(&task.document.name, &root)?,
        operations,
        of: all.len(),
        summary: crate::document::change::summary(&changes),
        report: changes.iter().map(ToString::to_string).collect(),
        notes,
        warnings,
        skipped,
    })
}

/// Whether a change belongs to the document or to an operation that was kept. If its location is
/// within an operation, that decides, because the id may have changed since.
fn is_relevant(
    change: &Change,
    all: &BTreeSet<String>,
    kept: &BTreeSet<String>,
    ids: &BTreeSet<&str>,
) -> bool {
    let Some(id) = &change.operation else {
        return true;
    };
    let place: Vec<&str> = change.pointer.splitn(5, '/').take(4).collect();
    let place = place.join("/");
    match all.contains(&place) {
        true => kept.contains(&place),
        false => ids.contains(id.as_str()),
    }
}

/// Keeps the operations that `generate` supports, by trying it on a normalized copy.
fn skip_unsupported(document: &read::Document, root: &mut Value) -> Result<Vec<Skipped>, Error> {
    let mut all = Vec::new();
    loop {
        let mut normalized = root.clone();
        normalize::normalize(&mut normalized);
        // The path of an operation may have changed, but not its position.
        let pointers = pointers(&normalized).into_iter().zip(pointers(root));
        let pointers: Vec<(String, String)> = pointers.collect();
        let generate = |root: &Value| pipeline::generate_code(document, root);
        let (_, skipped) = prune::prune_unsupported(&document.file, &mut normalized, generate)?;
        let is_skipped = |pointer: &String| skipped.iter().any(|one| one.pointer == *pointer);
        let (removed, kept): (Vec<_>, Vec<_>) = pointers
            .into_iter()
            .partition(|(normalized, _)| is_skipped(normalized));
        all.extend(skipped);
        if removed.is_empty() {
            return Ok(all);
        }
        select::keep(root, &kept.into_iter().map(|(_, own)| own).collect());
    }
}

fn pointers(root: &Value) -> Vec<String> {
    let places = document::operations(root).into_iter();
    places.map(|place| place.pointer).collect()
}

/// Lists the operations of a document.
///
/// # Errors
///
/// As for [`import`].
pub fn list(document: &Source, overlay: Option<&Source>) -> Result<Vec<Listed>, Error> {
    let whole = load_whole(document, overlay)?;
    let places = document::operations(&whole.root);
    Ok(places.iter().map(Listed::new).collect())
}

/// A whole document.
struct Loaded {
    document: read::Document,
    /// Its OpenAPI 3.0 form, with the overlay applied and an id for each operation.
    root: Value,
    changes: Vec<Change>,
    warnings: Vec<String>,
}

fn load_whole(source: &Source, overlay: Option<&Source>) -> Result<Loaded, Error> {
    let mut document = read::parse(&source.name, &source.bytes)?;
    let mut changes = Vec::new();
    files::inline_file_references(source, &mut document.root, &mut changes)?;
    let (mut root, more) = convert::to_openapi_3_0(&document)?;
    changes.extend(more);
    check_path_items(&document.file, &root)?;
    let mut warnings = Vec::new();
    if let Some(overlay) = overlay {
        warnings = overlay::apply(overlay, &mut root, &mut changes)?;
        limits::check(&document.file, &root)?;
    }
    key_order::sort_keys(&mut root);
    normalize::operation_ids(&mut root, &mut changes);
    Ok(Loaded {
        document,
        root,
        changes,
        warnings,
    })
}

/// Reports dangling path items. Without operations they would be dropped silently.
fn check_path_items(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    for (path, item) in document::paths(root) {
        if let Some(target) = document::reference(item) {
            faults.add(
                document::join("#/paths", path),
                format!("`{target}` does not point to a path item"),
            );
        }
    }
    faults.into_result(file)
}

impl Listed {
    fn new(place: &OperationRef<'_>) -> Self {
        let tags = items(place.node.get("tags")).filter_map(Value::as_str);
        let summary = text(place.node, "summary").unwrap_or_default();
        Self {
            id: place.id().unwrap_or_default().to_owned(),
            original_id: place.original_id().map(str::to_owned),
            method: place.method.to_uppercase(),
            path: place.path.to_owned(),
            tags: tags.map(str::to_owned).collect(),
            summary: summary.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// Whether the ids, path, tags or summary contain a word, ignoring case.
    pub fn has(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let mut texts = self
            .tags
            .iter()
            .chain([&self.id, &self.path, &self.summary])
            .chain(&self.original_id);
        texts.any(|text| text.to_lowercase().contains(&word))
    }
}
