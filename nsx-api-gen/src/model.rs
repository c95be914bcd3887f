//! What a document says of its operations, as the steps that write code, docs and the table need it.
//!
//! It is read from the checked document, references followed; types are not in it: they are
//! progenitor's work.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::constraints;
use crate::document::{
    self, IDEMPOTENT, IN_PART, PRIVILEGES, Place, URL_ENCODED, has_file, is_file, is_json,
    is_json_content, is_list_of_files, is_password, is_success, items, media_type, members,
    resolve, sent_media_type, text,
};
use crate::example::example;
use crate::made_up::made_up;
use crate::names;
use crate::style::Style;

/// The document as far as the code is concerned with it.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) title: String,
    pub(crate) version: String,
    /// The description of each tag that has one.
    pub(crate) tags: BTreeMap<String, String>,
    /// The names of the component schemas.
    pub(crate) schemas: Vec<String>,
    pub(crate) operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// The id in the vendor's document, where that is another.
    pub(crate) original_id: Option<String>,
    pub(crate) pointer: String,
    pub(crate) method: &'static str,
    /// From the host's root: the server's path and the operation's.
    pub(crate) path: String,
    /// The query that the operation goes by, as in `action=restart`.
    pub(crate) query: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    /// What a caller must be allowed to, as the document names it.
    pub(crate) privileges: Vec<String>,
    /// The scopes that a scheme of authentication must have been given for it, by the scheme's name.
    pub(crate) scopes: Vec<(String, Vec<String>)>,
    /// Whether sending it twice has the effect of sending it once: by the document's word, and otherwise by HTTP's own rule.
    pub(crate) idempotent: bool,
    pub(crate) tag: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) responses: Vec<Response>,
}

/// Where a parameter goes.
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
    /// The name of the argument, which no other of the operation has.
    pub(crate) rust: String,
    pub(crate) place: In,
    pub(crate) required: bool,
    /// How its value is written.
    pub(crate) style: Style,
    /// Whether it is a file, and no value.
    pub(crate) is_file: bool,
    /// Whether it is any number of files.
    pub(crate) is_list_of_files: bool,
    pub(crate) description: Option<String>,
    /// A value for an example.
    pub(crate) sample: Option<Value>,
}

/// What a body is to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    UrlEncoded,
    Text,
    Bytes,
}

/// A request body.
#[derive(Debug)]
pub(crate) struct Body {
    /// The `Content-Type` that it is sent with.
    pub(crate) media: String,
    pub(crate) form: Form,
    /// Whether it is a password as plain text.
    pub(crate) is_secret: bool,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    /// Its JSON example, the secrets in it replaced by [`SECRET`](crate::example::SECRET).
    pub(crate) example: Option<Value>,
}

/// A documented response.
#[derive(Debug)]
pub(crate) struct Response {
    /// `200`, `4XX` or `default`.
    pub(crate) status: String,
    pub(crate) description: String,
    /// The media types that it is offered in.
    pub(crate) media: Vec<String>,
    /// The component that it comes as, where that is none that the SDK's error is read from; nothing where it has no name.
    pub(crate) own_schema: Option<String>,
    /// Its JSON example, the secrets in it replaced by [`SECRET`](crate::example::SECRET).
    pub(crate) example: Option<Value>,
    /// What is as good to a mock where a success has no example.
    pub(crate) made_up: Option<Value>,
}

impl Api {
    /// Reads a checked document.
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
    fn new(root: &Value, place: &Place<'_>, base: &str) -> Self {
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
            privileges: texts(place.node.get(PRIVILEGES)),
            scopes: scopes(place.node.get("security")),
            idempotent: match place.node.get(IDEMPOTENT).and_then(Value::as_bool) {
                Some(stated) => stated,
                None => !matches!(place.method, "post" | "patch"),
            },
            tag: tag.map(str::to_owned),
            parameters: parameters(root, place),
            body: body.and_then(|body| Body::new(root, resolve(root, body)?)),
            responses: place
                .responses()
                .filter_map(|(status, _, node)| Response::new(root, status, node))
                .collect(),
        }
    }

    /// Method and path, and the query if there is one: `POST /api/v1/node?action=restart`.
    pub(crate) fn call(&self) -> String {
        let (method, path) = (self.method.to_uppercase(), &self.path);
        match self.query.as_str() {
            "" => format!("{method} {path}"),
            query => format!("{method} {path}?{query}"),
        }
    }

    /// The media types of its success, for the `Accept` header.
    pub(crate) fn accept(&self) -> String {
        let successes = self.responses.iter().filter(|one| is_success(&one.status));
        let mut types: Vec<&str> = Vec::new();
        for name in successes.flat_map(|one| &one.media) {
            if !types.contains(&name.as_str()) {
                types.push(name);
            }
        }
        // Whatever the success is, the manager's errors are JSON.
        const JSON: &str = "application/json";
        if !types.iter().any(|name| media_type(name) == JSON) {
            types.push(JSON);
        }
        types.join(", ")
    }
}

