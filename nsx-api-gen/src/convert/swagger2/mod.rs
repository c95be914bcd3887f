//! Makes an OpenAPI 3.0 document of a Swagger 2.0 one, so that the later steps know one language only.
//!
//! Every member stands where it stood, so that a person can lay the two documents side by side. What has moved: `openapi`
//! comes first and the `components` last, as they do in documents that people write.
//!
//! A step back from the document's words is told of, as a [`Change`] under one of these names, with its place in the
//! Swagger document: what was guessed, mended, or has no counterpart. What says the same in OpenAPI's words is not.
//! What makes no sense in either stays as it is, for [`check`](crate::check) to report: a list where an object belongs,
//! a reference that leads out of the document.
//!
//! | name | tells of |
//! | --- | --- |
//! | `body` | parameters that cannot all be the one body, or a body without a schema |
//! | `body_name` | names of body parameters, which mean nothing |
//! | `collection_format` | lists that cannot be written as the document says |
//! | `component_name` | names with letters that OpenAPI does not allow there |
//! | `example` | examples that belong to no answer |
//! | `file` | `type: file` where no file can stand, or without its media type |
//! | `form` | what a form cannot say, or says twice |
//! | `media_type` | `consumes` and `produces` that are missing, of the wrong kind, or without effect |
//! | `parameter_schema` | a parameter that has its type in a `schema` |
//! | `required_flag` | `required: true` at a property, where a list at the object belongs |
//! | `security` | a scheme that is not known |
//! | `server` | host and schemes, which the SDK's user gives, and a mended `basePath` |
//! | `shared_response` | answers in another media type than the operation's |
//! | `too_large` | copies that would grow without bound |
//! | `undeclared_body` | bytes that are sent or answered and have no schema |
//! | `unknown_member` | members that neither Swagger nor OpenAPI has |
//! | `version` | a version that is no text |

mod body;
mod copies;
mod form;
mod media;
mod operations;
mod parameters;
mod place;
mod references;
mod responses;
mod schemas;
mod security;
mod servers;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
pub(crate) use copies::size;
use place::At;

/// What a document's first level has in both, word for word.
const SAME: [&str; 4] = ["info", "tags", "security", "externalDocs"];

/// Makes OpenAPI 3.0.3 of Swagger 2.0, and tells what is not the same in it.
pub(crate) fn upgrade(root: Value) -> (Value, Vec<Change>) {
    let Value::Object(root) = root else {
        return (root, Vec::new());
    };
    let mut upgrade = Upgrade::new(&root);
    let root = upgrade.document(root);
    upgrade.tell_totals();
    (Value::Object(root), upgrade.changes)
}

/// What the parts of an upgrade share.
struct Upgrade {
    /// The document's shared parameters and responses as they were: an operation that refers to one must know what it is.
    shared: Value,
    /// The media types of operations that give none of their own.
    consumes: Vec<String>,
    produces: Vec<String>,
    changes: Vec<Change>,
    /// How much may still be copied.
    copies: usize,
    /// What is told once, with its number: each by itself is no news.
    body_names: usize,
    idle_consumes: usize,
    idle_produces: usize,
}

impl Upgrade {
    fn new(root: &Map<String, Value>) -> Self {
        let section = |key: &str| root.get(key).cloned().unwrap_or_default();
        let mut upgrade = Self {
            shared: json!({"parameters": section("parameters"), "responses": section("responses")}),
            consumes: Vec::new(),
            produces: Vec::new(),
            changes: Vec::new(),
            copies: copies::MOST,
            body_names: 0,
            idle_consumes: 0,
            idle_produces: 0,
        };
        upgrade.consumes = upgrade
            .media_types(root, "consumes", At::ROOT)
            .unwrap_or_default();
        upgrade.produces = upgrade
            .media_types(root, "produces", At::ROOT)
            .unwrap_or_default();
        upgrade
    }

    /// Tells of a change at a place of the Swagger document.
    fn tell(&mut self, pass: &'static str, at: At<'_>, message: impl Into<String>) {
        self.changes.push(Change {
            pass,
            pointer: at.pointer(),
            operation: at.operation().map(str::to_owned),
            message: message.into(),
        });
    }

