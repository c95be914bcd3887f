//! The chosen operations, with exactly the components that they reach.

use std::collections::{BTreeMap, BTreeSet};

use glob::{MatchOptions, Pattern};
use serde_json::{Map, Value};

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

    /// The operation with this `operationId`.
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

/// Keeps what was chosen of a document, and says how many operations that are.
pub(super) fn select(file: &str, root: &mut Value, selection: &Selection) -> Result<usize, Error> {
    let chosen = chosen(file, root, selection)?;
    let count = chosen.len();
    keep_operations(root, &chosen);
    keep_components(root);
    keep_tags(root);
    Ok(count)
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
        add(format!("`{id}`{near}"), &|place| place.id() == Some(id));
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
    let known = places.iter().filter_map(Place::id);
    let near: Vec<&str> = known
        .filter(|known| {
            let known = known.to_lowercase();
            known.contains(&wanted) || wanted.contains(&known)
        })
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

/// Keeps the components that the paths reach, and what is reached from those: the children of a base, too, where that may stand for
/// each of them.
fn keep_components(root: &mut Value) {
    let children = children(root);
    let mut reached = BTreeSet::new();
    let mut bases = BTreeSet::new();
    let mut open = Vec::new();
    find(root.get("paths").unwrap_or(&Value::Null), false, &mut open);
    for requirement in requirements(root) {
        let names = requirement.as_object().into_iter().flat_map(Map::keys);
        open.extend(names.map(|name| Reference {
            target: document::join("#/components/securitySchemes", name),
            is_parent: false,
        }));
    }
    while let Some(Reference { target, is_parent }) = open.pop() {
        let Some(node) = root.pointer(target.trim_start_matches('#')) else {
            continue;
        };
        let is_base = !is_parent && node.get("discriminator").is_some();
        if is_base && bases.insert(target.clone()) {
            open.extend(children.get(&target).into_iter().flatten().cloned());
        }
        if reached.insert(target) {
            find(node, false, &mut open);
        }
    }
    let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) else {
        return;
    };
    for (section, parts) in components.iter_mut() {
        let pointer = document::join("#/components", section);
        if let Some(parts) = parts.as_object_mut().filter(|_| !section.starts_with("x-")) {
            parts.retain(|name, _| reached.contains(&document::join(&pointer, name)));
        }
    }
    components.retain(|_, parts| parts.as_object().is_none_or(|parts| !parts.is_empty()));
    if components.is_empty()
        && let Some(root) = root.as_object_mut()
    {
        root.shift_remove("components");
    }
}

/// The security requirements of the document and of its operations.
fn requirements(root: &Value) -> Vec<&Value> {
    let mut list: Vec<&Value> = items(root.get("security")).collect();
    for place in document::operations(root) {
        list.extend(items(place.node.get("security")));
    }
    list
}

/// A reference to a component.
#[derive(Clone)]
struct Reference {
    target: String,
    /// Whether it says what a schema is made of, and not what may stand there.
    is_parent: bool,
}

/// The components that a node refers to. A discriminator's mapping refers too, without `$ref`.
fn find(node: &Value, is_parent: bool, into: &mut Vec<Reference>) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(target) if target.starts_with("#/components/") => {
                        let target = target.clone();
                        into.push(Reference { target, is_parent });
                    }
                    Value::Object(mapping) if key == "mapping" => {
                        let targets = mapping.values().filter_map(mapped);
                        into.extend(targets.map(|target| Reference {
                            target,
                            is_parent: false,
                        }));
                    }
                    inner => find(inner, key == "allOf", into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| find(inner, is_parent, into)),
        _ => {}
    }
}

/// The schemas that are made of each by `allOf`, and of those in turn.
fn children(root: &Value) -> BTreeMap<String, Vec<Reference>> {
    let mut direct: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, schema) in document::members(root.pointer("/components/schemas")) {
        for parent in items(schema.get("allOf")).filter_map(document::reference) {
            let child = document::join("#/components/schemas", name);
            direct.entry(parent.to_owned()).or_default().push(child);
        }
    }
    let parents = direct.keys().cloned();
    parents
        .map(|parent| {
            let descendants = descendants(&direct, &parent).into_iter();
            let references = descendants.map(|target| Reference {
                target,
                is_parent: false,
            });
            (parent, references.collect())
        })
        .collect()
}

fn descendants(direct: &BTreeMap<String, Vec<String>>, parent: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![parent];
    while let Some(parent) = open.pop() {
        for child in direct.get(parent).into_iter().flatten() {
            if found.insert(child.clone()) {
                open.push(child);
            }
        }
    }
    found
}

/// A mapping leads to a reference, or to the name of a schema.
fn mapped(value: &Value) -> Option<String> {
    let value = value.as_str()?;
    Some(match value.starts_with('#') {
        true => value.to_owned(),
        false => document::join("#/components/schemas", value),
    })
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
