//! Decodes the body of a successful response. An error message never quotes a value of the body.
//!
//! Serde's messages do (`invalid type: string "…"`), and the value may be a token. So only messages
//! in known formats are used, with the value removed, and serde's error is dropped. The path to the
//! value is recorded by a second decoding, only after a failure.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::compact_serde::DecodeError;
use crate::error::text::{FIELD_NAME_LIMIT, one_line, without_bom};

const PATH_LIMIT: usize = 256;
const EXPECTED_LIMIT: usize = 200;

/// Decodes `body` as JSON. An empty body is null, which fits an optional value.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = without_bom(body);
    if body.trim_ascii().is_empty() {
        return serde_json::from_slice(b"null").map_err(|_| "the body is empty".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Eof => format!("the body ends early, {}", position(&error)),
        Category::Data => mismatch_message::<T>(body, &error),
        Category::Syntax | Category::Io => syntax(&error),
    })
}

fn syntax(error: &serde_json::Error) -> String {
    // The only syntax error that is not about the grammar of JSON.
    let fault = if error.to_string().starts_with("recursion limit exceeded") {
        "is nested too deeply"
    } else {
        "is not JSON"
    };
    format!("the body {fault}, {}", position(error))
}

fn position(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// Describes where and how valid JSON does not match the type.
fn mismatch_message<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let outer = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => path_text(error.path()),
        Ok(_) => String::new(),
    };
    let message = error.to_string();
    // A discriminated union reports the path within itself.
    let (inner, message) = DecodeError::split_location(&message).unwrap_or(("", &message));
    let path = one_line(&join_paths(outer, inner), PATH_LIMIT);
    let at = if path.is_empty() {
        String::new()
    } else {
        format!("at {path}: ")
    };
    let reason = reason_without_value(message)
        .unwrap_or_else(|| format!("the value is not valid, {}", position(error)));
    format!("the body does not match the type: {at}{reason}")
}

/// Joins a path and its continuation.
fn join_paths(outer: String, inner: &str) -> String {
    let dot = if outer.is_empty() || inner.is_empty() || inner.starts_with('[') {
        ""
    } else {
        "."
    };
    outer + dot + inner
}

/// Writes a path as `results[3].admin_state`.
fn path_text(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&one_line(key, FIELD_NAME_LIMIT));
            }
            Segment::Unknown => text.push_str(".?"),
        }
    }
    text
}

/// Removes the value from a message of serde. Returns `None` if the form of the message is unknown.
fn reason_without_value(message: &str) -> Option<String> {
    let message = message
        .rfind(" at line ")
        .and_then(|end| message.get(..end))
        .unwrap_or(message);
    // A type without fields or variants expects nothing. The names in its message come from the
    // body.
    if ["there are no fields", "there are no variants"]
        .iter()
        .any(|end| message.ends_with(end))
    {
        return None;
    }
    // These names come from the type.
    for shape in ["missing field `", "duplicate field `"] {
        if message.starts_with(shape) {
            return Some(one_line(message, EXPECTED_LIMIT));
        }
    }
    let known = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
        "unknown field `",
    ];
    known.iter().find(|shape| message.starts_with(**shape))?;
    // The last occurrence: the value may contain the word, the expectation does not.
    let (found, expected) = message.rsplit_once(", expected ")?;
    if found.starts_with("unknown ") && !found.ends_with('`') {
        return None;
    }
    let expected = one_line(expected, EXPECTED_LIMIT);
    Some(match found_type(found) {
        Some(found) => format!("expected {expected}, found {found}"),
        None => format!("expected {expected}"),
    })
}

