//! The mock manager as a plain HTTP client sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode, Version};
use nsx_api::mock::{Answer, Manager};
use nsx_api::operations;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::frozen_clock::{FrozenClock, until};
use crate::mock_common::{Pair, TOKEN_PATH, body, client_that_trusts, transports};

/// Turns a test that would wait forever into a failure.
const HANGS: Duration = Duration::from_secs(120);

#[tokio::test]
async fn mock_manager_serves_http2_and_http1_over_tls_and_http1_without_tls() {
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        let response = pair.token().send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.version(), version);
        assert_eq!(pair.manager.requests()[0].version, version);
    }
}

#[tokio::test]
async fn mock_manager_client_is_ready_to_use() {
    for (builder, version) in transports() {
        let manager = builder.start().await.unwrap();
        let client = manager.client().unwrap();
        let created = client.create_registration_token().send().await.unwrap();
        assert!(!created.token.expose_secret().is_empty());
        let call = &manager.requests()[0];
        assert_eq!(call.operation, Some("CreateRegistrationToken"));
        assert_eq!(call.version, version);
        let sent = created.headers().get("x-nsx-requestid").unwrap();
        assert_eq!(created.request_id(), sent.to_str().ok());
    }
}

#[tokio::test]
async fn mock_manager_certificate_is_refused_without_its_ca() {
    let manager = Manager::start().await.unwrap();
    let other = Manager::start().await.unwrap();
    for trusted in [None, Some(other.ca_pem())] {
        let error = client_that_trusts(trusted)
            .get(manager.url())
            .send()
            .await
            .unwrap_err();
        assert!(error.is_connect(), "{error:?}");
    }
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn mock_manager_certificate_is_valid_for_localhost() {
    let pair = Pair::start().await;
    let url = pair.manager.url().replace("127.0.0.1", "localhost");
    assert_eq!(
        pair.client.get(url).send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn mock_manager_refuses_wrong_basic_credentials() {
    let pair = Pair::from_builder(Manager::builder().credentials("ädmin", "p+s:s%20")).await;
    let right = "Basic w6RkbWluOnArczpzJTIw";
    for (given, expected) in [
        (Some(right), 200),
        (Some("bAsIc w6RkbWluOnArczpzJTIw"), 200),
        (None, 403),
        (Some(""), 403),
        (Some("Basic"), 403),
        (Some("Basic "), 403),
        (Some("Basic !!!!"), 403),
        (Some("Basic w6RkbWluOnArczpz"), 403),
        (Some("Bearer w6RkbWluOnArczpzJTIw"), 403),
    ] {
        let mut request = pair.anonymous(Method::POST, TOKEN_PATH);
        if let Some(value) = given {
            request = request.header("authorization", value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{given:?}");
        if expected == 403 {
            // The document declares the error code as a number.
            assert_eq!(body(response).await["error_code"], 403);
        }
    }
}

#[tokio::test]
async fn mock_manager_gives_each_documented_response() {
    let pair = Pair::start().await;
    for operation in operations::ALL {
        let path = operation.path.replace(['{', '}'], "x");
        for documented in operation.responses {
            let Ok(status) = documented.status.parse::<u16>() else {
                continue;
            };
            pair.manager.respond_with(status);
            let response = pair
                .request(operation.method.clone(), &path)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), status, "{}", operation.id);
            assert!(response.headers().contains_key("x-nsx-requestid"));
            if status >= 400 {
                let body = body(response).await;
                assert!(
                    body["error_message"].is_string(),
                    "{} {status}: {body}",
                    operation.id
                );
            }
        }
    }
    assert!(pair.manager.count() >= 7);
}

#[tokio::test]
async fn mock_manager_creates_a_new_token_for_each_call() {
    let pair = Pair::start().await;
    let first = body(pair.token().send().await.unwrap()).await;
    let second = body(pair.token().send().await.unwrap()).await;
    assert!(
        first["token"]
            .as_str()
            .is_some_and(|token| token.len() >= 32),
        "{first}"
    );
    assert_ne!(first["token"], second["token"]);
    assert_eq!(first["roles"], second["roles"]);
}

#[tokio::test]
async fn mock_manager_answers_404_for_unknown_paths_and_405_for_other_methods() {
    let pair = Pair::start().await;
    let response = pair
        .request(Method::GET, "/api/v1/elsewhere")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(body(response).await["error_code"], 404);
    let response = pair
        .request(Method::DELETE, TOKEN_PATH)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(body(response).await["error_code"], 405);
}

#[tokio::test]
async fn mock_manager_sends_status_headers_and_body_as_given() {
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        let answer = Answer::status(299)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body("<p>\u{e9}");
        pair.manager.respond_with(answer);
        let response = pair.token().send().await.unwrap();
        assert_eq!(response.status(), 299);
        assert_eq!(response.version(), version);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(response.content_length(), Some(5));
        assert!(!response.headers().contains_key("content-type"));
        assert_eq!(response.text().await.unwrap(), "<p>\u{e9}");
    }
}

#[tokio::test]
async fn mock_manager_sends_a_chunked_body_without_content_length() {
    for (builder, _) in transports() {
        let pair = Pair::from_builder(builder).await;
        let text = "0123456789".repeat(1000);
        pair.manager
            .respond_with(Answer::status(200).body(text.clone()).chunked(999));
        let response = pair.token().send().await.unwrap();
        assert_eq!(response.content_length(), None);
        assert_eq!(response.text().await.unwrap(), text);
    }
}

#[tokio::test]
async fn mock_manager_drops_a_connection_and_answers_the_next_call() {
    for (builder, _) in transports() {
        let pair = Pair::from_builder(builder).await;
        pair.manager.respond_with(Answer::dropped());
        assert!(pair.token().send().await.is_err());
        assert_eq!(pair.token().send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(pair.manager.count(), 2);
    }
}

#[tokio::test]
async fn mock_manager_truncates_a_body_after_its_headers() {
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        for (answer, announced, first) in [
            (Answer::documented(503).truncated_at(0), true, ""),
            (
                Answer::status(200).body("0123456789").truncated_at(3),
                true,
                "012",
            ),
            (
                Answer::status(200)
                    .body("0123456789")
                    .chunked(2)
                    .truncated_at(3),
                false,
                "01",
            ),
            (
                Answer::status(200)
                    .body("0123456789")
                    .header("content-length", "11"),
                true,
                "0123456789",
            ),
            (Answer::status(200).header("content-length", "11"), true, ""),
        ] {
            let shown = format!("{version:?} {answer:?}");
            pair.manager.respond_with(answer);
            let mut response = pair.token().send().await.unwrap();
            assert_eq!(response.content_length().is_some(), announced, "{shown}");
            if !first.is_empty() {
                assert_eq!(response.chunk().await.unwrap().unwrap(), first, "{shown}");
            }
            assert!(response.bytes().await.is_err(), "{shown}");
        }
    }
}

#[tokio::test]
async fn mock_manager_stalls_a_body() {
    let clock = FrozenClock::start();
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        for sent in [0, 3] {
            pair.manager
                .respond_with(Answer::status(200).body("0123456789").stalled_at(sent));
            let response = pair.token().send().await.unwrap();
            assert_eq!(response.content_length(), Some(10));
            tokio::select! {
                biased;
                _ = response.bytes() => panic!("{version:?} {sent}"),
                () = clock.pass(Duration::from_secs(3600)) => {}
            }
        }
    }
}

#[tokio::test]
async fn mock_manager_delays_before_the_headers_and_pauses_before_each_chunk() {
    let clock = FrozenClock::start();
    for (builder, _) in transports() {
        let pair = Pair::from_builder(builder).await;
        let wait = Duration::from_millis(40);
        pair.manager.respond_with(Answer::success().delay(wait));
        let begun = until(|| pair.manager.count() == 1);
        let response = clock.expires(wait, begun, pair.token().send()).await;
        assert_eq!(response.unwrap().status(), StatusCode::OK);

        pair.manager
            .respond_with(Answer::status(200).body("abc").chunked(1).pause(wait));
        let response = pair.token().send().await.unwrap();
        let (text, waited) = clock.measure(wait / 8, response.text()).await;
        assert_eq!(text.unwrap(), "abc");
        assert!(waited >= 3 * wait, "{waited:?}");
    }
}

#[tokio::test]
async fn mock_manager_sends_raw_bytes_over_http1_and_ends_the_connection_over_http2() {
    let raw = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        pair.manager.respond_with(Answer::raw(raw));
        let result = pair.token().send().await;
        if version == Version::HTTP_2 {
            assert!(result.is_err());
        } else {
            assert_eq!(result.unwrap().text().await.unwrap(), "ok");
            pair.manager
                .respond_with(Answer::raw("220 this is not HTTP\r\n"));
            assert!(pair.token().send().await.is_err());
        }
        assert_eq!(pair.token().send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn mock_manager_answers_queue_up_before_the_permanent_one_until_reset() {
    let pair = Pair::start().await;
    pair.manager.respond_always(500);
    pair.manager.respond_with(Answer::documented(503).times(2));
    pair.manager
        .respond_with(Answer::documented(404).only_for("CreateRegistrationToken"));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(pair.token().send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [503, 503, 404, 500, 500]);
    assert_eq!(pair.manager.count(), 5);
    pair.manager.reset();
    assert_eq!(pair.token().send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(pair.manager.count(), 1);
}

#[tokio::test]
async fn mock_manager_answers_500_when_a_test_misspells_an_operation() {
    let pair = Pair::start().await;
    pair.manager.on("CreateRegistrationTokne", |_| 503);
    let response = pair.token().send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let message = body(response).await["error_message"].to_string();
    assert!(message.contains("CreateRegistrationTokne"), "{message}");
}

#[tokio::test]
async fn mock_manager_records_requests_and_masks_secrets_in_debug() {
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        let request = pair
            .request(Method::PUT, "/api/v1/a%20b?c=%2F&d")
            .header("x-allow-overwrite", "true");
        request
            .header("x-xsrf-token", "SECRET")
            .body("{\"e\":1}")
            .send()
            .await
            .unwrap();
        pair.token().send().await.unwrap();

        let recorded = pair.manager.requests();
        assert_eq!(recorded.len(), pair.manager.count());
        let first = &recorded[0];
        assert_eq!(first.method, Method::PUT);
        assert_eq!(first.path, "/api/v1/a%20b");
        assert_eq!(first.query.as_deref(), Some("c=%2F&d"));
        assert_eq!(first.header("x-allow-overwrite"), Some("true"));
        assert_eq!(first.json::<Value>().unwrap(), json!({ "e": 1 }));
        assert_eq!(first.version, version);
        assert_eq!(first.operation, None);
        assert_eq!(recorded[1].operation, Some("CreateRegistrationToken"));

        let shown = format!("{recorded:?} {:?}", pair.manager);
        let basic = first.header("authorization").unwrap();
        for secret in ["SECRET", basic, pair.manager.password()] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn mock_manager_handler_can_keep_state_and_still_requires_credentials() {
    let pair = Pair::start().await;
    let stored = Arc::new(Mutex::new(json!({ "_revision": 0 })));
    let read = Arc::clone(&stored);
    pair.manager.on("GET /api/v1/things/{id}", move |_| {
        Answer::json(200, &*read.lock().unwrap())
    });
    pair.manager.on("PUT /api/v1/things/{id}", move |call| {
        let mut stored = stored.lock().unwrap();
        let new: Value = call.json().unwrap();
        if new["_revision"] != stored["_revision"] {
            return Answer::documented(412);
        }
        *stored =
            json!({ "_revision": new["_revision"].as_i64().unwrap() + 1, "name": new["name"] });
        Answer::json(200, &*stored)
    });

    let put = json!({ "_revision": 0, "name": "n" }).to_string();
    let path = "/api/v1/things/7";
    assert_eq!(
        pair.anonymous(Method::PUT, path)
            .body(put.clone())
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        pair.request(Method::PUT, path)
            .body(put.clone())
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        pair.request(Method::PUT, path)
            .body(put)
            .send()
            .await
            .unwrap()
            .status(),
        412
    );
    let read = body(pair.request(Method::GET, path).send().await.unwrap()).await;
    assert_eq!(read, json!({ "_revision": 1, "name": "n" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mock_manager_answers_a_hundred_concurrent_calls() {
    for (builder, _) in transports() {
        let pair = Pair::from_builder(builder).await;
        let calls: Vec<_> = (0..100)
            .map(|_| tokio::spawn(pair.token().send()))
            .collect();
        let mut tokens = Vec::new();
        for call in calls {
            tokens.push(body(call.await.unwrap().unwrap()).await["token"].to_string());
        }
        tokens.sort();
        tokens.dedup();
        assert_eq!((tokens.len(), pair.manager.count()), (100, 100));
    }
}

#[tokio::test]
async fn dropped_mock_manager_closes_its_connections_and_frees_its_port() {
    let mut free = [false; 3];
    // A test that runs at the same time may get the port before it is checked, but not three times.
    let rounds = (0..3).flat_map(|_| transports().into_iter().enumerate());
    for (transport, (builder, version)) in rounds {
        let Pair { manager, client } = Pair::from_builder(builder).await;
        let address = manager.url().split_once("://").unwrap().1.to_owned();
        let mut idle = TcpStream::connect(&address).await.unwrap();
        manager.respond_with(Answer::status(200).body("0123456789").stalled_at(1));
        let stalled = client.get(manager.url()).send().await.unwrap();
        drop(manager);

        let mut byte = [0];
        let read = timeout(HANGS, idle.read(&mut byte));
        assert!(matches!(read.await.unwrap(), Ok(0) | Err(_)), "{version:?}");
        let read = timeout(HANGS, stalled.bytes());
        assert!(read.await.unwrap().is_err(), "{version:?}");
        free[transport] |= TcpStream::connect(&address).await.is_err()
            && std::net::TcpListener::bind(&address).is_ok();
    }
    assert_eq!(free, [true; 3]);
}

#[tokio::test]
async fn dropped_mock_manager_leaves_no_task_running() {
    for (builder, version) in transports() {
        let Pair { manager, client } = Pair::from_builder(builder).await;
        // Any task that keeps running keeps the handler, and thereby this value.
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        manager.on("GET /", move |_| {
            if Arc::strong_count(&held) > 0 {
                200
            } else {
                500
            }
        });
        let long = Duration::from_secs(3600);
        let mut calls = Vec::new();
        for answer in [
            Answer::status(200).delay(long),
            Answer::status(200).body("abc").pause(long),
            Answer::status(200).body("abc").stalled_at(1),
            Answer::dropped().delay(long),
        ] {
            manager.respond_with(answer);
            let request = client.get(manager.url());
            calls.push(tokio::spawn(
                async move { request.send().await?.bytes().await },
            ));
        }
        until(|| manager.count() == calls.len()).await;
        drop(manager);
        for call in calls {
            assert!(call.await.unwrap().is_err(), "{version:?}");
        }
        let freed = timeout(HANGS, until(|| Arc::strong_count(&alive) == 1));
        assert!(freed.await.is_ok(), "{version:?}");
    }
}

#[tokio::test]
async fn mock_manager_refuses_a_request_body_over_the_limit() {
    let pair = Pair::start().await;
    let response = pair
        .token()
        .body(vec![0; 16 * 1024 * 1024 + 1])
        .send()
        .await;
    // The refusal may arrive while the client still writes.
    assert!(response.is_err() || response.unwrap().status() == StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        pair.token()
            .body(vec![0; 1024 * 1024])
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert!(pair.manager.requests()[0].body.is_empty());
}

#[tokio::test]
async fn mock_manager_answers_500_with_the_message_of_a_handler_panic() {
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        pair.manager
            .on("GET /static", |_| -> Answer { panic!("as it is") });
        pair.manager.on("GET /made", |call| -> Answer {
            panic!("made of {}", call.path)
        });
        pair.manager
            .on("GET /other", |_| -> Answer { std::panic::panic_any(7) });
        for (path, said) in [
            ("/static", "as it is"),
            ("/made", "made of /made"),
            ("/other", "a value that is not text"),
        ] {
            let response = pair.request(Method::GET, path).send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), response.version()),
                (500, version)
            );
            assert_eq!(
                body(response).await["error_message"],
                format!("the closure of the test panicked: {said}")
            );
        }
    }
}

#[tokio::test]
async fn mock_manager_has_no_ca_over_plain_http() {
    for (builder, plain) in [
        (Manager::builder(), false),
        (Manager::builder().plain_http(), true),
    ] {
        let manager = builder.start().await.unwrap();
        assert_eq!(manager.ca_pem().is_empty(), plain);
        let client = manager.client().unwrap();
        assert!(client.create_registration_token().send().await.is_ok());
    }
}

#[tokio::test]
async fn a_response_to_head_has_the_headers_of_get_but_no_body() {
    for builder in [Manager::builder(), Manager::builder().http1_only()] {
        let manager = builder.start().await.unwrap();
        let client = manager.client().unwrap();
        for _ in 0..2 {
            manager.respond_with(Answer::json(200, json!({"a": "b"})));
            let response = client
                .request(Method::HEAD, "/api/v1/x")
                .send()
                .await
                .unwrap();
            assert_eq!(response.headers()["content-length"], "9");
            assert!(response.into_inner().is_empty());
        }
        assert_eq!(manager.count(), 2);
    }
}
