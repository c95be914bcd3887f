//! Parameters: Swagger describes the value next to the parameter's name, OpenAPI in a schema.

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use super::references::{self, shared_parameter};
use super::schemas::{KEYWORDS, NULLABLE};
use crate::document::{reference, resolve, text};

/// The members that a parameter or header has in both versions. The last three exist only in
/// OpenAPI.
const SAME: [&str; 8] = [
    "name",
    "in",
    "description",
    "required",
    "allowEmptyValue",
    "deprecated",
    "example",
    "examples",
];

/// The report for a parameter that is described as in OpenAPI.
pub(super) const IN_SCHEMA: &str = "Swagger 2.0 parameters have no `schema`: it is used for what the parameter itself does not define";

/// What a parameter becomes.
pub(super) enum ParameterKind {
    Parameter,
    Body,
    Field,
}

/// A parameter, with its members separated.
#[derive(Default)]
struct Described {
    members: Map<String, Value>,
    /// The members that describe the value.
    schema: Map<String, Value>,
    /// How a list is serialized.
    format: Option<Value>,
}

/// A parameter that becomes part of the request body, and its location.
#[derive(Clone)]
pub(super) struct Part<'a> {
    pub(super) at: Location<'a>,
    pub(super) node: Value,
}

/// The parameters that become the request body, unconverted.
#[derive(Default)]
pub(super) struct Split<'a> {
    pub(super) bodies: Vec<Part<'a>>,
    /// The fields of a form.
    pub(super) fields: Vec<Part<'a>>,
}

impl Converter {
    /// What a parameter becomes; references are resolved. A form field without a name stays in the
    /// list, so that it is reported.
    pub(super) fn parameter_kind(&self, node: &Value) -> ParameterKind {
        let Some(node) = resolve(&self.shared, node) else {
            return ParameterKind::Parameter;
        };
        match text(node, "in") {
            Some("body") => ParameterKind::Body,
            Some("formData") if text(node, "name").is_some() => ParameterKind::Field,
            _ => ParameterKind::Parameter,
        }
    }

