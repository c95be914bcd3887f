//! Encodes parameters into the path template of an operation, and into a query.
//!
//! URL libraries resolve the segments `.` and `..`, so a parameter with that value would call
//! another operation. It is rejected.

use std::borrow::Cow;
use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Encodes all characters that RFC 3986 does not allow in a segment, and `;`, at which some servers
/// cut a segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Encodes all but the unreserved characters of RFC 3986, for names and values of a query or a
/// form.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Fills the parameter `name` into a template.
pub(crate) fn fill(
    template: &str,
    name: &str,
    value: &(impl Display + ?Sized),
) -> Result<String, String> {
    let value = value.to_string();
    fill_encoded(
        template,
        name,
        &Cow::from(utf8_percent_encode(&value, SEGMENT)),
    )
}

/// Fills in a list, with commas between its values. A comma within a value is encoded.
pub(crate) fn fill_list(template: &str, name: &str, values: &[String]) -> Result<String, String> {
    let values = values
        .iter()
        .map(|value| utf8_percent_encode(value, COMPONENT).to_string());
    fill_encoded(template, name, &values.collect::<Vec<_>>().join(","))
}

fn fill_encoded(template: &str, name: &str, encoded: &str) -> Result<String, String> {
    if matches!(encoded, "" | "." | "..") {
        return Err(format!("the path parameter {name} is empty, `.` or `..`"));
    }
    let placeholder = format!("{{{name}}}");
    if !template.contains(&placeholder) {
        return Err(format!(
            "the path has no parameter {name}, or it was set twice"
        ));
    }
    Ok(template.replacen(&placeholder, encoded, 1))
}

/// Rejects a template with a parameter that was not filled in, and the segments `.` and `..`.
pub(crate) fn check_filled(path: &str) -> Result<(), String> {
    if path.contains(['{', '}']) {
        return Err("a path parameter is missing".into());
    }
    check_dot_segments(path)
}

/// Splits a path that the caller wrote into path and query. Rejects an invalid one.
pub(crate) fn split(path: &str) -> Result<(&str, &str), String> {
    if !path.starts_with('/') {
        return Err("the path does not begin with a slash".into());
    }
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '#')) {
        return Err(
            "the path contains white space, a control character, a backslash or `#`".into(),
        );
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    check_dot_segments(path)?;
    Ok((path, query))
}

/// Rejects the segments `.` and `..`, plain or encoded.
fn check_dot_segments(path: &str) -> Result<(), String> {
    match path.split('/').any(is_dot_segment) {
        true => Err("the path has a segment `.` or `..`".into()),
        false => Ok(()),
    }
}

fn is_dot_segment(segment: &str) -> bool {
    match after_dot(segment) {
        Some("") => true,
        Some(rest) => after_dot(rest) == Some(""),
        None => false,
    }
}

fn after_dot(text: &str) -> Option<&str> {
    let dots = [".", "%2e", "%2E"];
    dots.into_iter().find_map(|dot| text.strip_prefix(dot))
}

/// Adds `name=value` to a query or a form.
pub(crate) fn append_pair(pairs: &mut String, name: &str, value: &str) {
    append_list(pairs, name, &[value]);
}

/// Replaces all pairs with that name with `name=value`. Returns `false` if that pair was already
/// there.
pub(crate) fn replace_pair(pairs: &mut String, name: &str, value: &str) -> bool {
    let mut pair = String::new();
    append_pair(&mut pair, name, value);
    let name_of = |pair: &str| pair.split('=').next().map(str::to_owned);
    let name = name_of(&pair);
    let known = pairs.split('&').filter(|known| !known.is_empty());
    let (same, others): (Vec<_>, Vec<_>) = known.partition(|known| name_of(known) == name);
    if same.contains(&pair.as_str()) {
        return false;
    }
    *pairs = [others, vec![&pair]].concat().join("&");
    true
}

