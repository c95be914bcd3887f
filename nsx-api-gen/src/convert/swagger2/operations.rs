//! Paths, and the operations in them.

use serde_json::{Map, Value};

use super::Converter;
use super::location::Location;
use super::parameters::Split;
use crate::document::METHODS;

impl Converter {
    /// The path items. Vendor extensions are left unchanged.
    pub(super) fn paths(&mut self, mut node: Value, at: Location<'_>) -> Value {
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

    /// The body or form of a path is moved to each of its operations; other parameters stay.
    fn path_item(&mut self, node: &mut Value, at: Location<'_>) {
        let Some(item) = node.as_object_mut() else {
            return;
        };
        let list = at.member("parameters");
        let split = self.split(item, &list);
        if !METHODS.iter().any(|method| item.contains_key(*method)) {
            for part in split.bodies.iter().chain(&split.fields) {
                let message = "dropped, because the path has no operations";
                self.record("body", part.at, message);
            }
        }
        for (method, operation) in item {
            if METHODS.contains(&method.as_str()) {
                *operation = self.operation(operation.take(), method, &split, at.member(method));
            }
        }
    }

    /// One operation; `path` has the parameters of its path that become part of the body.
    fn operation(
        &mut self,
        node: Value,
        method: &str,
        path: &Split<'_>,
        at: Location<'_>,
    ) -> Value {
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
        let mut converted = Map::new();
        for (key, value) in operation {
            let here = at.member(&key);
            let value = match key.as_str() {
                "consumes" | "produces" => continue,
                "schemes" => {
                    let message = format!(
                        "dropped {value}: the user of the SDK configures the address of the manager"
                    );
                    self.record("server", here, message);
                    continue;
                }
                "requestBody" if has_body => {
                    self.record(
                        "unknown_member",
                        here,
                        "dropped: Swagger 2.0 does not have this member",
                    );
                    continue;
                }
                "responses" => {
                    insert_body(&mut converted, body.take());
                    self.responses(value, method, &media, here)
                }
                _ => value,
            };
            converted.insert(key, value);
        }
        insert_body(&mut converted, body);
        Value::Object(converted)
    }
}

fn insert_body(operation: &mut Map<String, Value>, body: Option<Value>) {
    if let Some(body) = body {
        operation.insert("requestBody".to_owned(), body);
    }
}
