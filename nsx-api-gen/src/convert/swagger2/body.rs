//! The request's body, which is a parameter in Swagger and has a place of its own in OpenAPI.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::media::{self, Media};
use super::parameters::{Part, Split, shared_body_reference};
use super::place::At;
use super::schemas::KEYWORDS;
use crate::document::{reference, resolve, text};

/// The members that a body has in both.
const SAME: [&str; 2] = ["description", "required"];

impl Upgrade {
    /// The body of an operation, of its own parameters and of those that its path gives to all operations.
    pub(super) fn request_body(
        &mut self,
        own: Split<'_>,
        path: &Split<'_>,
        media: &Media,
        at: At<'_>,
    ) -> Option<Value> {
        let operation = at.operation();
        let mut fields = own.fields;
        let names: BTreeSet<_> = fields.iter().map(|field| self.field_name(field)).collect();
        let mut bodies = own.bodies.into_iter();
        let mut body = bodies.next();
        for second in bodies {
            self.tell("body", second.at, "a second body is not kept");
        }
        if body.is_none() {
            let of_path = path.bodies.iter().map(|body| same_for(body, operation));
            body = self.first_body(of_path, fields.is_empty());
        }
        for field in path.fields.iter().map(|field| same_for(field, operation)) {
            // An operation's own field wins over its path's.
            if !names.contains(&self.field_name(&field)) {
                fields.push(field);
            }
        }
        let Some(body) = body else {
            return (!fields.is_empty()).then(|| self.form(fields, media, at));
        };
        for field in fields {
            self.tell("body", field.at, "a form's field beside a body is not kept");
        }
        Some(self.body(body, media))
    }

    /// The body that a path gives to its operations; one with fields of its own cannot have it.
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
                let message = "the path's body is not kept here: the operation has another";
                self.tell("body", body.at, message);
            }
        }
        first
    }

    /// A reference to a shared body stays one, unless the operation takes it in other media types than it was written in.
    fn body(&mut self, body: Part<'_>, media: &Media) -> Value {
        let shared = shared_body_reference(&body.node);
        if let Some(shared) = shared.filter(|_| media.consumes == self.consumes) {
            return shared;
        }
        let node = self.written_out(body.node, body.at);
        if reference(&node).is_some() {
            return node;
        }
        self.body_of(node, &media.consumes, body.at)
    }

    /// A body among the shared parameters, in the media types of the document.
    pub(super) fn shared_body(&mut self, node: Value, at: At<'_>) -> Value {
        if let Some(other) = shared_body_reference(&node) {
            return other;
        }
        let consumes = self.consumes.clone();
        self.body_of(node, &consumes, at)
    }

    fn body_of(&mut self, node: Value, consumes: &[String], at: At<'_>) -> Value {
        let Value::Object(node) = node else {
            return node;
        };
        let mut body = Map::new();
        let mut schema = None;
        let mut words = Map::new();
        for (key, value) in node {
            let here = at.member(&key);
            match key.as_str() {
                "in" => {}
                "name" => self.body_names += 1,
                "schema" => schema = Some(self.schema(value, here)),
                word if KEYWORDS.contains(&word) => {
                    words.insert(key, value);
                }
                "content" => {
                    self.tell("unknown_member", here, "this is not kept: Swagger has none");
                }
                _ => {
                    self.unknown(&key, &SAME, here);
                    body.insert(key, value);
                }
            }
        }
        let schema = self.body_schema(schema, words, at);
        let types = self.or_json(consumes, "consumes", at);
        let content = self.in_each(types, schema, at);
        body.insert("content".to_owned(), Value::Object(content));
        Value::Object(body)
    }

    /// A body has a `schema`; documents also describe it as they would another parameter.
    fn body_schema(
        &mut self,
        schema: Option<Value>,
        words: Map<String, Value>,
        at: At<'_>,
    ) -> Option<Value> {
        let names: Vec<&str> = words.keys().map(String::as_str).collect();
        let names = names.join(", ");
        match schema {
            _ if words.is_empty() => schema,
            Some(_) => {
                let message = format!("{names} beside the body's schema is not kept");
                self.tell("body", at, message);
                schema
            }
            None => {
                let message =
                    format!("a schema is made of {names}, which stands beside the body's name");
                self.tell("body", at, message);
                Some(self.schema(Value::Object(words), at))
            }
        }
    }

    /// What an operation says that it takes, and has no parameter for: bytes, as they are. So real documents declare
    /// uploads, and without a body nothing could be sent.
    pub(super) fn undeclared_body(
        &mut self,
        method: &str,
        media: &Media,
        at: At<'_>,
    ) -> Option<Value> {
        if !media.own_consumes || media.consumes.is_empty() {
            return None;
        }
        let sends = matches!(method, "put" | "post" | "patch");
        let list = media.consumes.join(", ");
        if sends && media::is_raw(&media.consumes) {
            let message =
                format!("there is no body parameter for {list}: a body of bytes is assumed");
            self.tell("undeclared_body", at, message);
            return Some(json!({"required": true, "content": raw_content(&media.consumes)}));
        }
        if sends && media.consumes.iter().any(|name| media::is_form(name)) {
            let message = format!("there is no field for {list}: the operation has no body");
            self.tell("undeclared_body", at, message);
        } else {
            self.idle_consumes += 1;
        }
        None
    }

    /// The name of a field, looked up where it is a reference.
    pub(super) fn field_name(&self, field: &Part<'_>) -> Option<String> {
        let node = resolve(&self.shared, &field.node)?;
        text(node, "name").map(str::to_owned)
    }
}

/// A part of the path's parameters, as one of an operation.
fn same_for<'a>(part: &Part<'a>, operation: Option<&'a str>) -> Part<'a> {
    Part {
        at: part.at.of(operation),
        node: part.node.clone(),
    }
}

/// The content of what has no schema, in each of its media types.
pub(super) fn raw_content(types: &[String]) -> Value {
    let media = |name: &String| (name.clone(), json!({"schema": media::raw_schema(name)}));
    Value::Object(types.iter().map(media).collect())
}
