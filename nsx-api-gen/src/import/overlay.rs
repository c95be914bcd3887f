//! Corrections of a document that survive the next import: the OpenAPI Overlay Specification 1.0.
//!
//! An overlay is a list of actions. Each has a target, a JSONPath of RFC 9535, and updates what that selects or removes it.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::change::Change;
use crate::compare::Source;
use crate::document::{items, text};
use crate::error::{Error, Faults};
use crate::read;

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
    for (index, action) in items(actions.get("actions")).enumerate() {
        let pointer = format!("#/actions/{index}");
        match act(action, root) {
            Ok(count) => changes.push(Change::of_document("overlay", pointer, told(action, count))),
            Err(message) => faults.at(pointer, message),
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
fn act(action: &Value, root: &mut Value) -> Result<usize, String> {
    let target = text(action, "target").ok_or("an action must have a `target`")?;
    let path = JsonPath::parse(target).map_err(|error| format!("{target}: {error}"))?;
    let located = path.query_located(root);
    let mut pointers: Vec<String> = located
        .locations()
        .map(|place| place.to_json_pointer())
        .collect();
    // The last of an array first, so that the others stay where they are.
    pointers.reverse();
    let is_removal = action.get("remove") == Some(&Value::Bool(true));
    let update = action.get("update");
    if !is_removal && update.is_none() {
        return Err(format!("{target}: an action must `update` or `remove`"));
    }
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
