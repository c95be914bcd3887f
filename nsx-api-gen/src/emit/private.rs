//! The form of the document that progenitor is given: types and parameters, and nothing that it
//! would make a type or a check of which the SDK does not want.
//!
//! - Each operation has a path of its own, and all of its parameters are in the query: the SDK
//!   builds requests itself and takes only the types. (progenitor's order of a header and a body
//!   is not a total order. Sorting by it puts arguments in no defined place, and can panic.)
//! - Each parameter has a name that makes an argument of its own; see [`parameter_names`].
//! - Only the success of an operation is in it: errors are read by the layer written by hand.
//! - Lengths, patterns, ranges and formats are for the manager to enforce: they make no type of
//!   their own, and a default is the manager's to fill in, not the SDK's to send.
//! - Numbers are `i32`, `i64`, `u64` or `f64`; other strings than passwords are `String`.
//! - A password is exactly `string`/`password`, the schema that stands for the SDK's secret:
//!   anything beside it would silently make it a plain string again.

use serde_json::{Map, Value, json};

use super::recognize::argument_name;
use super::variants::Hoist;

use crate::document::{
    self, OperationRef, URL_ENCODED, for_each_schema, is_file, is_json_content, is_list_of_files,
    is_password, members, resolve, text,
};
use crate::model::{BodyFormat, In, constraints, parameter_nodes};
use crate::names::{self, type_name, unique_variant_texts};

/// The method of every operation.
const METHOD: &str = "post";

/// Makes progenitor's document of a checked one.
pub(super) fn private(root: &Value) -> Value {
    let schemas = members(root.pointer("/components/schemas"))
        .filter(|(_, schema)| !is_password(root, schema))
        .map(|(name, schema)| (name.clone(), schema.clone()));
    let mut hoist = Hoist::new(schemas.collect());
    let mut paths = Map::new();
    for (index, place) in document::operations(root).iter().enumerate() {
        let operation = operation(root, place, &mut hoist);
        paths.insert(operation_path(index), json!({ METHOD: operation }));
    }
    let mut private = json!({
        "openapi": "3.0.3",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": hoist.schemas},
    });
    for_each_schema(&mut private, &mut |schema| reduce(root, schema));
    private
}

