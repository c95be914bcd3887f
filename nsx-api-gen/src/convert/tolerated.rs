//! `tolerated`: members that the code does not need, and that are missing or of a wrong type, do
//! not stop the generation: titles, versions, texts, tags, flags, and any member that is null.

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::join;
use crate::document::key_order::KeyKind;

const PASS: &str = "tolerated";

/// The members that are texts for people.
const TEXTS: [&str; 3] = ["description", "summary", "title"];

/// The members that can be null: values of the API.
const VALUES: [&str; 4] = ["const", "default", "example", "value"];

/// Corrects or drops them.
pub(super) fn correct(root: &mut Value, changes: &mut Vec<Change>) {
    let mut tolerated = Tolerated(changes);
    tolerated.node(root, KeyKind::Members, "#");
    if let Some(root) = root.as_object_mut() {
        tolerated.info(root);
        let is_list = root.get("tags").is_none_or(Value::is_array);
        if !is_list && root.shift_remove("tags").is_some() {
            tolerated.add("#/tags", "is not a list, so it is dropped");
        }
    }
}

struct Tolerated<'a>(&'a mut Vec<Change>);

impl Tolerated<'_> {
    fn add(&mut self, pointer: &str, message: &str) {
        self.0.push(Change::of_document(PASS, pointer, message));
    }

    fn info(&mut self, root: &mut Map<String, Value>) {
        let info = root.entry("info").or_insert_with(|| json!({}));
        if !info.is_object() {
            *info = json!({});
        }
        for (key, instead) in [("title", "Untitled"), ("version", "unknown")] {
            // A number is a version that is not quoted: see `normalize::info`.
            let is_there = info
                .get(key)
                .is_some_and(|one| one.is_string() || one.is_number());
            if !is_there && let Some(info) = info.as_object_mut() {
                info.insert(key.to_owned(), json!(instead));
                self.add("#/info", &format!("without a `{key}`, it is \"{instead}\""));
            }
        }
    }

    fn node(&mut self, node: &mut Value, keys: KeyKind, pointer: &str) {
        match node {
            Value::Object(map) => {
                if matches!(keys, KeyKind::Members | KeyKind::Sections) {
                    self.drop_nulls(map, pointer);
                }
                if keys == KeyKind::Members {
                    self.members(map, pointer);
                }
                for (key, inner) in map.iter_mut().filter(|(key, _)| !key.starts_with("x-")) {
                    self.node(inner, keys.below(key), &join(pointer, key));
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter_mut().enumerate() {
                    self.node(inner, keys, &format!("{pointer}/{index}"));
                }
            }
            _ => {}
        }
    }

    fn drop_nulls(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        let is_needed = |key: &str| key.starts_with("x-") || VALUES.contains(&key);
        let nulls = map
            .iter()
            .filter(|(key, value)| value.is_null() && !is_needed(key));
        let nulls: Vec<String> = nulls.map(|(key, _)| key.clone()).collect();
        for key in nulls {
            map.shift_remove(&key);
            self.add(&join(pointer, &key), "is null, so it is dropped");
        }
    }

    fn members(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        for key in TEXTS {
            self.correct_member(map, key, pointer, text_of);
        }
        self.correct_member(map, "deprecated", pointer, flag_of);
        // Only the document has tags that are objects.
        if !map.contains_key("paths") {
            self.correct_member(map, "tags", pointer, tags_of);
        }
    }

    /// Replaces a member of a wrong type by what `correct` makes of it, or drops it.
    fn correct_member(
        &mut self,
        map: &mut Map<String, Value>,
        key: &str,
        pointer: &str,
        correct: fn(&Value) -> Option<Value>,
    ) {
        let Some(value) = map.get(key) else {
            return;
        };
        match correct(value) {
            Some(corrected) if corrected == *value => {}
            Some(corrected) => {
                self.add(
                    &join(pointer, key),
                    &format!("is interpreted as {corrected}"),
                );
                map.insert(key.to_owned(), corrected);
            }
            None => {
                self.add(&join(pointer, key), "has a wrong type, so it is dropped");
                map.shift_remove(key);
            }
        }
    }
}

fn text_of(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(_) | Value::Bool(_) => Some(json!(value.to_string())),
        Value::Array(lines) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            Some(json!(lines?.join("\n")))
        }
        _ => None,
    }
}

fn flag_of(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::String(text) => Some(json!(text.to_lowercase().parse::<bool>().ok()?)),
        _ => None,
    }
}

fn tags_of(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(json!([value])),
        Value::Array(tags) => {
            let tags: Vec<&Value> = tags.iter().filter(|tag| tag.is_string()).collect();
            Some(json!(tags))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(mut root: Value) -> (Value, Vec<String>) {
        let mut changes = Vec::new();
        correct(&mut root, &mut changes);
        let before = root.clone();
        let known = changes.len();
        correct(&mut root, &mut changes);
        assert_eq!((&root, changes.len()), (&before, known), "once is enough");
        (root, changes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_the_code_does_not_need_may_be_missing_or_of_a_wrong_type() {
        let (root, changes) = corrected(json!({
            "info": {"version": null, "contact": "me", "description": ["a", "b"]},
            "tags": {"a": {}},
            "components": {"parameters": null, "schemas": {}},
            "paths": {"/a": {
                "parameters": null,
                "get": {"tags": "t", "summary": 5, "deprecated": "True", "parameters": null, "requestBody": null, "responses": {
                    "200": {"description": {}, "headers": null},
                }},
                "put": {"tags": ["a", 1], "deprecated": 1, "responses": {}},
            }},
        }));
        assert_eq!(
            root,
            json!({
                "info": {"contact": "me", "description": "a\nb", "title": "Untitled", "version": "unknown"},
                "components": {"schemas": {}},
                "paths": {"/a": {
                    "get": {"tags": ["t"], "summary": "5", "deprecated": true, "responses": {"200": {}}},
                    "put": {"tags": ["a"], "responses": {}},
                }},
            })
        );
        assert_eq!(changes.len(), 16, "{changes:#?}");
        let missing = corrected(json!({"info": "x"}));
        assert_eq!(
            missing.0,
            json!({"info": {"title": "Untitled", "version": "unknown"}})
        );
    }

    #[test]
    fn correct_members_names_and_values_stay() {
        let root = json!({
            "info": {"title": "T", "version": 1},
            "tags": [{"name": "a"}],
            "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {
                "example": {"description": null, "tags": null},
                "schema": {
                    "default": null,
                    "enum": ["a", null],
                    "properties": {"description": {"type": "string"}, "tags": {}, "deprecated": {}, "title": {}},
                },
            }}}}}}},
            "x-vendor": null,
        });
        assert_eq!(corrected(root.clone()), (root, Vec::new()));
    }
}
