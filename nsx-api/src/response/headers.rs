//! Reads the headers of a response.

use http::header;
use http::{HeaderMap, HeaderName};

use crate::error::text;

/// The id that the manager, or a proxy in front of it, has assigned to the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    const NAMES: [HeaderName; 2] = [
        HeaderName::from_static("x-nsx-requestid"),
        HeaderName::from_static("x-request-id"),
    ];
    NAMES
        .iter()
        .filter_map(|name| headers.get(name))
        .filter_map(|value| value.to_str().ok())
        .find(|id| !id.is_empty() && id.len() <= 128)
}

/// Hides header values from `Debug` that contain a session, or a URL that may contain one.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap) {
    for (name, value) in headers {
        let is_sensitive = matches!(
            name.as_str(),
            "authorization"
                | "cookie"
                | "location"
                | "proxy-authorization"
                | "set-cookie"
                | "x-xsrf-token"
        );
        if is_sensitive {
            value.set_sensitive(true);
        }
    }
}

/// The header that explains why a body is not JSON. It is masked before it is truncated, so that no
/// secret is cut in two. Parameters of a media type are dropped.
pub(super) fn misleading_header(
    headers: &HeaderMap,
    mask: impl Fn(String) -> String,
) -> Option<String> {
    let text = |name: HeaderName| Some((headers.get(&name)?.to_str().ok()?, name));
    let encoding = text(header::CONTENT_ENCODING).filter(|(value, _)| *value != "identity");
    let (value, name) =
        encoding.or_else(|| text(header::CONTENT_TYPE).filter(|(value, _)| !is_json(value)))?;
    let value = mask(value.to_owned());
    Some(format!(
        "{name}: {}",
        text::one_line(media_type(&value), 80)
    ))
}

fn is_json(content_type: &str) -> bool {
    let mut places = media_type(content_type).as_bytes().windows(4);
    places.any(|place| place.eq_ignore_ascii_case(b"json"))
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn session_headers_are_hidden_from_debug() {
        let mut headers = HeaderMap::new();
        for value in ["a=SECRET", "b=SECRET"] {
            headers.append("set-cookie", HeaderValue::from_static(value));
        }
        for name in ["x-xsrf-token", "cookie", "proxy-authorization"] {
            headers.append(name, HeaderValue::from_static("SECRET"));
        }
        mark_sensitive(&mut headers);
        assert!(!format!("{headers:?}").contains("SECRET"), "{headers:?}");
    }
}