fn operation(root: &Value, place: &OperationRef<'_>, hoist: &mut Hoist) -> Value {
    let id = place.id().unwrap_or_default();
    let type_of = |suffix: &str| type_name(&format!("{id}-{suffix}"));
    let body = place.node.get("requestBody");
    let body = body.and_then(|body| content(root, resolve(root, body)?, BodyFormat::of));
    let mut parameters = parameters(root, place, body.is_some());
    for parameter in &mut parameters {
        let name = type_of(text(parameter, "name").unwrap_or_default());
        if let Some(schema) = parameter.get_mut("schema") {
            hoist.inline(&name, schema);
        }
    }
    let mut operation = json!({"operationId": id, "parameters": parameters});
    let success = place.success(root);
    let success = success.and_then(|node| content(root, node, response_form));
    let success = match success {
        Some(content) => {
            let content = hoist.content(&type_of("response"), content);
            json!({"description": "", "content": content})
        }
        None => json!({"description": ""}),
    };
    if let Some(object) = operation.as_object_mut() {
        object.insert("responses".to_owned(), json!({"200": success}));
        if let Some(content) = body {
            let content = hoist.content(&type_of(BODY), content);
            let body = json!({"required": true, "content": content});
            object.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

/// The path of the operation with this index, counted in the document's order.
pub(super) fn operation_path(index: usize) -> String {
    format!("/{index}")
}

/// The name of the argument that is the body.
pub(super) const BODY: &str = "body";

/// The names that progenitor knows an operation's parameters by. It turns each into the name of an
/// argument, and these differ from one another and from [`BODY`].
///
/// The name is the parameter's own wherever that is possible, because the type of an inline enum is
/// called after it.
pub(super) fn parameter_names(parameters: &[(&str, In)], has_body: bool) -> Vec<String> {
    let is_taken = |name: &str, place: In| {
        let mut others = parameters.iter();
        others.any(|(other, at)| *other == name && *at < place)
    };
    let own = parameters.iter().map(|&(name, place)| match place {
        In::Part => format!("part-{name}"),
        In::Query if is_taken(name, place) => format!("query-{name}"),
        In::Header if is_taken(name, place) => format!("header-{name}"),
        _ => name.to_owned(),
    });
    let own: Vec<String> = own.collect();
    let body = has_body.then(|| BODY.to_owned());
    let arguments = own.iter().map(|name| argument_name(name));
    let arguments = names::deduplicate(body.into_iter().chain(arguments).collect());
    let arguments = arguments.into_iter().skip(usize::from(has_body));
    let names = own.into_iter().zip(arguments);
    names
        .map(|(own, argument)| match argument_name(&own) == argument {
            true => own,
            false => argument,
        })
        .collect()
}

/// The parameters, without those that stand for a file of the SDK's own type or a plain secret.
fn parameters(root: &Value, place: &OperationRef<'_>, has_body: bool) -> Vec<Value> {
    let parameters = parameter_nodes(root, place);
    let named: Vec<(&str, In)> = parameters.iter().map(|one| (one.0, one.1)).collect();
    let names = parameter_names(&named, has_body);
    let parameters = names.into_iter().zip(parameters);
    let parameters = parameters.map(|(name, (_, at, node))| {
        let schema = node.get("schema");
        let is = |test: fn(&Value, &Value) -> bool| schema.is_some_and(|one| test(root, one));
        let schema = match at {
            // A secret in a path cannot be kept one; it is a string there like any other.
            In::Path if is(is_password) => Some(json!({"type": "string"})),
            // The SDK has a type of its own for it.
            In::Part if is(is_file) || is(is_list_of_files) => Some(json!({"type": "string"})),
            _ => schema.cloned(),
        };
        json!({
            "name": name,
            "in": "query",
            "required": true,
            "schema": schema.unwrap_or_else(|| json!({})),
        })
    });
    parameters.collect()
}

/// The one media type of a body or a response, in the words that progenitor knows.
fn content(
    root: &Value,
    node: &Value,
    form: fn(&Value, &str, &Value) -> BodyFormat,
) -> Option<Value> {
    let content = node.get("content");
    let json = members(content).find(|(name, media)| is_json_content(root, name, media));
    let (name, media) = json.or_else(|| members(content).next())?;
    let own = || media.get("schema").cloned().unwrap_or_else(|| json!({}));
    let (name, schema) = match form(root, name, media) {
        BodyFormat::Json => ("application/json", own()),
        BodyFormat::UrlEncoded => (URL_ENCODED, own()),
        BodyFormat::Text => ("text/plain", json!({"type": "string"})),
        BodyFormat::Bytes => {
            let schema = json!({"type": "string", "format": "binary"});
            ("application/octet-stream", schema)
        }
    };
    Some(json!({ name: {"schema": schema} }))
}

/// What is no JSON comes as a stream.
fn response_form(root: &Value, name: &str, media: &Value) -> BodyFormat {
    match is_json_content(root, name, media) {
        true => BodyFormat::Json,
        false => BodyFormat::Bytes,
    }
}

/// The formats of integers that have a type of their own.
const INTEGERS: [&str; 3] = ["int32", "int64", "uint64"];

/// Reduces one schema; see the module.
fn reduce(root: &Value, schema: &mut Map<String, Value>) {
    if !schema.contains_key("$ref")
        && let Some(description) = constraints::description(root, schema)
    {
        schema.insert("description".to_owned(), json!(description));
    }
    if is_password(root, &Value::Object(schema.clone())) {
        reduce_password(schema);
    } else if !schema.contains_key("$ref") {
        reduce_other(schema);
    }
}

fn reduce_password(schema: &mut Map<String, Value>) {
    schema.retain(|key, _| key == "description" || key == "nullable");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("format".to_owned(), json!("password"));
}

fn reduce_other(schema: &mut Map<String, Value>) {
    const KEPT: [&str; 10] = [
        "additionalProperties",
        "allOf",
        "description",
        "items",
        "not",
        "nullable",
        "oneOf",
        "properties",
        "required",
        "type",
    ];
    // typify makes one struct of an `anyOf`; a variant for each is what a value of it is.
    if let Some(parts) = schema.remove("anyOf") {
        schema.entry("oneOf").or_insert(parts);
    }
    let kind = schema
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let values = schema.remove("enum");
    let format = schema.remove("format");
    schema.retain(|key, _| KEPT.contains(&key.as_str()));
    if schema
        .get("additionalProperties")
        .is_some_and(Value::is_boolean)
    {
        schema.remove("additionalProperties");
    }
    match (kind.as_deref(), values, format) {
        (Some("string"), Some(values), _) => texts(schema, &values),
        // Only in a body that is no JSON, where `content` put it.
        (Some("string"), None, Some(format)) if format == "binary" => {
            schema.insert("format".to_owned(), format);
        }
        (Some("integer"), _, Some(format)) if INTEGERS.iter().any(|known| format == *known) => {
            schema.insert("format".to_owned(), format);
        }
        _ => {}
    }
}

/// The values of a string's enum, each once, as `types` reads them; a null among them makes it nullable.
fn texts(schema: &mut Map<String, Value>, values: &Value) {
    let mut list: Vec<&str> = Vec::new();
    for value in document::items(Some(values)) {
        match value.as_str() {
            Some(text) if !list.contains(&text) => list.push(text),
            Some(_) => {}
            None => {
                schema.insert("nullable".to_owned(), json!(true));
            }
        }
    }
    if !list.is_empty() {
        schema.insert("enum".to_owned(), json!(unique_variant_texts(&list)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(schema: Value) -> Value {
        let root = json!({"components": {"schemas": {
            "Secret": {"type": "string", "format": "password"},
            "A": schema,
        }}});
        private(&root)["components"]["schemas"]["A"].clone()
    }

    #[test]
    fn a_password_is_exactly_that_whatever_stands_beside_it() {
        for schema in [
            json!({"type": "string", "format": "password"}),
            json!({"type": "string", "format": "password", "example": "a", "default": "b", "x-a": 1}),
            json!({"$ref": "#/components/schemas/Secret"}),
            json!({"format": "password"}),
            json!({"allOf": [{"type": "string"}, {"$ref": "#/components/schemas/Secret"}]}),
        ] {
            let object = reduced(json!({"type": "object", "properties": {"p": schema}}));
            assert_eq!(
                object,
                json!({"type": "object", "properties": {"p": {"type": "string", "format": "password"}}})
            );
        }
    }

    #[test]
    fn what_would_make_a_type_of_its_own_is_left_out_and_a_property_of_that_name_is_not() {
        assert_eq!(
            reduced(json!({
                "type": "object", "additionalProperties": false, "x-vendor": 1, "title": "An A", "minProperties": 1,
                "properties": {
                    "default": {"type": "string", "default": "x", "pattern": "^x$", "format": "uuid"},
                    "port": {"type": "integer", "format": "int32", "minimum": 1, "enum": [1, 2]},
                    "pattern": {"type": "string", "enum": ["a", "b", null, "a"]},
                },
            })),
            json!({
                "type": "object", "description": "An A\n\nAt least 1 entry.",
                "properties": {
                    "default": {"type": "string", "description": "Matches `^x$`. Format: `uuid`. Default: `x`."},
                    "port": {"type": "integer", "format": "int32", "description": "At least 1. One of `1`, `2`."},
                    "pattern": {"type": "string", "enum": ["a", "b"], "nullable": true},
                },
            })
        );
    }
}
