//! Forms: each field is a parameter in Swagger, and a property of one object schema in OpenAPI.

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use super::media::{Media, is_form, is_multipart};
use super::parameters::{IN_SCHEMA, Part, add_missing};
use super::schemas::make_binary;
use crate::document::{MULTIPART, URL_ENCODED};

/// A form that is being assembled.
#[derive(Default)]
struct Form {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// How lists are serialized, by field: `style` and `explode`.
    encoding: Map<String, Value>,
    has_file: bool,
}

impl Converter {
    /// The request body for an operation's form fields.
    pub(super) fn form(&mut self, fields: Vec<Part<'_>>, media: &Media, at: Location<'_>) -> Value {
        let mut form = Form::default();
        for field in fields {
            self.field(field, &mut form);
        }
        let types = self.form_types(&media.consumes, form.has_file, at);
        let mut body = Map::new();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(form.properties));
        if !form.required.is_empty() {
            body.insert("required".to_owned(), json!(true));
            schema.insert("required".to_owned(), Value::Array(form.required));
        }
        let mut content = self.in_each(types, Some(Value::Object(schema)), at);
        for (name, media) in &mut content {
            if let Some(media) = media.as_object_mut() {
                self.encoding(name, &form.encoding, media, at);
            }
        }
        body.insert("content".to_owned(), Value::Object(content));
        Value::Object(body)
    }

    fn field(&mut self, field: Part<'_>, form: &mut Form) {
        let Some(name) = self.field_name(&field) else {
            return;
        };
        let at = field.at;
        if form.properties.contains_key(&name) {
            let message = format!("dropped a second field `{name}`");
            self.record("form", at, message);
            return;
        }
        let Value::Object(node) = self.resolve_copy(field.node, at) else {
            return;
        };
        let mut property = Map::new();
        let mut format = None;
        for (key, value) in node {
            match key.as_str() {
                "name" | "in" => {}
                "required" if value == json!(true) => form.required.push(json!(name)),
                "required" if value == json!(false) => {}
                "collectionFormat" => format = Some(value),
                "allowEmptyValue" => {
                    let message = format!(
                        "dropped `allowEmptyValue: {value}`, which a form field cannot have"
                    );
                    self.record("form", at, message);
                }
                "schema" if value.is_object() => {
                    self.record("parameter_schema", at, IN_SCHEMA);
                    add_missing(&mut property, value);
                }
                "x-example" if !property.contains_key("example") => {
                    property.insert("example".to_owned(), value);
                }
                _ => {
                    property.insert(key, value);
                }
            }
        }
        form.has_file |= make_binary(&mut property);
        let list = property.get("type").and_then(Value::as_str) == Some("array");
        if let Some((style, explode)) = self.style(list, format.as_ref(), "formData", at) {
            let encoding = json!({"style": style, "explode": explode});
            form.encoding.insert(name.clone(), encoding);
        }
        let property = self.schema(Value::Object(property), at);
        form.properties.insert(name, property);
    }

    /// The media types in which the form can be sent. A file requires multipart.
    fn form_types(&mut self, consumes: &[String], has_file: bool, at: Location<'_>) -> Vec<String> {
        let (right, wrong): (Vec<_>, Vec<_>) =
            consumes.iter().cloned().partition(|name| match has_file {
                true => is_multipart(name),
                false => is_form(name),
            });
        if !wrong.is_empty() {
            let what = if has_file { "a file" } else { "a form" };
            let message = format!("{what} cannot be sent as {}", wrong.join(", "));
            self.record("form", at, message);
        }
        if !right.is_empty() {
            return right;
        }
        let assumed = if has_file { MULTIPART } else { URL_ENCODED };
        let message = format!("no media type for forms: assuming {assumed}");
        self.record("media_type", at, message);
        vec![assumed.to_owned()]
    }

    /// Sets the serialization of lists. OpenAPI's default is to repeat the name, which is the only
    /// possibility in multipart.
    fn encoding(
        &mut self,
        name: &str,
        lists: &Map<String, Value>,
        media: &mut Map<String, Value>,
        at: Location<'_>,
    ) {
        let mut encoding = lists.clone();
        encoding.retain(|_, how| how.get("explode") == Some(&json!(false)));
        if encoding.is_empty() {
            return;
        }
        if !is_multipart(name) {
            media.insert("encoding".to_owned(), Value::Object(encoding));
            return;
        }
        for (field, _) in encoding {
            let message = format!(
                "the list `{field}` is sent as one part per value, because {name} has no lists"
            );
            self.record("collection_format", at, message);
        }
    }
}
