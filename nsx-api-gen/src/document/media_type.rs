//! Media types, and which content is JSON or a file.

use serde_json::Value;

use super::schema::is_file;

/// The media type of bodies that consist of parts.
pub(crate) const MULTIPART: &str = "multipart/form-data";

/// The media type of bodies that consist of form fields.
pub(crate) const URL_ENCODED: &str = "application/x-www-form-urlencoded";

/// A media type without its parameters, in lower case.
pub(crate) fn media_type(name: &str) -> String {
    let name = name.split(';').next().unwrap_or(name);
    name.trim().to_ascii_lowercase()
}

/// Whether a media type is JSON, by name or by suffix.
pub(crate) fn is_json(name: &str) -> bool {
    let name = media_type(name);
    name == "application/json" || name.ends_with("+json")
}

/// Whether a content is JSON. A file is not, whatever its media type.
pub(crate) fn is_json_content(root: &Value, name: &str, media: &Value) -> bool {
    is_json(name) && !has_file(root, media)
}

/// Whether the schema of a content is a file.
pub(crate) fn has_file(root: &Value, media: &Value) -> bool {
    let schema = media.get("schema");
    schema.is_some_and(|schema| is_file(root, schema))
}

/// A media type as sent in a header: with its parameters except for the charset, which is always
/// UTF-8.
pub(crate) fn sent_media_type(name: &str) -> String {
    let parameters = name.split(';').skip(1).map(str::trim);
    let kept = parameters.filter(|one| {
        let key = one.split('=').next().unwrap_or_default().trim();
        !key.is_empty() && !key.eq_ignore_ascii_case("charset")
    });
    kept.fold(media_type(name), |name, parameter| {
        format!("{name};{parameter}")
    })
}
