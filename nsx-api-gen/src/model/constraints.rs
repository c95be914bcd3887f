//! Describes the constraints of a schema as sentences for the docs: title, bounds, pattern, format,
//! default, and read-only or write-only.
//!
//! The SDK does not check them (see `emit::typify_input`). The docs tell the reader what the
//! manager accepts.

use serde_json::{Map, Value};

use crate::document::markdown::span;
use crate::document::{is_password, items};

/// Shorter titles only repeat the name.
const MIN_TITLE_WORDS: usize = 4;

/// The description of a parameter, followed by the constraints of its schema.
pub(crate) fn parameter_description(
    root: &Value,
    node: &Value,
    schema: Option<&Value>,
) -> Option<String> {
    let schema = schema.and_then(Value::as_object);
    let mut schema = schema.cloned().unwrap_or_default();
    if let Some(description) = node.get("description") {
        schema.insert("description".to_owned(), description.clone());
        schema.remove("title");
    }
    if let Some(flag) = node.get("deprecated") {
        schema.insert("deprecated".to_owned(), flag.clone());
    }
    description(root, &schema)
}

/// The description of a schema, followed by its constraints.
pub(crate) fn description(root: &Value, schema: &Map<String, Value>) -> Option<String> {
    let text = |key| schema.get(key).and_then(Value::as_str).map(str::trim);
    let texts = [text("title"), text("description")].map(Option::unwrap_or_default);
    let mut parts = title_and_description(texts);
    let sentences = sentences(root, schema).join(" ");
    if !sentences.is_empty() {
        parts.push(sentences);
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The description, preceded by the title if that adds information.
fn title_and_description([title, description]: [&str; 2]) -> Vec<String> {
    let plain = |text: &str| text.trim_end_matches('.').to_lowercase();
    let repeats = plain(description).starts_with(&plain(title));
    let is_name = title.split_whitespace().count() < MIN_TITLE_WORDS;
    let parts = match description.is_empty() {
        true => vec![title],
        false if repeats || is_name => vec![description],
        false => vec![title, description],
    };
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn sentences(root: &Value, schema: &Map<String, Value>) -> Vec<String> {
    let kind = schema.get("type").and_then(Value::as_str);
    let mut list = Vec::new();
    list.extend(deprecated(schema));
    list.extend(count(schema, ["minLength", "maxLength"], "character"));
    list.extend(range(schema));
    list.extend(count(schema, ["minItems", "maxItems"], "item"));
    list.extend(count(schema, ["minProperties", "maxProperties"], "entry"));
    let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    if flag("uniqueItems") {
        list.push("Items are unique.".to_owned());
    }
    if let Some(step) = schema.get("multipleOf").filter(|step| step.is_number()) {
        list.push(format!("A multiple of {step}."));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        list.push(format!("Matches {}.", span(pattern)));
    }
    list.extend(format(schema, kind));
    if kind != Some("string") {
        list.extend(values(schema));
    }
    list.extend(default(root, schema));
    if flag("readOnly") {
        list.push("Read-only.".to_owned());
    }
    if flag("writeOnly") {
        list.push("Write-only.".to_owned());
    }
    list
}

/// A deprecation note, unless the description already mentions it.
fn deprecated(schema: &Map<String, Value>) -> Option<String> {
    let is_it = schema.get("deprecated") == Some(&Value::Bool(true));
    let description = schema.get("description").and_then(Value::as_str);
    let says = description.is_some_and(|text| text.to_lowercase().contains("deprecated"));
    (is_it && !says).then(|| "Deprecated.".to_owned())
}

/// The default value, if it is a scalar and not a secret.
fn default(root: &Value, schema: &Map<String, Value>) -> Option<String> {
    let value = schema.get("default")?;
    let is_shown = value.is_string() || value.is_number() || value.is_boolean();
    let is_shown = is_shown && !is_password(root, &Value::Object(schema.clone()));
    is_shown.then(|| format!("Default: {}.", json_span(value)))
}

/// A minimum and maximum count.
fn count(schema: &Map<String, Value>, [least, most]: [&str; 2], of: &str) -> Option<String> {
    let number = |key| schema.get(key).and_then(Value::as_u64);
    let of = |number| match (number, of) {
        (1, _) => of.to_owned(),
        (_, "entry") => "entries".to_owned(),
        _ => format!("{of}s"),
    };
    match (number(least).filter(|least| *least > 0), number(most)) {
        (None, None) => None,
        (Some(least), Some(most)) if least == most => Some(format!("Exactly {most} {}.", of(most))),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {}.", of(most))),
        (Some(least), None) => Some(format!("At least {least} {}.", of(least))),
        (None, Some(most)) => Some(format!("At most {most} {}.", of(most))),
    }
}

/// The bounds of a number.
fn range(schema: &Map<String, Value>) -> Option<String> {
    let number = |key| schema.get(key).filter(|value| value.is_number());
    let is_exclusive = |key| schema.get(key) == Some(&Value::Bool(true));
    let least = number("minimum").map(|least| (least, is_exclusive("exclusiveMinimum")));
    let most = number("maximum").map(|most| (most, is_exclusive("exclusiveMaximum")));
    let low = |(least, exclusive)| match exclusive {
        true => format!("more than {least}"),
        false => format!("at least {least}"),
    };
    let high = |(most, exclusive)| match exclusive {
        true => format!("less than {most}"),
        false => format!("at most {most}"),
    };
    let text = match (least, most) {
        (None, None) => return None,
        (Some((least, false)), Some((most, false))) => format!("from {least} to {most}"),
        (Some(least), Some(most)) => format!("{} and {}", low(least), high(most)),
        (Some(least), None) => low(least),
        (None, Some(most)) => high(most),
    };
    let mut letters = text.chars();
    let first = letters.next()?.to_uppercase();
    Some(format!("{first}{}.", letters.as_str()))
}

/// The format of a string. The formats of numbers are visible in their types.
fn format(schema: &Map<String, Value>, kind: Option<&str>) -> Option<String> {
    let format = schema.get("format").and_then(Value::as_str)?;
    let is_seen = matches!(format, "password" | "binary") || kind != Some("string");
    (!is_seen).then(|| format!("Format: {}.", span(format)))
}

/// The values of an enum without its own type.
fn values(schema: &Map<String, Value>) -> Option<String> {
    let values: Vec<String> = items(schema.get("enum")).map(json_span).collect();
    (!values.is_empty()).then(|| format!("One of {}.", values.join(", ")))
}

/// A value in a code span; a string without quotes.
fn json_span(value: &Value) -> String {
    match value.as_str() {
        Some(text) => span(text),
        None => span(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(schema: Value) -> String {
        let schema = schema.as_object().cloned().unwrap_or_default();
        let root = json!({"components": {"schemas": {"Secret": {"type": "string", "format": "password"}}}});
        description(&root, &schema).unwrap_or_default()
    }

    #[test]
    fn constraints_of_a_schema_are_described_in_the_docs() {
        for (schema, text) in [
            (json!({"type": "string"}), ""),
            (
                json!({"type": "string", "description": "A name.", "maxLength": 255, "readOnly": true}),
                "A name.\n\nAt most 255 characters. Read-only.",
            ),
            (
                json!({"type": "string", "minLength": 1, "maxLength": 1, "pattern": r"^\d[`]$", "format": "ip"}),
                r"Exactly 1 character. Matches ``^\d[`]$``. Format: `ip`.",
            ),
            (
                json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "enum": [1, 9], "default": 1}),
                "From 1 to 9. One of `1`, `9`. Default: `1`.",
            ),
            (
                json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1.5, "multipleOf": 0.5}),
                "More than 0 and at most 1.5. A multiple of 0.5.",
            ),
            (
                json!({"type": "array", "minItems": 0, "maxItems": 30, "uniqueItems": true}),
                "At most 30 items. Items are unique.",
            ),
            (
                json!({"type": "string", "deprecated": true, "maxLength": 9}),
                "Deprecated. At most 9 characters.",
            ),
            (
                json!({"type": "string", "deprecated": true, "description": "Deprecated, use b."}),
                "Deprecated, use b.",
            ),
            (
                json!({"type": "object", "minProperties": 2, "maxProperties": 5}),
                "2 to 5 entries.",
            ),
            (
                json!({"type": "string", "enum": ["UP"], "default": "UP", "minLength": "x"}),
                "Default: `UP`.",
            ),
            (
                json!({"type": "string", "format": "password", "writeOnly": true, "default": "hidden"}),
                "Write-only.",
            ),
            (
                json!({"allOf": [{"$ref": "#/components/schemas/Secret"}], "default": "hidden"}),
                "",
            ),
            (
                json!({"type": "object", "default": {"password": "hidden"}}),
                "",
            ),
        ] {
            assert_eq!(described(schema.clone()), text, "{schema}");
        }
    }

    #[test]
    fn a_parameter_description_replaces_that_of_its_schema() {
        let schema = json!({"type": "integer", "title": "A number of pages in all", "maximum": 9, "description": "x"});
        let node = json!({"description": "The pages"});
        let text = parameter_description(&json!({}), &node, Some(&schema));
        assert_eq!(text.as_deref(), Some("The pages\n\nAt most 9."));
        assert_eq!(parameter_description(&json!({}), &json!({}), None), None);
    }

    #[test]
    fn an_informative_title_comes_before_the_description() {
        for (title, description, text) in [
            (
                "Identifier to use in logs",
                "Defaults to ID",
                "Identifier to use in logs\n\nDefaults to ID",
            ),
            ("Item Id", "The item", "The item"),
            (
                "Opaque identifiers of the user.",
                "Opaque identifiers of the user",
                "Opaque identifiers of the user",
            ),
            ("Name", "", "Name"),
            ("", "Text", "Text"),
        ] {
            let schema = json!({"title": title, "description": description});
            assert_eq!(described(schema), text);
        }
    }
}
