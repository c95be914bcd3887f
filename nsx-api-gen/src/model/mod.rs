//! The operations of a document, in the form that the generation of code, docs and the operation
//! table needs.
//!
//! They are built from the checked document, with references resolved. The Rust types are in
//! [`rust_api`], which `emit` reads from what progenitor generates.

pub(crate) mod constraints;
pub(crate) mod example;
pub(crate) mod rust_api;
pub(crate) mod synthesize_example;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::parameter_style::Style;
use crate::document::{
    self, IDEMPOTENT, IN_PART, OperationRef, PRIVILEGES, URL_ENCODED, has_file, is_file, is_json,
    is_json_content, is_list_of_files, is_password, is_success, items, media_type, members,
    resolve, sent_media_type, text,
};
use crate::model::synthesize_example::synthesize_example;
use crate::names;
use example::first_matching;

/// The parts of the document that the generated code depends on.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) title: String,
    pub(crate) version: String,
    /// The descriptions of the tags that have one.
    pub(crate) tags: BTreeMap<String, String>,
    /// The names of the component schemas.
    pub(crate) schemas: Vec<String>,
    pub(crate) operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// The operationId in the vendor's document, if it differs.
    pub(crate) original_id: Option<String>,
    pub(crate) pointer: String,
    pub(crate) method: &'static str,
    /// The path including that of the server.
    pub(crate) path: String,
    /// The fixed query of the path, such as `action=restart`.
    pub(crate) query: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    /// The privileges that the caller needs, as named in the document.
    pub(crate) privileges: Vec<String>,
    /// The scopes that the operation requires, by security scheme.
    pub(crate) scopes: Vec<(String, Vec<String>)>,
    /// Whether repeating the operation has the same effect as sending it once, according to the
    /// document or else the HTTP method.
    pub(crate) idempotent: bool,
    pub(crate) tag: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) responses: Vec<Response>,
}

/// The location of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum In {
    Path,
    Query,
    Header,
    /// A part of a multipart body.
    Part,
}

/// One parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// The name of the argument, unique in the operation.
    pub(crate) rust: String,
    pub(crate) place: In,
    pub(crate) required: bool,
    /// How the value is serialized.
    pub(crate) style: Style,
    /// Whether it is a file.
    pub(crate) is_file: bool,
    /// Whether it is a list of files.
    pub(crate) is_list_of_files: bool,
    pub(crate) description: Option<String>,
    /// A value for an example.
    pub(crate) example_value: Option<Value>,
}

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    Json,
    UrlEncoded,
    Text,
    Bytes,
}

/// A request body.
#[derive(Debug)]
pub(crate) struct Body {
    /// The value of `Content-Type`.
    pub(crate) media: String,
    pub(crate) format: BodyFormat,
    /// Whether it is a password in plain text.
    pub(crate) is_secret: bool,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    /// The JSON example, with secrets replaced by [`SECRET`](crate::model::example::SECRET).
    pub(crate) example: Option<Value>,
}

/// A documented response.
#[derive(Debug)]
pub(crate) struct Response {
    /// `200`, `4XX` or `default`.
    pub(crate) status: String,
    pub(crate) description: String,
    /// The media types of the response.
    pub(crate) media: Vec<String>,
    /// The component of the body, if it is not the common error schema. Empty if the schema is
    /// inline.
    pub(crate) own_schema: Option<String>,
    /// The JSON example, with secrets replaced by [`SECRET`](crate::model::example::SECRET).
    pub(crate) example: Option<Value>,
    /// A synthesized body for the mock manager, if a success response has no example.
    pub(crate) synthesized: Option<Value>,
}

impl Api {
    /// Builds the model of a checked document.
    pub(crate) fn new(root: &Value) -> Self {
        let info = |key| root.pointer("/info").and_then(|info| text(info, key));
        let base = base_path(root);
        Self {
            title: info("title").unwrap_or_default().to_owned(),
            version: info("version").unwrap_or_default().to_owned(),
            tags: items(root.get("tags"))
                .filter_map(|tag| Some((text(tag, "name")?, text(tag, "description")?)))
                .map(|(name, description)| (name.to_owned(), description.to_owned()))
                .collect(),
            schemas: members(root.pointer("/components/schemas"))
                .map(|(name, _)| name.clone())
                .collect(),
            operations: document::operations(root)
                .iter()
                .map(|place| Operation::new(root, place, &base))
                .collect(),
        }
    }
}

