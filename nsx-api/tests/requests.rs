//! Requests as the manager receives them, and response streams.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use nsx_api::auth::Basic;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{Body, CallOptions, Client, Config, Error, ErrorKind};

use crate::common::{THING as PATH, manager_with_things as manager, unauthenticated_manager};
use crate::frozen_clock::FrozenClock;
use crate::own_process::in_own_process;

#[tokio::test]
async fn stream_body_is_sent_once_and_gets_no_retry() {
    let (manager, client) = manager().await;
    let body = Body::from_stream(Pieces(Mutex::new(vec!["world", "hello "])));
    manager.respond_with(503);
    let error = client
        .request(Method::PUT, PATH)
        .body(body.clone())
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::ServiceUnavailable, 1)
    );
    let error = client
        .request(Method::PUT, PATH)
        .body(body)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    let sent = manager.requests();
    assert_eq!((sent.len(), &sent[0].body[..]), (1, &b"hello world"[..]));
    assert_eq!(
        sent[0].header("content-type"),
        Some("application/octet-stream")
    );
}

#[tokio::test]
async fn path_with_a_dot_segment_is_not_sent() {
    let (manager, client) = manager().await;
    for path in [
        "/api/v1/nodes/..",
        "/api/v1/./nodes",
        "/api/v1/%2e%2E/nodes",
    ] {
        let error = client.request(Method::DELETE, path).send().await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{path}: {error}");
    }
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn failed_stream_body_is_distinguished_from_a_lost_connection() {
    for builder in [Manager::builder(), Manager::builder().http1_only()] {
        let manager = builder.start().await.unwrap();
        let client = manager.client().unwrap();
        let body = Body::from_stream(Pieces(Mutex::new(vec!["", "hello "])));
        let request = client.request(Method::PUT, PATH).body(body);
        let error = request.send().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
        let line = error.to_string();
        assert!(line.contains("the request body stream failed: "), "{line}");
    }
}

/// A stream of these pieces, from last to first. An empty piece is an error.
struct Pieces(Mutex<Vec<&'static str>>);

impl futures_core::Stream for Pieces {
    type Item = std::io::Result<bytes::Bytes>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let piece = self.0.lock().unwrap().pop();
        std::task::Poll::Ready(piece.map(|piece| match piece {
            "" => Err(std::io::Error::other("an empty piece")),
            piece => Ok(piece.into()),
        }))
    }
}

#[tokio::test]
async fn response_stream_has_no_size_limit_and_reports_timeout_and_lost_connection() {
    let (manager, client) = manager().await;
    let limit = Duration::from_secs(2);
    let client = client.with(CallOptions::new().attempt_timeout(limit));
    let get = || client.request(Method::GET, PATH).stream();
    let size = (16 << 20) + 5;
    manager.respond_with(503);
    manager.respond_with(Answer::status(200).body(vec![b'x'; size]).chunked(1 << 20));
    let response = get().await.unwrap();
    assert_eq!(response.attempts(), 2);
    assert_eq!(read_stream(response.into_inner()).await.unwrap(), size);

    let clock = FrozenClock::start();
    manager.respond_with(Answer::status(200).body("hello").stalled_at(2));
    let mut body = get().await.unwrap().into_inner();
    assert_eq!(body.next().await.unwrap().unwrap(), "he");
    let begun = std::future::ready(());
    let rest = clock.expires(limit, begun, read_stream(body)).await;
    let error = rest.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));

    manager.respond_with(Answer::status(200).body("hello").truncated_at(2));
    let truncated = async { read_stream(get().await.unwrap().into_inner()).await };
    let (result, _) = clock.measure(Duration::from_millis(1), truncated).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");

    manager.respond_with(404);
    assert_eq!(get().await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn read_stream(mut body: nsx_api::ByteStream) -> Result<usize, Error> {
    let mut size = 0;
    let end = loop {
        match body.next().await {
            Some(Ok(piece)) => size += piece.len(),
            Some(Err(error)) => break Err(error),
            None => break Ok(size),
        }
    };
    assert!(body.next().await.is_none());
    end
}

#[tokio::test]
async fn call_options_and_headers_do_not_change_the_original_client() {
    let (manager, client) = manager().await;
    let other = client.with(
        CallOptions::new()
            .header("x-allow-overwrite", "true")
            .max_retries(0),
    );
    other.request(Method::GET, PATH).send().await.unwrap();
    client.request(Method::GET, PATH).send().await.unwrap();
    other
        .request(Method::GET, PATH)
        .header("x-allow-overwrite", "false")
        .send()
        .await
        .unwrap();
    let sent = manager.requests();
    let headers: Vec<_> = sent
        .iter()
        .map(|request| request.header("x-allow-overwrite"))
        .collect();
    assert_eq!(headers, [Some("true"), None, Some("false")]);
}

#[tokio::test]
async fn request_body_kinds_set_their_content_type_header() {
    let (manager, client) = manager().await;
    let put = || client.request(Method::PUT, PATH);
    let form = serde_json::json!({ "j_password": "a+b c" });
    for (request, content_type, body) in [
        (put().json(&[1]), Some("application/json"), "[1]"),
        (
            put().form(&form),
            Some("application/x-www-form-urlencoded"),
            "j_password=a%2Bb%20c",
        ),
        (
            put().text("täxt"),
            Some("text/plain; charset=utf-8"),
            "täxt",
        ),
        (put().body("raw"), Some("application/octet-stream"), "raw"),
        (
            put()
                .body("raw")
                .header("content-type", "application/x-pem"),
            Some("application/x-pem"),
            "raw",
        ),
        (put(), None, ""),
    ] {
        request.send().await.unwrap();
        let sent = manager.requests().pop().unwrap();
        assert_eq!(
            (sent.header("content-type"), &sent.body[..]),
            (content_type, body.as_bytes())
        );
    }
}

#[tokio::test]
async fn base_path_of_a_gateway_url_prefixes_every_path() {
    let manager = Manager::start().await.unwrap();
    manager.on("GET /gateway/nsx/api/v1/x", |_| Answer::json(200, ()));
    let client = Client::builder(format!("{}/gateway/nsx/", manager.url()))
        .auth(Basic::new(manager.username(), manager.password()))
        .ca_pem(manager.ca_pem())
        .build()
        .unwrap();
    client
        .request(Method::GET, "/api/v1/x?a=1")
        .send()
        .await
        .unwrap();
    let sent = manager.requests().pop().unwrap();
    assert_eq!(
        (sent.path.as_str(), sent.query.as_deref()),
        ("/gateway/nsx/api/v1/x", Some("a=1"))
    );
}

/// A proxy sees TLS traffic only as bytes, but everything of plain HTTP. This machine needs none.
#[cfg(unix)]
#[tokio::test]
async fn proxy_of_the_environment_is_used_for_https_to_other_machines_only() {
    // A proxy that closes each connection, so that no call through it succeeds.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let proxied = Arc::new(AtomicUsize::new(0));
    let count = proxied.clone();
    std::thread::spawn(move || {
        for stream in proxy.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let set = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];
    let set = set.map(|name| (name, Some(OsStr::new(&url))));
    let unset = ["no_proxy", "NO_PROXY", "REQUEST_METHOD"].map(|name| (name, None));
    let test = proxy_of_the_environment_is_used_for_https_to_other_machines_only;
    if !in_own_process(test, set.into_iter().chain(unset)) {
        assert_eq!(proxied.load(Ordering::SeqCst), 1);
        return;
    }
    let tls = Manager::builder().accept_anyone().start().await.unwrap();
    let plain = unauthenticated_manager().await;
    // Connects to this machine, but is not one of its loopback addresses.
    let plaintext = plain.url().replace("127.0.0.1", "0.0.0.0");
    let is_called = async |config: Config| {
        let config = config.danger_accept_invalid_certs(true);
        let options = CallOptions::new().max_retries(0);
        let client = config.options(options).build().unwrap();
        client.create_registration_token().send().await.is_ok()
    };
    let port = tls.url().rsplit_once(':').unwrap().1.to_owned();
    for (url, is_direct) in [
        (tls.url().to_owned(), true),
        (format!("https://localhost:{port}"), true),
        ("https://nsx.invalid".to_owned(), false),
    ] {
        assert_eq!(is_called(Client::builder(&url)).await, is_direct, "{url}");
    }
    for url in [plain.url(), plaintext] {
        let client = Client::builder(&url)
            .danger_allow_http(true)
            .build()
            .unwrap();
        let call = client.create_registration_token().send().await;
        assert!(call.is_ok(), "{url}: {call:?}");
    }
}
