//! Retries, idempotency and deadlines of a call to one manager.

use std::time::Duration;

use http::Method;
use nsx_api::auth::{Basic, Credentials, Identity};
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config, ErrorKind};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{THING as PATH, manager_with_things as manager};
use crate::frozen_clock::{FrozenClock, until};

async fn attempts(client: &Client, method: Method) -> (Result<u16, ErrorKind>, u32) {
    match client.request(method, PATH).send().await {
        Ok(response) => (Ok(response.status().as_u16()), response.attempts()),
        Err(error) => (Err(error.kind()), error.attempts()),
    }
}

#[tokio::test]
async fn retry_repeats_rejected_calls_and_ambiguous_ones_only_if_idempotent() {
    let proxy = "upstream connect error or disconnect/reset before headers";
    let cases: Vec<(Answer, bool, bool)> = vec![
        // The answer, whether POST and PATCH are retried, and whether GET, PUT and DELETE are.
        (429.into(), true, true),
        (Answer::status(429), true, true),
        (503.into(), true, true),
        (Answer::api_error(503, 98, "busy"), true, true),
        // Not sent by the manager itself: a proxy may have forwarded the request.
        (Answer::status(503), false, true),
        (Answer::status(503).body(proxy), false, true),
        (Answer::json(503, ["error_code"]), false, true),
        // Fields that the errors of a gateway have too.
        (
            Answer::json(503, json!({"error_message": "upstream reset"})),
            false,
            true,
        ),
        (
            Answer::json(503, json!({"details": "upstream timeout"})),
            false,
            true,
        ),
        (500.into(), false, true),
        (502.into(), false, true),
        (504.into(), false, true),
        (Answer::dropped(), false, true),
        (Answer::json(200, ()).truncated_at(2), false, true),
        (Answer::success().delay(LATE), false, true),
        (400.into(), false, false),
        (401.into(), false, false),
        (403.into(), false, false),
        (404.into(), false, false),
        (409.into(), false, false),
        (412.into(), false, false),
        (501.into(), false, false),
        (307.into(), false, false),
    ];
    let clock = FrozenClock::start();
    for (answer, post, get) in cases {
        for (method, again) in [
            (Method::POST, post),
            (Method::PATCH, post),
            (Method::GET, get),
            (Method::PUT, get),
            (Method::DELETE, get),
        ] {
            check_retry(&clock, method, answer.clone(), again).await;
        }
    }
}

/// Longer than the attempt timeout.
const LATE: Duration = Duration::from_secs(61);

async fn check_retry(clock: &FrozenClock, method: Method, answer: Answer, again: bool) {
    let what = format!("{method} {answer:?}");
    let manager = Manager::builder().plain_http().start().await.unwrap();
    manager.on(&format!("{method} {PATH}"), |_| Answer::json(200, ()));
    let options = CallOptions::new()
        .max_retries(1)
        .max_retry_delay(Duration::ZERO);
    let is_late = what.contains(&format!("{LATE:?}"));
    manager.respond_with(answer);
    let client = manager.client().unwrap().with(options);
    let call = attempts(&client, method);
    let (result, attempts) = match is_late {
        true => {
            let arrived = until(|| manager.count() == 1);
            clock.expires(Duration::from_secs(60), arrived, call).await
        }
        // Only the limits of the client may wait.
        false => clock.measure(Duration::from_millis(50), call).await.0,
    };
    assert_eq!(result.is_ok(), again, "{what}: {result:?}");
    assert_eq!(attempts, if again { 2 } else { 1 }, "{what}");
    assert_eq!(manager.count(), attempts as usize, "{what}");
}