/// The JSON type of the value.
fn found_type(message: &str) -> Option<&'static str> {
    let found = message.strip_prefix("invalid type: ")?;
    [
        ("string", "a string"),
        ("integer", "an integer"),
        ("floating point", "a number"),
        ("boolean", "a boolean"),
        ("null", "null"),
        ("sequence", "an array"),
        ("map", "an object"),
    ]
    .iter()
    .find(|(name, _)| found.starts_with(name))
    .map(|(_, shown)| *shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_decodes_as_a_missing_value() {
        assert_eq!(json::<Option<u8>>(b" \n"), Ok(None));
        assert_eq!(json::<u8>(b""), Err("the body is empty".to_owned()));
        assert_eq!(json::<Vec<u8>>(b""), Err("the body is empty".to_owned()));
    }
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read for the errors")]
    struct Token {
        token: crate::Secret,
        roles: Vec<String>,
        kind: Option<Kind>,
        count: Option<u8>,
        nested: Option<BTreeMap<String, u8>>,
        pair: Option<(u8, u8)>,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        A,
    }

    #[test]
    fn a_decode_error_says_where_and_what_was_expected() {
        for (body, message) in [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("\u{FEFF}", "the body is empty"),
            (
                r#"{"token":"SECRET","roles":["a""#,
                "the body ends early, line 1 column 30",
            ),
            (r#"{"token":"SECR"#, "the body ends early, line 1 column 14"),
            (
                "<html>SECRET</html>",
                "the body is not JSON, line 1 column 1",
            ),
            (
                r#"{"token":"SECRET","roles":[]} SECRET"#,
                "the body is not JSON, line 1 column 31",
            ),
            (
                r#"{"token":"SECRET","roles":[7]}"#,
                "the body does not match the type: at roles[0]: expected a string, found an integer",
            ),
            (
                r#"{"token":["SECRET"],"roles":[]}"#,
                "the body does not match the type: at token: expected a string, found an array",
            ),
            (
                r#"{"token":"SECRET"}"#,
                "the body does not match the type: missing field `roles`",
            ),
            (
                r#"{"token":"SECRET","token":"SECRET","roles":[]}"#,
                "the body does not match the type: duplicate field `token`",
            ),
            (
                r#""SECRET""#,
                "the body does not match the type: expected struct Token, found a string",
            ),
            (
                "null",
                "the body does not match the type: expected struct Token, found null",
            ),
            (
                r#"{"token":"","roles":"SECRET, expected SECRET"}"#,
                "the body does not match the type: at roles: expected a sequence, found a string",
            ),
            (
                r#"{"token":"","roles":[],"kind":"SECRET"}"#,
                "the body does not match the type: at kind: expected `A`",
            ),
            (
                r#"{"token":"","roles":[],"count":1000}"#,
                "the body does not match the type: at count: expected u8",
            ),
            (
                r#"{"token":"","roles":[],"pair":[1]}"#,
                "the body does not match the type: at pair: expected a tuple of size 2",
            ),
            (
                "{\"token\":\"\",\"roles\":[],\"nested\":{\"a\\nb\":{}}}",
                "the body does not match the type: at nested.a b: expected u8, found an object",
            ),
        ] {
            let found = json::<Token>(body.as_bytes()).unwrap_err();
            assert_eq!(found, message, "{body}");
        }
    }

    #[test]
    fn a_decode_error_of_unknown_form_is_dropped() {
        for message in [
            "invalid type: string \"SECRET\"",
            "SECRET, expected nothing",
            "custom: SECRET",
            "unknown variant `SECRET`, there are no variants",
            "unknown variant `a, expected SECRET`, there are no variants",
            "unknown variant ``, expected SECRET`, there are no variants",
            "unknown field ``, expected `SECRET`, there are no fields",
            "unknown field ``, expected `SECRET`, there are no fields at line 1 column 2",
        ] {
            assert_eq!(reason_without_value(message), None, "{message}");
        }
    }

    #[test]
    fn invalid_utf8_and_deep_nesting_are_decode_errors() {
        assert_eq!(
            json::<serde_json::Value>(b"\"\xFF\"").unwrap_err(),
            "the body is not JSON, line 1 column 2"
        );
        let deep = "[".repeat(200_000);
        assert_eq!(
            json::<serde_json::Value>(deep.as_bytes()).unwrap_err(),
            "the body is nested too deeply, line 1 column 128"
        );
    }

    #[test]
    fn a_byte_order_mark_before_json_is_ignored() {
        assert_eq!(json::<u8>(b"\xEF\xBB\xBF7"), Ok(7));
    }

    /// JSON with secret values and mostly known fields.
    fn secret_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            ".{0,3}(SECRET)(, expected SECRET)?.{0,3}".prop_map(Value::from),
            Just(Value::from(987_654_321)),
            Just(Value::from(-9876.5)),
            Just(Value::Null),
            Just(Value::from(true)),
        ];
        let names = prop_oneof!["token", "roles", "kind", "count", "nested", "pair", "a"];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((names.clone(), inner), 0..6)
                    .prop_map(|fields| fields.into_iter().collect::<Value>()),
            ]
        })
        .prop_map(|value| value.to_string())
    }

    proptest! {
        #[test]
        fn a_decode_error_never_shows_a_value(text in secret_json(), cut in 0_usize..200) {
            let cut = text.as_bytes().get(..cut).unwrap_or(text.as_bytes());
            for body in [text.as_bytes(), cut] {
                let errors = [
                    json::<Token>(body).err(),
                    json::<Vec<Kind>>(body).err(),
                    json::<BTreeMap<String, (bool, char)>>(body).err(),
                    json::<std::net::IpAddr>(body).err(),
                ];
                for error in errors.into_iter().flatten() {
                    prop_assert!(!error.contains("SECRET") && !error.contains("9876"), "{error}");
                    prop_assert!(error.starts_with("the body "), "{error}");
                }
            }
        }
    }
}
