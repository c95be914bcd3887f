//! Corrections of a document that survive the next import: the OpenAPI Overlay Specification 1.0.
//!
//! An overlay is a list of actions. Each has a target, a JSONPath of RFC 9535, and updates what that selects or removes it.

use serde_json::Value;

use super::target;
use crate::convert::swagger2::size;
use crate::document::change::Change;
use crate::document::{items, text};
use crate::error::{Error, Faults};
use crate::read::Source;
use crate::read::{self, DEEPEST};

/// How many actions an overlay may have.
const MOST_ACTIONS: usize = 1000;

/// How many bytes all updates may come to, counted as text: one that is made for it doubles the document with each.
const MOST_ADDED: usize = 1 << 20;

/// Applies an overlay to a document. An action whose target selects nothing is told: the fault that it mends may be gone.
pub(super) fn apply(
    overlay: &Source,
    root: &mut Value,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    let actions = read::tree(&overlay.name, &overlay.bytes)?;
    let mut faults = Faults::default();
    let version = text(&actions, "overlay").unwrap_or_default();
    if !version.starts_with("1.") {
        faults.at("#/overlay", "an overlay says `overlay: 1.0.0`");
    }
    let mut left = MOST_ADDED;
    for (index, action) in items(actions.get("actions")).enumerate() {
        let pointer = format!("#/actions/{index}");
        if index >= MOST_ACTIONS {
            faults.at(pointer, format!("there may be {MOST_ACTIONS} actions"));
            break;
        }
        match act(action, root, &mut left) {
            Ok(count) => changes.push(Change::of_document("overlay", pointer, told(action, count))),
            Err(message) => faults.at(pointer, message),
        }
        if left == 0 {
            break;
        }
    }
    faults.into_result(&overlay.name)
}

fn told(action: &Value, count: usize) -> String {
    let target = text(action, "target").unwrap_or_default();
    match count {
        0 => format!("{target} selects nothing"),
        1 => format!("{target} is corrected"),
        count => format!("{target} is corrected in {count} places"),
    }
}

/// Does what an action says, and tells in how many places.
fn act(action: &Value, root: &mut Value, left: &mut usize) -> Result<usize, String> {
    let target = text(action, "target").ok_or("an action must have a `target`")?;
    let mut pointers = target::select(target, root)?;
    let is_removal = action.get("remove") == Some(&Value::Bool(true));
    let update = action.get("update");
    if !is_removal && update.is_none() {
        return Err(format!("{target}: an action must `update` or `remove`"));
    }
    if let Some(update) = update.filter(|_| !is_removal) {
        bounded(update, &pointers, left).map_err(|message| format!("{target}: {message}"))?;
    }
    // The inner ones first, and the last of an array, so that the others stay where they are.
    pointers.sort_by_cached_key(|pointer| std::cmp::Reverse(place(pointer)));
    for pointer in &pointers {
        match update.filter(|_| !is_removal) {
            Some(update) => {
                if let Some(node) = root.pointer_mut(pointer) {
                    add(node, update);
                }
            }
            None => remove(root, pointer),
        }
    }
    Ok(pointers.len())
}

/// The steps of a pointer, those into an array by their number.
fn place(pointer: &str) -> Vec<(Option<usize>, String)> {
    let steps = pointer.split('/').skip(1);
    steps
        .map(|step| (step.parse().ok(), step.to_owned()))
        .collect()
}

/// Whether an update in all of these places leaves a document that can be handled.
fn bounded(update: &Value, pointers: &[String], left: &mut usize) -> Result<(), String> {
    let added = size(update).saturating_mul(pointers.len());
    let rest = left.checked_sub(added);
    *left = rest.unwrap_or_default();
    if rest.is_none() {
        let most = MOST_ADDED >> 20;
        return Err(format!("the updates of an overlay may come to {most} MB"));
    }
    let depth = |pointer: &String| pointer.matches('/').count().saturating_add(depth(update));
    match pointers.iter().any(|pointer| depth(pointer) > DEEPEST) {
        true => Err(format!(
            "there may be {DEEPEST} lists and objects within each other"
        )),
        false => Ok(()),
    }
}

fn depth(node: &Value) -> usize {
    let deepest = match node {
        Value::Object(map) => map.values().map(depth).max(),
        Value::Array(list) => list.iter().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or_default().saturating_add(1)
}

/// Merges as overlays do: objects member by member, lists by appending, anything else in the place of what was there.
fn add(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(inner) => add(inner, value),
                    None => {
                        node.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(node), Value::Array(update)) => node.extend(update.iter().cloned()),
        (Value::Array(node), update) => node.push(update.clone()),
        (node, update) => node.clone_from(update),
    }
}

fn remove(root: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match root.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.shift_remove(&key);
        }
        Some(Value::Array(list)) => {
            if let Ok(index) = key.parse::<usize>()
                && index < list.len()
            {
                list.remove(index);
            }
        }
        _ => {}
    }
}
