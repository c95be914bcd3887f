//! Turns an [`Answer`] into the response to one operation: the example of the document with new
//! secrets, and the headers and body of the answer itself.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::{Answer, AnswerKind, Delivery, error_body};
use super::random::random_hex;
use crate::{DocumentedResponse, Operation};

/// An operationId, a status as in the operation table, and the example as JSON text.
pub(super) type Example = (&'static str, &'static str, &'static str);

/// The value of a `format: password` property in an example.
const SECRET_PLACEHOLDER: &str = "<secret>";

/// What is sent to the client.
#[derive(Debug)]
pub(super) enum Rendered {
    Response {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        delivery: Delivery,
    },
    Dropped,
    Raw(Bytes),
}

/// A body from the document and its media type.
struct Content {
    media_type: &'static str,
    text: String,
}

impl Content {
    fn json(text: String) -> Self {
        Self {
            media_type: "application/json",
            text,
        }
    }

    /// The body of a successful response. Examples are JSON. If the response is not, a JSON string
    /// is replaced with its text.
    fn of_success(operation: &Operation, example: String) -> Self {
        let media_type = media_type(operation);
        let plain_text = match is_json(media_type) {
            true => None,
            false => serde_json::from_str(&example).ok(),
        };
        Self {
            media_type,
            text: plain_text.unwrap_or(example),
        }
    }

    fn content_type(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.media_type).ok()
    }
}

/// Renders an answer for an operation. `None` is a request that matches no operation.
pub(super) fn render(
    answer: Answer,
    operation: Option<&Operation>,
    examples: &[Example],
) -> io::Result<Rendered> {
    let (status, content) = match answer.kind {
        AnswerKind::Dropped => return Ok(Rendered::Dropped),
        AnswerKind::Raw(bytes) => return Ok(Rendered::Raw(bytes)),
        AnswerKind::Invalid(reason) => {
            return render(Answer::invalid(&reason), operation, examples);
        }
        AnswerKind::Status(status) => (status, None),
        AnswerKind::Success => success_response(operation, examples),
        AnswerKind::Documented(status) => (status, documented_content(status, operation, examples)),
    };
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let content = content.filter(|_| has_body);
    let mut headers = HeaderMap::new();
    if let Some(media_type) = content.as_ref().and_then(Content::content_type) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    for name in answer.headers.keys() {
        headers.remove(name);
    }
    headers.extend(answer.headers);
    if !has_body {
        headers.remove(header::CONTENT_LENGTH);
        return Ok(Rendered::Response {
            status,
            headers,
            body: Bytes::new(),
            delivery: Delivery::default(),
        });
    }
    let body = match (answer.body, content) {
        (Some(body), _) => body,
        (None, Some(content)) => replace_secrets(&content.text)?.into(),
        (None, None) => Bytes::new(),
    };
    answer.delivery.announce_length(&mut headers, body.len());
    Ok(Rendered::Response {
        status,
        headers,
        body,
        delivery: answer.delivery,
    })
}

/// The status and the example of an operation's successful response.
fn success_response(
    operation: Option<&Operation>,
    examples: &[Example],
) -> (StatusCode, Option<Content>) {
    let Some(operation) = operation else {
        return (StatusCode::OK, Some(Content::json("{}".to_owned())));
    };
    let mut responses = operation.responses.iter();
    let success = responses.find(|response| response.status.starts_with('2'));
    // Without a documented success, the default response is one.
    let response = success.or_else(|| {
        let mut responses = operation.responses.iter();
        responses.find(|response| response.status == "default")
    });
    // A range such as `2XX` is not a single status.
    let status = response
        .and_then(|response| response.status.parse().ok())
        .unwrap_or(StatusCode::OK);
    (
        status,
        response
            .and_then(|response| find_example(operation, response, examples))
            .or_else(|| minimal_success(status, operation))
            .map(|text| Content::of_success(operation, text)),
    )
}