impl Operation {
    fn new(root: &Value, place: &OperationRef<'_>, base: &str) -> Self {
        let own = |key| text(place.node, key).map(str::to_owned);
        let body = place.node.get("requestBody");
        let tag = items(place.node.get("tags")).find_map(Value::as_str);
        let (path, query) = place.path_and_query();
        Self {
            id: own("operationId").unwrap_or_default(),
            original_id: place.original_id().map(str::to_owned),
            pointer: place.pointer.clone(),
            method: place.method,
            path: format!("{base}{path}"),
            query: query.to_owned(),
            summary: own("summary"),
            description: own("description"),
            deprecated: flag(place.node, "deprecated"),
            privileges: string_list(place.node.get(PRIVILEGES)),
            scopes: scopes(place.node.get("security")),
            idempotent: match place.node.get(IDEMPOTENT).and_then(Value::as_bool) {
                Some(stated) => stated,
                None => !matches!(place.method, "post" | "patch"),
            },
            tag: tag.map(str::to_owned),
            parameters: parameters(root, place),
            body: body.and_then(|body| Body::new(root, resolve(root, body)?)),
            responses: responses(root, place),
        }
    }

    /// Method, path and fixed query: `POST /api/v1/node?action=restart`.
    pub(crate) fn call(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path_and_query())
    }

    /// Path and fixed query: `/api/v1/node?action=restart`.
    pub(crate) fn path_and_query(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The value of the `Accept` header: the media types of the success responses.
    pub(crate) fn accept(&self) -> String {
        let successes = self.responses.iter().filter(|one| is_success(&one.status));
        let mut types: Vec<&str> = Vec::new();
        for name in successes.flat_map(|one| &one.media) {
            if !types.contains(&name.as_str()) {
                types.push(name);
            }
        }
        // Errors of the manager are JSON, whatever the success response is.
        const JSON: &str = "application/json";
        if !types.iter().any(|name| media_type(name) == JSON) {
            types.push(JSON);
        }
        types.join(", ")
    }
}

/// The parameters of an operation.
pub(crate) fn parameters(root: &Value, place: &OperationRef<'_>) -> Vec<Parameter> {
    let nodes = parameter_nodes(root, place).into_iter();
    let mut list: Vec<Parameter> = nodes
        .map(|(name, at, node)| Parameter::new(root, name, at, node))
        .collect();
    assign_unique_names(&mut list, place.node.get("requestBody").is_some());
    list
}

/// Name, location and definition of each parameter.
pub(crate) fn parameter_nodes<'a>(
    root: &'a Value,
    place: &OperationRef<'a>,
) -> Vec<(&'a str, In, &'a Value)> {
    let nodes = place.parameters(root).into_iter();
    nodes
        .filter_map(|(_, node)| {
            let place = In::parse(text(node, "in")?)?;
            Some((text(node, "name")?, place, node))
        })
        .collect()
}

/// Gives each parameter a unique argument name, different from that of the body.
fn assign_unique_names(list: &mut [Parameter], has_body: bool) {
    let mut names: Vec<String> = has_body.then(|| "body".to_owned()).into_iter().collect();
    names.extend(
        list.iter()
            .map(|parameter| names::field_name(&parameter.name)),
    );
    let names = names::deduplicate(names)
        .into_iter()
        .skip(usize::from(has_body));
    for (parameter, name) in list.iter_mut().zip(names) {
        parameter.rust = name;
    }
}

impl In {
    /// Parses the `in` value of a parameter; `None` for an unknown one.
    pub(crate) fn parse(place: &str) -> Option<Self> {
        Some(match place {
            "path" => Self::Path,
            "query" => Self::Query,
            "header" => Self::Header,
            IN_PART => Self::Part,
            _ => return None,
        })
    }
}

impl Parameter {
    fn new(root: &Value, name: &str, place: In, node: &Value) -> Self {
        let schema = node.get("schema");
        let in_part = schema.filter(|_| place == In::Part);
        let whole = schema.and_then(|schema| resolve(root, schema));
        Self {
            name: name.to_owned(),
            rust: String::new(),
            place,
            required: flag(node, "required"),
            style: Style::of(root, node).unwrap_or(Style::Scalar),
            is_file: in_part.is_some_and(|schema| is_file(root, schema)),
            is_list_of_files: in_part.is_some_and(|schema| is_list_of_files(root, schema)),
            description: constraints::parameter_description(root, node, whole),
            example_value: example_value(root, node, whole),
        }
    }
}

impl BodyFormat {
    /// The format of a content.
    pub(crate) fn of(root: &Value, name: &str, media: &Value) -> Self {
        let kind = media_type(name);
        match kind.as_str() {
            URL_ENCODED => Self::UrlEncoded,
            _ if has_file(root, media) => Self::Bytes,
            _ if is_json(name) => Self::Json,
            _ if kind.starts_with("text/") => Self::Text,
            _ => Self::Bytes,
        }
    }
}

