//! Reduces bodies and responses to one media type each, and all success responses to one type.

use serde_json::{Map, Value, json};

use super::encoding;

use crate::document::change::Change;
use crate::document::{
    self, MULTIPART, URL_ENCODED, has_file, is_json, is_json_content, is_success, join, media_type,
    members, reference, resolve, sent_media_type, text,
};

/// The media types of a request body, preferred ones first.
const BODIES: [&str; 5] = [
    MULTIPART,
    URL_ENCODED,
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

/// Normalizes the contents of all bodies and responses.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    schema_responses(root, changes);
    for holder in holders(root) {
        let content = format!("{}/content", holder.pointer.trim_start_matches('#'));
        let Some(Value::Object(mut new)) = root.pointer(&content).cloned() else {
            continue;
        };
        let any = any_type(root, &mut new, holder.is_body).map(|message| ("any_type", message));
        let one = match holder.is_body {
            true => one_body(root, &mut new).map(|message| ("one_body", message)),
            false => json_alone(root, &mut new).map(|message| ("json_alone", message)),
        };
        let encoding = encoding::default_encoding(root, &mut new);
        let encoding = encoding.map(|message| ("default_encoding", message));
        let schema = schema_given(&mut new).map(|message| ("schema_given", message));
        let normalized = any.into_iter().chain(one).chain(encoding).chain(schema);
        let normalized: Vec<_> = normalized.collect();
        if let Some(place) = root
            .pointer_mut(&content)
            .filter(|_| !normalized.is_empty())
        {
            *place = Value::Object(new);
        }
        changes.extend(
            normalized
                .into_iter()
                .map(|(pass, message)| holder.change(pass, message)),
        );
    }
    one_success(root, changes);
}

/// `schema_response`: a response that refers to a schema has it as JSON.
fn schema_responses(root: &mut Value, changes: &mut Vec<Change>) {
    for place in holders(root).iter().filter(|holder| !holder.is_body) {
        let node = root.pointer_mut(place.pointer.trim_start_matches('#'));
        if let Some(node) = node
            && reference(node).is_some_and(|target| target.starts_with("#/components/schemas/"))
        {
            let schema = json!({"application/json": {"schema": node.take()}});
            *node = json!({"description": "", "content": schema});
            let message = "refers to a schema, which is the JSON that it returns".to_owned();
            changes.push(place.change("schema_response", message));
        }
    }
}

/// A body or response whose content is normalized.
struct Holder {
    pointer: String,
    operation: Option<String>,
    is_body: bool,
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
    let mut add = |pointer: String, operation: Option<&str>, is_body: bool| {
        list.push(Holder {
            pointer,
            operation: operation.map(str::to_owned),
            is_body,
        });
    };
    for (section, is_body) in [("responses", false), ("requestBodies", true)] {
        let pointer = format!("#/components/{section}");
        for (name, _) in members(root.pointer(pointer.trim_start_matches('#'))) {
            add(join(&pointer, name), None, is_body);
        }
    }
    for place in document::operations(root) {
        add(format!("{}/requestBody", place.pointer), place.id(), true);
        for (_, pointer, _) in place.responses() {
            add(pointer, place.id(), false);
        }
    }
    list
}

/// `any_type`: `*/*` with a schema becomes JSON, which is what springdoc and springfox mean by it.
/// Other ranges become a concrete type.
fn any_type(root: &Value, content: &mut Map<String, Value>, is_body: bool) -> Option<String> {
    let mut reported = Vec::new();
    for (name, media) in std::mem::take(content) {
        match concrete_type(root, &name, &media, is_body) {
            None => {
                content.insert(name, media);
            }
            Some(one) => {
                reported.push(format!("{name} is treated as {one}"));
                content.entry(one).or_insert(media);
            }
        }
    }
    (!reported.is_empty()).then(|| reported.join(", "))
}

