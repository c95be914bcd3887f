//! Examples of responses, which the mock manager returns. An example is used only if it matches its
//! schema.

use serde_json::Value;

use crate::document::{items, members, resolve, text};

/// Replaces values of `format: password` in examples.
pub(crate) const SECRET: &str = "<secret>";

/// The maximum depth of schemas in one example. Recursive schemas have no end.
const MAX_DEPTH: usize = 64;

/// The maximum number of schemas visited for one example. Nested unions can be exponential.
const MAX_STEPS: usize = 100_000;

/// The first example of a media type or of its schema that matches the schema.
pub(crate) fn first_matching(root: &Value, media: &Value) -> Option<Value> {
    let named = members(media.get("examples")).map(|(_, node)| node);
    let named = named.filter_map(|node| resolve(root, node)?.get("value"));
    let schema = media.get("schema").and_then(|node| resolve(root, node));
    let own = schema.and_then(|schema| schema.get("example"));
    let mut examples = media.get("example").into_iter().chain(named).chain(own);
    let Some(schema) = schema else {
        return examples.next().cloned();
    };
    examples.find_map(|value| matching(root, schema, value.clone()))
}

/// The value with its secrets replaced, if it matches the schema. A value that needs too many steps
/// does not match, because it could still contain secrets.
pub(crate) fn matching(root: &Value, schema: &Value, value: Value) -> Option<Value> {
    matching_within(&mut { MAX_STEPS }, root, schema, value)
}

/// Like [`matching`], with a limited number of steps.
pub(crate) fn matching_within(
    left: &mut usize,
    root: &Value,
    schema: &Value,
    mut value: Value,
) -> Option<Value> {
    let mut walk = Walk { root, left: *left };
    let does_match = walk.matches(schema, &mut value, MAX_DEPTH);
    if does_match {
        walk.hide_secrets(schema, &mut value, MAX_DEPTH);
    }
    *left = walk.left;
    (does_match && walk.left > 0).then_some(value)
}

/// A traversal of the schemas of one example.
struct Walk<'a> {
    root: &'a Value,
    /// The remaining steps. There is no example if they run out.
    left: usize,
}

impl<'a> Walk<'a> {
    /// Takes a step. Returns false if there are none left, or if the schema is nested too deeply.
    fn step(&mut self, depth: usize) -> bool {
        self.left = match depth {
            0 => 0,
            _ => self.left.saturating_sub(1),
        };
        self.left > 0
    }

    /// Whether a value matches a schema. JSON in a string is parsed if the schema is not a string:
    /// VCF Operations writes whole responses like this, other documents some objects. A number is
    /// converted to a string if the schema requires one.
    fn matches(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        if !self.step(depth) {
            return false;
        }
        let Some(schema) = resolve(self.root, schema) else {
            return true;
        };
        if value.is_null() {
            return schema.get("nullable") == Some(&Value::Bool(true)) || allows_anything(schema);
        }
        let kind = text(schema, "type");
        convert_text(kind, value)
            && has_type(kind, value)
            && is_in_format(text(schema, "format"), value)
            && items(schema.get("allOf")).all(|part| self.matches(part, value, depth - 1))
            && self.matches_variant(schema, value, depth - 1)
            && self.members_match(schema, value, depth - 1)
    }

    /// Whether a value matches one of the variants of a union.
    fn matches_variant(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        ["oneOf", "anyOf"].into_iter().all(|key| {
            let mut variants = items(schema.get(key)).peekable();
            variants.peek().is_none()
                || variants.any(|variant| self.matches_one(variant, value, depth))
        })
    }

    /// Whether a value matches this variant. The value is changed only if it does.
    fn matches_one(&mut self, variant: &Value, value: &mut Value, depth: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        let mut tried = value.clone();
        let does_match = self.matches(variant, &mut tried, depth);
        if does_match {
            *value = tried;
        }
        does_match
    }

    /// Whether the members or items of a value match. An optional property may be null.
    fn members_match(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        match value {
            Value::Object(fields) => {
                let required = items(schema.get("required")).filter_map(Value::as_str);
                let required: Vec<&str> = required.collect();
                required.iter().all(|name| fields.contains_key(*name))
                    && fields.iter_mut().all(|(name, field)| {
                        let is_absent = is_property(schema, name)
                            && field.is_null()
                            && !required.contains(&name.as_str());
                        let inner = field_schema(schema, name).filter(|_| !is_absent);
                        inner.is_none_or(|inner| self.matches(inner, field, depth))
                    })
            }
            Value::Array(list) => {
                let inner = schema.get("items");
                inner.is_none_or(|inner| {
                    list.iter_mut().all(|item| self.matches(inner, item, depth))
                })
            }
            _ => true,
        }
    }