impl Body {
    fn new(root: &Value, node: &Value) -> Option<Self> {
        let (name, media) = members(node.get("content")).next()?;
        let format = BodyFormat::of(root, name, media);
        let schema = media.get("schema").filter(|_| format == BodyFormat::Text);
        Some(Self {
            media: sent_media_type(name),
            format,
            is_secret: schema.is_some_and(|schema| is_password(root, schema)),
            required: flag(node, "required"),
            description: text(node, "description").map(str::to_owned),
            example: first_matching(root, media),
        })
    }
}

/// The responses of an operation. Without a documented success, the default response is one.
fn responses(root: &Value, place: &OperationRef<'_>) -> Vec<Response> {
    let has_success = place.responses().any(|(status, ..)| is_success(status));
    let responses = place.responses().filter_map(|(status, _, node)| {
        let is_success = is_success(status) || (status == "default" && !has_success);
        Response::new(root, status, node, is_success)
    });
    responses.collect()
}

impl Response {
    fn new(root: &Value, status: &str, node: &Value, is_success: bool) -> Option<Self> {
        let node = resolve(root, node)?;
        let content = members(node.get("content")).next();
        let example = content.and_then(|(_, media)| first_matching(root, media));
        let is_unknown = is_success && example.is_none();
        let json = content.filter(|(name, media)| is_unknown && is_json_content(root, name, media));
        Some(Self {
            status: status.to_owned(),
            description: text(node, "description").unwrap_or_default().to_owned(),
            media: members(node.get("content"))
                .map(|(name, _)| sent_media_type(name))
                .collect(),
            own_schema: content.and_then(|(_, media)| own_schema(root, media.get("schema")?)),
            example,
            synthesized: json.and_then(|(_, media)| synthesize_example(root, media.get("schema")?)),
        })
    }
}

/// The name of a schema that has properties, empty for an inline schema; `None` for the managers'
/// common error schema.
fn own_schema(root: &Value, schema: &Value) -> Option<String> {
    let properties = document::all_of::property_names(root, schema);
    let is_common = |name: &&str| matches!(*name, "error_code" | "error_message");
    let is_own = !properties.is_empty() && !properties.iter().any(is_common);
    let name = document::reference(schema).map(document::component);
    is_own.then(|| name.unwrap_or_default().to_owned())
}

fn flag(node: &Value, key: &str) -> bool {
    node.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A string, or a list of strings.
fn string_list(node: Option<&Value>) -> Vec<String> {
    let one = node.and_then(Value::as_str);
    let all = one.into_iter().chain(items(node).filter_map(Value::as_str));
    all.filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

/// The scopes of an operation's own security requirements, without duplicates.
fn scopes(security: Option<&Value>) -> Vec<(String, Vec<String>)> {
    let schemes = items(security).flat_map(|one| members(Some(one)));
    let mut list: Vec<(String, Vec<String>)> = Vec::new();
    for (scheme, scopes) in schemes {
        let scopes = (scheme.clone(), string_list(Some(scopes)));
        if !scopes.1.is_empty() && !list.contains(&scopes) {
            list.push(scopes);
        }
    }
    list
}

/// A value for an example: the example or default of the parameter or its schema, otherwise a
/// number within the bounds. `None` for a secret.
fn example_value(root: &Value, node: &Value, schema: Option<&Value>) -> Option<Value> {
    let schema = schema?;
    if is_password(root, schema) {
        return None;
    }
    let named =
        members(node.get("examples")).filter_map(|(_, one)| resolve(root, one)?.get("value"));
    let own = [schema.get("example"), schema.get("default")];
    let mut values = node.get("example").into_iter().chain(named);
    let value = values.next().or_else(|| own.into_iter().flatten().next());
    let is_whole = text(schema, "type") == Some("integer");
    value
        .cloned()
        .or_else(|| is_whole.then(|| Value::from(number_within_bounds(schema))))
}

/// A number within the bounds of a schema.
fn number_within_bounds(schema: &Value) -> i64 {
    const USUAL: i64 = 10;
    let bound = |key| schema.get(key).and_then(Value::as_i64);
    let least = bound("minimum").unwrap_or(i64::MIN);
    USUAL.max(least).min(bound("maximum").unwrap_or(i64::MAX))
}

/// The path of the first server's URL, without a trailing slash.
pub(crate) fn base_path(root: &Value) -> String {
    let server = items(root.get("servers")).next();
    let url = server.and_then(|server| text(server, "url")).unwrap_or("/");
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)),
        None => Some(url),
    };
    path.unwrap_or_default().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_path_of_the_server_url_is_the_base_path() {
        for (url, base) in [
            ("https://host/api/v1", "/api/v1"),
            ("https://host/api/v1/", "/api/v1"),
            ("https://host", ""),
            ("/policy/api/v1", "/policy/api/v1"),
            ("/", ""),
        ] {
            assert_eq!(
                base_path(&json!({"servers": [{"url": url}]})),
                base,
                "{url}"
            );
        }
        assert_eq!(base_path(&json!({})), "");
    }
}
