//! What an [`Answer`] comes to for one operation: the document's example looked up, secrets made
//! afresh, headers and body of the answer's own put in place.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::{Answer, Delivery, Source, error_body};
use crate::{DocumentedResponse, Operation};

/// An operationId, a status as the operation table writes it, and the example as JSON text.
pub(super) type Example = (&'static str, &'static str, &'static str);

/// What stands in an example where the schema says `format: password`.
const SECRET: &str = "<secret>";

/// What goes out.
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

/// A body as the document has it.
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

    /// An example, which is JSON: where the operation's success is none, a text stands for what it says.
    fn of_success(operation: &Operation, example: String) -> Self {
        let media_type = media_type(operation);
        let said = match is_json(media_type) {
            true => None,
            false => serde_json::from_str(&example).ok(),
        };
        Self {
            media_type,
            text: said.unwrap_or(example),
        }
    }

    fn media_type(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.media_type).ok()
    }
}

/// Works out what an answer comes to for an operation, or for a request that is none.
pub(super) fn render(
    answer: Answer,
    operation: Option<&Operation>,
    examples: &[Example],
) -> io::Result<Rendered> {
    let (status, content) = match answer.source {
        Source::Dropped => return Ok(Rendered::Dropped),
        Source::Raw(bytes) => return Ok(Rendered::Raw(bytes)),
        Source::Mistake(what) => return render(Answer::mistake(&what), operation, examples),
        Source::Status(status) => (status, None),
        Source::Success => success(operation, examples),
        Source::Documented(status) => (status, documented(status, operation, examples)),
    };
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let content = content.filter(|_| has_body);
    let mut headers = HeaderMap::new();
    if let Some(media_type) = content.as_ref().and_then(Content::media_type) {
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
        (None, Some(content)) => with_fresh_secrets(&content.text)?.into(),
        (None, None) => Bytes::new(),
    };
    answer.delivery.announce(&mut headers, body.len());
    Ok(Rendered::Response {
        status,
        headers,
        body,
        delivery: answer.delivery,
    })
}

/// The status and the example of an operation's successful response.
fn success(operation: Option<&Operation>, examples: &[Example]) -> (StatusCode, Option<Content>) {
    let Some(operation) = operation else {
        return (StatusCode::OK, Some(Content::json("{}".to_owned())));
    };
    let response = operation
        .responses
        .iter()
        .find(|response| response.status.starts_with('2'));
    // A range (`2XX`) has no number of its own.
    let status = response
        .and_then(|response| response.status.parse().ok())
        .unwrap_or(StatusCode::OK);
    (
        status,
        response
            .and_then(|response| example(operation, response, examples))
            .or_else(|| made_up(status, operation))
            .map(|text| Content::of_success(operation, text)),
    )
}

/// The example of an operation's response of this status.
fn documented(
    status: StatusCode,
    operation: Option<&Operation>,
    examples: &[Example],
) -> Option<Content> {
    let known = operation.and_then(|operation| {
        let response = operation
            .responses
            .iter()
            .filter(|response| covers(response.status, status));
        // The status itself goes before its range, and both before `default`.
        let response = response
            .max_by_key(|response| response.status.bytes().filter(u8::is_ascii_digit).count())?;
        example(operation, response, examples)
    });
    let text = known.or_else(|| match operation {
        Some(operation) if status.is_success() => made_up(status, operation),
        None if status.is_success() => Some("{}".to_owned()),
        _ if status.is_client_error() || status.is_server_error() => Some(made_up_error(status)),
        _ => None,
    })?;
    Some(match operation {
        Some(operation) if status.is_success() => Content::of_success(operation, text),
        _ => Content::json(text),
    })
}

/// Whether a status as a document writes it (`200`, `4XX`, `default`) stands for this one.
fn covers(documented: &str, status: StatusCode) -> bool {
    match documented
        .strip_suffix("XX")
        .or_else(|| documented.strip_suffix("xx"))
    {
        Some(class) => status.as_str().starts_with(class),
        None => documented == status.as_str() || documented == "default" && !status.is_success(),
    }
}

fn example(
    operation: &Operation,
    response: &DocumentedResponse,
    examples: &[Example],
) -> Option<String> {
    let mut examples = examples.iter();
    examples
        .find(|(id, status, _)| *id == operation.id && *status == response.status)
        .map(|(_, _, text)| (*text).to_owned())
}

/// A success that nothing is known of: an empty object where the operation's callers read JSON, and nothing
/// where they read something else.
fn made_up(status: StatusCode, operation: &Operation) -> Option<String> {
    let body = match is_json(media_type(operation)) {
        true => "{}",
        false => "",
    };
    (status != StatusCode::NO_CONTENT).then(|| body.to_owned())
}

/// The media type of an operation's success: the first that its callers accept and that is no range of them (`*/*`).
fn media_type(operation: &Operation) -> &'static str {
    let mut types = operation.accept.split(',').map(str::trim);
    types.find(|name| !name.contains('*')).unwrap_or_default()
}

fn is_json(media_type: &str) -> bool {
    media_type.contains("json")
}

fn made_up_error(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    error_body(status.as_u16(), reason).to_string()
}

/// Puts a value of its own in the place of each secret of an example.
fn with_fresh_secrets(text: &str) -> io::Result<String> {
    let mut parts = text.split(SECRET);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        filled.push_str(&random_text()?);
        filled.push_str(part);
    }
    Ok(filled)
}

/// 128 random bits in hexadecimal.
pub(super) fn random_text() -> io::Result<String> {
    let mut bytes = [0; 16];
    let random = crate::tls::provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system has no random numbers to give"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
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
    fn the_nearest_documented_response_is_given() {
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
    fn a_success_comes_in_the_media_type_of_the_document() {
        const fn read(accept: &'static str) -> Operation {
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
            let operation = read(accept);
            for (answer, text) in [
                (Answer::success(), text),
                (Answer::documented(201), text),
                // Of this status there is no example.
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
    fn a_status_without_a_body_has_none() {
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
    fn an_undocumented_error_gets_a_body_made_up_for_it() {
        let (status, text) = rendered(Answer::documented(429), None);
        assert_eq!(status, 429);
        assert!(
            text.contains(r#""error_code":429"#) && text.contains("Too Many Requests"),
            "{text}"
        );
    }

    #[test]
    fn every_secret_is_fresh() {
        let (status, first) = rendered(Answer::success(), Some(&READ));
        let (_, second) = rendered(Answer::success(), Some(&READ));
        assert_eq!(status, 201);
        let value: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_ne!(value["a"], value["b"]);
        assert_ne!(first, second);
        assert!(!first.contains('<'));
    }

    #[test]
    fn what_cannot_be_answered_is_said_loudly() {
        for (answer, why) in [
            (Answer::status(42), "42 is not the status of a response"),
            (
                Answer::documented(100),
                "100 is not the status of a response",
            ),
            (
                Answer::success().header("a b", "c"),
                "is not a header field",
            ),
            (
                Answer::success().header("a", "b\r\nc: d"),
                "is not a header field",
            ),
            (
                Answer::json(200, std::collections::HashMap::from([(vec![1], 1)])),
                "is not JSON",
            ),
        ] {
            let (status, text) = rendered(answer, Some(&READ));
            assert_eq!(status, 500);
            assert!(text.contains(why), "{text}");
        }
    }

    #[test]
    fn headers_of_the_answers_own_go_before_the_usual_ones() {
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