    /// Replaces every password with [`SECRET`].
    fn hide_secrets(&mut self, schema: &Value, value: &mut Value, depth: usize) {
        if !self.step(depth) {
            return;
        }
        let Some(schema) = resolve(self.root, schema) else {
            return;
        };
        if text(schema, "format") == Some("password") && value.is_string() {
            *value = Value::from(SECRET);
        }
        let parts = ["allOf", "oneOf", "anyOf"].into_iter();
        for part in parts.flat_map(|key| items(schema.get(key))) {
            self.hide_secrets(part, value, depth - 1);
        }
        self.hide_inner(schema, value, depth - 1);
    }

    /// Replaces the passwords in the members or items of a value.
    fn hide_inner(&mut self, schema: &Value, value: &mut Value, depth: usize) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if let Some(inner) = field_schema(schema, name) {
                        self.hide_secrets(inner, field, depth);
                    }
                }
            }
            Value::Array(list) => {
                if let Some(inner) = schema.get("items") {
                    list.iter_mut()
                        .for_each(|item| self.hide_secrets(inner, item, depth));
                }
            }
            _ => {}
        }
    }
}

/// Parses JSON in a string, or converts a scalar to a string, as the schema requires. Returns
/// whether that is possible.
fn convert_text(kind: Option<&str>, value: &mut Value) -> bool {
    match (kind, &*value) {
        (Some("string"), Value::Number(_) | Value::Bool(_)) => *value = value.to_string().into(),
        (Some("string") | None, _) => {}
        (Some(_), Value::String(written)) => match serde_json::from_str(written) {
            Ok(read) => *value = read,
            Err(_) => return false,
        },
        _ => {}
    }
    true
}

fn is_property(schema: &Value, name: &str) -> bool {
    let known = schema.get("properties");
    known.is_some_and(|known| known.get(name).is_some())
}

/// The schema of a member of an object.
fn field_schema<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let known = schema.get("properties");
    let own = known.and_then(|known| known.get(name));
    own.or_else(|| schema.get("additionalProperties"))
}

/// Whether a schema allows any value.
fn allows_anything(schema: &Value) -> bool {
    let words = ["type", "allOf", "oneOf", "anyOf", "properties", "enum"];
    words.iter().all(|word| schema.get(*word).is_none())
}

fn has_type(kind: Option<&str>, value: &Value) -> bool {
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

/// Whether an integer is in the range of its format.
fn is_in_format(format: Option<&str>, value: &Value) -> bool {
    match (format, value.as_i64()) {
        (Some("int32"), Some(number)) => i32::try_from(number).is_ok(),
        (Some("int32" | "int64"), None) => !value.is_u64(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_example_that_does_not_match_its_schema_is_dropped() {
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
        for (value, matching) in [
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
            assert_eq!(first_matching(&root, &media), matching, "{value}");
        }
        let media = json!({
            "schema": {"type": "integer", "example": 3},
            "example": "a",
            "examples": {"A": {"value": "b"}, "B": {"value": "2"}},
        });
        assert_eq!(first_matching(&root, &media), Some(json!(2)));
    }

    #[test]
    fn passwords_in_examples_are_replaced() {
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
            first_matching(&root, &media),
            Some(json!({"list": [{"t": SECRET}], "open": "seen", "map": {"a": SECRET, "b": 1}}))
        );
    }

    #[test]
    fn recursive_schemas_and_exponential_oneofs_have_no_example() {
        let to = |name: String| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut schemas = serde_json::Map::new();
        for level in 0..26 {
            let next = to(format!("S{}", level + 1));
            schemas.insert(format!("S{level}"), json!({"oneOf": [next, next]}));
        }
        schemas.insert("S26".to_owned(), json!({"format": "password"}));
        let ring = to("Ring".to_owned());
        schemas.insert("Ring".to_owned(), json!({"allOf": [ring, ring]}));
        let root = json!({"components": {"schemas": schemas}});
        for (name, shown) in [("S0", None), ("S20", Some(SECRET)), ("Ring", None)] {
            let media = json!({"schema": to(name.to_owned()), "example": "hidden"});
            assert_eq!(
                first_matching(&root, &media),
                shown.map(Value::from),
                "{name}"
            );
        }
    }
}
