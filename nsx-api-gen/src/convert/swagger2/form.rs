//! Forms: the fields, each a parameter in Swagger, are the properties of one object in OpenAPI.

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::media::{Media, is_form, is_multipart};
use super::parameters::{IN_SCHEMA, Part, beneath};
use super::place::At;
use super::schemas::make_binary;
use crate::document::{MULTIPART, URL_ENCODED};

/// A form while it is put together.
#[derive(Default)]
struct Form {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// How lists are written, by field: `style` and `explode`.
    encoding: Map<String, Value>,
    has_file: bool,
}

impl Upgrade {
    /// The body made of an operation's fields.
    pub(super) fn form(&mut self, fields: Vec<Part<'_>>, media: &Media, at: At<'_>) -> Value {
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
            let message = format!("a second field `{name}` is not kept");
            self.tell("form", at, message);
            return;
        }
        let Value::Object(node) = self.written_out(field.node, at) else {
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
                        "`allowEmptyValue: {value}` cannot be said of a form's field and is not kept"
                    );
                    self.tell("form", at, message);
                }
                "schema" if value.is_object() => {
                    self.tell("parameter_schema", at, IN_SCHEMA);
                    beneath(&mut property, value);
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

    /// The media types that a form can be sent in, of those that the operation consumes. A file needs parts.
    fn form_types(&mut self, consumes: &[String], has_file: bool, at: At<'_>) -> Vec<String> {
        let (right, wrong): (Vec<_>, Vec<_>) =
            consumes.iter().cloned().partition(|name| match has_file {
                true => is_multipart(name),
                false => is_form(name),
            });
        if !wrong.is_empty() {
            let what = if has_file { "a file" } else { "a form" };
            let message = format!("{what} cannot be sent as {}", wrong.join(", "));
            self.tell("form", at, message);
        }
        if !right.is_empty() {
            return right;
        }
        let assumed = if has_file { MULTIPART } else { URL_ENCODED };
        let message = format!("no form's type is given: {assumed} is assumed");
        self.tell("media_type", at, message);
        vec![assumed.to_owned()]
    }

    /// Says how lists are written. OpenAPI repeats the name where nothing is said, and must in a body of parts.
    fn encoding(
        &mut self,
        name: &str,
        lists: &Map<String, Value>,
        media: &mut Map<String, Value>,
        at: At<'_>,
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
                "the list `{field}` cannot be one part of {name}: each of its values is a part"
            );
            self.tell("collection_format", at, message);
        }
    }
}
