//! Visits every schema of a document.

use std::fmt;

use serde_json::{Map, Value};

use super::operation::METHODS;
use super::pointer::escaped;

/// Calls `visit` for every schema of the document, references included, inner schemas first.
pub(crate) fn for_each_schema(root: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    for_each_schema_at(root, &mut |_, schema| visit(schema));
}

/// Like [`for_each_schema`], and passes the location of each schema.
pub(crate) fn for_each_schema_at(root: &mut Value, visit: &mut Visit<'_>) {
    let document = Location::ROOT;
    if let Some(components) = root.get_mut("components") {
        let at = document.member("components");
        if let Some(schemas) = components.get_mut("schemas") {
            each_member(schemas, &at.member("schemas"), &mut |schema, at| {
                schema_tree(schema, at, visit);
            });
        }
        for section in ["parameters", "responses", "requestBodies", "headers"] {
            holders(components.get_mut(section), &at.member(section), visit);
        }
    }
    let Some(paths) = root.get_mut("paths") else {
        return;
    };
    each_member(paths, &document.member("paths"), &mut |item, at| {
        holders(item.get_mut("parameters"), &at.member("parameters"), visit);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                operation_schemas(operation, &at.member(method), visit);
            }
        }
    });
}

/// The location of a node. The pointer is built only when it is needed.
pub(crate) struct Location<'a> {
    within: Option<&'a Location<'a>>,
    key: Key<'a>,
}

enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Location<'a> {
    const ROOT: Location<'static> = Location {
        within: None,
        key: Key::Name("#"),
    };

    fn member(&'a self, name: &'a str) -> Self {
        Self {
            within: Some(self),
            key: Key::Name(name),
        }
    }

    fn item(&'a self, index: usize) -> Self {
        Self {
            within: Some(self),
            key: Key::Index(index),
        }
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            write!(f, "{within}/")?;
        }
        match self.key {
            Key::Name(name) => f.write_str(&escaped(name)),
            Key::Index(index) => write!(f, "{index}"),
        }
    }
}

type Visit<'a> = dyn FnMut(&Location<'_>, &mut Map<String, Value>) + 'a;

fn operation_schemas(operation: &mut Value, at: &Location<'_>, visit: &mut Visit<'_>) {
    for key in ["parameters", "responses"] {
        holders(operation.get_mut(key), &at.member(key), visit);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        holder(body, &at.member("requestBody"), visit);
    }
}

fn holders(list: Option<&mut Value>, at: &Location<'_>, visit: &mut Visit<'_>) {
    if let Some(list) = list {
        each_member(list, at, &mut |part, at| holder(part, at, visit));
    }
}

/// A parameter, header, request body or response, with schemas in `schema` and `content`.
fn holder(part: &mut Value, at: &Location<'_>, visit: &mut Visit<'_>) {
    if let Some(schema) = part.get_mut("schema") {
        schema_tree(schema, &at.member("schema"), visit);
    }
    if let Some(content) = part.get_mut("content") {
        each_member(content, &at.member("content"), &mut |media, at| {
            if let Some(schema) = media.get_mut("schema") {
                schema_tree(schema, &at.member("schema"), visit);
            }
        });
    }
    holders(part.get_mut("headers"), &at.member("headers"), visit);
}

fn schema_tree(schema: &mut Value, at: &Location<'_>, visit: &mut Visit<'_>) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    for (key, inner) in schema.iter_mut() {
        let at = at.member(key);
        match key.as_str() {
            "items" | "not" | "additionalProperties" => schema_tree(inner, &at, visit),
            "properties" | "allOf" | "oneOf" | "anyOf" => {
                each_member(inner, &at, &mut |inner, at| schema_tree(inner, at, visit));
            }
            _ => {}
        }
    }
    visit(at, schema);
}

/// Visits the members of an object or the items of an array.
fn each_member(
    node: &mut Value,
    at: &Location<'_>,
    visit: &mut dyn FnMut(&mut Value, &Location<'_>),
) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                visit(inner, &at.member(key));
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter_mut().enumerate() {
                visit(inner, &at.item(index));
            }
        }
        _ => {}
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_schema_is_visited_once_and_properties_named_like_keywords_are_not_keywords() {
        let mut root = json!({
            "components": {"schemas": {"A": {"properties": {"items": {"type": "string"}}}}},
            "paths": {"/a": {"get": {
                "parameters": [{"name": "q", "schema": {"type": "array", "items": {"type": "integer"}}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"allOf": [{"type": "object"}]}}}}},
            }}},
        });
        let mut seen = 0;
        for_each_schema(&mut root, &mut |_| seen += 1);
        assert_eq!(seen, 6);
    }
}
