//! The chosen operations, with exactly the components that they reach.

use std::collections::BTreeSet;

use glob::{MatchOptions, Pattern};
use serde_json::Value;

use crate::document::reachability;
use crate::document::{self, METHODS, Place, items, text};
use crate::error::{Error, Faults};

/// How many characters a pattern of a path may have.
const LONGEST_PATTERN: usize = 1000;

/// Which operations are kept: those that any part of it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    operations: Vec<String>,
    tags: Vec<String>,
    paths: Vec<String>,
    all: bool,
}

impl Selection {
    /// No operation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The operation with this `operationId`; those that the document calls so, where each has another for being told apart.
    pub fn operation(mut self, id: impl Into<String>) -> Self {
        self.operations.push(id.into());
        self
    }

    /// The operations with this tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The operations whose path fits a pattern: `*` is any text within a segment, `**` any segments.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.paths.push(pattern.into());
        self
    }

    /// Every operation.
    pub fn all(mut self) -> Self {
        self.all = true;
        self
    }

    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Keeps what was chosen of a document, and tells what else may have been meant.
pub(super) fn select(
    file: &str,
    root: &mut Value,
    selection: &Selection,
) -> Result<Vec<String>, Error> {
    let chosen = chosen(file, root, selection)?;
    let notes = notes(root, selection, &chosen);
    keep(root, &chosen);
    Ok(notes)
}

/// An id stands for the operation that kept it; the others of the document's id may have been meant too.
fn notes(root: &Value, selection: &Selection, chosen: &BTreeSet<String>) -> Vec<String> {
    let places = document::operations(root);
    let note = |id: &String| {
        let is_other = |place: &&Place<'_>| {
            place.original_id() == Some(id) && !chosen.contains(&place.pointer)
        };
        let others: Vec<&str> = places
            .iter()
            .filter(is_other)
            .filter_map(Place::id)
            .collect();
        let all = others.join(", ");
        (!others.is_empty()).then(|| {
            format!("`{id}` is the operationId of others too, which were not chosen: {all}")
        })
    };
    selection.operations.iter().filter_map(note).collect()
}

/// Keeps the operations with these pointers, and the components and tags that they use.
pub(super) fn keep(root: &mut Value, chosen: &BTreeSet<String>) {
    keep_operations(root, chosen);
    keep_reached(root);
    keep_tags(root);
}

/// Keeps the components that the operations reach.
pub(super) fn keep_reached(root: &mut Value) {
    let reached = reachability::reached(root, Vec::new());
    reachability::keep(root, &reached);
}

/// The pointers of the chosen operations. A part of the selection that names nothing is an error: it is misspelt.
fn chosen(file: &str, root: &Value, selection: &Selection) -> Result<BTreeSet<String>, Error> {
    let places = document::operations(root);
    let mut chosen = BTreeSet::new();
    let mut faults = Faults::default();
    let mut add = |what: String, fits: &dyn Fn(&Place<'_>) -> bool| {
        let fitting = places.iter().filter(|place| fits(place));
        let fitting: Vec<String> = fitting.map(|place| place.pointer.clone()).collect();
        if fitting.is_empty() {
            faults.at("#/paths", format!("there is no operation {what}"));
        }
        chosen.extend(fitting);
    };
    for id in &selection.operations {
        let near = near(&places, id);
        let is_id = places.iter().any(|place| place.id() == Some(id));
        add(format!("`{id}`{near}"), &|place| match is_id {
            true => place.id() == Some(id),
            false => place.original_id() == Some(id),
        });
    }
    for tag in &selection.tags {
        let has_tag = |place: &Place<'_>| {
            items(place.node.get("tags")).any(|one| one.as_str() == Some(tag.as_str()))
        };
        add(format!("with the tag `{tag}`"), &has_tag);
    }
    for path in &selection.paths {
        let what = format!("with a path like `{path}`");
        if path.len() > LONGEST_PATTERN {
            let start: String = path.chars().take(40).collect();
            let message = format!(
                "with a path like `{start}…`: a pattern may have {LONGEST_PATTERN} characters"
            );
            add(message, &|_| false);
            continue;
        }
        match Pattern::new(path) {
            Ok(pattern) => add(what, &|place| fits(&pattern, place.path)),
            Err(error) => add(format!("{what}: {}", error.msg), &|_| false),
        }
    }
    if selection.all {
        add("at all".to_owned(), &|_| true);
    }
    faults.into_result(file)?;
    Ok(chosen)
}

/// A pattern fits the whole key, or the path before its query.
fn fits(pattern: &Pattern, key: &str) -> bool {
    let options = MatchOptions {
        require_literal_separator: true,
        ..MatchOptions::default()
    };
    let path = key.split('?').next().unwrap_or(key);
    [key, path]
        .into_iter()
        .any(|path| pattern.matches_with(path, options))
}

/// An id that differs in its case alone, or has the other in it.
fn near(places: &[Place<'_>], id: &str) -> String {
    let wanted = id.to_lowercase();
    let is_near = |known: &str| {
        let known = known.to_lowercase();
        known.contains(&wanted) || wanted.contains(&known)
    };
    let near: Vec<&str> = places
        .iter()
        .filter(|place| place.id().is_some_and(is_near) || place.original_id().is_some_and(is_near))
        .filter_map(Place::id)
        .take(3)
        .collect();
    match near.as_slice() {
        [] => String::new(),
        near => format!(" (did you mean {}?)", near.join(", ")),
    }
}

fn keep_operations(root: &mut Value, chosen: &BTreeSet<String>) {
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, item) in paths.iter_mut() {
        let pointer = document::join("#/paths", path);
        if let Some(item) = item.as_object_mut() {
            let is_kept = |key: &str| {
                !METHODS.contains(&key) || chosen.contains(&document::join(&pointer, key))
            };
            item.retain(|key, _| is_kept(key));
        }
    }
    paths.retain(|path, item| {
        let has_operation = METHODS.iter().any(|method| item.get(*method).is_some());
        has_operation || path.starts_with("x-")
    });
}

/// Keeps the tags that are used.
fn keep_tags(root: &mut Value) {
    let places = document::operations(root);
    let used: BTreeSet<String> = places
        .iter()
        .flat_map(|place| items(place.node.get("tags")))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let Some(tags) = root.get_mut("tags").and_then(Value::as_array_mut) else {
        return;
    };
    tags.retain(|tag| text(tag, "name").is_none_or(|name| used.contains(name)));
    if tags.is_empty()
        && let Some(root) = root.as_object_mut()
    {
        root.shift_remove("tags");
    }
}
