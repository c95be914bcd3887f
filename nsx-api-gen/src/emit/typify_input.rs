//! The document that progenitor receives: types and parameters, without anything from which it
//! would generate unwanted types or checks.
//!
//! - Each operation has its own path, and all of its parameters are in the query: the SDK builds
//!   requests itself and only needs the types. (progenitor's order of a header and a body is not a
//!   total order. Sorting by it has an undefined result and can panic.)
//! - Each parameter has a name that gives a unique argument; see [`parameter_names`].
//! - Operations have only success responses: errors are handled by the hand-written layer.
//! - Lengths, patterns, ranges and formats are enforced by the manager and would become separate
//!   types. Defaults are applied by the manager and not sent by the SDK.
//! - Numbers are `i32`, `i64`, `u64` or `f64`; strings other than passwords are `String`.
//! - A password is exactly `string`/`password`, which maps to the SDK's secret type. With any other
//!   keyword it would silently become a plain string.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::component_order;
use super::inline_schemas::InlineSchemas;
use super::signatures::argument_name;

use crate::document::{
    self, OperationRef, URL_ENCODED, for_each_schema, is_file, is_json_content, is_list_of_files,
    is_password, members, resolve, text,
};
use crate::model::{BodyFormat, In, constraints, parameter_nodes};
use crate::names::{self, type_name, unique_variant_texts};

/// The method of every operation.
const METHOD: &str = "post";

/// Converts a checked document to progenitor's input.
pub(super) fn to_typify_input(root: &Value) -> Value {
    let (paths, inline_schemas) = paths_and_schemas(root);
    let mut input = json!({
        "openapi": "3.0.3",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": component_order::sort(inline_schemas.schemas)},
    });
    for_each_schema(&mut input, &mut |schema| reduce(root, schema));
    input
}

/// The names of all types of a checked document, and the reserved ones.
pub(super) fn type_names(root: &Value) -> BTreeSet<String> {
    paths_and_schemas(root).1.used_names
}

fn paths_and_schemas(root: &Value) -> (Map<String, Value>, InlineSchemas) {
    let schemas = members(root.pointer("/components/schemas"))
        .filter(|(_, schema)| !is_password(root, schema))
        .map(|(name, schema)| (name.clone(), schema.clone()));
    let mut inline_schemas = InlineSchemas::new(root, schemas.collect());
    let mut paths = Map::new();
    for (index, place) in document::operations(root).iter().enumerate() {
        let operation = operation(root, place, &mut inline_schemas);
        paths.insert(operation_path(index), json!({ METHOD: operation }));
    }
    (paths, inline_schemas)
}

fn operation(root: &Value, place: &OperationRef<'_>, inline_schemas: &mut InlineSchemas) -> Value {
    let id = place.id().unwrap_or_default();
    let type_of = |suffix: &str| type_name(&format!("{id}-{suffix}"));
    let body = place.node.get("requestBody");
    let body = body.and_then(|body| content(root, resolve(root, body)?, BodyFormat::of));
    let mut parameters = parameters(root, place, body.is_some());
    for parameter in &mut parameters {
        let name = type_of(text(parameter, "name").unwrap_or_default());
        if let Some(schema) = parameter.get_mut("schema") {
            inline_schemas.inline(&name, schema);
        }
    }
    let mut operation = json!({"operationId": id, "parameters": parameters});
    // A response to HEAD has no body.
    let success = place.success(root).filter(|_| place.method != "head");
    let success = success.and_then(|node| content(root, node, response_format));
    let success = match success {
        Some(content) => {
            let content = inline_schemas.content(&type_of("response"), content);
            json!({"description": "", "content": content})
        }
        None => json!({"description": ""}),
    };
    if let Some(object) = operation.as_object_mut() {
        object.insert("responses".to_owned(), json!({"200": success}));
        if let Some(content) = body {
            let content = inline_schemas.content(&type_of(BODY), content);
            let body = json!({"required": true, "content": content});
            object.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

/// The path of the operation with this index, in document order.
pub(super) fn operation_path(index: usize) -> String {
    format!("/{index}")
}

/// The name of the body's argument.
pub(super) const BODY: &str = "body";

/// The names of an operation's parameters in progenitor's input. They give argument names that are
/// different from each other and from [`BODY`].
///
/// The original name is kept if possible, because the type of an inline enum is named after it.
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

/// The parameters. Files are replaced by strings.
fn parameters(root: &Value, place: &OperationRef<'_>, has_body: bool) -> Vec<Value> {
    let parameters = parameter_nodes(root, place);
    let named: Vec<(&str, In)> = parameters.iter().map(|one| (one.0, one.1)).collect();
    let names = parameter_names(&named, has_body);
    let parameters = names.into_iter().zip(parameters);
    let parameters = parameters.map(|(name, (_, at, node))| {
        let schema = node.get("schema");
        let is = |test: fn(&Value, &Value) -> bool| schema.is_some_and(|one| test(root, one));
        let schema = match at {
            // A secret in a path cannot be protected, so it is a plain string.
            In::Path if is(is_password) => Some(json!({"type": "string"})),
            // The SDK has its own type for files.
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

/// The only media type of a body or response, in a form that progenitor supports.
fn content(
    root: &Value,
    node: &Value,
    format: fn(&Value, &str, &Value) -> BodyFormat,
) -> Option<Value> {
    let content = node.get("content");
    let json = members(content).find(|(name, media)| is_json_content(root, name, media));
    let (name, media) = json.or_else(|| members(content).next())?;
    let own = || media.get("schema").cloned().unwrap_or_else(|| json!({}));
    let (name, schema) = match format(root, name, media) {
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

/// A response that is not JSON is a stream.
fn response_format(root: &Value, name: &str, media: &Value) -> BodyFormat {
    match is_json_content(root, name, media) {
        true => BodyFormat::Json,
        false => BodyFormat::Bytes,
    }
}

/// The integer formats that have their own Rust type.
const INTEGERS: [&str; 3] = ["int32", "int64", "uint64"];

/// Reduces one schema, as described in the module's docs.
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
    // typify merges an `anyOf` into one struct, but a value is one of the variants.
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
        (Some("string"), Some(values), _) => string_enum_values(schema, &values),
        // Only in a body that is not JSON, where `content` added it.
        (Some("string"), None, Some(format)) if format == "binary" => {
            schema.insert("format".to_owned(), format);
        }
        (Some("integer"), _, Some(format)) if INTEGERS.iter().any(|known| format == *known) => {
            schema.insert("format".to_owned(), format);
        }
        _ => {}
    }
}

/// The values of a string enum, without duplicates, in the form that `types` expects. A null value
/// makes the schema nullable.
fn string_enum_values(schema: &mut Map<String, Value>, values: &Value) {
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
        to_typify_input(&root)["components"]["schemas"]["A"].clone()
    }

    #[test]
    fn a_password_schema_keeps_no_other_keywords() {
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
    fn unwanted_keywords_are_removed_but_properties_with_their_names_are_not() {
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
