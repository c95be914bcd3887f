//! Properties that must hold for every response of a manager. Each function takes the bytes of a
//! response and panics if a property is violated. The fuzz targets in `fuzz/` and the tests next to
//! this module call them.
//!
//! A response is given as text: the status, one header per line, a blank line and the body. The
//! placeholders `{0}` to `{6}` stand for a secret of the client, in the encodings in which a server
//! may echo it.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::Url;

use crate::auth::{Credentials, Csp, Session};
use crate::call::failure;
use crate::call::retry::{self, Cause, LONGEST_OBEYED, Policy, RetryInput};
use crate::credentials::credential_cache::CachedCredentials;
use crate::error::{CallInfo, ErrorResponse};
use crate::response::metadata::ResponseMeta;
use crate::secret::mask::Mask;
use crate::{Error, ErrorKind, Response, Secret};

const SECRET: &str = r#"G7%41 "+&<\wGz"#;

/// The secret as it is, in JSON, in a URL, in a form, in HTML, and in base64 with and without
/// padding.
const ECHOES: [&str; 7] = [
    SECRET,
    r#"G7%41 \"+&<\\wGz"#,
    "G7%2541%20%22%2B%26%3C%5CwGz",
    "G7%2541+%22%2b%26%3c%5cwGz",
    r"G7%41 &quot;+&amp;&lt;\wGz",
    "RzclNDEgIismPFx3R3o=",
    "RzclNDEgIismPFx3R3o",
];

/// Upper bounds for the `Display` and `Debug` output of an error, in characters.
const MAX_DISPLAY: usize = 2_000;
const MAX_DEBUG: usize = 20_000;

/// An error response becomes an error with one line of text and without a secret.
pub fn error(response: &[u8]) {
    let (status, headers, body) = parse_response(response);
    let Ok(url) = Url::parse("https://nsx-1.example.com/api/v1/nodes?x=1") else {
        return;
    };
    let mask = Mask::new([&Secret::from(SECRET)]);
    let mask = |text: String| mask.apply(text);
    let failure = failure::refused(status, &headers, &body, &url, mask);
    let error = failure.error;
    assert_eq!(error.kind(), ErrorKind::from_status(status));
    assert_eq!(error.status(), Some(status));
    assert_eq!(error.retry_after(), failure.retry_after);
    assert_eq!(failure.cause, Cause::Status(status, error.error_code()));
    assert!(error.body().is_some_and(|body| body.len() <= 4096));
    let is_followed = matches!(status.as_u16(), 301 | 307 | 308);
    assert!(is_followed || failure.redirect.is_none());

    let error = error.in_call(call());
    assert_shows_no_secret(&error);
    let kind = error.kind().for_unsent_call();
    let of_login = Error::login_failed(Arc::new(error));
    assert_eq!((of_login.kind(), of_login.status()), (kind, Some(status)));
    assert_shows_no_secret(&of_login.in_call(call()));
}

/// A `Retry-After` header is a number of seconds, a date or ignored, and the wait for it is
/// bounded.
pub fn retry_after(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let text = value.to_str().unwrap_or_default().trim().to_owned();
    // Without a fraction of a second, which HTTP dates cannot express.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let parse =
        |value| retry::retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]), now);
    let requested = parse(value);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.trim_start_matches('0');
        let seconds = iter::once('0').chain(digits.chars());
        let seconds = seconds.take(30).collect::<String>().parse::<u128>();
        let seconds = seconds.map(u64::try_from);
        let expected = match seconds {
            Ok(Ok(seconds)) => Duration::from_secs(seconds),
            _ => Duration::MAX,
        };
        assert_eq!(requested, Some(expected), "{text}");
    } else if let Some(requested) = requested {
        let date = httpdate::fmt_http_date(now + requested);
        let parsed_again = HeaderValue::from_str(&date).ok().and_then(parse);
        assert_eq!(parsed_again, Some(requested), "{text} {date}");
    }
    assert_wait_is_bounded(requested);
    let answer = ErrorResponse {
        retry_after: requested,
        ..ErrorResponse::default()
    };
    assert_is_one_line(&Error::new(ErrorKind::TooManyRequests, "").with_response(answer));
}

