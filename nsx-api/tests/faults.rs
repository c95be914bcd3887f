//! The error that a caller gets for an incomplete or missing response, a redirect, or a request
//! that cannot be sent.

use std::time::Duration;

use http::{Method, StatusCode};
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, ErrorKind};
use serde_json::json;

use crate::common::{json_body, manager, manager_over_http1, token_error};
use crate::frozen_clock::{FrozenClock, until};

#[tokio::test]
async fn lost_connection_has_its_own_error_kind() {
    let good = r#"{"token":"SECRET","roles":[]}"#;
    for (manager, client) in [manager().await, manager_over_http1().await] {
        for (answer, status) in [
            (Answer::dropped(), None),
            (json_body(good).truncated_at(5), Some(StatusCode::OK)),
            (
                json_body(good).chunked(4).truncated_at(8),
                Some(StatusCode::OK),
            ),
            (
                json_body(good).header("content-length", "1000"),
                Some(StatusCode::OK),
            ),
        ] {
            manager.respond_with(answer);
            let error = token_error(&client).await;
            assert_eq!(
                (error.kind(), error.status()),
                (ErrorKind::Connection, status),
                "{error}"
            );
            assert!(
                error.to_string().contains("the connection was lost"),
                "{error}"
            );
            let source = std::error::Error::source(&error).unwrap();
            let shown = format!("{error} {error:?} {source} {source:?}");
            assert!(
                !shown.contains("SECRET") && !shown.contains("://"),
                "{shown}"
            );
        }
    }
}

#[tokio::test]
async fn invalid_http_response_is_an_error_and_is_not_shown() {
    let (manager, client) = manager_over_http1().await;
    let many_headers = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        "X-A: SECRET\r\n".repeat(10_000)
    );
    for bytes in [
        "SECRET\r\n\r\n",
        "HTTP/1.1 SECRET OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: a\rSECRET: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nSECRET!",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nSECRET",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n",
        "HTTP/1.1 200 OK\r\nSECRET",
        &many_headers,
        "",
    ] {
        manager.respond_with(Answer::raw(bytes.to_owned()));
        let error = token_error(&client).await;
        assert_eq!(error.kind(), ErrorKind::Connection, "{bytes:.60?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[tokio::test]
async fn interim_response_is_skipped_and_switching_protocols_is_an_error() {
    let (manager, client) = manager_over_http1().await;
    let token = r#"{"token":"t","roles":[]}"#;
    let interim = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{token}",
        token.len()
    );
    manager.respond_with(Answer::raw(interim));
    assert!(client.create_registration_token().send().await.is_ok());
    manager.respond_with(Answer::raw(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ));
    let error = token_error(&client).await;
    assert!(
        matches!(error.kind(), ErrorKind::Status | ErrorKind::Connection),
        "{error}"
    );
}

#[tokio::test]
async fn redirect_to_an_unknown_host_is_an_error_and_sends_nothing_there() {
    let (manager, client) = manager().await;
    let other = Manager::start().await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/api/v1/x?token=SECRET", other.url());
        manager.respond_with(Answer::status(status).header("location", &location));
        let error = token_error(&client).await;
        assert_eq!(error.kind(), ErrorKind::Redirect);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        let line = error.to_string();
        assert!(
            line.ends_with(&format!("the redirect to {} is not followed", other.url())),
            "{line}"
        );
        assert!(!format!("{error:?}").contains("SECRET"));
    }
    for location in ["/elsewhere", "", "://", "javascript:alert(1)"] {
        manager.respond_with(Answer::status(307).header("location", location));
        let error = token_error(&client).await;
        assert_eq!(
            error.to_string(),
            "CreateRegistrationToken: 307 Temporary Redirect: the redirect to another path is not followed"
        );
    }
    assert_eq!(other.count(), 0);
    assert_eq!(manager.count(), 9);
}

