//! Bodies and responses: one media type each, and one type for all successes.

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::{
    self, MULTIPART, URL_ENCODED, has_file, is_json, is_json_content, is_success, join, media_type,
    members, reference, resolve, sent_media_type, text,
};

/// The media types of a request body, those that say the most of it first.
const BODIES: [&str; 5] = [
    MULTIPART,
    URL_ENCODED,
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

/// Mends the contents of all bodies and responses.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    for holder in holders(root) {
        let content = format!("{}/content", holder.pointer.trim_start_matches('#'));
        let Some(Value::Object(mut new)) = root.pointer(&content).cloned() else {
            continue;
        };
        let any = any_type(root, &mut new, holder.is_body).map(|message| ("any_type", message));
        let one = match holder.is_body {
            true => body(root, &mut new).map(|message| ("one_body", message)),
            false => json_alone(root, &mut new).map(|message| ("json_alone", message)),
        };
        let schema = schema_given(&mut new).map(|message| ("schema_given", message));
        let made: Vec<_> = any.into_iter().chain(one).chain(schema).collect();
        if let Some(place) = root.pointer_mut(&content).filter(|_| !made.is_empty()) {
            *place = Value::Object(new);
        }
        changes.extend(
            made.into_iter()
                .map(|(pass, message)| holder.change(pass, message)),
        );
    }
    one_success(root, changes);
}

/// A body or a response, whose content may have to be mended.
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

