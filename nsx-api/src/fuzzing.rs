//! What holds whatever a manager answers, for the targets of `fuzz/` and for the tests beside this: each function takes bytes, and
//! panics where it does not hold.
//!
//! An answer is written as it is sent: the status, a header a line, a blank line and the body. In the place of `{0}` to `{6}` there is
//! a secret of the client, in one of the ways in which it may be said back.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::Url;

use crate::auth::{Credentials, Csp, Kept, Session};
use crate::call::failure;
use crate::call::retry::{self, Cause, LONGEST_OBEYED, Policy, RetryInput};
use crate::error::{Answer, Call};
use crate::mask::Mask;
use crate::response::Facts;
use crate::{Error, ErrorKind, Response, Secret};

const SECRET: &str = r#"G7%41 "+&<\wGz"#;

/// The secret as it is, in JSON, in a URL, in a form, in HTML, and in Base64, padded and not.
const ECHOES: [&str; 7] = [
    SECRET,
    r#"G7%41 \"+&<\\wGz"#,
    "G7%2541%20%22%2B%26%3C%5CwGz",
    "G7%2541+%22%2b%26%3c%5cwGz",
    r"G7%41 &quot;+&amp;&lt;\wGz",
    "RzclNDEgIismPFx3R3o=",
    "RzclNDEgIismPFx3R3o",
];

/// Longer than any line or `Debug` of an error is, in characters.
const LONGEST_LINE: usize = 2_000;
const LONGEST_DEBUG: usize = 20_000;

/// An answer that is not a success becomes an error that says what the manager said, in one line and without a secret.
pub fn error(answer: &[u8]) {
    let (status, headers, body) = read(answer);
    let Ok(url) = Url::parse("https://nsx-1.example.com/api/v1/nodes?x=1") else {
        return;
    };
    let mask = Mask::of([&Secret::from(SECRET)]);
    let mask = |text: String| mask.apply(text);
    let failure = failure::refused(status, &headers, &body, &url, mask);
    let error = failure.error;
    assert_eq!(error.kind(), ErrorKind::of(status));
    assert_eq!(error.status(), Some(status));
    assert_eq!(error.retry_after(), failure.retry_after);
    assert_eq!(failure.cause, Cause::Status(status, error.error_code()));
    assert!(error.body().is_some_and(|body| body.len() <= 4096));
    let is_followed = matches!(status.as_u16(), 301 | 307 | 308);
    assert!(is_followed || failure.redirect.is_none());

    let error = error.in_call(call());
    assert_shows_no_secret(&error);
    let kind = error.kind().without_effect();
    let of_login = Error::of_login(Arc::new(error));
    assert_eq!((of_login.kind(), of_login.status()), (kind, Some(status)));
    assert_shows_no_secret(&of_login.in_call(call()));
}

/// A `Retry-After` is a number of seconds, a date or nothing; no call waits longer for it than a call may.
pub fn retry_after(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let text = value.to_str().unwrap_or_default().trim().to_owned();
    // A whole second, as dates are.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let read =
        |value| retry::retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]), now);
    let asked = read(value);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.trim_start_matches('0');
        let seconds = iter::once('0').chain(digits.chars());
        let seconds = seconds.take(30).collect::<String>().parse::<u128>();
        let seconds = seconds.map(u64::try_from);
        let expected = match seconds {
            Ok(Ok(seconds)) => Duration::from_secs(seconds),
            _ => Duration::MAX,
        };
        assert_eq!(asked, Some(expected), "{text}");
    } else if let Some(asked) = asked {
        let date = httpdate::fmt_http_date(now + asked);
        let again = HeaderValue::from_str(&date).ok().and_then(read);
        assert_eq!(again, Some(asked), "{text} {date}");
    }
    assert_is_obeyed(asked);
    let answer = Answer {
        retry_after: asked,
        ..Answer::default()
    };
    assert_is_line(&Error::new(ErrorKind::TooManyRequests, "").with_answer(answer));
}

/// What a wait is made of: what was asked for, and at most the longest delay on top of it.
fn assert_is_obeyed(asked: Option<Duration>) {
    let longest = Duration::from_secs(10);
    let policy = Policy {
        max_retries: 4,
        delay: (Duration::ZERO, longest),
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
            retry_after: asked,
            left,
            elsewhere: false,
        };
        let asked = asked.unwrap_or_default();
        match policy.wait(failed, random) {
            Some(wait) => {
                assert!(asked <= LONGEST_OBEYED && (asked..=asked + longest).contains(&wait));
                assert!(left.is_none_or(|left| wait < left));
            }
            None => {
                assert!(asked > LONGEST_OBEYED || left.is_some_and(|left| asked + longest >= left))
            }
        }
    }
}

