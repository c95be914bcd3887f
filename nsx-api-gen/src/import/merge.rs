//! Adds imported operations and components to an existing document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{base, extensions, whole};
use crate::document::change::Change;
use crate::document::key_order;
use crate::document::key_order::KeyKind;
use crate::document::{self, METHODS, ORIGINAL_ID, join, members};
use crate::error::{Error, Faults};
use crate::read::Source;
use crate::{convert, normalize, read};

/// Adds everything in `new` to the document `into`. Parts that exist in both must be equal, except
/// for operationIds: `into` keeps its own.
pub(super) fn merge(
    into: &Source,
    mut new: Value,
    changes: &mut Vec<Change>,
) -> Result<Value, Error> {
    let document = read::parse(&into.name, &into.bytes)?;
    let (mut root, _) = convert::to_openapi_3_0(&document)?;
    // Secrets are marked in the new part, too.
    normalize::mark_secrets(&mut root, changes);
    key_order::sort_keys(&mut root);
    base::join(&mut root, &mut new, changes);
    keep_ids(&root, &mut new, changes);
    let old = document::operations(&root).into_iter();
    let old: BTreeSet<String> = old.map(|place| place.pointer).collect();
    let mut faults = Faults::default();
    for (path, item) in document::paths(&new) {
        add_path(&mut root, path, item, &mut faults);
    }
    for (section, parts) in members(new.get("components")) {
        for (name, part) in members(Some(parts)) {
            let pointer = join(&join("#/components", section), name);
            add(
                &mut root,
                &["components", section, name],
                part,
                &pointer,
                &mut faults,
            );
        }
    }
    add_tags(&mut root, &new);
    whole::merge(&mut root, &new);
    faults.into_result(&into.name)?;
    normalize::assign_operation_ids(&mut root, &old, changes);
    key_order::sort_keys(&mut root);
    Ok(root)
}

/// `merged_ids`: an existing operation keeps its id.
fn keep_ids(root: &Value, new: &mut Value, changes: &mut Vec<Change>) {
    for place in document::operations(root) {
        let other = new.pointer_mut(place.pointer.trim_start_matches('#'));
        let Some((other, id)) = other.and_then(Value::as_object_mut).zip(place.id()) else {
            continue;
        };
        let own = other.insert("operationId".to_owned(), json!(id));
        match place.node.get(ORIGINAL_ID) {
            Some(original) => other.insert(ORIGINAL_ID.to_owned(), original.clone()),
            None => other.shift_remove(ORIGINAL_ID),
        };
        if let Some(own) = own.filter(|own| own != id) {
            changes.push(Change {
                pass: "merged_ids",
                pointer: place.pointer,
                operation: Some(id.to_owned()),
                message: format!("keeps this id; the id in the imported document is {own}"),
            });
        }
    }
}

/// The path item may already exist with other methods.
fn add_path(root: &mut Value, path: &str, item: &Value, faults: &mut Faults) {
    let pointer = join("#/paths", path);
    for (key, node) in members(Some(item)) {
        let pointer = join(&pointer, key);
        add(root, &["paths", path, key], node, &pointer, faults);
    }
    // The parameters of an existing path item must not apply to the imported operations.
    let has = |node: Option<&Value>, key: &str| node.is_some_and(|node| node.get(key).is_some());
    let old = root.get("paths").and_then(|paths| paths.get(path));
    let is_wider = has(old, "parameters") && !has(Some(item), "parameters");
    if is_wider && METHODS.iter().any(|method| has(Some(item), method)) {
        let message = "the existing path has common parameters, but the path in the imported document does not";
        faults.add(join(&pointer, "parameters"), message);
    }
}

fn add(root: &mut Value, path: &[&str], new: &Value, pointer: &str, faults: &mut Faults) {
    let mut node = root;
    let Some((last, before)) = path.split_last() else {
        return;
    };
    for key in before {
        let Some(map) = node.as_object_mut() else {
            return;
        };
        node = map
            .entry((*key).to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(map) = node.as_object_mut() else {
        return;
    };
    match map.get(*last) {
        Some(old) if !extensions::is_same(old, new, KeyKind::Members) => {
            faults.add(pointer, conflict(old, new));
        }
        Some(_) => {}
        None => {
            map.insert((*last).to_owned(), new.clone());
        }
    }
}

/// Both versions of a conflicting part.
fn conflict(old: &Value, new: &Value) -> String {
    let shown = |value: &Value| {
        let text = serde_saphyr::to_string(value).unwrap_or_default();
        let lines: Vec<String> = text
            .lines()
            .take(MAX_LINES)
            .map(|line| format!("    {line}"))
            .collect();
        let more = if text.lines().count() > MAX_LINES {
            "\n    …"
        } else {
            ""
        };
        format!("{}{more}", lines.join("\n"))
    };
    format!(
        "already exists with a different definition\n  existing:\n{}\n  imported:\n{}",
        shown(old),
        shown(new)
    )
}

/// The maximum number of lines of each version.
const MAX_LINES: usize = 30;

fn add_tags(root: &mut Value, new: &Value) {
    let known: Vec<Value> = document::items(root.get("tags")).cloned().collect();
    let is_known = |tag: &&Value| known.iter().any(|one| one.get("name") == tag.get("name"));
    let added: Vec<Value> = document::items(new.get("tags"))
        .filter(|tag| !is_known(tag))
        .cloned()
        .collect();
    if let Some(root) = root.as_object_mut().filter(|_| !added.is_empty()) {
        let tags = root
            .entry("tags")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(tags) = tags.as_array_mut() {
            tags.extend(added);
        }
    }
}