    /// Removes the parameters that become the request body, and converts the others in place.
    pub(super) fn split<'a>(
        &mut self,
        holder: &mut Map<String, Value>,
        at: &'a Location<'a>,
    ) -> Split<'a> {
        let mut split = Split::default();
        let Some(Value::Array(list)) = holder.get_mut("parameters") else {
            return split;
        };
        let mut kept = Vec::new();
        for (index, node) in std::mem::take(list).into_iter().enumerate() {
            let at = at.item(index);
            match self.parameter_kind(&node) {
                ParameterKind::Body => split.bodies.push(Part { at, node }),
                ParameterKind::Field => split.fields.push(Part { at, node }),
                ParameterKind::Parameter => kept.push(self.parameter(node, at)),
            }
        }
        let emptied = kept.is_empty() && !(split.bodies.is_empty() && split.fields.is_empty());
        *list = kept;
        if emptied {
            holder.shift_remove("parameters");
        }
        split
    }

    /// The shared parameters. A body moves to its own section; a form field is copied into each
    /// operation that uses it.
    pub(super) fn shared_parameters(
        &mut self,
        parts: Value,
        at: Location<'_>,
        components: &mut Map<String, Value>,
    ) {
        let Value::Object(parts) = parts else {
            components.insert("parameters".to_owned(), parts);
            return;
        };
        for (name, node) in parts {
            let at = at.member(&name);
            let (section, part) = match self.parameter_kind(&node) {
                ParameterKind::Parameter => ("parameters", self.parameter(node, at)),
                ParameterKind::Body => ("requestBodies", self.shared_body(node, at)),
                ParameterKind::Field => {
                    let message = "a form field cannot be shared in OpenAPI: it is copied into each operation";
                    self.record("form", at, message);
                    continue;
                }
            };
            let section = components.entry(section).or_insert_with(|| json!({}));
            if let Some(section) = section.as_object_mut() {
                section.insert(name, part);
            }
        }
    }

    /// A copy of the shared parameter that a node refers to, or the node itself. If the copy would
    /// exceed the limit, the reference is kept.
    pub(super) fn resolve_copy(&mut self, node: Value, at: Location<'_>) -> Value {
        if reference(&node).is_none() {
            return node;
        }
        // Taken out temporarily, because recording changes borrows `self` mutably.
        let shared = std::mem::take(&mut self.shared);
        let copy = resolve(&shared, &node).and_then(|target| self.copy(target, at));
        self.shared = shared;
        copy.unwrap_or_else(|| references::with_moved_reference(node))
    }

    /// A parameter that is not part of the body.
    fn parameter(&mut self, node: Value, at: Location<'_>) -> Value {
        if reference(&node).is_some() {
            return references::with_moved_reference(node);
        }
        let place = text(&node, "in").unwrap_or_default().to_owned();
        self.described(node, &place, at)
    }

    /// A response header, which is a parameter without name and location.
    pub(super) fn header(&mut self, node: Value, at: Location<'_>) -> Value {
        self.described(node, "header", at)
    }

    fn described(&mut self, node: Value, place: &str, at: Location<'_>) -> Value {
        let Value::Object(node) = node else {
            return node;
        };
        let mut described = Described::default();
        for (key, value) in node {
            self.member(key, value, &mut described, at);
        }
        let Described {
            mut members,
            schema,
            format,
        } = described;
        let list = schema.get("type").and_then(Value::as_str) == Some("array");
        if !schema.is_empty() {
            let schema = self.schema(Value::Object(schema), at);
            members.insert("schema".to_owned(), schema);
        }
        let style = self.style(list, format.as_ref(), place, at);
        // Paths and headers have only one style, so it is omitted.
        if let Some((style, explode)) = style.filter(|_| place == "query") {
            members.insert("style".to_owned(), json!(style));
            members.insert("explode".to_owned(), json!(explode));
        }
        Value::Object(members)
    }

    /// Moves one member of a parameter to its place in OpenAPI.
    fn member(&mut self, key: String, value: Value, into: &mut Described, at: Location<'_>) {
        let here = at.member(&key);
        match key.as_str() {
            "collectionFormat" => into.format = Some(value),
            "x-example" if !into.members.contains_key("example") => {
                into.members.insert("example".to_owned(), value);
            }
            "schema" if value.is_object() => {
                self.record("parameter_schema", here, IN_SCHEMA);
                into.members.entry("schema").or_insert(Value::Null);
                add_missing(&mut into.schema, value);
            }
            word if KEYWORDS.contains(&word) || NULLABLE.contains(&word) => {
                // The schema is inserted in place of its first keyword.
                into.members.entry("schema").or_insert(Value::Null);
                into.schema.insert(key, value);
            }
            "style" | "explode" | "content" => {
                self.record(
                    "unknown_member",
                    here,
                    "dropped: Swagger 2.0 does not have this member",
                );
            }
            _ => {
                self.unknown(&key, &SAME, here);
                into.members.insert(key, value);
            }
        }
    }

    /// The serialization of a list, as `style` and `explode`. The defaults differ (commas in
    /// Swagger, repeated names in OpenAPI), so it is always written.
    pub(super) fn style(
        &mut self,
        list: bool,
        format: Option<&Value>,
        place: &str,
        at: Location<'_>,
    ) -> Option<(&'static str, bool)> {
        let at = at.member("collectionFormat");
        if !list {
            if let Some(format) = format {
                let message = format!("dropped {format}, which applies only to lists");
                self.record("collection_format", at, message);
            }
            return None;
        }
        let repeats = matches!(place, "query" | "formData");
        match format.map(Value::as_str) {
            None | Some(Some("csv")) => Some(("form", false)),
            Some(Some("multi")) if repeats => Some(("form", true)),
            Some(Some("ssv")) if repeats => Some(("spaceDelimited", false)),
            Some(Some("pipes")) if repeats => Some(("pipeDelimited", false)),
            _ => {
                let format = format.unwrap_or(&Value::Null);
                let message = format!(
                    "OpenAPI has no equivalent of {format} here: the values are separated by commas"
                );
                self.record("collection_format", at, message);
                Some(("form", false))
            }
        }
    }
}

/// Adds the members that the schema does not have yet.
pub(super) fn add_missing(schema: &mut Map<String, Value>, given: Value) {
    if let Value::Object(given) = given {
        for (key, value) in given {
            schema.entry(key).or_insert(value);
        }
    }
}

/// The new target of a reference to a shared body.
pub(super) fn shared_body_reference(node: &Value) -> Option<Value> {
    let name = shared_parameter(reference(node)?)?;
    Some(json!({"$ref": format!("#/components/requestBodies/{name}")}))
}
