//! Converts Swagger 2.0 to OpenAPI 3.0.
//!
//! Every member stays at its place, so that the two documents can be compared side by side. Only
//! `openapi` moves to the beginning and `components` to the end, as usual in documents.
//!
//! Everything that was guessed, fixed or lost is reported as a [`Change`] with one of the following
//! pass names and its location in the Swagger document. A member that only has another form in
//! OpenAPI is not reported. Invalid parts, such as a list in place of an object or a reference to
//! another document, are left for [`check`](crate::check) to report.
//!
//! | pass | reports |
//! | --- | --- |
//! | `body` | parameters that cannot be combined into one body, and bodies without a schema |
//! | `body_name` | names of body parameters, which have no meaning |
//! | `collection_format` | lists that cannot be serialized as the document defines |
//! | `component_name` | component names with characters that OpenAPI does not allow |
//! | `example` | examples that do not belong to a response |
//! | `file` | `type: file` in an invalid place or without a media type |
//! | `form` | form fields that are duplicated or have no equivalent |
//! | `media_type` | `consumes` and `produces` that are missing, invalid or unused |
//! | `parameter_schema` | parameters that define their type in a `schema` |
//! | `required_flag` | `required: true` in a property instead of a list in the object |
//! | `security` | unknown security schemes |
//! | `server` | hosts and schemes, which the user of the SDK configures, and a fixed `basePath` |
//! | `shared_response` | shared responses with other media types than the operation |
//! | `too_large` | shared parts that are too large to be copied |
//! | `undeclared_body` | binary request and response bodies without a schema |
//! | `unknown_member` | members that neither Swagger nor OpenAPI defines |
//! | `version` | a version that is not a string |

mod body;
mod copies;
mod form;
mod location;
mod media;
mod operations;
mod parameters;
mod references;
mod responses;
mod schemas;
mod security;
mod servers;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
pub(crate) use copies::text_size;
use location::Location;

/// Top-level members that are identical in both versions.
const SAME: [&str; 4] = ["info", "tags", "security", "externalDocs"];

/// Converts Swagger 2.0 to OpenAPI 3.0.3 and reports what was guessed, fixed or lost.
pub(crate) fn convert(root: Value) -> (Value, Vec<Change>) {
    let Value::Object(root) = root else {
        return (root, Vec::new());
    };
    let mut converter = Converter::new(&root);
    let root = converter.document(root);
    converter.record_totals();
    (Value::Object(root), converter.changes)
}

/// The state of a conversion.
struct Converter {
    /// The shared parameters and responses of the Swagger document, to resolve references.
    shared: Value,
    /// The default media types of operations.
    consumes: Vec<String>,
    produces: Vec<String>,
    changes: Vec<Change>,
    /// How many bytes may still be copied.
    copies: usize,
    /// These changes are counted and reported once.
    body_names: usize,
    idle_consumes: usize,
    idle_produces: usize,
}

impl Converter {
    fn new(root: &Map<String, Value>) -> Self {
        let section = |key: &str| root.get(key).cloned().unwrap_or_default();
        let mut converter = Self {
            shared: json!({"parameters": section("parameters"), "responses": section("responses")}),
            consumes: Vec::new(),
            produces: Vec::new(),
            changes: Vec::new(),
            copies: copies::MAX_COPIED_BYTES,
            body_names: 0,
            idle_consumes: 0,
            idle_produces: 0,
        };
        converter.consumes = converter
            .media_types(root, "consumes", Location::ROOT)
            .unwrap_or_default();
        converter.produces = converter
            .media_types(root, "produces", Location::ROOT)
            .unwrap_or_default();
        converter
    }

    /// Records a change at a location of the Swagger document.
    fn record(&mut self, pass: &'static str, at: Location<'_>, message: impl Into<String>) {
        self.changes.push(Change {
            pass,
            pointer: at.pointer(),
            operation: at.operation().map(str::to_owned),
            message: message.into(),
        });
    }

    fn record_totals(&mut self) {
        let paths = Location::ROOT.member("paths");
        for (pass, number, what) in [
            (
                "body_name",
                self.body_names,
                "names of body parameters are dropped, because they have no meaning",
            ),
            (
                "media_type",
                self.idle_consumes,
                "`consumes` of operations without a body is dropped",
            ),
            (
                "media_type",
                self.idle_produces,
                "`produces` of operations whose responses have no schema is dropped",
            ),
        ] {
            if number > 0 {
                self.record(pass, paths, format!("{what} ({number} in total)"));
            }
        }
    }

    fn document(&mut self, root: Map<String, Value>) -> Map<String, Value> {
        let mut converted = Map::new();
        converted.insert("openapi".to_owned(), json!("3.0.3"));
        let mut components = Map::new();
        let mut servers = self.servers(&root);
        for (key, value) in root {
            let at = Location::ROOT.member(&key);
            match key.as_str() {
                "swagger" => self.version(&value, at),
                "host" | "basePath" | "schemes" => {
                    if let Some(servers) = servers.take() {
                        converted.insert("servers".to_owned(), servers);
                    }
                }
                // Already read: OpenAPI has them in each operation.
                "consumes" | "produces" => {}
                "paths" => {
                    let paths = self.paths(value, at);
                    converted.insert(key, paths);
                }
                "definitions" | "parameters" | "responses" | "securityDefinitions" => {
                    self.section(&key, value, at, &mut components);
                }
                "openapi" | "servers" | "components" => {
                    self.record(
                        "unknown_member",
                        at,
                        "dropped: Swagger 2.0 does not have this member",
                    );
                }
                _ => {
                    self.unknown(&key, &SAME, at);
                    converted.insert(key, value);
                }
            }
        }
        if !components.is_empty() {
            converted.insert("components".to_owned(), Value::Object(components));
        }
        converted
    }

    /// The version should be a string. An unquoted version is a number in YAML.
    fn version(&mut self, version: &Value, at: Location<'_>) {
        if !version.is_string() {
            self.record(
                "version",
                at,
                format!("{version} is interpreted as \"2.0\", which should be quoted"),
            );
        }
    }

    /// A section of shared parts.
    fn section(
        &mut self,
        key: &str,
        parts: Value,
        at: Location<'_>,
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

    fn names(&mut self, parts: &Value, at: Location<'_>) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        for (name, _) in crate::document::members(Some(parts)) {
            if name.is_empty() || !name.chars().all(plain) {
                let message = "OpenAPI allows only letters, digits, `.`, `-` and `_` in this name; it is kept unchanged";
                self.record("component_name", at.member(name), message);
            }
        }
    }

    /// Converts the members of an object or the items of a list. Anything else is left unchanged.
    fn each(
        &mut self,
        mut node: Value,
        at: Location<'_>,
        convert: fn(&mut Self, Value, Location<'_>) -> Value,
    ) -> Value {
        match &mut node {
            Value::Object(map) => {
                for (key, part) in map {
                    *part = convert(self, part.take(), at.member(key));
                }
            }
            Value::Array(list) => {
                for (index, part) in list.iter_mut().enumerate() {
                    *part = convert(self, part.take(), at.item(index));
                }
            }
            _ => {}
        }
        node
    }

    /// Reports a member that is kept but has no effect.
    fn unknown(&mut self, key: &str, known: &[&str], at: Location<'_>) {
        if !known.contains(&key) && !key.starts_with("x-") {
            let message = format!("Swagger 2.0 does not define `{key}` here; it is kept unchanged");
            self.record("unknown_member", at, message);
        }
    }
}
