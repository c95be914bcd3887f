//! The calls that begin and end a session, which are no operations of the document, and the form
//! that a user logs in with.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use super::recorded::{RecordedRequest, only};

/// A call that begins or ends a session.
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

/// Whether a call is about sessions, and so not one of the API.
pub(super) fn is_about_sessions(call: &RecordedRequest) -> bool {
    call.path.starts_with("/api/session/")
}

/// The user and the password of a login, decoded.
///
/// Each field once, under the media type of a form: where a server might guess, a test should not
/// pass.
pub(super) fn user_and_password(call: &RecordedRequest) -> Option<(Vec<u8>, Vec<u8>)> {
    if !is_form(&call.headers) {
        return None;
    }
    Some((
        field(&call.body, b"j_username")?,
        field(&call.body, b"j_password")?,
    ))
}

fn is_form(headers: &HeaderMap) -> bool {
    only(headers, CONTENT_TYPE.as_str()).is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// A field that is there exactly once.
fn field(form: &Bytes, name: &[u8]) -> Option<Vec<u8>> {
    let mut values = form.split(|&byte| byte == b'&').filter_map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        (parts.next() == Some(name)).then(|| parts.next().unwrap_or_default())
    });
    let value = values.next()?;
    values.next().is_none().then(|| decode(value)).flatten()
}

/// Takes the percent-encoding away; `None` for a percent sign that begins no escape, which is one
/// that was not encoded.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
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
    fn a_login_is_read_as_it_was_encoded() {
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
            let read: Option<(Vec<u8>, Vec<u8>)> = expected;
            assert_eq!(user_and_password(&call), read, "{content_type} {body}");
        }
    }

    #[test]
    fn only_two_calls_begin_and_end_sessions() {
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
