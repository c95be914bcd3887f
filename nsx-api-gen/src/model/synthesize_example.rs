//! Synthesizes a minimal value of a schema, with only the required members. The mock manager
//! returns it if the document has no example.

use serde_json::{Map, Value, json};

use crate::document::discriminated_union::{DiscriminatedUnion, Variant};
use crate::document::{all_of, items, resolve};
use crate::model::example::{matching, matching_within};

/// The maximum nesting. A schema that requires itself has no end.
const MAX_DEPTH: usize = 32;

/// The maximum number of schemas visited for one value. Nested unions can be exponential.
const MAX_STEPS: usize = 1_000;

/// The maximum number of schemas visited to check whether examples and defaults match their
/// schemas.
const MAX_MATCHING_STEPS: usize = 10_000;

/// The maximum length of a list or string that a schema requires.
const MAX_LENGTH: usize = 100;

/// A value of a schema, with secrets replaced; `None` if none was found.
pub(crate) fn synthesize_example(root: &Value, schema: &Value) -> Option<Value> {
    let mut synthesizer = Synthesizer {
        root,
        left: MAX_STEPS,
        left_for_matching: MAX_MATCHING_STEPS,
    };
    let value = synthesizer.value(schema, MAX_DEPTH)?;
    matching(root, schema, value)
}

struct Synthesizer<'a> {
    root: &'a Value,
    /// The remaining steps.
    left: usize,
    left_for_matching: usize,
}

impl Synthesizer<'_> {
    fn value(&mut self, schema: &Value, depth: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let schema = resolve(self.root, schema)?;
        if let Some(union) = DiscriminatedUnion::from_schema(schema) {
            return union
                .variants
                .iter()
                .find_map(|one| self.variant(&union, one, depth));
        }
        let parts = Parts(all_of::parts(self.root, schema));
        self.left = self.left.checked_sub(parts.0.len())?;
        if let Some(stated) = self.stated(schema, &parts) {
            return Some(stated);
        }
        if let Some(variants) = parts.last("oneOf").or(parts.last("anyOf")) {
            let variant = items(Some(variants)).find_map(|variant| self.value(variant, depth))?;
            return self.with_required(&parts, variant, depth);
        }
        match parts.last("type").and_then(Value::as_str) {
            Some("array") => self.list(&parts, depth),
            Some("string") => Some(string_of_format(&parts).into()),
            Some("integer") => Some(rounded(number(&parts))),
            Some("number") => Some(number(&parts)),
            Some("boolean") => Some(false.into()),
            _ => self.with_required(&parts, json!({}), depth),
        }
    }

    /// The example, default or first enum value of the schema.
    fn stated(&mut self, schema: &Value, parts: &Parts<'_>) -> Option<Value> {
        let own = ["example", "default"].map(|key| parts.last(key));
        let listed = items(parts.last("enum")).filter(|value| !value.is_null());
        let values = own.into_iter().flatten().chain(listed);
        let mut values = values.filter(|value| is_short(value)).cloned();
        values.find_map(|value| {
            matching_within(&mut self.left_for_matching, self.root, schema, value)
        })
    }

    /// An object of a union's variant, with its discriminator value.
    fn variant(
        &mut self,
        union: &DiscriminatedUnion<'_>,
        variant: &Variant<'_>,
        depth: usize,
    ) -> Option<Value> {
        let reference = json!({ "$ref": format!("#/components/schemas/{}", variant.component) });
        let mut value = self.value(&reference, depth)?;
        let kind = (*variant.values.first()?).into();
        value
            .as_object_mut()?
            .insert(union.property.to_owned(), kind);
        Some(value)
    }

    /// Adds the missing required properties if the value is an object.
    fn with_required(
        &mut self,
        parts: &Parts<'_>,
        mut value: Value,
        depth: usize,
    ) -> Option<Value> {
        if let Some(fields) = value.as_object_mut() {
            self.add_required(parts, fields, depth)?;
        }
        Some(value)
    }

    fn add_required(
        &mut self,
        parts: &Parts<'_>,
        fields: &mut Map<String, Value>,
        depth: usize,
    ) -> Option<()> {
        let names = parts.0.iter().flat_map(|part| items(part.get("required")));
        for name in names.filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let schema = parts.property(name);
                let schema = schema.or_else(|| parts.last("additionalProperties"));
                let value = match schema.filter(|schema| schema.is_object()) {
                    Some(schema) => self.value(schema, depth)?,
                    None => json!({}),
                };
                fields.insert(name.to_owned(), value);
            }
        }
        Some(())
    }

    fn list(&mut self, parts: &Parts<'_>, depth: usize) -> Option<Value> {
        let values = (0..parts.length("minItems")).map(|_| self.value(parts.last("items")?, depth));
        values.collect::<Option<Vec<_>>>().map(Value::from)
    }
}

/// The `allOf` parts of a schema; the schema itself is last.
struct Parts<'a>(Vec<&'a Value>);