/// Adds `name=value,value` to a query. A comma within a value is encoded, one between two is not.
pub(crate) fn append_list(pairs: &mut String, name: &str, values: &[impl AsRef<str>]) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    pairs.extend(utf8_percent_encode(name, COMPONENT));
    for (index, value) in values.iter().enumerate() {
        pairs.push(if index == 0 { '=' } else { ',' });
        pairs.extend(utf8_percent_encode(value.as_ref(), COMPONENT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_list_in_a_path_is_joined_by_commas_and_encodes_those_in_values() {
        let filled = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            fill_list("/a/{b}/c", "b", &values)
        };
        assert_eq!(
            filled(&["x", "y,z", "/"]),
            Ok("/a/x,y%2Cz,%2F/c".to_owned())
        );
        for values in [&[][..], &[""], &["."], &[".."]] {
            filled(values).unwrap_err();
        }
    }

    #[test]
    fn a_query_pair_replaces_those_of_the_same_name_only() {
        for (before, after) in [
            ("", Some("cursor=a%26b")),
            ("cursor=1", Some("cursor=a%26b")),
            (
                "cursor=1&page_size=5&cursor&cursors=2",
                Some("page_size=5&cursors=2&cursor=a%26b"),
            ),
            ("x=cursor=", Some("x=cursor=&cursor=a%26b")),
            ("cursor=a%26b", None),
            ("page_size=5&cursor=a%26b&x=1", None),
        ] {
            let mut pairs = before.to_owned();
            let changed = replace_pair(&mut pairs, "cursor", "a&b");
            assert_eq!(changed, after.is_some(), "{before}");
            assert_eq!(pairs, after.unwrap_or(before));
        }
    }

    #[test]
    fn a_path_parameter_is_encoded_into_its_segment() {
        for (value, path) in [
            ("a", "/nodes/a/x"),
            ("a b", "/nodes/a%20b/x"),
            ("a/b", "/nodes/a%2Fb/x"),
            ("a\\b", "/nodes/a%5Cb/x"),
            ("a;b", "/nodes/a%3Bb/x"),
            ("a?b#c", "/nodes/a%3Fb%23c/x"),
            ("50%", "/nodes/50%25/x"),
            ("%2e%2e", "/nodes/%252e%252e/x"),
            ("...", "/nodes/.../x"),
            ("{id}", "/nodes/%7Bid%7D/x"),
            ("a-._~!$&'()*+,=:@b", "/nodes/a-._~!$&'()*+,=:@b/x"),
            ("é", "/nodes/%C3%A9/x"),
            ("a\r\nb\0", "/nodes/a%0D%0Ab%00/x"),
        ] {
            assert_eq!(
                fill("/nodes/{id}/x", "id", value).unwrap(),
                path,
                "{value:?}"
            );
        }
    }

    #[test]
    fn a_path_parameter_that_would_change_the_path_is_rejected() {
        for value in ["", ".", ".."] {
            fill("/nodes/{id}", "id", value).unwrap_err();
        }
        fill("/nodes/{id}", "other", "a").unwrap_err();
        check_filled("/nodes/{id}").unwrap_err();
        let joined = fill(&fill("/n/.{a}{b}", "a", "%2e").unwrap(), "b", "x").unwrap();
        check_filled(&joined).unwrap();
        check_filled(&fill("/n/.{a}", "a", "..").unwrap_or_else(|_| "/n/..".into())).unwrap_err();
    }

    #[test]
    fn a_path_is_split_from_its_query_or_rejected() {
        assert_eq!(split("/api/v1/x?a=b?c").unwrap(), ("/api/v1/x", "a=b?c"));
        assert_eq!(split("/").unwrap(), ("/", ""));
        assert_eq!(split("/a/...?x=..").unwrap(), ("/a/...", "x=.."));
        for path in [
            "",
            "api",
            "https://evil",
            "/a b",
            "/a\n",
            "/a#b",
            "/a\\b",
            "/a/..",
            "/./a",
            "/a/%2E%2e/b",
            "/a/.%2e?x",
        ] {
            split(path).unwrap_err();
        }
    }

    #[test]
    fn pairs_are_encoded() {
        let mut pairs = String::new();
        append_pair(&mut pairs, "a", "1 & 2=3+4");
        append_pair(&mut pairs, "ü", "");
        append_list(&mut pairs, "list", &["a,b", "c"]);
        assert_eq!(pairs, "a=1%20%26%202%3D3%2B4&%C3%BC=&list=a%2Cb,c");
    }

    proptest! {
        #[test]
        fn a_path_parameter_stays_one_segment_and_decodes_to_its_value(value in ".+") {
            let Ok(path) = fill("/a/{id}/b", "id", &value) else {
                prop_assert!(value == "." || value == "..");
                return Ok(());
            };
            check_filled(&path).unwrap();
            let url = reqwest::Url::parse(&format!("https://host{path}")).unwrap();
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            let decoded = percent_encoding::percent_decode_str(segments[1]).decode_utf8().unwrap();
            prop_assert_eq!(decoded, value);
        }
    }
}
