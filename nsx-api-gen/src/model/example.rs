//! The example of a response, which the mock answers with: one that the client can read.

use serde_json::Value;

use crate::document::{items, members, resolve, text};

/// What stands in an example where the schema says `format: password`.
pub(crate) const SECRET: &str = "<secret>";

/// How many schemas are gone through from one to the next: those made of one another could be so for ever.
const DEEPEST: usize = 64;

/// How many schemas are gone through for one example: choices of choices could be more than can be counted.
const MOST_STEPS: usize = 100_000;

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
    examples.find_map(|value| fitting(root, schema, value.clone()))
}

/// The value as the schema has it and without its secrets, if it fits. What takes too many steps does not: secrets could be left in it.
pub(crate) fn fitting(root: &Value, schema: &Value, value: Value) -> Option<Value> {
    fitting_within(&mut { MOST_STEPS }, root, schema, value)
}

/// The same in as many steps as are left.
pub(crate) fn fitting_within(
    left: &mut usize,
    root: &Value,
    schema: &Value,
    mut value: Value,
) -> Option<Value> {
    let mut walk = Walk { root, left: *left };
    let fits = walk.fit(schema, &mut value, DEEPEST);
    if fits {
        walk.hide_secrets(schema, &mut value, DEEPEST);
    }
    *left = walk.left;
    (fits && walk.left > 0).then_some(value)
}

/// A way through the schemas of one example.
struct Walk<'a> {
    root: &'a Value,
    /// The steps that are left; when there are none, there is no example.
    left: usize,
}

impl<'a> Walk<'a> {
    /// Whether one more schema may be gone through. What is too deep takes all steps that are left.
    fn step(&mut self, depth: usize) -> bool {
        self.left = match depth {
            0 => 0,
            _ => self.left.saturating_sub(1),
        };
        self.left > 0
    }

    /// Whether a value is one of the schema. JSON that is written as text is read first, as VCF Operations has it for whole answers and
    /// other documents for the objects in them; a number in the place of text is made one.
    fn fit(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        if !self.step(depth) {
            return false;
        }
        let Some(schema) = resolve(self.root, schema) else {
            return true;
        };
        if value.is_null() {
            return schema.get("nullable") == Some(&Value::Bool(true)) || says_nothing(schema);
        }
        let kind = text(schema, "type");
        read_text(kind, value)
            && is_of(kind, value)
            && is_in_format(text(schema, "format"), value)
            && items(schema.get("allOf")).all(|part| self.fit(part, value, depth - 1))
            && self.one_fits(schema, value, depth - 1)
            && self.inner_fit(schema, value, depth - 1)
    }

    /// Whether a value is one of a choice, if there is one.
    fn one_fits(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        ["oneOf", "anyOf"].into_iter().all(|key| {
            let mut choices = items(schema.get(key)).peekable();
            choices.peek().is_none() || choices.any(|choice| self.choice_fits(choice, value, depth))
        })
    }

    /// Whether a value is this one of a choice; it is changed only if it is.
    fn choice_fits(&mut self, choice: &Value, value: &mut Value, depth: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        let mut tried = value.clone();
        let fits = self.fit(choice, &mut tried, depth);
        if fits {
            *value = tried;
        }
        fits
    }

    /// Whether what a value holds fits; a property that is not required may be null.
    fn inner_fit(&mut self, schema: &Value, value: &mut Value, depth: usize) -> bool {
        match value {
            Value::Object(fields) => {
                let required = items(schema.get("required")).filter_map(Value::as_str);
                let required: Vec<&str> = required.collect();
                required.iter().all(|name| fields.contains_key(*name))
                    && fields.iter_mut().all(|(name, field)| {
                        let is_left_out = is_property(schema, name)
                            && field.is_null()
                            && !required.contains(&name.as_str());
                        let inner = field_schema(schema, name).filter(|_| !is_left_out);
                        inner.is_none_or(|inner| self.fit(inner, field, depth))
                    })
            }
            Value::Array(list) => {
                let inner = schema.get("items");
                inner.is_none_or(|inner| list.iter_mut().all(|item| self.fit(inner, item, depth)))
            }
            _ => true,
        }
    }

    /// Puts [`SECRET`] in the place of every string whose schema is a password.
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

    /// The same in what a value holds.
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

/// Reads what is written as text, where the schema says that it is none, and the other way round; whether that can be done.
fn read_text(kind: Option<&str>, value: &mut Value) -> bool {
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

/// The schema of an object's field.
fn field_schema<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let known = schema.get("properties");
    let own = known.and_then(|known| known.get(name));
    own.or_else(|| schema.get("additionalProperties"))
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

/// Whether an integer is one of the type that its format makes of it.
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

    #[test]
    fn what_has_too_many_choices_or_no_end_has_no_example() {
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
            assert_eq!(example(&root, &media), shown.map(Value::from), "{name}");
        }
    }
}
