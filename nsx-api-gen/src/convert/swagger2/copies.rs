//! Copies of shared parts: OpenAPI repeats in several places what Swagger 2.0 defines once.

use serde_json::Value;

use super::Converter;
use super::location::Location;

/// The maximum size of all copies, as text. Real documents need a small part of it. Without a limit
/// a malicious document could grow many times over.
pub(super) const MAX_COPIED_BYTES: usize = 64 << 20;

impl Converter {
    /// A copy of a part, if the limit allows it.
    pub(super) fn copy(&mut self, part: &Value, at: Location<'_>) -> Option<Value> {
        match self.copies.checked_sub(text_size(part)) {
            Some(left) => {
                self.copies = left;
                Some(part.clone())
            }
            None => {
                let message = "dropped: the document requires too many copies of shared parts";
                self.record("too_large", at, message);
                None
            }
        }
    }
}

/// The approximate length of a part as text.
pub(crate) fn text_size(part: &Value) -> usize {
    match part {
        Value::Object(map) => {
            map.iter()
                .map(|(key, part)| key.len() + text_size(part))
                .sum::<usize>()
                + 1
        }
        Value::Array(list) => list.iter().map(text_size).sum::<usize>() + 1,
        Value::String(text) => text.len() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn copies_of_shared_swagger_parts_are_limited_and_reported() {
        let text = "x".repeat(super::MAX_COPIED_BYTES / 1000);
        let mut paths = serde_json::Map::new();
        for index in 0..1100 {
            let operation =
                json!({"consumes": ["text/csv"], "parameters": [{"$ref": "#/parameters/B"}]});
            paths.insert(format!("/{index}"), json!({"put": operation}));
        }
        let shared = json!({"B": {"in": "body", "name": "b", "schema": {"example": text}}});
        let root = json!({"swagger": "2.0", "paths": paths, "parameters": shared, "consumes": ["text/plain"]});
        let (root, changes) = super::super::convert(root);
        let reported = changes
            .iter()
            .filter(|change| change.pass == "too_large")
            .count();
        assert!((100..120).contains(&reported), "{reported}");
        let last = root.pointer("/paths/~11099/put/requestBody");
        assert_eq!(last, Some(&json!({"$ref": "#/components/parameters/B"})));
    }
}