#[tokio::test]
async fn tls_handshake_timeout_is_a_connect_error_and_gets_a_retry() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = FrozenClock::start();
    let short = Duration::from_secs(1);
    for (connect, attempt) in [(short, LATE), (LATE, 5 * short), (5 * short, 5 * short)] {
        let options = CallOptions::new()
            .max_retries(1)
            .max_retry_delay(Duration::ZERO)
            .attempt_timeout(attempt);
        let client = Client::builder(silent.local_addr().unwrap().to_string())
            .connect_timeout(connect)
            .options(options)
            .build()
            .unwrap();
        let step = Duration::from_millis(100);
        let call = attempts(&client, Method::POST);
        let (outcome, _) = clock.measure(step, call).await;
        assert_eq!(
            outcome,
            (Err(ErrorKind::Connect), 2),
            "{connect:?} {attempt:?}"
        );
    }
}

/// The outcome of a call with one retry, almost without delay.
async fn call_with_one_retry(config: Config) -> (Result<u16, ErrorKind>, u32) {
    let soon = CallOptions::new().max_retry_delay(Duration::from_millis(1));
    let client = config.options(soon.max_retries(1)).build().unwrap();
    attempts(&client, Method::POST).await
}

#[tokio::test]
async fn tls_handshake_failure_gets_a_retry_unless_the_certificate_is_not_trusted() {
    let manager = Manager::start().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    // The server answers with something other than TLS.
    let not_tls = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 503 Starting\r\n\r\n").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    };
    let config = Client::builder(address).ca_pem(manager.ca_pem());
    let found = tokio::select! { found = call_with_one_retry(config) => found, () = not_tls => unreachable!() };
    assert_eq!(found, (Err(ErrorKind::Tls), 2));
    // An untrusted certificate causes no retry.
    let other = Manager::start().await.unwrap();
    let config = Client::builder(manager.url()).ca_pem(other.ca_pem());
    assert_eq!(call_with_one_retry(config).await, (Err(ErrorKind::Tls), 1));
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn error_code_99_gets_a_retry_only_with_a_client_certificate_identity() {
    let builder = Manager::builder().client_certificates();
    let manager = builder.start().await.unwrap();
    manager.on(&format!("POST {PATH}"), |_| Answer::json(200, ()));
    let certificate = manager.issue_client_certificate().unwrap();
    let identity = Identity::from_pem(certificate.certificate_pem, certificate.key_pem);
    let config = Client::builder(manager.url()).ca_pem(manager.ca_pem());
    // With other credentials, the manager does not identify the caller by the certificate.
    let options = CallOptions::new().max_retry_delay(Duration::ZERO);
    let client = config.clone().identity(identity.clone()).options(options);
    let client = client.build().unwrap();
    manager.respond_with(Answer::api_error(500, 99, "Failed."));
    let request = client.request(Method::POST, PATH);
    let other = Credentials::basic(manager.username(), &manager.password().into());
    let error = request.credentials(&other).send().await.unwrap_err();
    assert_eq!((error.attempts(), manager.count()), (1, 1));
    for (config, code, found) in [
        (config.clone().identity(identity.clone()), 99, (Ok(200), 2)),
        (
            config.clone().identity(identity),
            98,
            (Err(ErrorKind::InternalServerError), 1),
        ),
        // Without a client certificate, code 99 is not retried.
        (
            config.auth(Basic::new(manager.username(), manager.password())),
            99,
            (Err(ErrorKind::InternalServerError), 1),
        ),
    ] {
        manager.respond_with(Answer::api_error(500, code, "Failed."));
        assert_eq!(call_with_one_retry(config).await, found, "{code}");
    }
}

#[tokio::test]
async fn idempotent_option_overrides_the_method_for_retry() {
    for (method, idempotent, sent) in [(Method::POST, true, 2), (Method::GET, false, 1)] {
        let (manager, client) = manager().await;
        manager.respond_with(500);
        let (result, _) = attempts(
            &client.with(CallOptions::new().idempotent(idempotent)),
            method,
        )
        .await;
        assert_eq!((result.is_ok(), manager.count()), (idempotent, sent));
    }
}

#[tokio::test]
async fn retry_ends_with_the_last_error_after_max_retries() {
    let (manager, client) = manager().await;
    manager.respond_always(503);
    for retries in [0, 1, 2] {
        manager.reset();
        manager.respond_always(503);
        let before = manager.count();
        let client = client.with(CallOptions::new().max_retries(retries));
        assert_eq!(
            attempts(&client, Method::GET).await,
            (Err(ErrorKind::ServiceUnavailable), retries + 1)
        );
        assert_eq!(manager.count() - before, retries as usize + 1);
    }
}

#[tokio::test]
async fn retry_sends_the_same_request_each_time() {
    let (manager, client) = manager().await;
    manager.respond_with(Answer::from(503).times(2));
    client
        .request(Method::POST, PATH)
        .query("a", &["1", "2"])
        .header("x-allow-overwrite", &true)
        .json(&serde_json::json!({ "k": "v" }))
        .send()
        .await
        .unwrap();
    let sent = manager.requests();
    assert_eq!(sent.len(), 3);
    for request in sent {
        assert_eq!(
            (request.path.as_str(), request.query.as_deref()),
            (PATH, Some("a=1&a=2"))
        );
        assert_eq!(request.header("x-allow-overwrite"), Some("true"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(&request.body[..], b"{\"k\":\"v\"}");
        assert!(request.header("authorization").is_some());
    }
}

#[tokio::test]
async fn deadline_covers_every_retry() {
    let (manager, client) = manager().await;
    manager.respond_always(503);
    let options = CallOptions::new()
        .deadline(Duration::from_secs(2))
        .max_retries(1000);
    let clock = FrozenClock::start();
    let client = client.with(options);
    let step = Duration::from_millis(5);
    let call = attempts(&client, Method::GET);
    let ((result, sent), took) = clock.measure(step, call).await;
    assert!(took <= Duration::from_secs(2) + step, "{took:?}");
    // Either the manager's error or the timeout of an attempt that the deadline cut short.
    let kinds = [ErrorKind::ServiceUnavailable, ErrorKind::Timeout];
    assert!(result.is_err_and(|kind| kinds.contains(&kind)));
    assert!(sent > 1);
}

#[tokio::test]
async fn retry_after_beyond_the_deadline_fails_at_once_with_the_reason() {
    let (manager, client) = manager().await;
    manager.respond_always(Answer::from(429).header("retry-after", "30"));
    let client = client.with(CallOptions::new().deadline(Duration::from_secs(5)));
    let clock = FrozenClock::start();
    let call = client.request(Method::GET, PATH).send();
    let error = clock.without_waiting(call).await.unwrap_err();
    let line = error.to_string();
    assert!(line.contains("retry after 30 s"), "{line}");
    assert!(line.contains("longer than a call waits"), "{line}");
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn stalled_error_body_does_not_prevent_the_retry() {
    let (manager, client) = manager().await;
    manager.respond_with(Answer::from(503).stalled_at(3));
    let clock = FrozenClock::start();
    let step = Duration::from_millis(100);
    let call = attempts(&client, Method::GET);
    let (outcome, took) = clock.measure(step, call).await;
    assert_eq!(outcome, (Ok(200), 2));
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test]
async fn zero_and_maximal_deadline_and_timeout_values_are_accepted() {
    let (manager, client) = manager().await;
    let none = client.with(CallOptions::new().deadline(Duration::ZERO));
    assert_eq!(
        attempts(&none, Method::GET).await,
        (Err(ErrorKind::Timeout), 1)
    );
    let ages = client.with(
        CallOptions::new()
            .deadline(Duration::MAX)
            .attempt_timeout(Duration::MAX)
            .max_retries(u32::MAX),
    );
    manager.respond_with(503);
    assert_eq!(attempts(&ages, Method::GET).await, (Ok(200), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_works_for_a_client_shared_by_many_tasks() {
    let (manager, client) = manager().await;
    manager.respond_with(Answer::from(429).times(10));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                client
                    .request(Method::GET, PATH)
                    .send()
                    .await
                    .map(|response| response.attempts())
            })
        })
        .collect();
    let mut sent = 0;
    for call in calls {
        sent += call.await.unwrap().unwrap() as usize;
    }
    assert_eq!((sent, manager.count()), (110, 110));
}
