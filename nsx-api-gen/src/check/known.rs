//! Members that would be passed over: misspelt ones, those of the wrong kind, and those that change what a call does and
//! are not supported.

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

/// The kind that a member must be of.
type Kind = (&'static str, &'static str, fn(&Value) -> bool);

const OBJECT: fn(&Value) -> bool = Value::is_object;
const LIST: fn(&Value) -> bool = Value::is_array;
const FLAG: fn(&Value) -> bool = Value::is_boolean;
const TEXT: fn(&Value) -> bool = Value::is_string;

pub(super) fn check(root: &Value, faults: &mut Faults) {
    let mut look = Look {
        faults,
        operation: None,
    };
    look.kinds(
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
            look.faults
                .at(&pointer, "a section of the components must be an object");
        }
        for (name, part) in members(Some(parts)) {
            look.holder(part, &join(&pointer, name));
        }
    }
    for (path, item) in document::paths(root) {
        let pointer = join("#/paths", path);
        let known = |key: &str| PATH_ITEM.contains(&key) || METHODS.contains(&key);
        look.members(item, &pointer, known);
        look.parameters(item, &pointer);
        if item.get(IDEMPOTENT).is_some() {
            let message = "this is said of an operation, not of a path";
            look.faults.at(join(&pointer, IDEMPOTENT), message);
        }
    }
    for place in document::operations(root) {
        look.operation = place.id();
        look.members(place.node, &place.pointer, |key| OPERATION.contains(&key));
        look.kinds(
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
        look.parameters(place.node, &place.pointer);
        if let Some(body) = place.node.get("requestBody") {
            look.holder(body, &format!("{}/requestBody", place.pointer));
        }
        for (_, pointer, response) in place.responses() {
            look.holder(response, &pointer);
        }
    }
}

struct Look<'a> {
    faults: &'a mut Faults,
    operation: Option<&'a str>,
}

impl Look<'_> {
    /// Every member is one that is known here; a vendor's extensions are the vendor's.
    fn members(&mut self, node: &Value, pointer: &str, known: impl Fn(&str) -> bool) {
        for (key, _) in members(Some(node)) {
            if !known(key) && !key.starts_with("x-") {
                let message = format!("`{key}` is no member that OpenAPI has here");
                self.faults.of(self.operation, join(pointer, key), message);
            }
        }
    }

    fn kinds(&mut self, node: &Value, pointer: &str, kinds: &[Kind]) {
        for (key, wanted, right) in kinds {
            if node.get(*key).is_some_and(|value| !right(value)) {
                let message = format!("`{key}` must be {wanted}");
                self.faults.of(self.operation, join(pointer, key), message);
            }
        }
    }

    fn parameters(&mut self, node: &Value, pointer: &str) {
        self.kinds(node, pointer, &[("parameters", "a list", LIST)]);
        for (index, parameter) in items(node.get("parameters")).enumerate() {
            self.holder(parameter, &format!("{pointer}/parameters/{index}"));
        }
    }

    /// A parameter, a body, a response, or a reference to one.
    fn holder(&mut self, node: &Value, pointer: &str) {
        if !node.is_object() {
            self.faults
                .of(self.operation, pointer, "this must be an object");
        }
        // A schema has a list of names under this key.
        let required = if pointer.starts_with("#/components/schemas/") {
            LIST
        } else {
            FLAG
        };
        self.kinds(
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
