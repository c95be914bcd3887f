//! Responses: a schema for each of the operation's media types.

use serde_json::{Map, Value};

use super::Converter;
use super::body::raw_content;
use super::location::Location;
use super::media::{Media, is_raw};
use super::references;
use super::schemas::make_binary;
use crate::document::{is_json, is_success, media_type, members, reference, resolve};

const BYTES: &str = "application/octet-stream";

impl Converter {
    /// The responses of an operation, by status.
    pub(super) fn responses(
        &mut self,
        mut node: Value,
        method: &str,
        media: &Media,
        at: Location<'_>,
    ) -> Value {
        self.record_shared(&node, media, at);
        let Value::Object(response_nodes) = &mut node else {
            return node;
        };
        for (status, response_node) in response_nodes.iter_mut() {
            if status.starts_with("x-") {
                continue;
            }
            let at = at.member(status);
            *response_node = self.response(response_node.take(), &media.produces, at);
            let empty = method == "head" || matches!(status.as_str(), "204" | "205");
            if is_success(status) && !empty {
                self.undeclared_response(response_node, media, at);
            }
        }
        let has_content = |response_node: &Value| response_node.get("content").is_some();
        if media.own_produces
            && !media.produces.is_empty()
            && !response_nodes.values().any(has_content)
        {
            self.idle_produces += 1;
        }
        node
    }

    /// A shared response uses the media types of the document, whichever operation refers to it.
    pub(super) fn shared_response(&mut self, node: Value, at: Location<'_>) -> Value {
        let produces = self.produces.clone();
        self.response(node, &produces, at)
    }

    /// According to the Swagger specification a shared response uses the media types of the
    /// operation. The error of a CSV download would then be CSV too. In practice it is JSON.
    fn record_shared(&mut self, response_nodes: &Value, media: &Media, at: Location<'_>) {
        if media
            .produces
            .iter()
            .any(|name| self.produces.contains(name))
            || !media.own_produces
        {
            return;
        }
        let shared: Vec<&str> = members(Some(response_nodes))
            .filter(|(_, response_node)| reference(response_node).is_some())
            .filter(|(_, response_node)| {
                resolve(&self.shared, response_node)
                    .is_some_and(|response_node| response_node.get("schema").is_some())
            })
            .map(|(status, _)| status.as_str())
            .collect();
        if shared.is_empty() || media.produces.is_empty() {
            return;
        }
        let message = format!(
            "the shared responses for {} use the media types of the document instead of {}",
            shared.join(", "),
            media.produces.join(", ")
        );
        self.record("shared_response", at, message);
    }

    /// A response without a schema whose media type is binary or text has a body. Real documents
    /// declare downloads like this.
    fn undeclared_response(&mut self, response_node: &mut Value, media: &Media, at: Location<'_>) {
        let bare = reference(response_node).is_none() && response_node.get("content").is_none();
        let Some(response_node) = response_node.as_object_mut().filter(|_| bare) else {
            return;
        };
        if media.own_produces && is_raw(&media.produces) {
            let list = media.produces.join(", ");
            let message = format!("no schema for {list}: assuming a text or binary response");
            self.record("undeclared_body", at, message);
            response_node.insert("content".to_owned(), raw_content(&media.produces));
        }
    }

    fn response(&mut self, node: Value, produces: &[String], at: Location<'_>) -> Value {
        if reference(&node).is_some() {
            return references::with_moved_reference(node);
        }
        let Value::Object(mut node) = node else {
            return node;
        };
        let schema = node.get_mut("schema").map(Value::take);
        let examples = node.get_mut("examples").map(Value::take);
        let mut content = self.content(schema, produces, at);
        self.examples(examples, &mut content, at.member("examples"));
        let mut content = Some(content).filter(|content| !content.is_empty());
        let mut response_node = Map::new();
        for (key, value) in node {
            let here = at.member(&key);
            match key.as_str() {
                "schema" | "examples" => {
                    if let Some(content) = content.take() {
                        response_node.insert("content".to_owned(), Value::Object(content));
                    }
                }
                "content" => {
                    self.record(
                        "unknown_member",
                        here,
                        "dropped: Swagger 2.0 does not have this member",
                    );
                }
                "headers" => {
                    let headers = self.each(value, here, Self::header);
                    response_node.insert(key, headers);
                }
                _ => {
                    self.unknown(&key, &["description"], here);
                    response_node.insert(key, value);
                }
            }
        }
        Value::Object(response_node)
    }

    /// The schema in each media type; empty if there is no schema.
    fn content(
        &mut self,
        schema: Option<Value>,
        produces: &[String],
        at: Location<'_>,
    ) -> Map<String, Value> {
        let Some(mut schema) = schema else {
            return Map::new();
        };
        let file = schema.as_object_mut().is_some_and(make_binary);
        let types = match file && produces.is_empty() {
            true => vec![BYTES.to_owned()],
            false => self.or_json(produces, "produces", at),
        };
        if file && types.iter().all(|name| is_json(name)) {
            let message = "a file should not be JSON: add its media type to `produces`";
            self.record("file", at.member("schema"), message);
        }
        let schema = self.schema(schema, at.member("schema"));
        self.in_each(types, Some(schema), at)
    }

    /// Swagger has one example for each media type.
    fn examples(
        &mut self,
        examples: Option<Value>,
        content: &mut Map<String, Value>,
        at: Location<'_>,
    ) {
        let examples = match examples {
            None => return,
            Some(Value::Object(examples)) => examples,
            Some(_) => {
                let message = "dropped the examples, which are not an object";
                return self.record("example", at, message);
            }
        };
        for (name, example) in examples {
            let same = |known: &&String| media_type(known) == media_type(&name);
            let known = content.keys().find(same).cloned();
            match known.and_then(|known| content.get_mut(&known)?.as_object_mut()) {
                Some(media) => {
                    media.insert("example".to_owned(), example);
                }
                None => self.record(
                    "example",
                    at.member(&name),
                    "dropped the example, because no response of this media type has a schema",
                ),
            }
        }
    }
}