/// The media type that replaces a range. A range in a response can be used in `Accept`, and Spring
/// does not write a plain string as JSON.
fn concrete_type(root: &Value, name: &str, media: &Value, is_body: bool) -> Option<String> {
    let kind = media_type(name);
    let may_be_json = matches!(
        kind.as_str(),
        "*/*" | "application/*" | "application/*+json"
    );
    let schema = media.get("schema").and_then(|schema| resolve(root, schema));
    let is_text = |schema: &Value| {
        let is_bare = schema.get("enum").is_none() && schema.get("format").is_none();
        text(schema, "type") == Some("string") && is_bare
    };
    let is_json = match is_body {
        true => schema.is_some(),
        false => !is_json(name) && schema.is_some_and(|schema| !is_text(schema)),
    };
    let one = match kind.as_str() {
        _ if may_be_json && is_json && !has_file(root, media) => "application/json",
        "text/*" if is_body => "text/plain",
        kind if is_body && kind.contains('*') => "application/octet-stream",
        _ => return None,
    };
    Some(sent_media_type(name).replacen(&kind, one, 1))
}

/// `json_alone`: if a response has several media types, only JSON is kept, because the SDK uses
/// JSON.
fn json_alone(root: &Value, content: &mut Map<String, Value>) -> Option<String> {
    let json = preferred_json(root, content)?;
    keep_only(content, &json)
}

/// The JSON media type with the highest version, as in `application/json;version=38.0`.
fn preferred_json(root: &Value, content: &Map<String, Value>) -> Option<String> {
    let json = content
        .iter()
        .filter(|(name, media)| is_json_content(root, name, media));
    let names = json.map(|(name, _)| name);
    // If several have the highest version, the last one is used.
    names.rev().max_by_key(|name| version(name)).cloned()
}

/// The numbers of a media type's version parameter; empty if it has none.
fn version(name: &str) -> Vec<u32> {
    let mut parameters = name.split(';').filter_map(|one| one.split_once('='));
    let version = parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case("version"));
    let numbers = version.map(|(_, value)| value.trim().trim_matches('"').split('.'));
    numbers
        .into_iter()
        .flatten()
        .map(|number| number.parse().unwrap_or(0))
        .collect()
}

/// `one_body`: of several media types for a request body only one is kept, preferably JSON. An
/// unknown type is sent as bytes.
fn one_body(root: &Value, content: &mut Map<String, Value>) -> Option<String> {
    let known = BODIES.iter().copied();
    let known = known.flat_map(|known| content.keys().find(|name| media_type(name) == known));
    let json = preferred_json(root, content);
    let chosen = json.or_else(|| known.chain(content.keys()).next().cloned())?;
    keep_only(content, &chosen)
}

fn keep_only(content: &mut Map<String, Value>, kept: &str) -> Option<String> {
    let others: Vec<&str> = content
        .keys()
        .filter(|name| *name != kept)
        .map(String::as_str)
        .collect();
    if others.is_empty() {
        return None;
    }
    let message = format!("only {kept} is used, not {}", others.join(", "));
    content.retain(|name, _| name == kept);
    Some(message)
}

/// `schema_given`: JSON without a schema can be any JSON value.
fn schema_given(content: &mut Map<String, Value>) -> Option<String> {
    let (name, media) = content.iter_mut().find(|(name, _)| is_json(name))?;
    let media = media
        .as_object_mut()
        .filter(|media| !media.contains_key("schema"))?;
    media.insert("schema".to_owned(), json!({}));
    Some(format!("{name} has no schema and becomes any JSON value"))
}

/// `one_success`: success responses of different types get a common type. If some have no body, the
/// body becomes optional. Different schemas become any JSON value.
fn one_success(root: &mut Value, changes: &mut Vec<Change>) {
    let mut normalized = Vec::new();
    for place in document::operations(root) {
        let successes: Vec<(&str, SuccessBody)> = place
            .responses()
            .filter(|(status, ..)| is_success(status))
            .filter_map(|(status, _, node)| {
                Some((
                    status,
                    SuccessBody::from_response(root, resolve(root, node)?),
                ))
            })
            .collect();
        let Some((kind, message)) = common_type(&successes) else {
            continue;
        };
        let pointer = format!("{}/responses", place.pointer);
        changes.push(Change {
            pass: "one_success",
            pointer: pointer.clone(),
            operation: place.id().map(str::to_owned),
            message,
        });
        for (status, _) in successes {
            normalized.push((join(&pointer, status), kind.clone()));
        }
    }
    for (pointer, kind) in normalized {
        set_body(root, &pointer, &kind);
    }
}

