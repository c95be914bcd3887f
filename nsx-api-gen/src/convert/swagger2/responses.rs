//! Answers: a schema in each of the operation's media types.

use serde_json::{Map, Value};

use super::Upgrade;
use super::body::raw_content;
use super::media::{Media, is_raw};
use super::place::At;
use super::references;
use super::schemas::make_binary;
use crate::document::{is_json, is_success, media_type, members, reference, resolve};

const BYTES: &str = "application/octet-stream";

impl Upgrade {
    /// The answers of an operation by status.
    pub(super) fn responses(
        &mut self,
        mut node: Value,
        method: &str,
        media: &Media,
        at: At<'_>,
    ) -> Value {
        self.tell_shared(&node, media, at);
        let Value::Object(answers) = &mut node else {
            return node;
        };
        for (status, answer) in answers.iter_mut() {
            if status.starts_with("x-") {
                continue;
            }
            let at = at.member(status);
            *answer = self.response(answer.take(), &media.produces, at);
            let empty = method == "head" || matches!(status.as_str(), "204" | "205");
            if is_success(status) && !empty {
                self.undeclared_answer(answer, media, at);
            }
        }
        let said = |answer: &Value| answer.get("content").is_some();
        if media.own_produces && !media.produces.is_empty() && !answers.values().any(said) {
            self.idle_produces += 1;
        }
        node
    }

    /// A shared answer is in the document's media types, whichever operation gives it.
    pub(super) fn shared_response(&mut self, node: Value, at: At<'_>) -> Value {
        let produces = self.produces.clone();
        self.response(node, &produces, at)
    }

    /// By the letter of Swagger a shared answer comes in the media types of the operation. That would make an error of a
    /// download a CSV file; it is JSON, as elsewhere.
    fn tell_shared(&mut self, answers: &Value, media: &Media, at: At<'_>) {
        if media
            .produces
            .iter()
            .any(|name| self.produces.contains(name))
            || !media.own_produces
        {
            return;
        }
        let shared: Vec<&str> = members(Some(answers))
            .filter(|(_, answer)| reference(answer).is_some())
            .filter(|(_, answer)| {
                resolve(&self.shared, answer).is_some_and(|answer| answer.get("schema").is_some())
            })
            .map(|(status, _)| status.as_str())
            .collect();
        if shared.is_empty() || media.produces.is_empty() {
            return;
        }
        let message = format!(
            "the answers for {} are shared: they are not in {}, but in the document's media types",
            shared.join(", "),
            media.produces.join(", ")
        );
        self.tell("shared_response", at, message);
    }

    /// An answer without a schema that is said to be bytes or text has some: so real documents declare downloads.
    fn undeclared_answer(&mut self, answer: &mut Value, media: &Media, at: At<'_>) {
        let bare = reference(answer).is_none() && answer.get("content").is_none();
        let Some(answer) = answer.as_object_mut().filter(|_| bare) else {
            return;
        };
        if media.own_produces && is_raw(&media.produces) {
            let list = media.produces.join(", ");
            let message =
                format!("there is no schema for {list}: an answer of text or bytes is assumed");
            self.tell("undeclared_body", at, message);
            answer.insert("content".to_owned(), raw_content(&media.produces));
        }
    }

    fn response(&mut self, node: Value, produces: &[String], at: At<'_>) -> Value {
        if reference(&node).is_some() {
            return references::moved_in(node);
        }
        let Value::Object(mut node) = node else {
            return node;
        };
        let schema = node.get_mut("schema").map(Value::take);
        let examples = node.get_mut("examples").map(Value::take);
        let mut content = self.content(schema, produces, at);
        self.examples(examples, &mut content, at.member("examples"));
        let mut content = Some(content).filter(|content| !content.is_empty());
        let mut answer = Map::new();
        for (key, value) in node {
            let here = at.member(&key);
            match key.as_str() {
                "schema" | "examples" => {
                    if let Some(content) = content.take() {
                        answer.insert("content".to_owned(), Value::Object(content));
                    }
                }
                "content" => {
                    self.tell("unknown_member", here, "this is not kept: Swagger has none");
                }
                "headers" => {
                    let headers = self.each(value, here, Self::header);
                    answer.insert(key, headers);
                }
                _ => {
                    self.unknown(&key, &["description"], here);
                    answer.insert(key, value);
                }
            }
        }
        Value::Object(answer)
    }

    /// The schema in each media type; no content where there is no schema.
    fn content(
        &mut self,
        schema: Option<Value>,
        produces: &[String],
        at: At<'_>,
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
            let message =
                "a file that comes as JSON is a stream: its media type belongs into `produces`";
            self.tell("file", at.member("schema"), message);
        }
        let schema = self.schema(schema, at.member("schema"));
        self.in_each(types, Some(schema), at)
    }

    /// Swagger has one example for each media type.
    fn examples(&mut self, examples: Option<Value>, content: &mut Map<String, Value>, at: At<'_>) {
        let examples = match examples {
            None => return,
            Some(Value::Object(examples)) => examples,
            Some(_) => {
                let message = "examples that are no object are not kept";
                return self.tell("example", at, message);
            }
        };
        for (name, example) in examples {
            let same = |known: &&String| media_type(known) == media_type(&name);
            let known = content.keys().find(same).cloned();
            match known.and_then(|known| content.get_mut(&known)?.as_object_mut()) {
                Some(media) => {
                    media.insert("example".to_owned(), example);
                }
                None => self.tell(
                    "example",
                    at.member(&name),
                    "no answer of this media type has a schema: the example is not kept",
                ),
            }
        }
    }
}
