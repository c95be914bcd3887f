use super::*;

fn answer(status: u16, body: &str) -> ErrorResponse {
    ErrorResponse {
        status: StatusCode::from_u16(status).unwrap(),
        request_id: None,
        api_error: ApiError::from_body(body.as_bytes()),
        body: Some(body.to_owned()),
        retry_after: None,
    }
}

fn call(attempts: u32) -> CallInfo {
    CallInfo {
        operation: Some("CreateRegistrationToken".into()),
        manager: Some("nsx.example.com".into()),
        attempts,
        ..CallInfo::default()
    }
}

fn shown(status: u16, body: &str, attempts: u32) -> String {
    let kind = ErrorKind::from_status(StatusCode::from_u16(status).unwrap());
    Error::new(kind, "")
        .with_response(answer(status, body))
        .in_call(call(attempts))
        .to_string()
}

#[test]
fn an_error_displays_as_one_line() {
    let body = r#"{"error_code":"403","error_message":"The credentials\nwere incorrect.","module_name":"common-services"}"#;
    for (line, expected) in [
        (
            shown(403, body, 1),
            "CreateRegistrationToken: 403 Forbidden: The credentials were incorrect. (error_code 403, module common-services)",
        ),
        (
            shown(503, "", 5),
            "CreateRegistrationToken: 503 Service Unavailable (5 attempts)",
        ),
        (
            shown(502, "<html>\n<b>Bad\u{1b}[0m gateway</b>", 1),
            "CreateRegistrationToken: 502 Bad Gateway: <html> <b>Bad\u{FFFD}[0m gateway</b>",
        ),
        (
            shown(500, r#"{"error_code":99}"#, 1),
            "CreateRegistrationToken: 500 Internal Server Error (error_code 99)",
        ),
        (
            shown(400, r#"{"details":"why","error_message":" "}"#, 1),
            "CreateRegistrationToken: 400 Bad Request: why",
        ),
        (
            shown(418, "tea", 1),
            "CreateRegistrationToken: 418 I'm a teapot: tea",
        ),
        (
            shown(599, "", 1),
            "CreateRegistrationToken: 599 <unknown status code>",
        ),
        (
            Error::new(ErrorKind::Config, "the address is empty").to_string(),
            "the address is empty",
        ),
        (
            Error::new(ErrorKind::Connect, "cannot connect")
                .in_call(call(1))
                .to_string(),
            "CreateRegistrationToken: nsx.example.com: cannot connect",
        ),
        (
            Error::new(ErrorKind::Timeout, "too slow")
                .with_response(answer(200, ""))
                .in_call(call(5))
                .to_string(),
            "CreateRegistrationToken: nsx.example.com: 200 OK: too slow (5 attempts)",
        ),
        (
            Error::new(ErrorKind::Decode, "what")
                .with_response(answer(200, ""))
                .in_call(call(1))
                .to_string(),
            "CreateRegistrationToken: 200 OK: what",
        ),
    ] {
        assert_eq!(line, expected);
    }
}

#[test]
fn an_error_shows_retry_after() {
    for (asked, shown) in [
        (Duration::ZERO, "429 Too Many Requests"),
        (
            Duration::from_millis(3_599_001),
            "429 Too Many Requests (retry after 3600 s)",
        ),
        (
            Duration::MAX,
            "429 Too Many Requests (retry after more than a century)",
        ),
    ] {
        let answer = ErrorResponse {
            retry_after: Some(asked),
            ..answer(429, "")
        };
        let error = Error::new(ErrorKind::TooManyRequests, "").with_response(answer);
        assert_eq!(error.to_string(), shown);
    }
}

#[test]
fn debug_of_an_error_is_truncated_too() {
    let long = "x".repeat(100_000);
    let body = serde_json::json!({ "error_message": long, "error_data": [long] });
    let mut answer = answer(500, &body.to_string());
    answer.request_id = Some(long.clone());
    let error = Error::new(ErrorKind::InternalServerError, long.clone())
        .with_response(answer)
        .with_source(std::io::Error::other(long));
    for shown in [format!("{error:?}"), format!("{error:#?}")] {
        assert!(shown.len() < 3000, "{}", shown.len());
    }
}

#[test]
fn a_long_error_message_is_truncated() {
    let line = shown(500, &"x".repeat(100_000), 1);
    assert!(line.chars().count() < MESSAGE_LIMIT + 100, "{}", line.len());
    assert!(line.ends_with("x…"));
}

#[test]
fn each_status_maps_to_an_error_kind() {
    for (status, kind) in [
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (412, ErrorKind::PreconditionFailed),
        (429, ErrorKind::TooManyRequests),
        (500, ErrorKind::InternalServerError),
        (503, ErrorKind::ServiceUnavailable),
        (301, ErrorKind::Redirect),
        (307, ErrorKind::Redirect),
        (304, ErrorKind::Status),
        (502, ErrorKind::Status),
        (504, ErrorKind::Status),
        (999, ErrorKind::Status),
    ] {
        assert_eq!(
            ErrorKind::from_status(StatusCode::from_u16(status).unwrap()),
            kind,
            "{status}"
        );
    }
}

#[test]
fn an_error_is_one_pointer_wide_send_and_sync() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn debug_of_an_error_omits_the_body() {
    let error = Error::new(ErrorKind::Status, "").with_response(answer(502, "BODY"));
    assert_eq!(error.body(), Some("BODY"));
    assert!(!format!("{error:?}").contains("BODY"));
}

#[test]
fn an_error_keeps_its_sources() {
    let inner = std::io::Error::other("inner");
    let error = Error::new(ErrorKind::Connect, "outer").with_source(inner);
    assert_eq!(error.source().unwrap().to_string(), "inner");
}
