//! Reports OpenAPI members that would silently be ignored: misspelled ones, those of the wrong
//! type, and unsupported ones that change the effect of a call.

use serde_json::Value;

use crate::document::{self, IDEMPOTENT, METHODS, items, join, members};
use crate::error::Faults;

const PATH_ITEM: [&str; 5] = ["$ref", "description", "parameters", "servers", "summary"];
const OPERATION: [&str; 12] = [
    "callbacks",
    "deprecated",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "servers",
    "summary",
    "tags",
];

/// The expected type of a member.
type ExpectedType = (&'static str, &'static str, fn(&Value) -> bool);

const OBJECT: fn(&Value) -> bool = Value::is_object;
const LIST: fn(&Value) -> bool = Value::is_array;
const FLAG: fn(&Value) -> bool = Value::is_boolean;
const TEXT: fn(&Value) -> bool = Value::is_string;

pub(super) fn check(root: &Value, faults: &mut Faults) {
    let mut checker = MemberChecker {
        faults,
        operation: None,
    };
    checker.types(
        root,
        "#",
        &[
            ("servers", "a list", LIST),
            ("tags", "a list", LIST),
            ("components", "an object", OBJECT),
        ],
    );
    for (section, parts) in members(root.get("components")) {
        let pointer = join("#/components", section);
        if section.starts_with("x-") {
            continue;
        }
        if !parts.is_object() {
            checker
                .faults
                .add(&pointer, "a section of the components must be an object");
        }
        for (name, part) in members(Some(parts)) {
            checker.holder(part, &join(&pointer, name));
        }
    }
    for (path, item) in document::paths(root) {
        let pointer = join("#/paths", path);
        let known = |key: &str| PATH_ITEM.contains(&key) || METHODS.contains(&key);
        checker.members(item, &pointer, known);
        checker.parameters(item, &pointer);
        if item.get(IDEMPOTENT).is_some() {
            let message = "this extension belongs to an operation, not to a path";
            checker.faults.add(join(&pointer, IDEMPOTENT), message);
        }
    }
    check_operations(root, &mut checker);
}

fn check_operations<'a>(root: &'a Value, checker: &mut MemberChecker<'a>) {
    for place in document::operations(root) {
        checker.operation = place.id();
        checker.members(place.node, &place.pointer, |key| OPERATION.contains(&key));
        checker.types(
            place.node,
            &place.pointer,
            &[
                ("tags", "a list", LIST),
                ("deprecated", "true or false", FLAG),
                (IDEMPOTENT, "true or false", FLAG),
                ("summary", "text", TEXT),
                ("description", "text", TEXT),
                ("responses", "an object", OBJECT),
            ],
        );
        checker.parameters(place.node, &place.pointer);
        if let Some(body) = place.node.get("requestBody") {
            checker.holder(body, &format!("{}/requestBody", place.pointer));
        }
        for (_, pointer, response) in place.responses() {
            checker.holder(response, &pointer);
        }
    }
}

struct MemberChecker<'a> {
    faults: &'a mut Faults,
    operation: Option<&'a str>,
}

impl MemberChecker<'_> {
    /// Reports every unknown member. Vendor extensions are allowed.
    fn members(&mut self, node: &Value, pointer: &str, known: impl Fn(&str) -> bool) {
        for (key, _) in members(Some(node)) {
            if !known(key) && !key.starts_with("x-") {
                let message = format!("OpenAPI does not define `{key}` here");
                self.faults
                    .add_for(self.operation, join(pointer, key), message);
            }
        }
    }

    fn types(&mut self, node: &Value, pointer: &str, types: &[ExpectedType]) {
        for (key, wanted, right) in types {
            if node.get(*key).is_some_and(|value| !right(value)) {
                let message = format!("`{key}` must be {wanted}");
                self.faults
                    .add_for(self.operation, join(pointer, key), message);
            }
        }
    }

    fn parameters(&mut self, node: &Value, pointer: &str) {
        self.types(node, pointer, &[("parameters", "a list", LIST)]);
        for (index, parameter) in items(node.get("parameters")).enumerate() {
            self.holder(parameter, &format!("{pointer}/parameters/{index}"));
        }
    }

    /// A parameter, a body, a response, or a reference to one.
    fn holder(&mut self, node: &Value, pointer: &str) {
        if !node.is_object() {
            self.faults
                .add_for(self.operation, pointer, "this must be an object");
        }
        // In a schema, this key has a list of names.
        let required = if pointer.starts_with("#/components/schemas/") {
            LIST
        } else {
            FLAG
        };
        self.types(
            node,
            pointer,
            &[
                (
                    "required",
                    "true or false, or in a schema a list of names",
                    required,
                ),
                ("content", "an object", OBJECT),
                ("explode", "true or false", FLAG),
                ("description", "text", TEXT),
            ],
        );
    }
}