    fn tell_totals(&mut self) {
        let paths = At::ROOT.member("paths");
        for (pass, number, what) in [
            (
                "body_name",
                self.body_names,
                "the names of body parameters mean nothing and are not kept",
            ),
            (
                "media_type",
                self.idle_consumes,
                "`consumes` of operations without a body has no effect and is not kept",
            ),
            (
                "media_type",
                self.idle_produces,
                "`produces` of operations whose answers have no schema has no effect and is not kept",
            ),
        ] {
            if number > 0 {
                self.tell(pass, paths, format!("{what} ({number} in all)"));
            }
        }
    }

    fn document(&mut self, root: Map<String, Value>) -> Map<String, Value> {
        let mut upgraded = Map::new();
        upgraded.insert("openapi".to_owned(), json!("3.0.3"));
        let mut components = Map::new();
        let mut servers = self.servers(&root);
        for (key, value) in root {
            let at = At::ROOT.member(&key);
            match key.as_str() {
                "swagger" => self.version(&value, at),
                "host" | "basePath" | "schemes" => {
                    if let Some(servers) = servers.take() {
                        upgraded.insert("servers".to_owned(), servers);
                    }
                }
                // Read before: they are said of each operation.
                "consumes" | "produces" => {}
                "paths" => {
                    let paths = self.paths(value, at);
                    upgraded.insert(key, paths);
                }
                "definitions" | "parameters" | "responses" | "securityDefinitions" => {
                    self.section(&key, value, at, &mut components);
                }
                "openapi" | "servers" | "components" => {
                    self.tell("unknown_member", at, "this is not kept: Swagger has none");
                }
                _ => {
                    self.unknown(&key, &SAME, at);
                    upgraded.insert(key, value);
                }
            }
        }
        if !components.is_empty() {
            upgraded.insert("components".to_owned(), Value::Object(components));
        }
        upgraded
    }

    /// The version is a text, and one that YAML reads as a number is meant to be.
    fn version(&mut self, version: &Value, at: At<'_>) {
        if !version.is_string() {
            self.tell(
                "version",
                at,
                format!("{version} is read as \"2.0\": it must be quoted"),
            );
        }
    }

    /// A section of shared parts.
    fn section(
        &mut self,
        key: &str,
        parts: Value,
        at: At<'_>,
        components: &mut Map<String, Value>,
    ) {
        self.names(&parts, at);
        let (section, parts) = match key {
            "definitions" => ("schemas", self.each(parts, at, Self::schema)),
            "responses" => ("responses", self.each(parts, at, Self::shared_response)),
            "securityDefinitions" => ("securitySchemes", self.each(parts, at, Self::scheme)),
            _ => return self.shared_parameters(parts, at, components),
        };
        components.insert(section.to_owned(), parts);
    }

    fn names(&mut self, parts: &Value, at: At<'_>) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        for (name, _) in crate::document::members(Some(parts)) {
            if name.is_empty() || !name.chars().all(plain) {
                let message = "OpenAPI has only letters, digits, `.`, `-` and `_` in such a name: it is kept as it is";
                self.tell("component_name", at.member(name), message);
            }
        }
    }

    /// Upgrades the members of an object or the items of a list; what is neither stays as it is.
    fn each(
        &mut self,
        mut node: Value,
        at: At<'_>,
        upgrade: fn(&mut Self, Value, At<'_>) -> Value,
    ) -> Value {
        match &mut node {
            Value::Object(map) => {
                for (key, part) in map {
                    *part = upgrade(self, part.take(), at.member(key));
                }
            }
            Value::Array(list) => {
                for (index, part) in list.iter_mut().enumerate() {
                    *part = upgrade(self, part.take(), at.item(index));
                }
            }
            _ => {}
        }
        node
    }

    /// Tells of a member that is kept and that nobody will look at.
    fn unknown(&mut self, key: &str, known: &[&str], at: At<'_>) {
        if !known.contains(&key) && !key.starts_with("x-") {
            let message =
                format!("`{key}` is no member that Swagger has here: it is kept as it is");
            self.tell("unknown_member", at, message);
        }
    }
}