/// The wait before a retry is the requested time plus at most the longest delay. There is no retry
/// if the requested time is too long.
fn assert_wait_is_bounded(requested: Option<Duration>) {
    let max_delay = Duration::from_secs(10);
    let policy = Policy {
        max_retries: 4,
        delay: (Duration::ZERO, max_delay),
        idempotent: true,
        repeatable: true,
        retry_unavailable: true,
        by_certificate: false,
    };
    for (retries, random, left) in [
        (0, 0.0, None),
        (3, 1.0, None),
        (3, 0.5, Some(Duration::from_secs(30))),
    ] {
        let failed = RetryInput {
            retries,
            cause: Cause::Status(StatusCode::TOO_MANY_REQUESTS, None),
            retry_after: requested,
            left,
            elsewhere: false,
        };
        let requested = requested.unwrap_or_default();
        match policy.wait(failed, random) {
            Some(wait) => {
                assert!(requested <= LONGEST_OBEYED);
                assert!((requested..=requested + max_delay).contains(&wait));
                assert!(left.is_none_or(|left| wait < left));
            }
            None => {
                let exceeds_deadline = || left.is_some_and(|left| requested + max_delay >= left);
                assert!(requested > LONGEST_OBEYED || exceeds_deadline());
            }
        }
    }
}

/// A login response becomes request headers with its credentials, or an error without a secret.
pub fn login(response: &[u8]) {
    let (status, headers, body) = parse_response(response);
    let mask = Mask::new([&Secret::from(SECRET)]);
    match Session::new("admin", SECRET).parse_response(&headers) {
        Ok(credentials) => {
            if let Some(sent) = request_headers(credentials) {
                assert_is_session_of(&headers, &sent);
            }
        }
        Err(reason) => {
            let reason = mask.apply(reason);
            assert_shows_no_secret(&Error::new(ErrorKind::Authentication, reason));
        }
    }
    let meta = ResponseMeta::new(call(), status, headers, |text| mask.apply(text));
    match Csp::parse_response(Response::new(Bytes::from(body), meta)) {
        Ok(credentials) => {
            let sent = request_headers(credentials).unwrap_or_default();
            let token = sent.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
            let token = token.and_then(|value| value.strip_prefix(b"Bearer "));
            assert!(token.is_some_and(|token| token.iter().all(u8::is_ascii_graphic)));
            assert_eq!(sent.len(), 1);
        }
        Err(error) => match error.downcast::<Error>() {
            Ok(error) => assert_shows_no_secret(&error),
            Err(error) => assert_no_echo(&error.to_string()),
        },
    }
}

/// The request headers for these credentials, if they are valid. They must be marked as sensitive,
/// and an echo of them must be masked.
fn request_headers(credentials: Credentials) -> Option<HeaderMap> {
    assert_no_echo(&format!("{credentials:?}"));
    let credentials = match credentials.validated() {
        Ok(credentials) => credentials,
        Err(deferred_error) => {
            assert_no_echo(&deferred_error);
            return None;
        }
    };
    let mut headers = HeaderMap::new();
    credentials.apply(&mut headers);
    let kept = CachedCredentials::new(credentials);
    for (name, value) in &headers {
        assert!(value.is_sensitive());
        let text = value.to_str().unwrap_or_default();
        assert!(!text.is_empty() || value.is_empty(), "{value:?}");
        let masked = kept.mask.apply(format!("you sent {text}"));
        let token = text.strip_prefix("Bearer ").unwrap_or(text);
        let cookies = cookie_pairs(text).map(|(_, secret)| secret);
        let secrets = if name == header::COOKIE {
            cookies.collect()
        } else {
            vec![token]
        };
        for secret in secrets {
            assert!(secret.len() < 4 || !masked.contains(secret), "{masked}");
        }
    }
    Some(headers)
}

