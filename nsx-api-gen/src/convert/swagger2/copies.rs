//! Copies: what Swagger says once for several places, OpenAPI says in each of them.

use serde_json::Value;

use super::Upgrade;
use super::place::At;

/// How many bytes are copied at most, counted as text. Real documents need a small part of it; one that is made for it
/// could otherwise become many times as large as it is.
pub(super) const MOST: usize = 64 << 20;

impl Upgrade {
    /// A copy of a part, as long as there is room for it.
    pub(super) fn copy(&mut self, part: &Value, at: At<'_>) -> Option<Value> {
        match self.copies.checked_sub(size(part)) {
            Some(left) => {
                self.copies = left;
                Some(part.clone())
            }
            None => {
                let message =
                    "the document needs too many copies of its parts: this one is left out";
                self.tell("too_large", at, message);
                None
            }
        }
    }
}

/// About how long a part is.
pub(crate) fn size(part: &Value) -> usize {
    match part {
        Value::Object(map) => {
            map.iter()
                .map(|(key, part)| key.len() + size(part))
                .sum::<usize>()
                + 1
        }
        Value::Array(list) => list.iter().map(size).sum::<usize>() + 1,
        Value::String(text) => text.len() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn copies_that_would_grow_without_bound_are_told_of() {
        let text = "x".repeat(super::MOST / 1000);
        let mut paths = serde_json::Map::new();
        for index in 0..1100 {
            let operation =
                json!({"consumes": ["text/csv"], "parameters": [{"$ref": "#/parameters/B"}]});
            paths.insert(format!("/{index}"), json!({"put": operation}));
        }
        let shared = json!({"B": {"in": "body", "name": "b", "schema": {"example": text}}});
        let root = json!({"swagger": "2.0", "paths": paths, "parameters": shared, "consumes": ["text/plain"]});
        let (root, changes) = super::super::upgrade(root);
        let told = changes
            .iter()
            .filter(|change| change.pass == "too_large")
            .count();
        assert!((100..120).contains(&told), "{told}");
        let last = root.pointer("/paths/~11099/put/requestBody");
        assert_eq!(last, Some(&json!({"$ref": "#/components/parameters/B"})));
    }
}