/// `any_type`: `*/*` with a schema is JSON, which springdoc and springfox write so. Other ranges are what can be sent of them.
fn any_type(root: &Value, content: &mut Map<String, Value>, is_body: bool) -> Option<String> {
    let mut told = Vec::new();
    for (name, media) in std::mem::take(content) {
        match one_type(root, &name, &media, is_body) {
            None => {
                content.insert(name, media);
            }
            Some(one) => {
                told.push(format!("{name} is taken for {one}"));
                content.entry(one).or_insert(media);
            }
        }
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// The media type that a range of them is taken for. An answer can be asked for by a range, and where its schema is plain text,
/// Spring does not write it as JSON.
fn one_type(root: &Value, name: &str, media: &Value, is_body: bool) -> Option<String> {
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

/// `json_alone`: of several media types the JSON one is kept, since the SDK speaks JSON.
fn json_alone(root: &Value, content: &mut Map<String, Value>) -> Option<String> {
    let json = json_of(root, content)?;
    keep(content, &json)
}

/// The JSON among several media types: that of the highest version, as in `application/json;version=38.0`.
fn json_of(root: &Value, content: &Map<String, Value>) -> Option<String> {
    let json = content
        .iter()
        .filter(|(name, media)| is_json_content(root, name, media));
    let names = json.map(|(name, _)| name);
    // The last of the highest is taken.
    names.rev().max_by_key(|name| version(name)).cloned()
}

/// The numbers of a media type's version; none where it has no such parameter.
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

/// `one_body`: of several media types one is sent, JSON rather than others; a type that means nothing to the SDK is sent as bytes.
fn body(root: &Value, content: &mut Map<String, Value>) -> Option<String> {
    let known = BODIES.iter().copied();
    let known = known.flat_map(|known| content.keys().find(|name| media_type(name) == known));
    let json = json_of(root, content);
    let chosen = json.or_else(|| known.chain(content.keys()).next().cloned())?;
    keep(content, &chosen)
}

fn keep(content: &mut Map<String, Value>, kept: &str) -> Option<String> {
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

/// `schema_given`: JSON without a schema is any JSON.
fn schema_given(content: &mut Map<String, Value>) -> Option<String> {
    let (name, media) = content.iter_mut().find(|(name, _)| is_json(name))?;
    let media = media
        .as_object_mut()
        .filter(|media| !media.contains_key("schema"))?;
    media.insert("schema".to_owned(), json!({}));
    Some(format!("{name} has no schema and is read as any JSON"))
}

/// `one_success`: successes of several types are one type. Where some have no body, that of the others may be missing; bodies of
/// several schemas are any JSON.
fn one_success(root: &mut Value, changes: &mut Vec<Change>) {
    let mut made = Vec::new();
    for place in document::operations(root) {
        let successes: Vec<(&str, Kind)> = place
            .responses()
            .filter(|(status, ..)| is_success(status))
            .filter_map(|(status, _, node)| Some((status, Kind::of(root, resolve(root, node)?))))
            .collect();
        let Some((kind, message)) = common(&successes) else {
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
            made.push((join(&pointer, status), kind.clone()));
        }
    }
    for (pointer, kind) in made {
        give(root, &pointer, &kind);
    }
}

/// What a success's body is.
#[derive(Clone, PartialEq)]
enum Kind {
    None,
    Raw,
    Json(Value),
}

impl Kind {
    fn of(root: &Value, response: &Value) -> Self {
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
            Self::Raw => "no JSON".to_owned(),
            Self::Json(schema) => match reference(schema) {
                Some(target) => document::component(target).to_owned(),
                None => "a schema of its own".to_owned(),
            },
        }
    }
}

/// What successes of several types come to; `None` where they are of one.
fn common(successes: &[(&str, Kind)]) -> Option<(Kind, String)> {
    let mut kinds: Vec<&Kind> = Vec::new();
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
    let bodies: Vec<&Kind> = kinds
        .iter()
        .copied()
        .filter(|kind| **kind != Kind::None)
        .collect();
    match (kinds.as_slice(), bodies.as_slice()) {
        ([] | [_], _) => None,
        (_, [Kind::Json(schema)]) => {
            let schema = json!({"nullable": true, "allOf": [schema]});
            Some((
                Kind::Json(schema),
                format!("{list}: the body may be missing"),
            ))
        }
        (_, bodies) if bodies.contains(&&Kind::Raw) => {
            Some((Kind::Raw, format!("{list}: each comes as a stream")))
        }
        _ => Some((
            Kind::Json(json!({})),
            format!("{list}: each comes as any JSON"),
        )),
    }
}

/// Makes a response's body this one, if it has one.
fn give(root: &mut Value, pointer: &str, kind: &Kind) {
    let pointer = pointer.trim_start_matches('#');
    let node = root.pointer(pointer).and_then(|node| resolve(root, node));
    let Some(mut response) = node.cloned() else {
        return;
    };
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    match kind {
        Kind::Json(schema) => {
            let media = content.iter_mut().find(|(name, _)| is_json(name));
            if let Some(media) = media.and_then(|(_, media)| media.as_object_mut()) {
                media.insert("schema".to_owned(), schema.clone());
            }
        }
        // As that of a file it is not read.
        Kind::Raw | Kind::None => {
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

    /// The changes that are made in one operation of these members.
    fn changed(operation: Value) -> (Value, Vec<String>) {
        let mut root = json!({"paths": {"/a": {"get": operation}}});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        let operation = root.pointer("/paths/~1a/get").cloned();
        let changes = changes
            .iter()
            .map(|one| format!("{}: {}", one.pass, one.message));
        (operation.unwrap_or_default(), changes.collect())
    }

    #[test]
    fn json_is_kept_of_several_media_types_and_a_missing_schema_is_any_json() {
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
                "schema_given: application/json has no schema and is read as any JSON",
            ]
        );
    }

    #[test]
    fn one_media_type_is_sent() {
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
    fn a_range_of_media_types_is_json_where_it_has_a_schema_that_is_no_file() {
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
            let first = format!("any_type: {name} is taken for {sent}");
            assert_eq!(changes.first(), Some(&first));
        }
    }

    #[test]
    fn json_of_the_highest_version_is_kept() {
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
    fn successes_of_several_types_are_one() {
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
                Some("one_success: A for 200, no body for 204: the body may be missing"),
            ),
            (
                json!({"200": json(&a), "202": json(&b)}),
                json(&json!({})),
                Some("one_success: A for 200, B for 202: each comes as any JSON"),
            ),
            (
                json!({"200": json(&a), "202": csv}),
                json(&json!({"type": "string", "format": "binary"})),
                Some("one_success: A for 200, no JSON for 202: each comes as a stream"),
            ),
            (json!({"200": json(&a), "404": json(&b)}), json(&a), None),
        ] {
            let (operation, changes) = changed(json!({"responses": responses}));
            assert_eq!(operation["responses"]["200"], first);
            assert_eq!(changes.first().map(String::as_str), message);
        }
    }
}