/// A session sends each cookie of the login response once, without attributes, and the XSRF token
/// unchanged.
fn assert_is_session_of(response: &HeaderMap, sent: &HeaderMap) {
    let lines = response.get_all(header::SET_COOKIE).iter();
    let set: Vec<(&str, &str)> = lines
        .filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let cookies = sent
        .get(header::COOKIE)
        .and_then(|value| value.to_str().ok());
    let cookies = cookies.unwrap_or_default();
    assert!(cookies.len() <= 4096 + 16 * 3);
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in cookie_pairs(cookies) {
        assert!(set.contains(&(name, value)), "{name}={value} of {set:?}");
        assert!(!value.contains([';', ' ']) && !names.contains(&name));
        names.push(name);
    }
    assert!(names.contains(&"JSESSIONID"), "{cookies}");
    let token = sent.get("x-xsrf-token");
    assert!(token.is_none() || token == response.get("x-xsrf-token"));
    assert_eq!(sent.len(), 1 + usize::from(token.is_some()));
}

/// The names and values in a `Cookie` header.
fn cookie_pairs(cookies: &str) -> impl Iterator<Item = (&str, &str)> {
    cookies.split("; ").filter_map(|pair| pair.split_once('='))
}

/// Parses a response. An invalid status becomes 500, and invalid headers are ignored.
fn parse_response(response: &[u8]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = insert_secrets(response);
    let (head, body) = split_once(&response, b"\n\n");
    let (status, lines) = split_once(head, b"\n");
    let status = StatusCode::from_bytes(status)
        .ok()
        .filter(|status| !status.is_success());
    let headers = lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, value) = split_once(line, b":");
        let value = HeaderValue::from_bytes(value.trim_ascii()).ok()?;
        Some((HeaderName::from_bytes(name).ok()?, value))
    });
    let mut map = HeaderMap::new();
    headers.for_each(|(name, value)| {
        let _ = map.try_append(name, value);
    });
    (
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        map,
        body.to_vec(),
    )
}

/// Splits at the first occurrence of `separator`. Without one, the second part is empty.
fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes
        .windows(separator.len())
        .position(|window| window == separator);
    let (before, rest) = bytes.split_at(at.unwrap_or(bytes.len()));
    (before, rest.get(separator.len()..).unwrap_or_default())
}

/// Replaces the placeholders with the encodings of the secret.
fn insert_secrets(response: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(response.len());
    let mut rest = response;
    while let Some((first, after)) = rest.split_first() {
        let echo = match rest {
            [b'{', digit, b'}', ..] => digit
                .checked_sub(b'0')
                .and_then(|digit| ECHOES.get(usize::from(digit))),
            _ => None,
        };
        match echo {
            Some(echo) => filled.extend_from_slice(echo.as_bytes()),
            None => filled.push(*first),
        }
        rest = if echo.is_some() {
            rest.get(3..).unwrap_or_default()
        } else {
            after
        };
    }
    filled
}

fn call() -> CallInfo {
    CallInfo {
        operation: Some("ListNodes".into()),
        manager: Some("nsx-1.example.com".into()),
        attempts: 2,
        ..CallInfo::default()
    }
}

fn assert_shows_no_secret(error: &Error) {
    assert_is_one_line(error);
    for error in iter::successors(Some(error as &dyn StdError), |&error| error.source()) {
        assert_no_echo(&error.to_string());
        assert_no_echo(&format!("{error:?}{error:#?}"));
    }
    assert_no_echo(error.body().unwrap_or_default());
    assert_no_echo(error.request_id().unwrap_or_default());
    assert_no_echo(&format!("{:?}", error.api_error()));
    for text in error
        .api_error()
        .into_iter()
        .flat_map(|error| [&error.error_message, &error.details])
    {
        assert_no_echo(text.as_deref().unwrap_or_default());
    }
}

fn assert_is_one_line(error: &Error) {
    let line = error.to_string();
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(line.chars().count() <= MAX_DISPLAY, "{line:?}");
    assert!(
        format!("{error:?}").chars().count() <= MAX_DEBUG,
        "{error:?}"
    );
}

fn assert_no_echo(shown: &str) {
    let echo = ECHOES.iter().find(|echo| shown.contains(**echo));
    assert!(echo.is_none(), "{echo:?} in {shown:?}");
}
