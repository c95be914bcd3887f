//! The example of a response, which the mock answers with: one that the client can read.

use serde_json::Value;

use crate::document::{items, members, resolve, text};

/// What stands in an example where the schema says `format: password`.
pub(crate) const SECRET: &str = "<secret>";

/// How many schemas are gone through from one to the next: those made of one another could be so for ever.
const DEEPEST: usize = 64;

/// The first example of a media type, or of its schema, that fits the schema.
pub(crate) fn example(root: &Value, media: &Value) -> Option<Value> {
    let named = members(media.get("examples")).map(|(_, node)| node);
    let named = named.filter_map(|node| resolve(root, node)?.get("value"));
    let schema = media.get("schema").and_then(|node| resolve(root, node));
    let own = schema.and_then(|schema| schema.get("example"));
    let mut examples = media.get("example").into_iter().chain(named).chain(own);
    let Some(schema) = schema else {
        return examples.next().cloned();
    };
    examples.find_map(|value| {
        let mut value = value.clone();
        let fits = fit(root, schema, &mut value, DEEPEST);
        hide_secrets(root, schema, &mut value);
        fits.then_some(value)
    })
}

/// Whether a value is one of the schema. JSON that is written as text is read first, as VCF Operations has it for whole answers and
/// other documents for the objects in them; a number in the place of text is made one.
fn fit(root: &Value, schema: &Value, value: &mut Value, depth: usize) -> bool {
    let Some(schema) = resolve(root, schema).filter(|_| depth > 0) else {
        return true;
    };
    let kind = text(schema, "type");
    if value.is_null() {
        return schema.get("nullable") == Some(&Value::Bool(true)) || says_nothing(schema);
    }
    match (kind, &*value) {
        (Some("string"), Value::Number(_) | Value::Bool(_)) => *value = value.to_string().into(),
        (Some("string") | None, _) => {}
        (Some(_), Value::String(written)) => match serde_json::from_str(written) {
            Ok(read) => *value = read,
            Err(_) => return false,
        },
        _ => {}
    }
    is_of(kind, value)
        && items(schema.get("allOf")).all(|part| fit(root, part, value, depth - 1))
        && one_fits(root, schema, value, depth - 1)
        && inner_fit(root, schema, value, depth - 1)
}

/// Whether a schema is that of any value.
fn says_nothing(schema: &Value) -> bool {
    let words = ["type", "allOf", "oneOf", "anyOf", "properties", "enum"];
    words.iter().all(|word| schema.get(*word).is_none())
}

fn is_of(kind: Option<&str>, value: &Value) -> bool {
    match kind {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    }
}

/// Whether a value is one of a choice, if there is one.
fn one_fits(root: &Value, schema: &Value, value: &mut Value, depth: usize) -> bool {
    ["oneOf", "anyOf"].into_iter().all(|key| {
        let mut choices = items(schema.get(key)).peekable();
        choices.peek().is_none()
            || choices.any(|choice| {
                let mut tried = value.clone();
                let fits = fit(root, choice, &mut tried, depth);
                if fits {
                    *value = tried;
                }
                fits
            })
    })
}

/// Whether what a value holds fits; a property that is not required may be null.
fn inner_fit(root: &Value, schema: &Value, value: &mut Value, depth: usize) -> bool {
    match value {
        Value::Object(fields) => {
            let required = items(schema.get("required")).filter_map(Value::as_str);
            let required: Vec<&str> = required.collect();
            let known = schema.get("properties");
            let more = schema.get("additionalProperties");
            required.iter().all(|name| fields.contains_key(*name))
                && fields.iter_mut().all(|(name, field)| {
                    let own = known.and_then(|known| known.get(name));
                    let may_be_null = own.is_some() && !required.contains(&name.as_str());
                    let inner = own.or(more).filter(|_| !(may_be_null && field.is_null()));
                    inner.is_none_or(|inner| fit(root, inner, field, depth))
                })
        }
        Value::Array(list) => {
            let inner = schema.get("items");
            inner.is_none_or(|inner| list.iter_mut().all(|item| fit(root, inner, item, depth)))
        }
        _ => true,
    }
}