/// The answer to a login becomes headers that can be sent and hold what it said to send, or an error without a secret.
pub fn login(answer: &[u8]) {
    let (status, headers, body) = read(answer);
    let mask = Mask::of([&Secret::from(SECRET)]);
    match Session::new("admin", SECRET).answered(&headers) {
        Ok(credentials) => {
            if let Some(sent) = sent(credentials) {
                assert_is_session(&headers, &sent);
            }
        }
        Err(reason) => {
            let reason = mask.apply(reason);
            assert_shows_no_secret(&Error::new(ErrorKind::Authentication, reason));
        }
    }
    let facts = Facts::new(call(), status, headers, |text| mask.apply(text));
    match Csp::answered(Response::new(Bytes::from(body), facts)) {
        Ok(credentials) => {
            let sent = sent(credentials).unwrap_or_default();
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

/// The headers of a call with these credentials, if they can be sent. None shows what it holds, and an echo of it is masked.
fn sent(credentials: Credentials) -> Option<HeaderMap> {
    assert_no_echo(&format!("{credentials:?}"));
    let credentials = match credentials.checked() {
        Ok(credentials) => credentials,
        Err(fault) => {
            assert_no_echo(&fault);
            return None;
        }
    };
    let mut headers = HeaderMap::new();
    credentials.apply(&mut headers);
    let kept = Kept::new(credentials);
    for (name, value) in &headers {
        assert!(value.is_sensitive());
        let text = value.to_str().unwrap_or_default();
        assert!(!text.is_empty() || value.is_empty(), "{value:?}");
        let masked = kept.mask.apply(format!("you sent {text}"));
        let token = text.strip_prefix("Bearer ").unwrap_or(text);
        let cookies = pairs(text).map(|(_, secret)| secret);
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

/// A session sends each cookie that the answer sets, once and without attributes, and the token as it came.
fn assert_is_session(answer: &HeaderMap, sent: &HeaderMap) {
    let lines = answer.get_all(header::SET_COOKIE).iter();
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
    for (name, value) in pairs(cookies) {
        assert!(set.contains(&(name, value)), "{name}={value} of {set:?}");
        assert!(!value.contains([';', ' ']) && !names.contains(&name));
        names.push(name);
    }
    assert!(names.contains(&"JSESSIONID"), "{cookies}");
    let token = sent.get("x-xsrf-token");
    assert!(token.is_none() || token == answer.get("x-xsrf-token"));
    assert_eq!(sent.len(), 1 + usize::from(token.is_some()));
}

/// The cookies in a header.
fn pairs(cookies: &str) -> impl Iterator<Item = (&str, &str)> {
    cookies.split("; ").filter_map(|pair| pair.split_once('='))
}

/// Reads an answer. What is no status is 500, and what is no header is left out.
fn read(answer: &[u8]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let answer = with_secrets(answer);
    let (head, body) = halves(&answer, b"\n\n");
    let (status, lines) = halves(head, b"\n");
    let status = StatusCode::from_bytes(status)
        .ok()
        .filter(|status| !status.is_success());
    let headers = lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, value) = halves(line, b":");
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

/// What stands before and behind the first place of `between`.
fn halves<'a>(bytes: &'a [u8], between: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes
        .windows(between.len())
        .position(|window| window == between);
    let (before, rest) = bytes.split_at(at.unwrap_or(bytes.len()));
    (before, rest.get(between.len()..).unwrap_or_default())
}

fn with_secrets(answer: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(answer.len());
    let mut rest = answer;
    while let Some((first, after)) = rest.split_first() {
        let echo = match rest {
            [b'{', digit, b'}', ..] => digit
                .checked_sub(b'0')
                .and_then(|digit| ECHOES.get(usize::from(digit))),
            _ => None,
        };
        match echo {
            Some(echo) => whole.extend_from_slice(echo.as_bytes()),
            None => whole.push(*first),
        }
        rest = if echo.is_some() {
            rest.get(3..).unwrap_or_default()
        } else {
            after
        };
    }
    whole
}

fn call() -> Call {
    Call {
        operation: Some("ListNodes".into()),
        manager: Some("nsx-1.example.com".into()),
        attempts: 2,
        ..Call::default()
    }
}

fn assert_shows_no_secret(error: &Error) {
    assert_is_line(error);
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
        .flat_map(|said| [&said.error_message, &said.details])
    {
        assert_no_echo(text.as_deref().unwrap_or_default());
    }
}

fn assert_is_line(error: &Error) {
    let line = error.to_string();
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(line.chars().count() <= LONGEST_LINE, "{line:?}");
    assert!(
        format!("{error:?}").chars().count() <= LONGEST_DEBUG,
        "{error:?}"
    );
}

fn assert_no_echo(shown: &str) {
    let echo = ECHOES.iter().find(|echo| shown.contains(**echo));
    assert!(echo.is_none(), "{echo:?} in {shown:?}");
}