/// The body of a success response.
#[derive(Clone, PartialEq)]
enum SuccessBody {
    None,
    Raw,
    Json(Value),
}

impl SuccessBody {
    fn from_response(root: &Value, response: &Value) -> Self {
        let mut content = members(response.get("content"));
        let json = content.find(|(name, media)| is_json_content(root, name, media));
        match json {
            Some((_, media)) => Self::Json(media.get("schema").cloned().unwrap_or(json!({}))),
            None if members(response.get("content")).next().is_none() => Self::None,
            None => Self::Raw,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::None => "no body".to_owned(),
            Self::Raw => "another media type".to_owned(),
            Self::Json(schema) => match reference(schema) {
                Some(target) => document::component(target).to_owned(),
                None => "an inline schema".to_owned(),
            },
        }
    }
}

/// The common type of success responses; `None` if all are the same.
fn common_type(successes: &[(&str, SuccessBody)]) -> Option<(SuccessBody, String)> {
    let mut kinds: Vec<&SuccessBody> = Vec::new();
    for (_, kind) in successes {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let list: Vec<String> = successes
        .iter()
        .map(|(status, kind)| format!("{} for {status}", kind.name()))
        .collect();
    let list = list.join(", ");
    let bodies: Vec<&SuccessBody> = kinds
        .iter()
        .copied()
        .filter(|kind| **kind != SuccessBody::None)
        .collect();
    match (kinds.as_slice(), bodies.as_slice()) {
        ([] | [_], _) => None,
        (_, [SuccessBody::Json(schema)]) => {
            let schema = json!({"nullable": true, "allOf": [schema]});
            Some((
                SuccessBody::Json(schema),
                format!("{list}: the body is optional"),
            ))
        }
        (_, bodies) if bodies.contains(&&SuccessBody::Raw) => Some((
            SuccessBody::Raw,
            format!("{list}: the response is a stream"),
        )),
        _ => Some((
            SuccessBody::Json(json!({})),
            format!("{list}: the response is any JSON value"),
        )),
    }
}

/// Sets the body of a response, if it has one.
fn set_body(root: &mut Value, pointer: &str, kind: &SuccessBody) {
    let pointer = pointer.trim_start_matches('#');
    let node = root.pointer(pointer).and_then(|node| resolve(root, node));
    let Some(mut response) = node.cloned() else {
        return;
    };
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    match kind {
        SuccessBody::Json(schema) => {
            let media = content.iter_mut().find(|(name, _)| is_json(name));
            if let Some(media) = media.and_then(|(_, media)| media.as_object_mut()) {
                media.insert("schema".to_owned(), schema.clone());
            }
        }
        // Declared as a file, so that it is not parsed.
        SuccessBody::Raw | SuccessBody::None => {
            for (_, media) in content.iter_mut().filter(|(name, _)| is_json(name)) {
                *media = json!({"schema": {"type": "string", "format": "binary"}});
            }
        }
    }
    if let Some(place) = root.pointer_mut(pointer) {
        *place = response;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normalizes the bodies and responses of one operation.
    fn changed(operation: Value) -> (Value, Vec<String>) {
        let mut root = json!({"paths": {"/a": {"get": operation}}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let operation = root.pointer("/paths/~1a/get").cloned();
        let changes = changes
            .iter()
            .map(|one| format!("{}: {}", one.pass, one.message));
        (operation.unwrap_or_default(), changes.collect())
    }

    #[test]
    fn json_is_preferred_among_media_types_and_a_missing_schema_is_any_json() {
        let (operation, changes) = changed(json!({"responses": {
            "200": {"content": {"text/csv": {}, "application/json": {}}},
            "404": {"content": {"text/plain": {}}},
        }}));
        assert_eq!(
            operation["responses"]["200"]["content"],
            json!({"application/json": {"schema": {}}})
        );
        assert_eq!(
            changes,
            [
                "json_alone: only application/json is used, not text/csv",
                "schema_given: application/json has no schema and becomes any JSON value",
            ]
        );
    }

    #[test]
    fn a_request_body_has_one_media_type() {
        for (types, kept) in [
            (
                &["application/xml", "application/json"][..],
                "application/json",
            ),
            (
                &["text/plain", "multipart/form-data"],
                "multipart/form-data",
            ),
            (&["application/xml", "text/plain"], "text/plain"),
            (&["application/xml", "application/yaml"], "application/xml"),
        ] {
            let content: Map<String, Value> = types
                .iter()
                .map(|name| ((*name).to_owned(), json!({"schema": {}})))
                .collect();
            let (operation, changes) = changed(json!({"requestBody": {"content": content}}));
            let content = &operation["requestBody"]["content"];
            assert_eq!(content, &json!({kept: {"schema": {}}}));
            assert_eq!(changes.len(), 1, "{changes:?}");
        }
    }

    #[test]
    fn a_media_type_range_with_a_schema_that_is_not_a_file_is_json() {
        let file = json!({"type": "string", "format": "binary"});
        let (object, text) = (json!({"type": "object"}), json!({"type": "string"}));
        for (name, schema, sent, answered) in [
            ("*/*", &object, "application/json", "application/json"),
            (
                "application/*",
                &object,
                "application/json",
                "application/json",
            ),
            (
                "application/*+json",
                &object,
                "application/json",
                "application/*+json",
            ),
            (
                "*/*;version=38.0",
                &object,
                "application/json;version=38.0",
                "application/json;version=38.0",
            ),
            ("*/*", &text, "application/json", "*/*"),
            ("*/*", &file, "application/octet-stream", "*/*"),
            ("image/*", &object, "application/octet-stream", "image/*"),
            ("text/*", &text, "text/plain", "text/*"),
        ] {
            let content = json!({"content": {name: {"schema": schema}}});
            let (operation, changes) =
                changed(json!({"requestBody": content, "responses": {"200": content}}));
            let is = |name: &str| json!({"content": {name: {"schema": schema}}});
            assert_eq!(operation["requestBody"], is(sent));
            assert_eq!(operation["responses"]["200"], is(answered));
            let first = format!("any_type: {name} is treated as {sent}");
            assert_eq!(changes.first(), Some(&first));
        }
    }

    #[test]
    fn the_highest_json_media_type_version_is_kept() {
        let media = |version: &str| format!("application/json;version={version}");
        let mut content = Map::new();
        for name in [
            "*/*;version=39.1",
            "text/xml;version=40.0",
            &media("9.0"),
            &media("39.0"),
        ] {
            content.insert(name.to_owned(), json!({"schema": {}}));
        }
        let (operation, changes) = changed(json!({"responses": {"200": {"content": content}}}));
        let content = &operation["responses"]["200"]["content"];
        assert_eq!(content, &json!({media("39.1"): {"schema": {}}}));
        assert_eq!(changes.len(), 2, "{changes:?}");
    }

    #[test]
    fn success_responses_of_several_types_get_a_common_type() {
        let json = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}});
        let (a, b) = (
            json!({"$ref": "#/components/schemas/A"}),
            json!({"$ref": "#/components/schemas/B"}),
        );
        let none = json!({});
        let csv = json!({"content": {"text/csv": {}}});
        for (responses, first, message) in [
            (json!({"200": json(&a), "201": json(&a)}), json(&a), None),
            (
                json!({"200": json(&a), "204": none}),
                json(&json!({"nullable": true, "allOf": [a]})),
                Some("one_success: A for 200, no body for 204: the body is optional"),
            ),
            (
                json!({"200": json(&a), "202": json(&b)}),
                json(&json!({})),
                Some("one_success: A for 200, B for 202: the response is any JSON value"),
            ),
            (
                json!({"200": json(&a), "202": csv}),
                json(&json!({"type": "string", "format": "binary"})),
                Some(
                    "one_success: A for 200, another media type for 202: the response is a stream",
                ),
            ),
            (json!({"200": json(&a), "404": json(&b)}), json(&a), None),
        ] {
            let (operation, changes) = changed(json!({"responses": responses}));
            assert_eq!(operation["responses"]["200"], first);
            assert_eq!(changes.first().map(String::as_str), message);
        }
    }
}