impl<'a> Parts<'a> {
    /// The value of `key` in the last part that has it.
    fn last(&self, key: &str) -> Option<&'a Value> {
        self.0.iter().rev().find_map(|part| part.get(key))
    }

    /// The minimum length of a list or string.
    fn length(&self, key: &str) -> usize {
        let least = self.last(key).and_then(Value::as_u64).unwrap_or(0);
        usize::try_from(least).map_or(MAX_LENGTH, |least| least.min(MAX_LENGTH))
    }

    fn property(&self, name: &str) -> Option<&'a Value> {
        let mut parts = self.0.iter().rev();
        parts.find_map(|part| part.get("properties")?.get(name))
    }
}

/// Whether a value is small enough to be repeated.
fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= MAX_LENGTH,
        other => !other.is_object() && !other.is_array(),
    }
}

fn string_of_format(parts: &Parts<'_>) -> String {
    match parts.last("format").and_then(Value::as_str) {
        Some("date-time") => "1970-01-01T00:00:00Z".to_owned(),
        Some("date") => "1970-01-01".to_owned(),
        Some("uuid") => "00000000-0000-0000-0000-000000000000".to_owned(),
        Some("ipv4" | "ip") => "192.0.2.1".to_owned(),
        Some("ipv6") => "2001:db8::1".to_owned(),
        Some("uri") => "https://example.com/".to_owned(),
        Some("hostname") => "example.com".to_owned(),
        Some("email") => "user@example.com".to_owned(),
        _ => "a".repeat(parts.length("minLength")),
    }
}

/// Zero, or the allowed number that is closest to it.
fn number(parts: &Parts<'_>) -> Value {
    let bound = |key| parts.last(key).filter(|bound| bound.is_number());
    let above = bound("minimum").filter(|least| least.as_f64() > Some(0.0));
    let below = bound("maximum").filter(|most| most.as_f64() < Some(0.0));
    above.or(below).cloned().unwrap_or_else(|| 0.into())
}

/// Rounds away from zero.
fn rounded(number: Value) -> Value {
    match number.as_f64().filter(|number| number.fract() != 0.0) {
        Some(number) => ((number.abs().ceil() * number.signum()) as i64).into(),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::example::SECRET;

    fn synthesized(schema: Value) -> Option<Value> {
        let root = json!({"components": {"schemas": {
            "Ring": {"required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Ring"}}},
            "Base": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "string", "format": "uuid"},
                "kind": {"type": "string"},
                "more": {"type": "string"},
            }},
            "Port": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["kind", "size"], "properties": {
                "size": {"type": "integer", "minimum": 3},
            }}]},
            "Either": {
                "oneOf": [{"$ref": "#/components/schemas/Port"}],
                "discriminator": {"propertyName": "kind", "mapping": {"port": "#/components/schemas/Port"}},
            },
            "Fork": {"oneOf": [{"$ref": "#/components/schemas/Fork"}, {"$ref": "#/components/schemas/Fork"}]},
        }}});
        synthesize_example(&root, &schema)
    }

    #[test]
    fn a_synthesized_example_has_only_required_properties() {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let id = "00000000-0000-0000-0000-000000000000";
        for (schema, value) in [
            (json!({}), json!({})),
            (to("Base"), json!({"id": id})),
            (to("Port"), json!({"id": id, "kind": "", "size": 3})),
            (to("Either"), json!({"id": id, "kind": "port", "size": 3})),
            (json!({"required": ["any"]}), json!({"any": {}})),
            (json!({"type": "array", "items": to("Base")}), json!([])),
            (
                json!({"type": "array", "minItems": 2, "items": {"type": "boolean"}}),
                json!([false, false]),
            ),
            (json!({"type": "string", "minLength": 3}), json!("aaa")),
            (json!({"type": "string", "enum": ["A", "B"]}), json!("A")),
            (
                json!({"type": "string", "format": "password"}),
                json!(SECRET),
            ),
            (json!({"type": "string", "example": "me"}), json!("me")),
            (json!({"type": "integer", "example": "me"}), json!(0)),
            (json!({"type": "integer", "maximum": -2}), json!(-2)),
            (json!({"type": "integer", "minimum": 0.5}), json!(1)),
            (
                json!({"type": "integer", "format": "int32", "example": 1_u64 << 40}),
                json!(0),
            ),
            (
                json!({"type": "integer", "format": "int64", "example": u64::MAX}),
                json!(0),
            ),
            (
                json!({"required": ["any"], "additionalProperties": {"type": "integer"}}),
                json!({"any": 0}),
            ),
            (json!({"anyOf": [to("Ring"), {"type": "number"}]}), json!(0)),
        ] {
            let shown = schema.to_string();
            assert_eq!(synthesized(schema), Some(value), "{shown}");
        }
    }

    #[test]
    fn recursive_required_properties_have_no_synthesized_example() {
        for name in ["Ring", "Fork", "Nowhere"] {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            assert_eq!(synthesized(schema), None, "{name}");
        }
        let endless = json!({"type": "array", "minItems": u64::MAX, "items": {"type": "array", "minItems": 99, "items": {}}});
        assert_eq!(synthesized(endless), None);
    }
}
