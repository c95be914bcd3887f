//! The part of a manager's own document that somebody needs, as an OpenAPI 3.0 document that a person can review.
//!
//! [`import`] reads a document, makes OpenAPI 3.0 of it, applies the corrections that an [overlay](Import::overlay) has,
//! keeps the operations that were [chosen](Selection) and the components that they reach, adds them to a document that is there
//! already if there is one, and writes YAML. What `generate` mends on its way to the code is not written: the document says what the
//! manager's says. Names that depend on what else there is are the exception: those of operations and components are decided on the
//! whole document and written, so that they are the same whatever part of it is taken.
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
mod write;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::prune::{self, LeftOut};
use crate::document::change::Change;
use crate::document::key_order;
use crate::document::{self, Place, items, text};
use crate::error::{Error, Faults};
use crate::read::Source;
use crate::read::limits;
use crate::{convert, normalize, pipeline, read};
pub use select::Selection;

/// What is to be imported, and into what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Import {
    /// The document, as a manager serves it.
    pub document: Source,
    /// The operations to keep.
    pub selection: Selection,
    /// Corrections of the document, an OpenAPI Overlay. Its targets are those of the document as OpenAPI 3.0.
    pub overlay: Option<Source>,
    /// The document that the operations are added to.
    pub into: Option<Source>,
    /// Whether to leave out the chosen operations that `generate` makes no code of. Without it they are written like the others, and
    /// `generate` reports them.
    pub skip_unsupported: bool,
}

impl Import {
    /// A part of a document, as a document of its own.
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
    /// The document, in YAML.
    pub text: String,
    /// How many operations were kept.
    pub operations: usize,
    /// How many there were.
    pub of: usize,
    /// What was changed in the document, a line each.
    pub report: Vec<String>,
    /// The passes that changed something, and how often.
    pub summary: Vec<(&'static str, usize)>,
    /// What somebody who chose these operations should know: a line each.
    pub notes: Vec<String>,
    /// The chosen operations that were left out, where that was asked for.
    pub left_out: Vec<LeftOut>,
}

/// An operation that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The document's `operationId`, or the one that takes its place.
    pub id: String,
    /// The document's `operationId`, where another takes its place.
    pub original_id: Option<String>,
    /// The method, in upper case.
    pub method: String,
    /// The path, as the document has it.
    pub path: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it does, in a few words.
    pub summary: String,
}

/// Imports a part of a document.
///
/// # Errors
///
/// [`Error::Syntax`] when a text is neither YAML nor JSON; [`Error::Document`] when it is no document of a version that can be read,
/// when nothing is found for a part of the selection, when the overlay cannot be applied, for each conflict with the document that the
/// operations are added to, and when operations that are not supported are left out and none is left.
pub fn import(task: &Import) -> Result<Imported, Error> {
    let (document, mut root, mut changes) = whole(&task.document, task.overlay.as_ref())?;
    let all: BTreeSet<String> = pointers(&root).into_iter().collect();
    let names = normalize::new_names(&root);
    let notes = select::select(&document.file, &mut root, &task.selection)?;
    extensions::leave_out(&mut root, &mut changes);
    // What only an extension led to is reached no more.
    select::keep_reached(&mut root);
    normalize::names_of_whole(&mut root, names, &mut changes);
    key_order::order(&mut root);
    let left_out = match task.skip_unsupported {
        true => skip_unsupported(&document, &mut root)?,
        false => Vec::new(),
    };
    // What was changed elsewhere is none of the reader's business.
    let places = document::operations(&root);
    let kept = pointers(&root).into_iter().collect();
    let ids: BTreeSet<&str> = places.iter().filter_map(Place::id).collect();
    changes.retain(|change| is_of(change, &all, &kept, &ids));
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
        left_out,
    })
}

/// Whether a change is of the document, or of an operation that was kept. The place tells which, where it is within one: the id may be
/// another by now.
fn is_of(
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

/// Keeps the operations that `generate` makes code of. It is tried as `generate` does it, with a copy that is mended for that.
fn skip_unsupported(document: &read::Document, root: &mut Value) -> Result<Vec<LeftOut>, Error> {
    let mut all = Vec::new();
    loop {
        let mut mended = root.clone();
        normalize::normalize(&mut mended);
        // The path of an operation may be another now, and its place among them is the same.
        let pointers = pointers(&mended).into_iter().zip(pointers(root));
        let pointers: Vec<(String, String)> = pointers.collect();
        let make = |root: &Value| pipeline::code(document, root);
        let (_, left_out) = prune::supported(&document.file, &mut mended, make)?;
        let is_left_out = |pointer: &String| left_out.iter().any(|one| one.pointer == *pointer);
        let (gone, kept): (Vec<_>, Vec<_>) = pointers
            .into_iter()
            .partition(|(mended, _)| is_left_out(mended));
        all.extend(left_out);
        if gone.is_empty() {
            return Ok(all);
        }
        select::keep(root, &kept.into_iter().map(|(_, own)| own).collect());
    }
}

fn pointers(root: &Value) -> Vec<String> {
    let places = document::operations(root).into_iter();
    places.map(|place| place.pointer).collect()
}

/// The operations of a document.
///
/// # Errors
///
/// As [`import`].
pub fn list(document: &Source, overlay: Option<&Source>) -> Result<Vec<Listed>, Error> {
    let (_, root, _) = whole(document, overlay)?;
    let places = document::operations(&root);
    Ok(places.iter().map(Listed::new).collect())
}

/// The whole document as OpenAPI 3.0, with its corrections, and with an id for each operation.
fn whole(
    source: &Source,
    overlay: Option<&Source>,
) -> Result<(read::Document, Value, Vec<Change>), Error> {
    let mut document = read::parse(&source.name, &source.bytes)?;
    let mut changes = Vec::new();
    files::bring_in(source, &mut document.root, &mut changes)?;
    let (mut root, more) = convert::upgraded(&document)?;
    changes.extend(more);
    path_items(&document.file, &root)?;
    if let Some(overlay) = overlay {
        overlay::apply(overlay, &mut root, &mut changes)?;
        limits::check(&document.file, &root)?;
    }
    key_order::order(&mut root);
    normalize::operation_ids(&mut root, &mut changes);
    Ok((document, root, changes))
}

/// A path item that refers to nothing would be left out without a word: it has no operation.
fn path_items(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    for (path, item) in document::paths(root) {
        if let Some(target) = document::reference(item) {
            faults.at(
                document::join("#/paths", path),
                format!("`{target}` must lead to a path item"),
            );
        }
    }
    faults.into_result(file)
}

impl Listed {
    fn new(place: &Place<'_>) -> Self {
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

    /// Whether a word is in its ids, path, tags or summary, in whatever case.
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