/// The example of an operation's documented response with this status, or a generic body.
fn documented_content(
    status: StatusCode,
    operation: Option<&Operation>,
    examples: &[Example],
) -> Option<Content> {
    let documented = operation.and_then(|operation| {
        let response = operation
            .responses
            .iter()
            .filter(|response| status_matches(response.status, status));
        // The exact status takes precedence over its range, and a range over `default`.
        let response = response
            .max_by_key(|response| response.status.bytes().filter(u8::is_ascii_digit).count())?;
        find_example(operation, response, examples)
    });
    let text = documented.or_else(|| match operation {
        Some(operation) if status.is_success() => minimal_success(status, operation),
        None if status.is_success() => Some("{}".to_owned()),
        _ if status.is_client_error() || status.is_server_error() => Some(generic_error(status)),
        _ => None,
    })?;
    Some(match operation {
        Some(operation) if status.is_success() => Content::of_success(operation, text),
        _ => Content::json(text),
    })
}

/// Whether a status of a document (`200`, `4XX` or `default`) includes this status.
fn status_matches(documented: &str, status: StatusCode) -> bool {
    match documented
        .strip_suffix("XX")
        .or_else(|| documented.strip_suffix("xx"))
    {
        Some(class) => status.as_str().starts_with(class),
        None => documented == status.as_str() || documented == "default" && !status.is_success(),
    }
}

fn find_example(
    operation: &Operation,
    response: &DocumentedResponse,
    examples: &[Example],
) -> Option<String> {
    let mut examples = examples.iter();
    examples
        .find(|(id, status, _)| *id == operation.id && *status == response.status)
        .map(|(_, _, text)| (*text).to_owned())
}

/// The body of a successful response without an example: an empty object if the operation returns
/// JSON, otherwise an empty body.
fn minimal_success(status: StatusCode, operation: &Operation) -> Option<String> {
    let body = match is_json(media_type(operation)) {
        true => "{}",
        false => "",
    };
    (status != StatusCode::NO_CONTENT).then(|| body.to_owned())
}

/// The media type of an operation's successful response: the first one in its `Accept` header
/// without a wildcard.
fn media_type(operation: &Operation) -> &'static str {
    let mut types = operation.accept.split(',').map(str::trim);
    types.find(|name| !name.contains('*')).unwrap_or_default()
}

fn is_json(media_type: &str) -> bool {
    media_type.contains("json")
}

fn generic_error(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    error_body(status.as_u16(), reason).to_string()
}

