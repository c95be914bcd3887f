//! Media types: Swagger says of an operation what it consumes and produces, OpenAPI of each body and answer.

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::place::At;
use crate::document::{URL_ENCODED, is_json, media_type};

/// What is meant where a document says nothing.
pub(super) const JSON: &str = "application/json";

/// How many media types are kept of a list. Each makes a copy of a schema.
const MOST: usize = 64;

/// What an operation takes and gives.
pub(super) struct Media {
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
    /// Whether the operation says so itself.
    pub(super) own_consumes: bool,
    pub(super) own_produces: bool,
}

impl Upgrade {
    /// The operation's media types, or the document's. An empty list of its own takes the document's away.
    pub(super) fn media_of(&mut self, operation: &Map<String, Value>, at: At<'_>) -> Media {
        let consumes = self.media_types(operation, "consumes", at);
        let produces = self.media_types(operation, "produces", at);
        Media {
            own_consumes: consumes.is_some(),
            own_produces: produces.is_some(),
            consumes: consumes.unwrap_or_else(|| self.consumes.clone()),
            produces: produces.unwrap_or_else(|| self.produces.clone()),
        }
    }

    /// The list that stands under `key`; none where it is missing or no list.
    pub(super) fn media_types(
        &mut self,
        holder: &Map<String, Value>,
        key: &str,
        at: At<'_>,
    ) -> Option<Vec<String>> {
        let value = holder.get(key)?;
        let at = at.member(key);
        let Some(list) = value.as_array() else {
            let message = format!("`{key}` is no list of media types and is not kept");
            self.tell("media_type", at, message);
            return None;
        };
        if let Some(more) = list.get(MOST) {
            let message =
                format!("{more} and what follows is not kept: {MOST} media types are enough");
            self.tell("media_type", at, message);
        }
        let mut types = Vec::new();
        for (index, item) in list.iter().take(MOST).enumerate() {
            match item.as_str() {
                Some(name) => types.push(name.to_owned()),
                None => self.tell(
                    "media_type",
                    at.item(index),
                    format!("{item} is no media type and is not kept"),
                ),
            }
        }
        Some(types)
    }

    /// The media types of something that has a schema; JSON is what is meant where none is given.
    pub(super) fn or_json(&mut self, types: &[String], key: &str, at: At<'_>) -> Vec<String> {
        if !types.is_empty() {
            return types.to_vec();
        }
        let message = format!("`{key}` is not given: {JSON} is assumed");
        self.tell("media_type", at, message);
        vec![JSON.to_owned()]
    }

    /// A content with the schema, where there is one, in each of the media types.
    pub(super) fn in_each(
        &mut self,
        types: Vec<String>,
        schema: Option<Value>,
        at: At<'_>,
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

/// Whether all that is listed is sent and answered as it is, neither as JSON nor as a form.
pub(super) fn is_raw(types: &[String]) -> bool {
    // `*/*` says nothing: springfox writes it everywhere.
    let is_other = |name: &String| is_json(name) || is_form(name) || name.starts_with("*/");
    !types.is_empty() && !types.iter().any(is_other)
}

/// Whether a body of this type is made of fields.
pub(super) fn is_form(name: &str) -> bool {
    is_multipart(name) || media_type(name) == URL_ENCODED
}

/// Whether a body of this type is made of parts, of which each may be a file.
pub(super) fn is_multipart(name: &str) -> bool {
    media_type(name) == "multipart/form-data"
}

/// The schema of what has none: text, or bytes.
pub(super) fn raw_schema(name: &str) -> Value {
    match media_type(name).starts_with("text/") {
        true => json!({"type": "string"}),
        false => json!({"type": "string", "format": "binary"}),
    }
}
