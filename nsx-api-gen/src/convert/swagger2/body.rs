//! The request body: a parameter in Swagger, a separate object in OpenAPI.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use super::media::{self, Media};
use super::parameters::{Part, Split, shared_body_reference};
use super::schemas::KEYWORDS;
use crate::document::{reference, resolve, text};

/// The members that a body has in both versions.
const SAME: [&str; 2] = ["description", "required"];

impl Converter {
    /// The request body of an operation, from its own parameters and those of its path.
    pub(super) fn request_body(
        &mut self,
        own: Split<'_>,
        path: &Split<'_>,
        media: &Media,
        at: Location<'_>,
    ) -> Option<Value> {
        let operation = at.operation();
        let mut fields = own.fields;
        let names: BTreeSet<_> = fields.iter().map(|field| self.field_name(field)).collect();
        let mut bodies = own.bodies.into_iter();
        let mut body = bodies.next();
        for second in bodies {
            self.record(
                "body",
                second.at,
                "dropped: the operation already has a body",
            );
        }
        if body.is_none() {
            let of_path = path
                .bodies
                .iter()
                .map(|body| for_operation(body, operation));
            body = self.first_body(of_path, fields.is_empty());
        }
        for field in path
            .fields
            .iter()
            .map(|field| for_operation(field, operation))
        {
            // The operation's field overrides the path's field of the same name.
            if !names.contains(&self.field_name(&field)) {
                fields.push(field);
            }
        }
        let Some(body) = body else {
            return (!fields.is_empty()).then(|| self.form(fields, media, at));
        };
        for field in fields {
            self.record(
                "body",
                field.at,
                "dropped: an operation with a body cannot have form fields",
            );
        }
        Some(self.body(body, media))
    }

    /// The body parameter of the path, unless the operation has its own form fields.
    fn first_body<'a>(
        &mut self,
        bodies: impl Iterator<Item = Part<'a>>,
        free: bool,
    ) -> Option<Part<'a>> {
        let mut first = None;
        for body in bodies {
            if free && first.is_none() {
                first = Some(body);
            } else {
                let message =
                    "the body of the path is dropped here, because the operation has its own";
                self.record("body", body.at, message);
            }
        }
        first
    }

    /// A reference to a shared body is kept if the operation uses the media types of the document.
    fn body(&mut self, body: Part<'_>, media: &Media) -> Value {
        let shared = shared_body_reference(&body.node);
        if let Some(shared) = shared.filter(|_| media.consumes == self.consumes) {
            return shared;
        }
        let node = self.resolve_copy(body.node, body.at);
        if reference(&node).is_some() {
            return node;
        }
        self.body_of(node, &media.consumes, body.at)
    }

    /// A shared body parameter, in the media types of the document.
    pub(super) fn shared_body(&mut self, node: Value, at: Location<'_>) -> Value {
        if let Some(other) = shared_body_reference(&node) {
            return other;
        }
        let consumes = self.consumes.clone();
        self.body_of(node, &consumes, at)
    }

    fn body_of(&mut self, node: Value, consumes: &[String], at: Location<'_>) -> Value {
        let Value::Object(node) = node else {
            return node;
        };
        let mut body = Map::new();
        let mut schema = None;
        let mut inline_keywords = Map::new();
        for (key, value) in node {
            let here = at.member(&key);
            match key.as_str() {
                "in" => {}
                "name" => self.body_names += 1,
                "schema" => schema = Some(self.schema(value, here)),
                word if KEYWORDS.contains(&word) => {
                    inline_keywords.insert(key, value);
                }
                "content" => {
                    self.record(
                        "unknown_member",
                        here,
                        "dropped: Swagger 2.0 does not have this member",
                    );
                }
                _ => {
                    self.unknown(&key, &SAME, here);
                    body.insert(key, value);
                }
            }
        }
        let schema = self.body_schema(schema, inline_keywords, at);
        let types = self.or_json(consumes, "consumes", at);
        let content = self.in_each(types, schema, at);
        body.insert("content".to_owned(), Value::Object(content));
        Value::Object(body)
    }

    /// A body should have a `schema`, but some documents describe it like any other parameter.
    fn body_schema(
        &mut self,
        schema: Option<Value>,
        inline_keywords: Map<String, Value>,
        at: Location<'_>,
    ) -> Option<Value> {
        let names: Vec<&str> = inline_keywords.keys().map(String::as_str).collect();
        let names = names.join(", ");
        match schema {
            _ if inline_keywords.is_empty() => schema,
            Some(_) => {
                let message = format!("dropped {names} next to the schema of the body");
                self.record("body", at, message);
                schema
            }
            None => {
                let message = format!("moved {names} into a new schema");
                self.record("body", at, message);
                Some(self.schema(Value::Object(inline_keywords), at))
            }
        }
    }

    /// A body of raw bytes for an operation that consumes a binary type but has no body parameter.
    /// Real documents declare uploads like this; without a body nothing could be sent.
    pub(super) fn undeclared_body(
        &mut self,
        method: &str,
        media: &Media,
        at: Location<'_>,
    ) -> Option<Value> {
        if !media.own_consumes || media.consumes.is_empty() {
            return None;
        }
        let sends = matches!(method, "put" | "post" | "patch");
        let list = media.consumes.join(", ");
        if sends && media::is_raw(&media.consumes) {
            let message = format!("no body parameter for {list}: assuming a binary body");
            self.record("undeclared_body", at, message);
            return Some(json!({"required": true, "content": raw_content(&media.consumes)}));
        }
        if sends && media.consumes.iter().any(|name| media::is_form(name)) {
            let message = format!("no form field for {list}: the operation has no body");
            self.record("undeclared_body", at, message);
        } else {
            self.idle_consumes += 1;
        }
        None
    }

    /// The name of a form field, which may be a reference.
    pub(super) fn field_name(&self, field: &Part<'_>) -> Option<String> {
        let node = resolve(&self.shared, &field.node)?;
        text(node, "name").map(str::to_owned)
    }
}

/// A parameter of the path, attributed to an operation.
fn for_operation<'a>(part: &Part<'a>, operation: Option<&'a str>) -> Part<'a> {
    Part {
        at: part.at.of(operation),
        node: part.node.clone(),
    }
}

/// The content of a body or response without a schema, in each of its media types.
pub(super) fn raw_content(types: &[String]) -> Value {
    let media = |name: &String| (name.clone(), json!({"schema": media::raw_schema(name)}));
    Value::Object(types.iter().map(media).collect())
}
