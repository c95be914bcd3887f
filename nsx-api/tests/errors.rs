//! The result that a caller gets for each kind of response from a manager, or from a proxy in front
//! of it.

use http::StatusCode;
use nsx_api::mock::Answer;
use nsx_api::{ErrorKind, operations};
use serde_json::json;

use crate::common::{json_body, manager, manager_over_http1, token_error};

#[tokio::test]
async fn response_carries_the_metadata_of_its_call() {
    let (manager, client) = manager().await;
    let response = client.create_registration_token().send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.operation(), "CreateRegistrationToken");
    assert_eq!(response.attempts(), 1);
    assert_eq!(format!("https://{}", response.manager()), manager.url());
    assert!(response.request_id().is_some());
    assert!(response.headers().contains_key("content-type"));
    let token = response.into_inner();
    assert!(!token.token.expose_secret().is_empty());
    assert!(!format!("{token:?}").contains(token.token.expose_secret()));
    let sent = &manager.requests()[0];
    assert_eq!(sent.header("accept"), Some("application/json"));
    assert_eq!(sent.header("accept-encoding"), None);
    assert_eq!(sent.version, http::Version::HTTP_2);
}

#[tokio::test]
async fn documented_error_responses_map_to_their_error_kind_and_message() {
    let (manager, client) = manager().await;
    let mut seen = Vec::new();
    for response in operations::CREATE_REGISTRATION_TOKEN.responses {
        let status: u16 = response.status.parse().unwrap();
        if status == 200 {
            continue;
        }
        manager.respond_with(status);
        let error = token_error(&client).await;
        let body = error.api_error().unwrap();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.error_code(), body.error_code);
        assert!(error.error_code().is_some(), "{status}");
        assert_eq!(error.operation(), Some("CreateRegistrationToken"));
        assert_eq!(error.attempts(), 1);
        assert!(error.request_id().is_some(), "{status}");
        let line = error.to_string();
        assert!(
            line.starts_with(&format!("CreateRegistrationToken: {status} ")),
            "{line}"
        );
        assert!(
            line.contains(body.error_message.as_deref().unwrap()),
            "{line}"
        );
        seen.push(error.kind());
    }
    assert_eq!(
        seen,
        [
            ErrorKind::BadRequest,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::PreconditionFailed,
            ErrorKind::InternalServerError,
            ErrorKind::ServiceUnavailable,
        ]
    );
}