#[tokio::test]
async fn missing_response_is_a_timeout_of_the_attempt_or_the_deadline() {
    let clock = FrozenClock::start();
    let (manager, client) = manager().await;
    let [two_seconds, deadline] = [2000, 100].map(Duration::from_millis);
    let client = client.with(CallOptions::new().attempt_timeout(two_seconds));
    let deadline_first = client.with(CallOptions::new().deadline(deadline));
    // A second call, over the same connection, gets its response after what arrives of the first.
    let second_call = async |calls| {
        until(|| manager.count() > calls).await;
        client.create_registration_token().send().await.unwrap();
    };
    let late = || Answer::success().delay(Duration::from_secs(60));
    let stalled = || json_body(r#"{"token":"SECRET","roles":[]}"#).stalled_at(5);
    for (client, limit, answer, line) in [
        (
            &client,
            two_seconds,
            late(),
            "no complete response within the attempt timeout of 2s",
        ),
        (
            &client,
            two_seconds,
            stalled(),
            "200 OK: no complete response within the attempt timeout of 2s",
        ),
        (
            &deadline_first,
            deadline,
            late(),
            "no complete response within the deadline of 100ms",
        ),
    ] {
        manager.respond_with(answer);
        let begun = second_call(manager.count());
        let error = clock.expires(limit, begun, token_error(client)).await;
        let host = manager.url().replace("https://", "");
        assert_eq!(
            error.to_string(),
            format!("CreateRegistrationToken: {host}: {line}")
        );
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    // A stalled body of an error response is no timeout: the status is reported.
    manager.respond_with(Answer::status(502).body("<html>...").stalled_at(6));
    let begun = second_call(manager.count());
    let error = clock
        .expires(two_seconds, begun, token_error(&client))
        .await;
    assert_eq!(
        (error.kind(), error.body()),
        (ErrorKind::Status, Some("<html>"))
    );
}

#[tokio::test]
async fn connection_refused_is_a_connect_error() {
    // The port is bound, so that no other program gets it, but not listened on.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let client = Client::builder(&address)
        .options(CallOptions::new().max_retries(1))
        .build()
        .unwrap();
    let error = token_error(&client).await;
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!((error.status(), error.attempts()), (None, 2));
    let line = error.to_string();
    assert!(
        line.starts_with(&format!(
            "CreateRegistrationToken: {address}: cannot connect: "
        )) && line.ends_with(" (2 attempts)"),
        "{line}"
    );
    assert_eq!(error.manager(), Some(address.as_str()));
}

#[tokio::test]
async fn invalid_request_is_not_sent() {
    let (manager, client) = manager().await;
    let get = |path: &str| client.request(Method::GET, path);
    for request in [
        get("api/v1/x"),
        get("https://evil.example/"),
        get("/api/../x"),
        get("/api/%2e%2E/x"),
        get("/a b"),
        get("/a\r\nb"),
        get("/a").query("q", &json!({ "a": 1 })),
        get("/a").header("authorization", "Basic SECRET"),
        get("/a").header("X-XSRF-TOKEN", "SECRET"),
        get("/a").header("x-a", "a\r\nSECRET: b"),
        get("/a").header("x-a", &json!([["SECRET"]])),
        get("/a").json(&std::collections::BTreeMap::from([((1, 2), "SECRET")])),
        get("/a").form(&json!(["SECRET"])),
        get("/a").query("q", &"SECRET".repeat(20_000)),
        client.request(Method::CONNECT, "/a"),
    ] {
        let error = request
            .query("ok", &1)
            .header("x-ok", &true)
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InvalidRequest, 0),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
    let faulty = client.with(CallOptions::new().header("cookie", "SECRET"));
    assert_eq!(token_error(&faulty).await.kind(), ErrorKind::InvalidRequest);
    assert_eq!(manager.count(), 0);
}

#[test]
fn call_outside_a_tokio_runtime_is_an_error_and_does_not_panic() {
    let client = Client::builder("http://127.0.0.1:9").build().unwrap();
    let mut call = Box::pin(client.request(Method::GET, "/").send());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(result) = call.as_mut().poll(&mut context) else {
        panic!("the call is pending");
    };
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn stream_read_outside_a_tokio_runtime_is_an_error_and_does_not_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_manager, mut body) = runtime.block_on(async {
        let (manager, client) = manager().await;
        manager.respond_with(Answer::status(200).body("hello").stalled_at(2));
        let response = client.request(Method::GET, "/x").stream().await.unwrap();
        let mut body = response.into_inner();
        assert_eq!(body.next().await.unwrap().unwrap(), "he");
        (manager, body)
    });
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut poll = || {
        let piece = std::pin::pin!(body.next());
        std::future::Future::poll(piece, &mut context)
    };
    let std::task::Poll::Ready(Some(Err(error))) = poll() else {
        panic!("no error");
    };
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(
        error.to_string().contains("outside of a Tokio runtime"),
        "{error}"
    );
    assert!(matches!(poll(), std::task::Poll::Ready(None)));
}