/// The parameters of an operation.
pub(crate) fn parameters(root: &Value, place: &Place<'_>) -> Vec<Parameter> {
    let nodes = parameter_nodes(root, place).into_iter();
    let mut list: Vec<Parameter> = nodes
        .map(|(name, at, node)| Parameter::new(root, name, at, node))
        .collect();
    tell_apart(&mut list, place.node.get("requestBody").is_some());
    list
}

/// Name, place and definition of each parameter. The operation's own win over the path item's of
/// the same name and place.
pub(crate) fn parameter_nodes<'a>(
    root: &'a Value,
    place: &Place<'a>,
) -> Vec<(&'a str, In, &'a Value)> {
    let mut list: Vec<(&str, In, &Value)> = Vec::new();
    for (_, node) in place.parameters() {
        let named = resolve(root, node).and_then(|node| {
            let place = In::read(text(node, "in")?)?;
            Some((text(node, "name")?, place, node))
        });
        if let Some((name, at, node)) = named {
            list.retain(|known| (known.0, known.1) != (name, at));
            list.push((name, at, node));
        }
    }
    list
}

/// Gives each parameter an argument of its own, and none the name of the body.
fn tell_apart(list: &mut [Parameter], has_body: bool) {
    let mut names: Vec<String> = has_body.then(|| "body".to_owned()).into_iter().collect();
    names.extend(
        list.iter()
            .map(|parameter| names::field_name(&parameter.name)),
    );
    let names = names::apart(names).into_iter().skip(usize::from(has_body));
    for (parameter, name) in list.iter_mut().zip(names) {
        parameter.rust = name;
    }
}

impl In {
    /// The place that a document says; `None` for one that is not known.
    pub(crate) fn read(place: &str) -> Option<Self> {
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
            style: Style::of(root, node).unwrap_or(Style::Plain),
            is_file: in_part.is_some_and(|schema| is_file(root, schema)),
            is_list_of_files: in_part.is_some_and(|schema| is_list_of_files(root, schema)),
            description: constraints::of_parameter(root, node, whole),
            sample: sample(root, node, whole),
        }
    }
}

impl Form {
    /// What a body of this content is.
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
        let form = Form::of(root, name, media);
        let schema = media.get("schema").filter(|_| form == Form::Text);
        Some(Self {
            media: sent_media_type(name),
            form,
            is_secret: schema.is_some_and(|schema| is_password(root, schema)),
            required: flag(node, "required"),
            description: text(node, "description").map(str::to_owned),
            example: example(root, media),
        })
    }
}

impl Response {
    fn new(root: &Value, status: &str, node: &Value) -> Option<Self> {
        let node = resolve(root, node)?;
        let content = members(node.get("content")).next();
        let example = content.and_then(|(_, media)| example(root, media));
        let is_unknown = is_success(status) && example.is_none();
        let json = content.filter(|(name, media)| is_unknown && is_json_content(root, name, media));
        Some(Self {
            status: status.to_owned(),
            description: text(node, "description").unwrap_or_default().to_owned(),
            media: members(node.get("content"))
                .map(|(name, _)| sent_media_type(name))
                .collect(),
            own_schema: content.and_then(|(_, media)| own_schema(root, media.get("schema")?)),
            example,
            made_up: json.and_then(|(_, media)| made_up(root, media.get("schema")?)),
        })
    }
}

/// The name of a schema with properties of its own, empty where it has none; `None` for the managers' common error.
fn own_schema(root: &Value, schema: &Value) -> Option<String> {
    let properties = document::properties(root, schema);
    let is_common = |name: &&str| matches!(*name, "error_code" | "error_message");
    let is_own = !properties.is_empty() && !properties.iter().any(is_common);
    let name = document::reference(schema).map(document::component);
    is_own.then(|| name.unwrap_or_default().to_owned())
}

fn flag(node: &Value, key: &str) -> bool {
    node.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A text, or a list of them.
fn texts(node: Option<&Value>) -> Vec<String> {
    let one = node.and_then(Value::as_str);
    let all = one.into_iter().chain(items(node).filter_map(Value::as_str));
    all.filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

/// The scopes of an operation's own security requirements, each scheme's once.
fn scopes(security: Option<&Value>) -> Vec<(String, Vec<String>)> {
    let schemes = items(security).flat_map(|one| members(Some(one)));
    let mut list: Vec<(String, Vec<String>)> = Vec::new();
    for (scheme, scopes) in schemes {
        let scopes = (scheme.clone(), texts(Some(scopes)));
        if !scopes.1.is_empty() && !list.contains(&scopes) {
            list.push(scopes);
        }
    }
    list
}

/// The example of a parameter, of its schema, or its default; a number within its bounds where there is none of these. None of a secret.
fn sample(root: &Value, node: &Value, schema: Option<&Value>) -> Option<Value> {
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
        .or_else(|| is_whole.then(|| Value::from(within(schema))))
}

/// A number within the bounds of a schema.
fn within(schema: &Value) -> i64 {
    const USUAL: i64 = 10;
    let bound = |key| schema.get(key).and_then(Value::as_i64);
    let least = bound("minimum").unwrap_or(i64::MIN);
    USUAL.max(least).min(bound("maximum").unwrap_or(i64::MAX))
}

/// The path of the first server's URL, without a slash at its end.
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
    fn the_servers_path_comes_before_the_operations() {
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
