//! How parameter values are serialized, and which ones are unsupported.

use std::collections::BTreeSet;

use serde_json::Value;

use super::all_of;
use super::media_type::is_json;
use super::pointer::{items, members, resolve, text};

/// How a value is serialized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A scalar as it is. Each item of an array is a separate parameter.
    Scalar,
    /// An array as one value, with this separator.
    Joined(char),
    /// Any value, as JSON.
    Json,
    /// Each member of an object as a separate parameter.
    Members,
}

impl Style {
    /// How the values of a parameter are serialized, or why they are unsupported.
    pub(crate) fn of(root: &Value, parameter: &Value) -> Result<Self, String> {
        let place = text(parameter, "in").unwrap_or_default();
        let content = members(parameter.get("content")).next();
        match place {
            "cookie" => return Err("cookie parameters are not supported".to_owned()),
            "path" | "query" | "header" => {}
            _ => return Ok(Self::Scalar),
        }
        if let Some((name, _)) = content {
            return match place == "query" && is_json(name) {
                true => Ok(Self::Json),
                false => Err(format!("{name} as a {place} parameter is not supported")),
            };
        }
        let Some(schema) = parameter.get("schema") else {
            return Ok(Self::Scalar);
        };
        let usual = if place == "query" { "form" } else { "simple" };
        let style = text(parameter, "style").unwrap_or(usual);
        let explode = parameter.get("explode").and_then(Value::as_bool);
        let explode = explode.unwrap_or(style == "form");
        let unsupported = |what: &str| {
            let style = if style == usual {
                String::new()
            } else {
                format!(" with style `{style}`")
            };
            Err(format!(
                "{what} as a {place} parameter{style} is not supported"
            ))
        };
        match (schema_type(root, schema), place, style) {
            (Some("array"), ..) if is_nested(root, schema) => {
                unsupported("an array of arrays or objects")
            }
            (Some("array"), "query", "form" | "spaceDelimited" | "pipeDelimited") if explode => {
                Ok(Self::Scalar)
            }
            (Some("array"), "query", "spaceDelimited") => Ok(Self::Joined(' ')),
            (Some("array"), "query", "pipeDelimited") => Ok(Self::Joined('|')),
            (Some("array"), _, "form" | "simple") if style == usual => Ok(Self::Joined(',')),
            (Some("object"), "query", "form") if explode && is_map(root, schema) => {
                Ok(Self::Members)
            }
            (Some(what @ ("array" | "object")), ..) => unsupported(what),
            (None, "path", _) => unsupported("a schema without a type"),
            (_, "query", "spaceDelimited" | "pipeDelimited") => Ok(Self::Scalar),
            (what, ..) if style != usual => unsupported(what.unwrap_or("a schema without a type")),
            _ => Ok(Self::Scalar),
        }
    }
}

/// The type of a schema, or of the first of its `allOf` parts that has one. Each schema is visited
/// once.
pub(crate) fn schema_type<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a str> {
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

/// Whether a type is scalar.
pub(crate) fn is_scalar(kind: Option<&str>) -> bool {
    matches!(kind, Some("string" | "integer" | "number" | "boolean"))
}

/// Whether the items of an array are arrays or objects.
fn is_nested(root: &Value, schema: &Value) -> bool {
    let parts = all_of::parts(root, schema);
    let mut items = parts.iter().filter_map(|part| part.get("items"));
    items.any(|items| matches!(schema_type(root, items), Some("array" | "object")))
}

/// Whether an object is a map of scalars.
fn is_map(root: &Value, schema: &Value) -> bool {
    let parts = all_of::parts(root, schema);
    let has_properties = !all_of::property_names(root, schema).is_empty();
    let mut values = parts
        .iter()
        .filter_map(|part| part.get("additionalProperties"));
    !has_properties && values.any(|values| is_scalar(schema_type(root, values)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_parameter_is_serialized_by_its_location_and_style_or_reported_as_unsupported() {
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
            ("query", None, None, &list, Ok(Style::Scalar)),
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
                Ok(Style::Scalar),
            ),
            (
                "query",
                Some("deepObject"),
                None,
                &list,
                Err("array as a query parameter with style `deepObject` is not supported"),
            ),
            (
                "query",
                None,
                None,
                &objects,
                Err("an array of arrays or objects as a query parameter is not supported"),
            ),
            (
                "query",
                None,
                None,
                &object,
                Err("object as a query parameter is not supported"),
            ),
            ("query", None, None, &map, Ok(Style::Members)),
            (
                "query",
                None,
                Some(false),
                &map,
                Err("object as a query parameter is not supported"),
            ),
            ("query", None, None, &any, Ok(Style::Scalar)),
            ("query", Some("form"), Some(false), &text, Ok(Style::Scalar)),
            ("path", None, None, &list, Ok(Style::Joined(','))),
            ("path", Some("simple"), Some(true), &text, Ok(Style::Scalar)),
            (
                "path",
                Some("label"),
                None,
                &text,
                Err("string as a path parameter with style `label` is not supported"),
            ),
            (
                "path",
                None,
                None,
                &any,
                Err("a schema without a type as a path parameter is not supported"),
            ),
            ("header", None, None, &list, Ok(Style::Joined(','))),
            (
                "header",
                None,
                None,
                &map,
                Err("object as a header parameter is not supported"),
            ),
            (
                "cookie",
                None,
                None,
                &text,
                Err("cookie parameters are not supported"),
            ),
            (
                crate::document::IN_PART,
                None,
                None,
                &objects,
                Ok(Style::Scalar),
            ),
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