/// Replaces each secret placeholder of an example with its own random value.
fn replace_secrets(text: &str) -> io::Result<String> {
    let mut parts = text.split(SECRET_PLACEHOLDER);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        filled.push_str(&random_hex()?);
        filled.push_str(part);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    static READ: Operation = Operation {
        id: "Read",
        method: Method::GET,
        path: "/read",
        query: "",
        idempotent: true,
        accept: "application/json",
        responses: &[
            DocumentedResponse {
                status: "201",
                description: "",
            },
            DocumentedResponse {
                status: "404",
                description: "",
            },
            DocumentedResponse {
                status: "4XX",
                description: "",
            },
            DocumentedResponse {
                status: "default",
                description: "",
            },
        ],
    };
    static EXAMPLES: &[Example] = &[
        ("Other", "201", "other"),
        ("Read", "201", r#"{"a":"<secret>","b":"<secret>"}"#),
        ("Read", "404", "exactly 404"),
        ("Read", "4XX", "some 4XX"),
        ("Read", "default", "default"),
    ];

    fn rendered(answer: Answer, operation: Option<&Operation>) -> (u16, String) {
        match render(answer, operation, EXAMPLES).unwrap() {
            Rendered::Response { status, body, .. } => {
                (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mock_answers_use_the_most_specific_documented_response() {
        for (status, text) in [
            (404, "exactly 404"),
            (409, "some 4XX"),
            (503, "default"),
            (200, "{}"),
            (204, ""),
        ] {
            assert_eq!(
                rendered(Answer::documented(status), Some(&READ)),
                (status, text.to_owned())
            );
        }
    }

    #[test]
    fn a_mock_success_has_the_media_type_of_the_document() {
        const fn read_operation(accept: &'static str) -> Operation {
            Operation {
                id: READ.id,
                method: Method::GET,
                path: READ.path,
                query: "",
                idempotent: true,
                accept,
                responses: READ.responses,
            }
        }
        for (accept, example, expected, text) in [
            ("application/hal+json", "[1]", "application/hal+json", "[1]"),
            ("text/csv, application/json", r#""a,b""#, "text/csv", "a,b"),
            ("*/*, application/json", "{}", "application/json", "{}"),
            (
                "application/json, text/csv",
                r#""a""#,
                "application/json",
                r#""a""#,
            ),
        ] {
            let examples = [("Read", "201", example)];
            let operation = read_operation(accept);
            for (answer, text) in [
                (Answer::success(), text),
                (Answer::documented(201), text),
                // There is no example for this status.
                (
                    Answer::documented(200),
                    if expected == "text/csv" { "" } else { "{}" },
                ),
            ] {
                let rendered = render(answer, Some(&operation), &examples).unwrap();
                let Rendered::Response { headers, body, .. } = rendered else {
                    panic!()
                };
                assert_eq!(headers["content-type"], expected);
                assert_eq!(body, text, "{accept}");
            }
            let error = render(Answer::documented(404), Some(&operation), &examples).unwrap();
            let Rendered::Response { headers, .. } = error else {
                panic!()
            };
            assert_eq!(headers["content-type"], "application/json");
        }
    }

    #[test]
    fn mock_answers_with_status_204_and_304_have_no_body() {
        for status in [204, 304] {
            for answer in [
                Answer::status(status).body("never sent"),
                Answer::json(status, "never sent").truncated_at(3),
                Answer::documented(status).header("content-length", "7"),
            ] {
                let Rendered::Response { headers, body, .. } =
                    render(answer, Some(&READ), EXAMPLES).unwrap()
                else {
                    panic!()
                };
                assert!(body.is_empty() && !headers.contains_key("content-length"));
            }
        }
    }

    #[test]
    fn an_undocumented_mock_error_has_a_generic_body() {
        let (status, text) = rendered(Answer::documented(429), None);
        assert_eq!(status, 429);
        assert!(
            text.contains(r#""error_code":429"#) && text.contains("Too Many Requests"),
            "{text}"
        );
    }

    #[test]
    fn every_secret_in_a_mock_answer_is_new() {
        let (status, first) = rendered(Answer::success(), Some(&READ));
        let (_, second) = rendered(Answer::success(), Some(&READ));
        assert_eq!(status, 201);
        let value: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_ne!(value["a"], value["b"]);
        assert_ne!(first, second);
        assert!(!first.contains('<'));
    }

    #[test]
    fn an_invalid_mock_answer_becomes_a_500_with_the_reason() {
        for (answer, reason) in [
            (Answer::status(42), "42 is not a final status of a response"),
            (
                Answer::documented(100),
                "100 is not a final status of a response",
            ),
            (
                Answer::success().header("a b", "c"),
                "is not a valid header",
            ),
            (
                Answer::success().header("a", "b\r\nc: d"),
                "is not a valid header",
            ),
            (
                Answer::json(200, std::collections::HashMap::from([(vec![1], 1)])),
                "cannot be serialized as JSON",
            ),
        ] {
            let (status, text) = rendered(answer, Some(&READ));
            assert_eq!(status, 500);
            assert!(text.contains(reason), "{text}");
        }
    }

    #[test]
    fn headers_of_a_mock_answer_replace_the_default_headers() {
        let answer = Answer::success()
            .header("content-type", "a/b")
            .header("set-cookie", "1")
            .header("set-cookie", "2");
        let Rendered::Response { headers, .. } = render(answer, Some(&READ), EXAMPLES).unwrap()
        else {
            panic!()
        };
        assert_eq!(headers["content-type"], "a/b");
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    }
}
