//! Mends what a document may lawfully say and the later steps cannot take, one named pass for each.
//!
//! A pass says what it changed and where; nothing is changed silently. What cannot be mended is left
//! for [`check`](crate::check) to report.

use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::document::{self, is_json, join, members};

/// Runs every pass over the document and tells what they did.
pub(crate) fn normalize(root: &mut Value) -> Vec<Change> {
    let mut changes = Vec::new();
    for place in holders(root) {
        let content = format!("{}/content", place.pointer.trim_start_matches('#'));
        if let Some(content) = root.pointer_mut(&content).and_then(Value::as_object_mut) {
            changes.extend(json_alone(content).map(|message| place.change("json_alone", message)));
            changes
                .extend(schema_given(content).map(|message| place.change("schema_given", message)));
        }
    }
    changes
}

/// A body or a response, whose content may have to be mended.
struct Holder {
    pointer: String,
    operation: Option<String>,
}

impl Holder {
    fn change(&self, pass: &'static str, message: String) -> Change {
        Change {
            pass,
            pointer: self.pointer.clone(),
            operation: self.operation.clone(),
            message,
        }
    }
}

fn holders(root: &Value) -> Vec<Holder> {
    let mut list = Vec::new();
    let mut add = |pointer: String, operation: Option<&str>| {
        let operation = operation.map(str::to_owned);
        list.push(Holder { pointer, operation });
    };
    for section in ["responses", "requestBodies"] {
        let pointer = format!("#/components/{section}");
        for (name, _) in members(root.pointer(pointer.trim_start_matches('#'))) {
            add(join(&pointer, name), None);
        }
    }
    for place in document::operations(root) {
        add(format!("{}/requestBody", place.pointer), place.id());
        for (_, pointer, _) in place.responses() {
            add(pointer, place.id());
        }
    }
    list
}

/// `json_alone`: of several media types the JSON one is kept, since the SDK speaks JSON.
fn json_alone(content: &mut Map<String, Value>) -> Option<String> {
    let json = content.keys().find(|name| is_json(name))?.clone();
    let others: Vec<&str> = content
        .keys()
        .filter(|name| **name != json)
        .map(String::as_str)
        .collect();
    if others.is_empty() {
        return None;
    }
    let message = format!("only {json} is used, not {}", others.join(", "));
    content.retain(|name, _| *name == json);
    Some(message)
}

/// `schema_given`: JSON without a schema is any JSON.
fn schema_given(content: &mut Map<String, Value>) -> Option<String> {
    let (name, media) = content.iter_mut().find(|(name, _)| is_json(name))?;
    let media = media
        .as_object_mut()
        .filter(|media| !media.contains_key("schema"))?;
    media.insert("schema".to_owned(), json!({}));
    Some(format!("{name} has no schema and is read as any JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_kept_of_several_media_types_and_a_missing_schema_is_any_json() {
        let mut root = json!({"paths": {"/a": {"get": {"operationId": "GetA", "responses": {
            "200": {"content": {"text/csv": {}, "application/json": {}}},
            "404": {"content": {"text/plain": {}}},
        }}}}});
        let changes: Vec<String> = normalize(&mut root).iter().map(Change::to_string).collect();
        assert_eq!(
            root.pointer("/paths/~1a/get/responses/200/content"),
            Some(&json!({"application/json": {"schema": {}}}))
        );
        assert_eq!(
            changes,
            [
                "json_alone: #/paths/~1a/get/responses/200: GetA: only application/json is used, not text/csv",
                "schema_given: #/paths/~1a/get/responses/200: GetA: application/json has no schema and is read as any JSON",
            ]
        );
    }
}
