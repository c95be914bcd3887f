//! Tracing: the spans of calls and attempts, and an event for each retry.
//!
//! Which spans are recorded is decided once per process, so each test has its own.

use std::time::Duration;

use nsx_api::CallOptions;
use nsx_api::http::Method;
use nsx_api::mock::Answer;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::common::unauthenticated_manager_and_client;
use crate::leak_capture::LeakCapture;
use crate::own_process::in_own_process;

/// The lines that the library logged since the last call.
fn take_lines(capture: &LeakCapture) -> Vec<String> {
    let text = std::mem::take(&mut *capture.text());
    let is_ours = |line: &&str| line.contains("nsx_api::");
    text.lines().filter(is_ours).map(str::to_owned).collect()
}

#[track_caller]
fn assert_has(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

/// Captures log lines from here on, including spans when they close.
fn capture_spans(capture: &LeakCapture) -> tracing::subscriber::DefaultGuard {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(capture.clone())
        .finish();
    tracing::subscriber::set_default(subscriber)
}

#[tokio::test]
async fn spans_of_a_dropped_call_record_that_it_was_cancelled() {
    if !in_own_process(spans_of_a_dropped_call_record_that_it_was_cancelled, []) {
        return;
    }
    let capture = LeakCapture::default();
    let _guard = capture_spans(&capture);
    let (manager, client) = unauthenticated_manager_and_client().await;
    let address = manager.url().replace("http://127.0.0.1:", "server.port=");
    manager.respond_with(429);
    manager.respond_always(Answer::success().delay(Duration::from_secs(60)));
    tokio::select! {
        _ = client.create_registration_token().send() => unreachable!("it takes a minute"),
        () = async { while manager.count() < 2 { tokio::task::yield_now().await } } => {}
    }
    let seen = take_lines(&capture);
    let closed: Vec<&String> = seen
        .iter()
        .filter(|line| line.contains(": close "))
        .collect();
    let [_, attempt, call] = *closed.as_slice() else {
        unreachable!("{seen:#?}")
    };
    let cancelled = [
        "otel.status_code=\"ERROR\"",
        "error.type=cancelled",
        "http.request.resend_count=1",
        "server.address=\"127.0.0.1\"",
        &address,
    ];
    for span in [attempt, call] {
        assert_has(span, &cancelled);
        assert!(!span.contains("http.response.status_code"), "{span}");
    }
}

#[tokio::test]
async fn spans_cover_the_call_and_each_attempt_and_a_retry_logs_its_reason() {
    if !in_own_process(
        spans_cover_the_call_and_each_attempt_and_a_retry_logs_its_reason,
        [],
    ) {
        return;
    }
    let capture = LeakCapture::default();
    let _guard = capture_spans(&capture);
    let (manager, client) = unauthenticated_manager_and_client().await;
    let port = format!("server.port={}", manager.url().rsplit(':').next().unwrap());

    manager.respond_with(Answer::api_error(429, 102, "Too many."));
    let wait = Duration::from_millis(7);
    let options = CallOptions::new().min_retry_delay(wait);
    let token = client.with(options.max_retry_delay(wait));
    token.create_registration_token().send().await.unwrap();
    let seen = take_lines(&capture);
    let closed: Vec<&String> = seen
        .iter()
        .filter(|line| line.contains(": close "))
        .collect();
    let [first, second, call] = *closed.as_slice() else {
        unreachable!("{seen:#?}")
    };
    let call_parts = [
        "nsx_call{",
        "otel.name=\"CreateRegistrationToken\"",
        "nsx.operation=\"CreateRegistrationToken\"",
        "http.request.method=\"POST\"",
    ];
    for attempt in [first, second] {
        assert_has(attempt, &call_parts);
    }
    assert_has(
        first,
        &[
            "nsx_attempt{",
            "otel.kind=\"client\"",
            "http.response.status_code=429",
            "otel.status_code=\"ERROR\"",
            "error.type=429",
            "server.address=\"127.0.0.1\"",
            &port,
        ],
    );
    assert_has(
        second,
        &[
            "nsx_attempt{",
            "http.request.resend_count=1",
            "http.response.status_code=200",
        ],
    );
    assert_has(call, &call_parts);
    assert_has(
        call,
        &[
            "http.request.resend_count=1",
            "http.response.status_code=200",
            "server.address=\"127.0.0.1\"",
            &port,
        ],
    );
    assert!(
        !call.contains("nsx_attempt") && !call.contains("error.type"),
        "{call}"
    );
    let retry = seen
        .iter()
        .find(|line| line.contains("trying again"))
        .unwrap();
    assert_has(
        retry,
        &[
            "INFO",
            "429 Too Many Requests: Too many.",
            "attempts=1",
            "wait=7ms",
            "the request was not processed",
        ],
    );

    // A call that fails without a response.
    manager.respond_always(Answer::dropped());
    client
        .request(Method::POST, "/api/v1/x?key=SECRET")
        .send()
        .await
        .unwrap_err();
    let seen = take_lines(&capture);
    let call = seen.iter().rfind(|line| line.contains(": close ")).unwrap();
    assert_has(
        call,
        &[
            "otel.name=\"POST\"",
            "nsx.operation=\"POST /api/v1/x\"",
            "otel.status_code=\"ERROR\"",
            "error.type=Connection",
        ],
    );
    assert!(!seen.join("").contains("SECRET"), "{seen:#?}");
}
