//! The calls that create and destroy a session, which are not in the document, and the login form.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use super::recorded::{RecordedRequest, single_header};

/// A call that creates or destroys a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SessionCall {
    Create,
    Destroy,
}

impl SessionCall {
    pub(super) fn of(call: &RecordedRequest) -> Option<Self> {
        match call.path.as_str() {
            "/api/session/create" if call.method == Method::POST => Some(Self::Create),
            "/api/session/destroy" if call.method == Method::POST => Some(Self::Destroy),
            _ => None,
        }
    }
}

/// Whether the path of a call is below `/api/session/`, and so not part of the API.
pub(super) fn has_session_path(call: &RecordedRequest) -> bool {
    call.path.starts_with("/api/session/")
}

/// The decoded user name and password of a login.
///
/// It is strict, because a server that accepts more would hide bugs of a client: the media type
/// must be that of a form, and each field must occur exactly once.
pub(super) fn login_form(call: &RecordedRequest) -> Option<(Vec<u8>, Vec<u8>)> {
    if !is_form(&call.headers) {
        return None;
    }
    Some((
        form_field(&call.body, b"j_username")?,
        form_field(&call.body, b"j_password")?,
    ))
}

fn is_form(headers: &HeaderMap) -> bool {
    single_header(headers, CONTENT_TYPE.as_str()).is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The decoded value of a field that occurs exactly once.
fn form_field(form: &Bytes, name: &[u8]) -> Option<Vec<u8>> {
    let mut values = form.split(|&byte| byte == b'&').filter_map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        (parts.next() == Some(name)).then(|| parts.next().unwrap_or_default())
    });
    let value = values.next()?;
    values
        .next()
        .is_none()
        .then(|| percent_decode(value))
        .flatten()
}

/// Decodes percent-encoding. Returns `None` if a percent sign does not start an escape, which means
/// that it was not encoded.
fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = text.iter().copied();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str, content_type: &str, body: &str) -> RecordedRequest {
        let (head, ()) = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .body(())
            .unwrap()
            .into_parts();
        RecordedRequest::new(&head, Bytes::from(body.to_owned()), None, None)
    }

    #[test]
    fn a_session_login_form_is_decoded_strictly() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let both = |user: &str, password: &str| Some((user.into(), password.into()));
        for (content_type, body, expected) in [
            (FORM, "j_username=a&j_password=b", both("a", "b")),
            (FORM, "j_password=b&c&j_username=a", both("a", "b")),
            (
                "Application/X-WWW-Form-URLencoded; charset=utf-8",
                "j_username=%C3%A4+1&j_password=p%2B%26%25%20%3d=%22",
                both("ä 1", "p+&% ==\""),
            ),
            (FORM, "j_username=a&j_password=p+q", both("a", "p q")),
            (FORM, "j_username=&j_password", both("", "")),
            (FORM, "j_username=a&j_password=100%", None),
            (FORM, "j_username=a&j_password=1%0", None),
            (FORM, "j_username=a&j_password=%+1", None),
            (FORM, "j_username=a&j_password=b&j_password=b", None),
            (FORM, "j_username=a", None),
            (FORM, "", None),
            ("application/json", "j_username=a&j_password=b", None),
        ] {
            let call = call("POST", "/api/session/create", content_type, body);
            let expected: Option<(Vec<u8>, Vec<u8>)> = expected;
            assert_eq!(login_form(&call), expected, "{content_type} {body}");
        }
    }

    #[test]
    fn only_two_calls_create_and_destroy_sessions() {
        for (method, path, expected) in [
            ("POST", "/api/session/create", Some(SessionCall::Create)),
            ("POST", "/api/session/destroy", Some(SessionCall::Destroy)),
            ("POST", "/api/session/create?x=1", Some(SessionCall::Create)),
            ("GET", "/api/session/create", None),
            ("POST", "/api/session/create/", None),
            ("POST", "/api/v1/session/create", None),
        ] {
            let call = call(method, path, "", "");
            assert_eq!(SessionCall::of(&call), expected, "{method} {path}");
        }
    }
}
