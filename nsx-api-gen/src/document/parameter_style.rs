//! How the value of a parameter is written, and which values cannot be.

use std::collections::BTreeSet;

use serde_json::Value;

use super::media_type::is_json;
use super::pointer::{items, members, resolve, text};
use super::schema::{made_of, properties};

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A scalar as it is, each of an array by itself.
    Plain,
    /// An array as one value, with this between its items.
    Joined(char),
    /// Whatever it is as one text of JSON.
    Json,
    /// Each member of an object as a parameter of its own.
    Members,
}

impl Style {
    /// How the values of a parameter are written, or why they cannot be.
    pub(crate) fn of(root: &Value, parameter: &Value) -> Result<Self, String> {
        let place = text(parameter, "in").unwrap_or_default();
        let content = members(parameter.get("content")).next();
        match place {
            "cookie" => return Err("a parameter in a cookie is not supported".to_owned()),
            "path" | "query" | "header" => {}
            _ => return Ok(Self::Plain),
        }
        if let Some((name, _)) = content {
            return match place == "query" && is_json(name) {
                true => Ok(Self::Json),
                false => Err(format!(
                    "{name} as a parameter in a {place} is not supported"
                )),
            };
        }
        let Some(schema) = parameter.get("schema") else {
            return Ok(Self::Plain);
        };
        let usual = if place == "query" { "form" } else { "simple" };
        let style = text(parameter, "style").unwrap_or(usual);
        let explode = parameter.get("explode").and_then(Value::as_bool);
        let explode = explode.unwrap_or(style == "form");
        let unsupported = |what: &str| {
            let style = if style == usual {
                String::new()
            } else {
                format!(" in the style `{style}`")
            };
            Err(format!(
                "{what} as a parameter in a {place}{style} is not supported"
            ))
        };
        match (kind(root, schema), place, style) {
            (Some("array"), ..) if is_nested(root, schema) => {
                unsupported("an array that is no list of scalars")
            }
            (Some("array"), "query", "form" | "spaceDelimited" | "pipeDelimited") if explode => {
                Ok(Self::Plain)
            }
            (Some("array"), "query", "spaceDelimited") => Ok(Self::Joined(' ')),
            (Some("array"), "query", "pipeDelimited") => Ok(Self::Joined('|')),
            (Some("array"), _, "form" | "simple") if style == usual => Ok(Self::Joined(',')),
            (Some("object"), "query", "form") if explode && is_map(root, schema) => {
                Ok(Self::Members)
            }
            (Some(what @ ("array" | "object")), ..) => unsupported(what),
            (None, "path", _) => unsupported("a schema without a type"),
            (_, "query", "spaceDelimited" | "pipeDelimited") => Ok(Self::Plain),
            (what, ..) if style != usual => unsupported(what.unwrap_or("a schema without a type")),
            _ => Ok(Self::Plain),
        }
    }
}

/// The type of a schema, or of the first schema that it is made of. What comes again is looked at once.
pub(crate) fn kind<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a str> {
    fn find<'a>(
        root: &'a Value,
        schema: &'a Value,
        seen: &mut BTreeSet<*const Value>,
    ) -> Option<&'a str> {
        let schema = resolve(root, schema)?;
        if !seen.insert(std::ptr::from_ref(schema)) {
            return None;
        }
        let mut parts = items(schema.get("allOf"));
        let of_parts = || parts.find_map(|part| find(root, part, seen));
        text(schema, "type").or_else(of_parts)
    }
    find(root, schema, &mut BTreeSet::new())
}

/// Whether a type is one of a single value.
pub(crate) fn is_scalar(kind: Option<&str>) -> bool {
    matches!(kind, Some("string" | "integer" | "number" | "boolean"))
}

/// Whether the items of an array are arrays or objects.
fn is_nested(root: &Value, schema: &Value) -> bool {
    let parts = made_of(root, schema);
    let mut items = parts.iter().filter_map(|part| part.get("items"));
    items.any(|items| matches!(kind(root, items), Some("array" | "object")))
}

