//! Mends what a document may lawfully say and the later steps cannot take, one named pass for each.
//!
//! A pass says what it changed and where; nothing is changed silently. What cannot be mended is left
//! for [`check`](crate::check) to report.

use std::fmt;

use serde_json::{Value, json};

use crate::document::{self, is_json, join, members};

/// What a pass of `normalize` changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) pass: &'static str,
    pub(crate) pointer: String,
    pub(crate) operation: Option<String>,
    pub(crate) message: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.pass, self.pointer)?;
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Runs every pass over the document and tells what they did.
pub(crate) fn normalize(root: &mut Value) -> Vec<Change> {
    let mut changes = Vec::new();
    for (pointer, operation, content) in contents(root) {
        let Some(content) = root.pointer_mut(&content) else {
            continue;
        };
        json_alone(content, &pointer, &operation, &mut changes);
        schema_given(content, &pointer, &operation, &mut changes);
    }
    changes
}

/// The places of all `content` objects: pointer for people, the operation, pointer for code.
fn contents(root: &Value) -> Vec<(String, Option<String>, String)> {
    let mut list = Vec::new();
    let mut add = |holder: String, operation: Option<&str>| {
        let code = holder.trim_start_matches('#').to_owned() + "/content";
        list.push((holder, operation.map(str::to_owned), code));
    };
    for section in ["responses", "requestBodies"] {
        let pointer = format!("#/components/{section}");
        let parts = root.pointer(pointer.trim_start_matches('#'));
        for (name, _) in members(parts) {
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
fn json_alone(
    content: &mut Value,
    pointer: &str,
    operation: &Option<String>,
    changes: &mut Vec<Change>,
) {
    let Some(map) = content.as_object_mut() else {
        return;
    };
    let Some(json) = map.keys().find(|name| is_json(name)).cloned() else {
        return;
    };
    let others: Vec<String> = map.keys().filter(|name| **name != json).cloned().collect();
    if others.is_empty() {
        return;
    }
    map.retain(|name, _| *name == json);
    changes.push(Change {
        pass: "json_alone",
        pointer: pointer.to_owned(),
        operation: operation.clone(),
        message: format!("only {json} is used, not {}", others.join(", ")),
    });
}

/// `schema_given`: JSON without a schema is any JSON.
fn schema_given(
    content: &mut Value,
    pointer: &str,
    operation: &Option<String>,
    changes: &mut Vec<Change>,
) {
    let Some(map) = content.as_object_mut() else {
        return;
    };
    for (name, media) in map.iter_mut().filter(|(name, _)| is_json(name)) {
        let Some(media) = media.as_object_mut() else {
            continue;
        };
        if !media.contains_key("schema") {
            media.insert("schema".to_owned(), json!({}));
            changes.push(Change {
                pass: "schema_given",
                pointer: pointer.to_owned(),
                operation: operation.clone(),
                message: format!("{name} has no schema and is read as any JSON"),
            });
        }
    }
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
