//! Parameters: what Swagger says beside a parameter's name about its values goes into a schema.

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::place::At;
use super::references::{self, shared_parameter};
use super::schemas::{KEYWORDS, NULLABLE};
use crate::document::{reference, resolve, text};

/// The members that a parameter or header has in both; OpenAPI has the last three.
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

/// What is told of a parameter that is described as OpenAPI does it.
pub(super) const IN_SCHEMA: &str =
    "a parameter has its type beside its name: its `schema` is taken where that says nothing";

/// What becomes of a parameter.
pub(super) enum Kind {
    Parameter,
    Body,
    Field,
}

/// A parameter, its members taken apart.
#[derive(Default)]
struct Described {
    members: Map<String, Value>,
    /// What is said of its values.
    schema: Map<String, Value>,
    /// How a list of them is written.
    format: Option<Value>,
}

/// A parameter that goes into the request's body, and where it stands.
#[derive(Clone)]
pub(super) struct Part<'a> {
    pub(super) at: At<'a>,
    pub(super) node: Value,
}

/// What a list of parameters has for the request's body, as it was.
#[derive(Default)]
pub(super) struct Split<'a> {
    pub(super) bodies: Vec<Part<'a>>,
    /// The fields of a form.
    pub(super) fields: Vec<Part<'a>>,
}

impl Upgrade {
    /// What a parameter is, looked up where it is a reference. A field without a name can stand nowhere: it stays in
    /// the list to be reported.
    pub(super) fn kind(&self, node: &Value) -> Kind {
        let Some(node) = resolve(&self.shared, node) else {
            return Kind::Parameter;
        };
        match text(node, "in") {
            Some("body") => Kind::Body,
            Some("formData") if text(node, "name").is_some() => Kind::Field,
            _ => Kind::Parameter,
        }
    }

    /// Takes out of the parameters what is for the request's body, and upgrades the others where they are.
    pub(super) fn split<'a>(
        &mut self,
        holder: &mut Map<String, Value>,
        at: &'a At<'a>,
    ) -> Split<'a> {
        let mut split = Split::default();
        let Some(Value::Array(list)) = holder.get_mut("parameters") else {
            return split;
        };
        let mut kept = Vec::new();
        for (index, node) in std::mem::take(list).into_iter().enumerate() {
            let at = at.item(index);
            match self.kind(&node) {
                Kind::Body => split.bodies.push(Part { at, node }),
                Kind::Field => split.fields.push(Part { at, node }),
                Kind::Parameter => kept.push(self.parameter(node, at)),
            }
        }
        let emptied = kept.is_empty() && !(split.bodies.is_empty() && split.fields.is_empty());
        *list = kept;
        if emptied {
            holder.shift_remove("parameters");
        }
        split
    }

    /// The shared parameters. A body has a section of its own; a field is written out by each operation that has it.
    pub(super) fn shared_parameters(
        &mut self,
        parts: Value,
        at: At<'_>,
        components: &mut Map<String, Value>,
    ) {
        let Value::Object(parts) = parts else {
            components.insert("parameters".to_owned(), parts);
            return;
        };
        for (name, node) in parts {
            let at = at.member(&name);
            let (section, part) = match self.kind(&node) {
                Kind::Parameter => ("parameters", self.parameter(node, at)),
                Kind::Body => ("requestBodies", self.shared_body(node, at)),
                Kind::Field => {
                    let message =
                        "a form's field cannot be shared: each operation with it has its own";
                    self.tell("form", at, message);
                    continue;
                }
            };
            let section = components.entry(section).or_insert_with(|| json!({}));
            if let Some(section) = section.as_object_mut() {
                section.insert(name, part);
            }
        }
    }

    /// What a reference to a shared parameter leads to, or the node itself. One that may not be copied stays a reference.
    pub(super) fn written_out(&mut self, node: Value, at: At<'_>) -> Value {
        if reference(&node).is_none() {
            return node;
        }
        // Taken out for a moment, to be read while changes are told.
        let shared = std::mem::take(&mut self.shared);
        let copy = resolve(&shared, &node).and_then(|target| self.copy(target, at));
        self.shared = shared;
        copy.unwrap_or_else(|| references::moved_in(node))
    }

    /// A parameter that is no part of the body.
    fn parameter(&mut self, node: Value, at: At<'_>) -> Value {
        if reference(&node).is_some() {
            return references::moved_in(node);
        }
        let place = text(&node, "in").unwrap_or_default().to_owned();
        self.described(node, &place, at)
    }

    /// A header of an answer, which is a parameter without name and place.
    pub(super) fn header(&mut self, node: Value, at: At<'_>) -> Value {
        self.described(node, "header", at)
    }

    fn described(&mut self, node: Value, place: &str, at: At<'_>) -> Value {
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
        // In a path and in a header there is one style, and it need not be said.
        if let Some((style, explode)) = style.filter(|_| place == "query") {
            members.insert("style".to_owned(), json!(style));
            members.insert("explode".to_owned(), json!(explode));
        }
        Value::Object(members)
    }

    /// Puts one member of a parameter where OpenAPI has it.
    fn member(&mut self, key: String, value: Value, into: &mut Described, at: At<'_>) {
        let here = at.member(&key);
        match key.as_str() {
            "collectionFormat" => into.format = Some(value),
            "x-example" if !into.members.contains_key("example") => {
                into.members.insert("example".to_owned(), value);
            }
            "schema" if value.is_object() => {
                self.tell("parameter_schema", here, IN_SCHEMA);
                into.members.entry("schema").or_insert(Value::Null);
                beneath(&mut into.schema, value);
            }
            word if KEYWORDS.contains(&word) || NULLABLE.contains(&word) => {
                // The schema stands where the first of its words stood.
                into.members.entry("schema").or_insert(Value::Null);
                into.schema.insert(key, value);
            }
            "style" | "explode" | "content" => {
                self.tell("unknown_member", here, "this is not kept: Swagger has none");
            }
            _ => {
                self.unknown(&key, &SAME, here);
                into.members.insert(key, value);
            }
        }
    }

    /// How a list is written, as `style` and `explode`. Where Swagger says nothing, the values are separated by commas;
    /// where OpenAPI says nothing, a query repeats the name: so it is always said.
    pub(super) fn style(
        &mut self,
        list: bool,
        format: Option<&Value>,
        place: &str,
        at: At<'_>,
    ) -> Option<(&'static str, bool)> {
        let at = at.member("collectionFormat");
        if !list {
            if let Some(format) = format {
                let message = format!("{format} is said of what is no list and is not kept");
                self.tell("collection_format", at, message);
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
                    "OpenAPI has no counterpart of {format} here: the values are separated by commas"
                );
                self.tell("collection_format", at, message);
                Some(("form", false))
            }
        }
    }
}

/// Adds what a parameter's own words do not say already.
pub(super) fn beneath(schema: &mut Map<String, Value>, given: Value) {
    if let Value::Object(given) = given {
        for (key, value) in given {
            schema.entry(key).or_insert(value);
        }
    }
}

/// Where a reference to a shared body leads to, once that is upgraded.
pub(super) fn shared_body_reference(node: &Value) -> Option<Value> {
    let name = shared_parameter(reference(node)?)?;
    Some(json!({"$ref": format!("#/components/requestBodies/{name}")}))
}
