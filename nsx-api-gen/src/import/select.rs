//! Selects operations and the components that they use.

use std::collections::BTreeSet;

use glob::{MatchOptions, Pattern};
use serde_json::Value;

use crate::document::reachability;
use crate::document::{self, METHODS, OperationRef, items, text};
use crate::error::{Error, Faults};

/// The maximum length of a path pattern.
const MAX_PATTERN_LENGTH: usize = 1000;

/// A selection of operations. An operation is kept if any part of the selection matches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    operations: Vec<String>,
    tags: Vec<String>,
    paths: Vec<String>,
    all: bool,
}

impl Selection {
    /// An empty selection.
    pub fn new() -> Self {
        Self::default()
    }

    /// The operation with this `operationId`. If the document uses the id several times and all of
    /// them were replaced, all these operations.
    pub fn operation(mut self, id: impl Into<String>) -> Self {
        self.operations.push(id.into());
        self
    }

    /// The operations with this tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The operations whose path matches a pattern: `*` matches any text within a segment, `**` any
    /// number of segments.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.paths.push(pattern.into());
        self
    }

    /// Every operation.
    pub fn all(mut self) -> Self {
        self.all = true;
        self
    }

    /// Whether the selection is empty.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Keeps the selected operations, and returns hints about others that may have been meant.
pub(super) fn select(
    file: &str,
    root: &mut Value,
    selection: &Selection,
) -> Result<Vec<String>, Error> {
    let selected = selected(file, root, selection)?;
    let notes = notes(root, selection, &selected);
    keep(root, &selected);
    Ok(notes)
}

/// An id selects the operation that kept it. The hint lists other operations that had the same id.
fn notes(root: &Value, selection: &Selection, selected: &BTreeSet<String>) -> Vec<String> {
    let places = document::operations(root);
    let note = |id: &String| {
        let is_other = |place: &&OperationRef<'_>| {
            place.original_id() == Some(id) && !selected.contains(&place.pointer)
        };
        let others: Vec<&str> = places
            .iter()
            .filter(is_other)
            .filter_map(OperationRef::id)
            .collect();
        let all = others.join(", ");
        (!others.is_empty()).then(|| {
            format!("other operations with the operationId `{id}` were not selected: {all}")
        })
    };
    selection.operations.iter().filter_map(note).collect()
}

/// Keeps the operations with these pointers, and the components and tags that they use.
pub(super) fn keep(root: &mut Value, selected: &BTreeSet<String>) {
    keep_operations(root, selected);
    keep_reached(root);
    keep_tags(root);
}

/// Keeps the components that the operations use.
pub(super) fn keep_reached(root: &mut Value) {
    let reached = reachability::reachable_components(root, Vec::new());
    reachability::retain_components(root, &reached);
}

/// The pointers of the selected operations. A part of the selection that matches nothing is an
/// error, because it is probably misspelled.
fn selected(file: &str, root: &Value, selection: &Selection) -> Result<BTreeSet<String>, Error> {
    let places = document::operations(root);
    let mut selected = BTreeSet::new();
    let mut faults = Faults::default();
    let mut add = |what: String, matches_path: &dyn Fn(&OperationRef<'_>) -> bool| {
        let matching = places.iter().filter(|place| matches_path(place));
        let matching: Vec<String> = matching.map(|place| place.pointer.clone()).collect();
        if matching.is_empty() {
            faults.add("#/paths", format!("no operation {what}"));
        }
        selected.extend(matching);
    };
    for id in &selection.operations {
        let similar = similar(&places, id);
        let is_id = places.iter().any(|place| place.id() == Some(id));
        add(format!("`{id}`{similar}"), &|place| match is_id {
            true => place.id() == Some(id),
            false => place.original_id() == Some(id),
        });
    }
    for tag in &selection.tags {
        let has_tag = |place: &OperationRef<'_>| {
            items(place.node.get("tags")).any(|one| one.as_str() == Some(tag.as_str()))
        };
        add(format!("with the tag `{tag}`"), &has_tag);
    }
    for path in &selection.paths {
        let what = format!("whose path matches `{path}`");
        if path.len() > MAX_PATTERN_LENGTH {
            let start: String = path.chars().take(40).collect();
            let message = format!(
                "whose path matches `{start}…`: a pattern can have at most {MAX_PATTERN_LENGTH} characters"
            );
            add(message, &|_| false);
            continue;
        }
        match Pattern::new(path) {
            Ok(pattern) => add(what, &|place| matches_path(&pattern, place.path)),
            Err(error) => add(format!("{what}: {}", error.msg), &|_| false),
        }
    }
    if selection.all {
        add("in this document".to_owned(), &|_| true);
    }
    faults.into_result(file)?;
    Ok(selected)
}

/// Whether a pattern matches the whole key, or the path without its query.
fn matches_path(pattern: &Pattern, key: &str) -> bool {
    let options = MatchOptions {
        require_literal_separator: true,
        ..MatchOptions::default()
    };
    let path = key.split('?').next().unwrap_or(key);
    [key, path]
        .into_iter()
        .any(|path| pattern.matches_with(path, options))
}

/// Suggests ids that differ only in case, or of which one contains the other.
fn similar(places: &[OperationRef<'_>], id: &str) -> String {
    let wanted = id.to_lowercase();
    let is_near = |known: &str| {
        let known = known.to_lowercase();
        known.contains(&wanted) || wanted.contains(&known)
    };
    let similar: Vec<&str> = places
        .iter()
        .filter(|place| place.id().is_some_and(is_near) || place.original_id().is_some_and(is_near))
        .filter_map(OperationRef::id)
        .take(3)
        .collect();
    match similar.as_slice() {
        [] => String::new(),
        similar => format!(" (did you mean {}?)", similar.join(", ")),
    }
}

fn keep_operations(root: &mut Value, selected: &BTreeSet<String>) {
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, item) in paths.iter_mut() {
        let pointer = document::join("#/paths", path);
        if let Some(item) = item.as_object_mut() {
            let is_kept = |key: &str| {
                !METHODS.contains(&key) || selected.contains(&document::join(&pointer, key))
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