#[tokio::test]
async fn decode_error_names_the_path_and_the_expected_type() {
    let (manager, client) = manager().await;
    let deep = format!("{{\"token\":\"SECRET\",\"roles\":{}", "[".repeat(100_000));
    for (answer, message) in [
        (Answer::status(204), "204 No Content: the body is empty"),
        (json_body(""), "200 OK: the body is empty"),
        (
            json_body("[\"SECRET\",[]]"),
            "200 OK: the body does not match the type: expected struct RegistrationToken, found an array",
        ),
        (
            json_body("null"),
            "200 OK: the body does not match the type: expected struct RegistrationToken, found null",
        ),
        (
            json_body(r#"{"roles":[]}"#),
            "200 OK: the body does not match the type: missing field `token`",
        ),
        (
            json_body(r#"{"token":"SECRET","roles":[7]}"#),
            "200 OK: the body does not match the type: at roles[0]: expected a string, found an integer",
        ),
        (
            json_body(r#"{"token":"SECRET","roles":["a",null]}"#),
            "200 OK: the body does not match the type: at roles[1]: expected a string, found null",
        ),
        (
            json_body(r#"{"token":{"SECRET":1},"roles":[]}"#),
            "200 OK: the body does not match the type: at token: expected a string, found an object",
        ),
        (
            json_body(r#"{"token":"SECRET","token":"SECRET","roles":[]}"#),
            "200 OK: the body does not match the type: duplicate field `token`",
        ),
        (
            json_body(r#"{"token":"SECRET","roles":["#),
            "200 OK: the body ends early, line 1 column 27",
        ),
        (
            json_body(r#"{"token":"SECRET","roles":[]}}"#),
            "200 OK: the body is not JSON, line 1 column 30",
        ),
        (
            json_body(&deep),
            "200 OK: the body does not match the type: at roles[0]: expected a string, found an array",
        ),
        (
            Answer::status(200)
                .header("content-type", "application/json")
                .body(&b"{\"token\":\"\xFF\"}"[..]),
            "200 OK: the body is not JSON, line 1 column 11",
        ),
        (
            Answer::status(200)
                .header("content-type", "text/html")
                .body("<html>log in, SECRET</html>"),
            "200 OK: the body is not JSON, line 1 column 1 (content-type: text/html)",
        ),
        (
            json_body("\x1f\u{8b}").header("content-encoding", "gzip"),
            "200 OK: the body is not JSON, line 1 column 1 (content-encoding: gzip)",
        ),
    ] {
        manager.respond_with(answer);
        let error = token_error(&client).await;
        assert_eq!(
            error.to_string(),
            format!("CreateRegistrationToken: {message}")
        );
        assert_eq!(error.kind(), ErrorKind::Decode, "{message}");
        assert!(error.status().unwrap().is_success());
        assert!(error.body().is_none() && error.api_error().is_none());
        assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        assert!(error.request_id().is_some());
    }
}

#[tokio::test]
async fn unusual_but_valid_bodies_decode() {
    let (manager, client) = manager().await;
    let deep = format!(
        r#"{{"token":"t","roles":["r"],"newer":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for answer in [
        json_body(&deep),
        json_body("\u{FEFF}{\"token\":\"t\",\"roles\":[\"r\"]}"),
        json_body(r#"{"roles":["r"],"user":"admin","token":"t","newer":{"a":[1]}}"#),
        json_body(r#" {"token":"t","roles":["r"]} "#).header("content-type", "text/plain"),
        Answer::status(299).body(r#"{"token":"t","roles":["r"]}"#),
        Answer::status(201)
            .body(r#"{"token":"t","roles":["r"]}"#)
            .chunked(1),
    ] {
        let shown = format!("{answer:?}");
        manager.respond_with(answer);
        let token = client
            .create_registration_token()
            .send()
            .await
            .unwrap_or_else(|e| panic!("{shown}: {e}"));
        assert_eq!(
            (token.token.expose_secret(), token.roles.as_slice()),
            ("t", &["r".to_owned()][..])
        );
    }
}

#[tokio::test]
async fn malformed_error_body_keeps_its_status_and_readable_text() {
    let (manager, client) = manager().await;
    let html = "<html><h1>Bad Gateway</h1></html>";
    for (answer, kind, line, body) in [
        (
            Answer::status(502)
                .header("content-type", "text/html")
                .body(html),
            ErrorKind::Status,
            format!("502 Bad Gateway: {html}"),
            html,
        ),
        (
            Answer::status(500),
            ErrorKind::InternalServerError,
            "500 Internal Server Error".into(),
            "",
        ),
        (
            Answer::status(401).body("no"),
            ErrorKind::Unauthorized,
            "401 Unauthorized: no".into(),
            "no",
        ),
        (
            Answer::status(409).body("{\"error_code\":"),
            ErrorKind::Conflict,
            "409 Conflict: {\"error_code\":".into(),
            "{\"error_code\":",
        ),
        (
            Answer::status(400).body(html).truncated_at(6),
            ErrorKind::BadRequest,
            "400 Bad Request: <html>".into(),
            "<html>",
        ),
        (
            Answer::status(403).body(html).truncated_at(0),
            ErrorKind::Forbidden,
            "403 Forbidden".into(),
            "",
        ),
        (
            Answer::status(404).body("[]"),
            ErrorKind::NotFound,
            "404 Not Found: []".into(),
            "[]",
        ),
        (
            Answer::status(412).body("line\r\nX-Evil: 1\x1b[2J"),
            ErrorKind::PreconditionFailed,
            "412 Precondition Failed: line X-Evil: 1\u{FFFD}[2J".into(),
            "line\r\nX-Evil: 1\x1b[2J",
        ),
        (
            Answer::status(429).body(&b"\xFF\xFE"[..]),
            ErrorKind::TooManyRequests,
            "429 Too Many Requests: \u{FFFD}\u{FFFD}".into(),
            "\u{FFFD}\u{FFFD}",
        ),
        (
            Answer::status(503).body("\u{FEFF}busy"),
            ErrorKind::ServiceUnavailable,
            "503 Service Unavailable: busy".into(),
            "busy",
        ),
        (
            Answer::status(418).body("tea"),
            ErrorKind::Status,
            "418 I'm a teapot: tea".into(),
            "tea",
        ),
        (
            Answer::status(304),
            ErrorKind::Status,
            "304 Not Modified".into(),
            "",
        ),
    ] {
        manager.respond_with(answer);
        let error = token_error(&client).await;
        assert_eq!(
            error.to_string(),
            format!("CreateRegistrationToken: {line}")
        );
        assert_eq!((error.kind(), error.body()), (kind, Some(body)), "{line}");
        assert_eq!(error.api_error(), None, "{line}");
    }
}

#[tokio::test]
async fn error_body_decodes_string_error_codes_and_skips_fields_of_the_wrong_type() {
    let (manager, client) = manager().await;
    for (body, code, line) in [
        (
            json!({ "error_code": "403", "error_message": "no" }),
            Some(403),
            "403 Forbidden: no (error_code 403)",
        ),
        (
            json!({ "error_code": "403", "error_message": 7, "details": "why", "httpStatus": "FORBIDDEN" }),
            Some(403),
            "403 Forbidden: why (error_code 403)",
        ),
        (
            json!({ "error_code": {}, "error_message": "no", "error_data": ["a"], "related_errors": "none" }),
            None,
            "403 Forbidden: no",
        ),
        (
            json!({ "error_message": "a\nb", "module_name": "m\u{1b}" }),
            None,
            "403 Forbidden: a b (module m\u{FFFD})",
        ),
    ] {
        manager.respond_with(Answer::json(403, &body));
        let error = token_error(&client).await;
        assert_eq!(
            error.to_string(),
            format!("CreateRegistrationToken: {line}")
        );
        assert_eq!(error.error_code(), code);
        assert!(error.api_error().is_some());
    }
}

#[tokio::test]
async fn large_error_body_is_truncated() {
    let (manager, client) = manager().await;
    manager.respond_with(Answer::status(500).body("é".repeat(1 << 20)));
    let error = token_error(&client).await;
    assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(error.body().map(str::len), Some(4096));
    assert!(error.to_string().len() < 1200);
    assert!(format!("{error:?}").len() < 1200);
}

#[tokio::test]
async fn response_body_over_the_size_limit_is_refused() {
    let (manager, client) = manager_over_http1().await;
    let large = vec![b' '; (16 << 20) + 1];
    let announced = Answer::status(200)
        .header("content-length", "99999999999")
        .body("{}");
    for answer in [
        Answer::status(200).body(large.clone()),
        Answer::status(200).body(large).chunked(1 << 16),
        announced,
    ] {
        manager.respond_with(answer);
        let error = token_error(&client).await;
        assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
        assert_eq!(
            error.to_string(),
            "CreateRegistrationToken: 200 OK: the body is larger than 16 MiB"
        );
    }
}
