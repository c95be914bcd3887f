//! Paths, and the operations in them.

use serde_json::{Map, Value};

use super::Upgrade;
use super::parameters::Split;
use super::place::At;
use crate::document::METHODS;

impl Upgrade {
    /// The path items; a vendor's extensions stand among them.
    pub(super) fn paths(&mut self, mut node: Value, at: At<'_>) -> Value {
        let Value::Object(paths) = &mut node else {
            return node;
        };
        for (path, item) in paths {
            if !path.starts_with("x-") {
                self.path_item(item, at.member(path));
            }
        }
        node
    }

    /// A path's body or form goes to each of its operations; its other parameters stay.
    fn path_item(&mut self, node: &mut Value, at: At<'_>) {
        let Some(item) = node.as_object_mut() else {
            return;
        };
        let list = at.member("parameters");
        let split = self.split(item, &list);
        if !METHODS.iter().any(|method| item.contains_key(*method)) {
            for part in split.bodies.iter().chain(&split.fields) {
                let message = "the path has no operation that could have this body: it is not kept";
                self.tell("body", part.at, message);
            }
        }
        for (method, operation) in item {
            if METHODS.contains(&method.as_str()) {
                *operation = self.operation(operation.take(), method, &split, at.member(method));
            }
        }
    }

    /// One operation; `path` is what its path gives to all of them.
    fn operation(&mut self, node: Value, method: &str, path: &Split<'_>, at: At<'_>) -> Value {
        let Value::Object(mut operation) = node else {
            return node;
        };
        let id = operation.get("operationId").and_then(Value::as_str);
        let id = id.map(str::to_owned);
        let at = at.of(id.as_deref());
        let media = self.media_of(&operation, at);
        let list = at.member("parameters");
        let own = self.split(&mut operation, &list);
        let mut body = self
            .request_body(own, path, &media, at)
            .or_else(|| self.undeclared_body(method, &media, at));
        let has_body = body.is_some();
        let mut upgraded = Map::new();
        for (key, value) in operation {
            let here = at.member(&key);
            let value = match key.as_str() {
                "consumes" | "produces" => continue,
                "schemes" => {
                    let message =
                        format!("{value} is not kept: whoever calls gives the manager's address");
                    self.tell("server", here, message);
                    continue;
                }
                "requestBody" if has_body => {
                    self.tell("unknown_member", here, "this is not kept: Swagger has none");
                    continue;
                }
                "responses" => {
                    insert_body(&mut upgraded, body.take());
                    self.responses(value, method, &media, here)
                }
                _ => value,
            };
            upgraded.insert(key, value);
        }
        insert_body(&mut upgraded, body);
        Value::Object(upgraded)
    }
}

fn insert_body(operation: &mut Map<String, Value>, body: Option<Value>) {
    if let Some(body) = body {
        operation.insert("requestBody".to_owned(), body);
    }
}