/// Puts [`SECRET`] in the place of every string whose schema is a password.
fn hide_secrets(root: &Value, schema: &Value, value: &mut Value) {
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    if text(schema, "format") == Some("password") && value.is_string() {
        *value = Value::from(SECRET);
    }
    let parts = ["allOf", "oneOf", "anyOf"].into_iter();
    for part in parts.flat_map(|key| items(schema.get(key))) {
        hide_secrets(root, part, value);
    }
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties");
            for (name, field) in fields {
                let own = known.and_then(|known| known.get(name));
                if let Some(inner) = own.or(schema.get("additionalProperties")) {
                    hide_secrets(root, inner, field);
                }
            }
        }
        Value::Array(list) => {
            if let Some(inner) = schema.get("items") {
                list.iter_mut()
                    .for_each(|item| hide_secrets(root, inner, item));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_example_fits_its_schema_or_is_none() {
        let schema = json!({
            "type": "object",
            "required": ["name", "details"],
            "properties": {
                "name": {"type": "string"},
                "size": {"type": "integer"},
                "details": {"type": "object"},
                "list": {"type": "array", "items": {"type": "string"}},
                "either": {"oneOf": [{"type": "integer"}, {"type": "array", "items": {}}]},
                "next": {"allOf": [{"$ref": "#/components/schemas/S"}]},
            },
        });
        let root = json!({"components": {"schemas": {"S": schema}}});
        let whole = json!({"name": "a", "details": {}});
        let with = |key: &str, value: Value| {
            let mut whole = whole.clone();
            whole[key] = value;
            whole
        };
        for (value, fitting) in [
            (whole.clone(), Some(whole.clone())),
            (json!(whole.to_string()), Some(whole.clone())),
            (json!("No Custom Example is Available"), None),
            (with("details", json!("{}")), Some(whole.clone())),
            (with("details", json!("text")), None),
            (with("details", Value::Null), None),
            (with("size", json!("5")), Some(with("size", json!(5)))),
            (with("size", json!(1.5)), None),
            (with("size", Value::Null), Some(with("size", Value::Null))),
            (with("name", json!(7)), Some(with("name", json!("7")))),
            (with("list", json!([null, null])), None),
            (
                with("either", json!([null])),
                Some(with("either", json!([null]))),
            ),
            (with("either", json!({})), None),
            (with("next", json!({"name": "b"})), None),
            (
                with("unknown", Value::Null),
                Some(with("unknown", Value::Null)),
            ),
            (json!({"name": "a"}), None),
        ] {
            let media = json!({"schema": {"$ref": "#/components/schemas/S"}, "example": value});
            assert_eq!(example(&root, &media), fitting, "{value}");
        }
        let media = json!({
            "schema": {"type": "integer", "example": 3},
            "example": "a",
            "examples": {"A": {"value": "b"}, "B": {"value": "2"}},
        });
        assert_eq!(example(&root, &media), Some(json!(2)));
    }

    #[test]
    fn a_password_in_an_example_is_hidden_wherever_it_stands() {
        let root =
            json!({"components": {"schemas": {"T": {"type": "string", "format": "password"}}}});
        let media = json!({
            "schema": {"allOf": [{"properties": {
                "list": {"items": {"properties": {"t": {"$ref": "#/components/schemas/T"}}}},
                "open": {"type": "string"},
                "map": {"additionalProperties": {"oneOf": [{"type": "integer"}, {"$ref": "#/components/schemas/T"}]}},
            }}]},
            "example": {"list": [{"t": "hidden"}], "open": "seen", "map": {"a": "hidden", "b": 1}},
        });
        assert_eq!(
            example(&root, &media),
            Some(json!({"list": [{"t": SECRET}], "open": "seen", "map": {"a": SECRET, "b": 1}}))
        );
    }
}
