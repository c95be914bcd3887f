//! Corrections of a document that survive the next import, according to the OpenAPI Overlay
//! Specification 1.0.
//!
//! An overlay is a list of actions. Each has a target, which is a JSONPath (RFC 9535), and updates
//! or removes what it selects.

use serde_json::Value;

use super::target;
use crate::convert::swagger2::text_size;
use crate::document::change::Change;
use crate::document::{items, text};
use crate::error::{Error, Faults};
use crate::read::Source;
use crate::read::{self, MAX_DEPTH};

/// The maximum number of actions in an overlay.
const MAX_ACTIONS: usize = 1000;

/// The maximum size of all updates, as text. Otherwise each action could double the size of the
/// document.
const MAX_ADDED_BYTES: usize = 1 << 20;

/// Applies an overlay to a document. Returns a warning for each action whose target selects
/// nothing: the corrected error may have been fixed, or the target may be wrong.
pub(super) fn apply(
    overlay: &Source,
    root: &mut Value,
    changes: &mut Vec<Change>,
) -> Result<Vec<String>, Error> {
    let actions = read::parse_tree(&overlay.name, &overlay.bytes)?;
    let mut faults = Faults::default();
    let version = text(&actions, "overlay").unwrap_or_default();
    if !version.starts_with("1.") {
        faults.add("#/overlay", "an overlay must have `overlay: 1.0.0`");
    }
    let mut warnings = Vec::new();
    let mut left = MAX_ADDED_BYTES;
    for (index, action) in items(actions.get("actions")).enumerate() {
        let pointer = format!("#/actions/{index}");
        if index >= MAX_ACTIONS {
            faults.add(
                pointer,
                format!("an overlay can have at most {MAX_ACTIONS} actions"),
            );
            break;
        }
        let target = text(action, "target").unwrap_or_default();
        let mut corrected =
            |message| changes.push(Change::of_document("overlay", &pointer, message));
        match apply_action(action, root, &mut left) {
            Ok(0) => {
                let file = &overlay.name;
                warnings.push(format!("{file}: {pointer}: {target} selects nothing"));
            }
            Ok(1) => corrected(format!("corrected {target}")),
            Ok(count) => corrected(format!("corrected {target} in {count} places")),
            Err(message) => faults.add(&pointer, message),
        }
        if left == 0 {
            break;
        }
    }
    faults.into_result(&overlay.name)?;
    Ok(warnings)
}

/// Applies an action. Returns the number of places that it changed.
fn apply_action(action: &Value, root: &mut Value, left: &mut usize) -> Result<usize, String> {
    let target = text(action, "target").ok_or("an action must have a `target`")?;
    let mut pointers = target::select(target, root)?;
    let is_removal = action.get("remove") == Some(&Value::Bool(true));
    let update = action.get("update");
    if !is_removal && update.is_none() {
        return Err(format!("{target}: an action must `update` or `remove`"));
    }
    if let Some(update) = update.filter(|_| !is_removal) {
        check_limits(update, &pointers, left).map_err(|message| format!("{target}: {message}"))?;
    }
    // Inner nodes first, and array items from the end, so that the other pointers stay valid.
    pointers.sort_by_cached_key(|pointer| std::cmp::Reverse(pointer_steps(pointer)));
    for pointer in &pointers {
        match update.filter(|_| !is_removal) {
            Some(update) => {
                if let Some(node) = root.pointer_mut(pointer) {
                    merge_update(node, update);
                }
            }
            None => remove_node(root, pointer),
        }
    }
    Ok(pointers.len())
}

/// The steps of a pointer, with array indices as numbers.
fn pointer_steps(pointer: &str) -> Vec<(Option<usize>, String)> {
    let steps = pointer.split('/').skip(1);
    steps
        .map(|step| (step.parse().ok(), step.to_owned()))
        .collect()
}

/// Checks that an update in all these places keeps the document within the limits.
fn check_limits(update: &Value, pointers: &[String], left: &mut usize) -> Result<(), String> {
    let added = text_size(update).saturating_mul(pointers.len());
    let rest = left.checked_sub(added);
    *left = rest.unwrap_or_default();
    if rest.is_none() {
        let most = MAX_ADDED_BYTES >> 20;
        return Err(format!(
            "the updates of an overlay are larger than {most} MB"
        ));
    }
    let depth = |pointer: &String| pointer.matches('/').count().saturating_add(depth(update));
    match pointers.iter().any(|pointer| depth(pointer) > MAX_DEPTH) {
        true => Err(format!(
            "the updated document would be nested more than {MAX_DEPTH} levels deep"
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

/// Merges as the specification defines: objects member by member, lists by appending; anything else
/// is replaced.
fn merge_update(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(inner) => merge_update(inner, value),
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

fn remove_node(root: &mut Value, pointer: &str) {
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
