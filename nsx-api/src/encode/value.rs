//! Encodes values as the text of a query, a form or a header.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::path::append_pair;

/// Headers of the connection, which cannot be set.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers for authentication, which only credentials can set.
const AUTHENTICATION_HEADERS: &[&str] = &["authorization", "cookie", "x-xsrf-token"];

pub(crate) fn is_connection_header(name: &HeaderName) -> bool {
    CONNECTION_HEADERS.contains(&name.as_str())
}

/// Encodes a value as texts: none for null, one for a scalar, one for each item of an array.
pub(crate) fn to_texts(value: &(impl Serialize + ?Sized)) -> Result<Vec<String>, String> {
    match to_json(value)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.into_iter().map(scalar_text).collect(),
        value => scalar_text(value).map(|text| vec![text]),
    }
}

/// Encodes a value as JSON.
pub(crate) fn to_json_text(value: &(impl Serialize + ?Sized)) -> Result<String, String> {
    Ok(to_json(value)?.to_string())
}

/// Encodes null (`None`), a scalar, or an array of scalars joined by commas.
pub(crate) fn to_joined_text(value: &(impl Serialize + ?Sized)) -> Result<Option<String>, String> {
    let texts = to_texts(value)?;
    Ok((!texts.is_empty()).then(|| texts.join(",")))
}

/// Encodes the fields of an object as a form.
pub(crate) fn to_form(value: &(impl Serialize + ?Sized)) -> Result<String, String> {
    let mut pairs = String::new();
    match to_json(value)? {
        Value::Null => Err("a form must be an object".into()),
        value => append_members(&value, &mut pairs).map(|()| pairs),
    }
}

/// Appends the fields of an object to a query or a form. Null adds nothing.
pub(crate) fn append_members(
    value: &(impl Serialize + ?Sized),
    pairs: &mut String,
) -> Result<(), String> {
    let fields = match to_json(value)? {
        Value::Object(fields) => fields,
        Value::Null => return Ok(()),
        _ => return Err("the value is not an object".into()),
    };
    for (name, value) in &fields {
        for text in to_texts(value).map_err(|reason| format!("the field {name}: {reason}"))? {
            append_pair(pairs, name, &text);
        }
    }
    Ok(())
}

/// Sets a header, unless it belongs to the connection or to authentication. The error does not
/// repeat the value.
pub(crate) fn set_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let (name, value) = parse_header(name, value)?;
    headers.try_insert(name, value).map_err(too_many)?;
    Ok(())
}

/// Adds the headers of `defaults` whose names are not in `headers`.
pub(crate) fn add_missing(headers: &mut HeaderMap, defaults: &HeaderMap) -> Result<(), String> {
    for (name, value) in defaults {
        headers
            .try_entry(name)
            .map_err(too_many)?
            .or_try_insert(value.clone())
            .map_err(too_many)?;
    }
    Ok(())
}

fn too_many(_: impl Sized) -> String {
    "there are too many headers".into()
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err("a header name is not valid".into());
    };
    if is_connection_header(&parsed) || AUTHENTICATION_HEADERS.contains(&parsed.as_str()) {
        return Err(format!("the header {parsed} cannot be set by the caller"));
    }
    match HeaderValue::from_str(value) {
        Ok(parsed_value) if value.is_ascii() => Ok((parsed, parsed_value)),
        _ => Err(format!(
            "the value of the header {parsed} is not printable ASCII"
        )),
    }
}

// The message of serde may quote the value, so it is dropped.
fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|_| "the value cannot be serialized".into())
}

fn scalar_text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(value) => Ok(value.to_string()),
        Value::Null => Err("an array contains null".into()),
        Value::Array(_) | Value::Object(_) => Err("an array or an object is not a scalar".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_value_is_encoded_as_texts() {
        for (value, expected) in [
            (json!(null), Ok(vec![])),
            (json!("a b"), Ok(vec!["a b"])),
            (json!(""), Ok(vec![""])),
            (json!(true), Ok(vec!["true"])),
            (json!(-7), Ok(vec!["-7"])),
            (json!(1.5), Ok(vec!["1.5"])),
            (json!([]), Ok(vec![])),
            (json!(["a", 1, false]), Ok(vec!["a", "1", "false"])),
            (json!({ "a": 1 }), Err(())),
            (json!([[1]]), Err(())),
            (json!([null]), Err(())),
        ] {
            let found = to_texts(&value);
            let found = found
                .as_ref()
                .map(|texts| texts.iter().map(String::as_str).collect())
                .map_err(|_| ());
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn a_list_is_joined_by_commas() {
        assert_eq!(to_joined_text(&["a", "b"]), Ok(Some("a,b".to_owned())));
        assert_eq!(to_joined_text(&json!([])), Ok(None));
        assert_eq!(to_joined_text(&json!(null)), Ok(None));
        to_joined_text(&json!([[1]])).unwrap_err();
    }

    #[test]
    fn a_form_is_encoded_from_an_object_of_scalars() {
        let value = json!({ "j_password": "a+b&c=d ü", "j_username": "admin", "many": [1, 2], "none": null });
        assert_eq!(
            to_form(&value).unwrap(),
            "j_password=a%2Bb%26c%3Dd%20%C3%BC&j_username=admin&many=1&many=2"
        );
        for value in [json!([]), json!("a"), json!(null), json!({ "a": {} })] {
            to_form(&value).unwrap_err();
        }
    }

    #[test]
    fn headers_of_the_connection_and_of_authentication_are_rejected() {
        for name in CONNECTION_HEADERS.iter().chain(AUTHENTICATION_HEADERS) {
            parse_header(&name.to_ascii_uppercase(), "SECRET").unwrap_err();
        }
        for (name, value) in [
            ("X-A", "a\r\nX-B: SECRET"),
            ("X-A\r\n", "SECRET"),
            ("", "SECRET"),
            ("X A", "SECRET"),
            ("X-A", "SECRET\0"),
            ("X-A", "SECRETé"),
        ] {
            let reason = parse_header(name, value).unwrap_err();
            assert!(!reason.contains("SECRET"), "{reason}");
        }
        let (name, value) = parse_header("X-Allow-Overwrite", "true").unwrap();
        assert_eq!(
            (name.as_str(), value.to_str().unwrap()),
            ("x-allow-overwrite", "true")
        );
    }

    #[test]
    fn too_many_headers_are_rejected() {
        let mut headers = HeaderMap::new();
        let refused = (0..50_000)
            .find_map(|number| set_header(&mut headers, &format!("x-{number}"), "").err());
        assert_eq!(refused.as_deref(), Some("there are too many headers"));
        let mut others = HeaderMap::from_iter([(
            HeaderName::from_static("x-other"),
            HeaderValue::from_static(""),
        )]);
        add_missing(&mut others, &headers).unwrap_err();
    }

    #[test]
    fn a_value_that_does_not_serialize_is_rejected() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        to_texts(&map).unwrap_err();
        to_form(&map).unwrap_err();
    }
}