/// Whether an object is a map of scalars.
fn is_map(root: &Value, schema: &Value) -> bool {
    let parts = made_of(root, schema);
    let has_properties = !properties(root, schema).is_empty();
    let mut values = parts
        .iter()
        .filter_map(|part| part.get("additionalProperties"));
    !has_properties && values.any(|values| is_scalar(kind(root, values)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_written_as_its_place_and_style_have_it_or_not_at_all() {
        let root = json!({"components": {"schemas": {"O": {"type": "object"}}}});
        let list = json!({"type": "array", "items": {"type": "string"}});
        let (text, object) = (
            json!({"type": "string"}),
            json!({"allOf": [{"$ref": "#/components/schemas/O"}]}),
        );
        let objects = json!({"type": "array", "items": object});
        let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
        let any = json!({});
        for (place, style, explode, schema, written) in [
            ("query", None, None, &list, Ok(Style::Plain)),
            (
                "query",
                Some("form"),
                Some(false),
                &list,
                Ok(Style::Joined(',')),
            ),
            (
                "query",
                Some("pipeDelimited"),
                None,
                &list,
                Ok(Style::Joined('|')),
            ),
            (
                "query",
                Some("spaceDelimited"),
                Some(false),
                &list,
                Ok(Style::Joined(' ')),
            ),
            (
                "query",
                Some("pipeDelimited"),
                Some(true),
                &list,
                Ok(Style::Plain),
            ),
            (
                "query",
                Some("deepObject"),
                None,
                &list,
                Err("array as a parameter in a query in the style `deepObject` is not supported"),
            ),
            (
                "query",
                None,
                None,
                &objects,
                Err(
                    "an array that is no list of scalars as a parameter in a query is not supported",
                ),
            ),
            (
                "query",
                None,
                None,
                &object,
                Err("object as a parameter in a query is not supported"),
            ),
            ("query", None, None, &map, Ok(Style::Members)),
            (
                "query",
                None,
                Some(false),
                &map,
                Err("object as a parameter in a query is not supported"),
            ),
            ("query", None, None, &any, Ok(Style::Plain)),
            ("query", Some("form"), Some(false), &text, Ok(Style::Plain)),
            ("path", None, None, &list, Ok(Style::Joined(','))),
            ("path", Some("simple"), Some(true), &text, Ok(Style::Plain)),
            (
                "path",
                Some("label"),
                None,
                &text,
                Err("string as a parameter in a path in the style `label` is not supported"),
            ),
            (
                "path",
                None,
                None,
                &any,
                Err("a schema without a type as a parameter in a path is not supported"),
            ),
            ("header", None, None, &list, Ok(Style::Joined(','))),
            (
                "header",
                None,
                None,
                &map,
                Err("object as a parameter in a header is not supported"),
            ),
            (
                "cookie",
                None,
                None,
                &text,
                Err("a parameter in a cookie is not supported"),
            ),
            ("part", None, None, &objects, Ok(Style::Plain)),
        ] {
            let mut parameter = json!({"name": "a", "in": place, "schema": schema});
            let more = [
                ("style", style.map(Value::from)),
                ("explode", explode.map(Value::from)),
            ];
            for (key, value) in more {
                if let Some(value) = value {
                    parameter[key] = value;
                }
            }
            let found = Style::of(&root, &parameter);
            assert_eq!(found, written.map_err(str::to_owned), "{parameter}");
        }
        let content = |place: &str, media: &str| {
            let content = json!({media: {"schema": object}});
            Style::of(
                &root,
                &json!({"name": "a", "in": place, "content": content}),
            )
        };
        assert_eq!(content("query", "application/json"), Ok(Style::Json));
        assert!(content("header", "application/json").is_err());
        assert!(content("query", "application/xml").is_err());
    }
}
