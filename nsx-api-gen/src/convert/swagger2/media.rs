//! Media types: Swagger defines them for an operation, OpenAPI for each body and response.

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use crate::document::{URL_ENCODED, is_json, media_type};

/// The default media type.
pub(super) const JSON: &str = "application/json";

/// The maximum number of media types in a list. Each of them needs a copy of the schema.
const MAX_TYPES: usize = 64;

/// The media types of an operation.
pub(super) struct Media {
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
    /// Whether the operation itself defines them.
    pub(super) own_consumes: bool,
    pub(super) own_produces: bool,
}

impl Converter {
    /// The media types of the operation, or those of the document. An empty list in the operation
    /// overrides the document.
    pub(super) fn media_of(&mut self, operation: &Map<String, Value>, at: Location<'_>) -> Media {
        let consumes = self.media_types(operation, "consumes", at);
        let produces = self.media_types(operation, "produces", at);
        Media {
            own_consumes: consumes.is_some(),
            own_produces: produces.is_some(),
            consumes: consumes.unwrap_or_else(|| self.consumes.clone()),
            produces: produces.unwrap_or_else(|| self.produces.clone()),
        }
    }

    /// The list of media types under `key`; `None` if it is missing or not a list.
    pub(super) fn media_types(
        &mut self,
        holder: &Map<String, Value>,
        key: &str,
        at: Location<'_>,
    ) -> Option<Vec<String>> {
        let value = holder.get(key)?;
        let at = at.member(key);
        let Some(list) = value.as_array() else {
            let message = format!("dropped `{key}`, which is not a list of media types");
            self.record("media_type", at, message);
            return None;
        };
        if let Some(more) = list.get(MAX_TYPES) {
            let message =
                format!("dropped {more} and the following media types: only {MAX_TYPES} are kept");
            self.record("media_type", at, message);
        }
        let mut types = Vec::new();
        for (index, item) in list.iter().take(MAX_TYPES).enumerate() {
            match item.as_str() {
                Some(name) => types.push(name.to_owned()),
                None => self.record(
                    "media_type",
                    at.item(index),
                    format!("dropped {item}, which is not a media type"),
                ),
            }
        }
        Some(types)
    }

    /// The media types of a body or response with a schema, JSON by default.
    pub(super) fn or_json(&mut self, types: &[String], key: &str, at: Location<'_>) -> Vec<String> {
        if !types.is_empty() {
            return types.to_vec();
        }
        let message = format!("`{key}` is missing: assuming {JSON}");
        self.record("media_type", at, message);
        vec![JSON.to_owned()]
    }

    /// A content with the schema, if there is one, in each of the media types.
    pub(super) fn in_each(
        &mut self,
        types: Vec<String>,
        schema: Option<Value>,
        at: Location<'_>,
    ) -> Map<String, Value> {
        let mut schema = schema;
        let mut content = Map::new();
        let last = types.len().saturating_sub(1);
        for (index, name) in types.into_iter().enumerate() {
            let schema = match &schema {
                Some(_) if index == last => schema.take(),
                Some(schema) => self.copy(schema, at),
                None => None,
            };
            let media = schema.map(|schema| ("schema".to_owned(), schema));
            content.insert(name, Value::Object(media.into_iter().collect()));
        }
        content
    }
}

/// Whether none of these types is JSON or a form.
pub(super) fn is_raw(types: &[String]) -> bool {
    // `*/*` carries no information: springfox writes it everywhere.
    let is_other = |name: &String| is_json(name) || is_form(name) || name.starts_with("*/");
    !types.is_empty() && !types.iter().any(is_other)
}

/// Whether a body of this type consists of form fields.
pub(super) fn is_form(name: &str) -> bool {
    is_multipart(name) || media_type(name) == URL_ENCODED
}

/// Whether a body of this type consists of parts, each of which may be a file.
pub(super) fn is_multipart(name: &str) -> bool {
    media_type(name) == "multipart/form-data"
}

/// The schema of a body or response without a schema: text or bytes.
pub(super) fn raw_schema(name: &str) -> Value {
    match media_type(name).starts_with("text/") {
        true => json!({"type": "string"}),
        false => json!({"type": "string", "format": "binary"}),
    }
}
