//! Several managers: calls are balanced among them and fail over when one of them is unreachable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nsx_api::auth::{Basic, Session};
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager, RecordedRequest};
use nsx_api::{CallOptions, Client, Error, ErrorKind, Limits};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::frozen_clock::{FrozenClock, until};
use crate::managers::{HEALTH, add_handlers, call, calls_of, config, managers, start};

/// How far the clock moves at a time while a test waits.
const STEP: Duration = Duration::from_millis(20);

#[tokio::test]
async fn load_balancing_is_even_and_the_response_names_its_manager() {
    let managers = managers::<3>().await;
    let client = config(&managers).build().unwrap();
    for _ in 0..30 {
        let manager = call(&client, Method::GET).await.unwrap();
        assert!(managers.iter().any(|other| other.url().ends_with(&manager)));
    }
    for manager in &managers {
        assert_eq!(calls_of(manager), 10);
    }
}

#[tokio::test]
async fn load_balancing_sends_fewer_calls_to_a_slow_manager() {
    let managers = managers::<2>().await;
    let [slow, quick] = &managers;
    slow.respond_always(Answer::json(200, ()).delay(Duration::from_millis(300)));
    let client = config(&managers).build().unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let client = client.clone();
        calls.spawn(async move {
            for _ in 0..20 {
                call(&client, Method::GET).await.unwrap();
            }
        });
    }
    let clock = FrozenClock::start();
    clock.measure(STEP / 2, calls.join_all()).await;
    assert!(
        calls_of(slow) * 3 < calls_of(quick),
        "{} {}",
        calls_of(slow),
        calls_of(quick)
    );
}

#[tokio::test]
async fn unreachable_manager_is_ejected_and_returns_after_a_probe() {
    let (first, url_of_first) = refusing_address();
    let (_other, url_of_other) = refusing_address();
    let unreachable = Client::builder(&url_of_first)
        .manager(&url_of_other)
        .auth(Basic::new("admin", "Pa55-word"))
        .options(CallOptions::new().max_retries(1))
        .build()
        .unwrap();
    let error = call(&unreachable, Method::POST).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 2));
    let [second] = managers::<1>().await;
    let client = Client::builder(&url_of_first)
        .manager(second.url())
        .auth(Basic::new("admin", "Pa55-word"))
        .build()
        .unwrap();
    // A call that is not idempotent fails over too, because nothing was sent to the first manager.
    let clock = FrozenClock::start();
    for _ in 0..20 {
        let answered = clock.without_waiting(call(&client, Method::POST)).await;
        assert!(second.url().ends_with(&answered.unwrap()));
    }
    // Start a server at the address of the first manager.
    tokio::spawn(answer_null(first.listen(16).unwrap()));
    let began = Instant::now();
    while !url_of_first.ends_with(&call(&client, Method::GET).await.unwrap()) {
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(15), "it was not probed");
        clock.pass(2 * STEP).await;
    }
}

/// Answers every request with 200 and `null`.
async fn answer_null(listener: TcpListener) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut request = [0; 4096];
            while stream
                .read(&mut request)
                .await
                .is_ok_and(|length| length > 0)
            {
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
    }
}

#[tokio::test]
async fn manager_whose_health_probe_is_unhealthy_stays_ejected() {
    let start = || Manager::builder().plain_http().accept_anyone().start();
    let (first, second) = (start().await.unwrap(), start().await.unwrap());
    for manager in [&first, &second] {
        manager.on("GET /api/v1/things/{id}", |_| Answer::json(200, ()));
    }
    first.on(HEALTH, |_| {
        Answer::json(200, serde_json::json!({ "healthy": false }))
    });
    first.respond_with(Answer::dropped());
    let config = Client::builder(first.url()).manager(second.url());
    let clock = FrozenClock::start();
    let client = config.build().unwrap();
    let probes = || {
        let requests = first.requests();
        requests
            .iter()
            .filter(|call| call.path.ends_with("/health"))
            .count()
    };
    let mut now = 0;
    // Ejected for one second, then for two, then for four.
    for (at, expected) in [
        (0, 0),
        (999, 0),
        (1000, 1),
        (2999, 1),
        (3000, 2),
        (6999, 2),
        (7000, 3),
    ] {
        clock.pass(Duration::from_millis(at - now)).await;
        now = at;
        let manager = call(&client, Method::GET).await.unwrap();
        assert!(second.url().ends_with(&manager));
        // A probe needs no time.
        clock.pass(Duration::ZERO).await;
        assert_eq!(probes(), expected, "after {at} ms");
    }
    assert_eq!(calls_of(&first), 1);
}

#[tokio::test]
async fn failover_never_repeats_a_non_idempotent_call_that_may_have_taken_effect() {
    let managers = managers::<2>().await;
    let [first, second] = &managers;
    let client = config(&managers).build().unwrap();
    for (answer, kind) in [
        (Answer::dropped(), ErrorKind::Connection),
        (Answer::status(502), ErrorKind::Status),
        (
            Answer::api_error(500, 1, "Failed."),
            ErrorKind::InternalServerError,
        ),
    ] {
        first.respond_always(answer.clone());
        second.respond_always(answer);
        let before = calls_of(first) + calls_of(second);
        let error = call(&client, Method::POST).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 1));
        assert_eq!(calls_of(first) + calls_of(second) - before, 1);
    }
    // A 503 of the manager itself means that nothing was done: the call fails over.
    first.reset();
    second.reset();
    second.on("POST /api/v1/things/{id}", |_| Answer::json(200, ()));
    first.respond_always(Answer::api_error(503, 1, "Busy."));
    for _ in 0..4 {
        assert!(
            second
                .url()
                .ends_with(&call(&client, Method::POST).await.unwrap())
        );
    }
}

/// An address that refuses connections. The socket reserves the port.
fn refusing_address() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    (socket, address)
}

#[tokio::test]
async fn failover_when_the_session_login_cannot_connect() {
    let [manager] = managers::<1>().await;
    let options = CallOptions::new().max_retry_delay(Duration::from_millis(5));
    let (_socket, address) = refusing_address();
    let client = Client::builder(address)
        .manager(manager.url())
        .auth(Session::new("admin", "Pa55-word"))
        .options(options)
        .build()
        .unwrap();
    for _ in 0..10 {
        let answered = call(&client, Method::POST).await.unwrap();
        assert!(manager.url().ends_with(&answered));
    }
    assert_eq!(manager.logins(), 1);
    // A wrong password causes no failover.
    let (_socket, refused) = refusing_address();
    let wrong = Client::builder(manager.url())
        .manager(&refused)
        .auth(Session::new("admin", "wrong"))
        .build()
        .unwrap();
    let before = manager.count();
    let error = call(&wrong, Method::GET).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(manager.count() - before, 1);
}

#[tokio::test]
async fn fast_503_from_a_proxy_does_not_attract_more_calls() {
    let managers = managers::<3>().await;
    let [broken, others @ ..] = &managers;
    let html = Answer::status(503)
        .header("content-type", "text/html")
        .body("<h1>503</h1>");
    broken.respond_always(html);
    for other in others {
        other.respond_always(Answer::json(200, ()).delay(Duration::from_millis(20)));
    }
    let client = config(&managers).build().unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in 0..50 {
                call(&client, Method::GET).await?;
            }
            Ok::<(), Error>(())
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert!(calls_of(broken) < 200, "{}", calls_of(broken));
}

#[tokio::test]
async fn caller_errors_and_short_deadlines_do_not_eject_a_manager() {
    let managers = managers::<2>().await;
    let client = config(&managers).build().unwrap();
    let limit = Duration::from_millis(50);
    let short_deadline = client.with(CallOptions::new().deadline(limit));
    let gets = || {
        let requests = managers.iter().flat_map(Manager::requests);
        let is_get =
            |call: &RecordedRequest| call.method == Method::GET && call.path == "/api/v1/things/1";
        requests.filter(is_get).count()
    };
    for manager in &managers {
        let late = Answer::json(200, ()).delay(Duration::from_secs(5));
        manager.respond_always(late.only_for("GET /api/v1/things/{id}"));
    }
    let clock = FrozenClock::start();
    for number in 1..=4 {
        let body = nsx_api::Body::from_stream(FailingStream);
        let upload = client.request(Method::PUT, "/api/v1/things/1").body(body);
        assert!(upload.send().await.is_err());
        let arrived = until(|| gets() == number);
        let get = call(&short_deadline, Method::GET);
        assert!(clock.expires(limit, arrived, get).await.is_err());
    }
    for manager in &managers {
        manager.reset();
        manager.on("GET /api/v1/things/{id}", |_| Answer::json(200, ()));
    }
    for _ in 0..20 {
        call(&client, Method::GET).await.unwrap();
    }
    assert_eq!((calls_of(&managers[0]), calls_of(&managers[1])), (10, 10));
}

struct FailingStream;

impl futures_core::Stream for FailingStream {
    type Item = std::io::Result<nsx_api::bytes::Bytes>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Err(std::io::Error::other("the disk is gone"))))
    }
}

#[tokio::test]
async fn failover_when_a_tls_certificate_is_not_trusted() {
    let start = || Manager::builder().accept_anyone().start();
    let (first, second) = (start().await.unwrap(), start().await.unwrap());
    for manager in [&first, &second] {
        manager.on("POST /api/v1/things/{id}", |_| Answer::json(200, ()));
    }
    let client = Client::builder(first.url())
        .manager(second.url())
        .ca_pem(second.ca_pem())
        .build()
        .unwrap();
    for _ in 0..5 {
        assert!(
            second
                .url()
                .ends_with(&call(&client, Method::POST).await.unwrap())
        );
    }
    assert_eq!(first.count(), 0);
}

#[tokio::test]
async fn failover_needs_no_retry_delay_within_the_deadline() {
    let [manager] = managers::<1>().await;
    let options = CallOptions::new()
        .min_retry_delay(Duration::from_secs(60))
        .deadline(Duration::from_secs(20));
    let (_socket, address) = refusing_address();
    let client = Client::builder(address)
        .manager(manager.url())
        .auth(Basic::new("admin", "Pa55-word"))
        .options(options)
        .build()
        .unwrap();
    assert!(call(&client, Method::POST).await.is_ok());
}

/// How long the managers may take to restart, in the time of the clock.
const RESTART: Duration = Duration::from_secs(20);

/// Restarts a manager at its former address. It answers 503 at first, and then as usual.
async fn restart(url: &str) -> Manager {
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let began = Instant::now();
    let manager = loop {
        // The port is free once the runtime has dropped the former manager's tasks.
        match start(Manager::builder().port(port)).await {
            Ok(manager) => break manager,
            Err(error) => assert!(began.elapsed() < RESTART, "{url}: {error}"),
        }
        tokio::time::sleep(STEP).await;
    };
    let starting = Answer::api_error(503, 1, "The node is starting.");
    manager.respond_always(starting.clone());
    manager.on(HEALTH, move |_| starting.clone());
    // Answer 503 until there have been some requests.
    while manager.count() < 2 {
        let requests = manager.requests();
        assert!(began.elapsed() < RESTART, "no probes: {requests:?}");
        tokio::time::sleep(STEP).await;
    }
    manager.reset();
    add_handlers(&manager);
    manager
}

#[tokio::test]
async fn failover_completes_every_idempotent_call_while_managers_restart() {
    const ATTEMPT: Duration = Duration::from_secs(4);
    let [stopped, hung, restarted] = managers::<3>().await;
    let options = CallOptions::new()
        .deadline(Duration::from_secs(60))
        .attempt_timeout(ATTEMPT);
    let urls = [stopped.url(), hung.url(), restarted.url()];
    let client = Client::builder(&urls[0])
        .manager(&urls[1])
        .manager(&urls[2])
        .auth(Session::new("admin", "Pa55-word"))
        .options(options)
        .build()
        .unwrap();
    call(&client, Method::GET).await.unwrap();
    let clock = FrozenClock::start();
    let over = Arc::new(AtomicBool::new(false));
    let mut calls = JoinSet::new();
    // More than the 120 that three managers take at once: the others wait for a slot.
    for number in 0..150 {
        let (client, over) = (client.clone(), over.clone());
        let method = [Method::GET, Method::PUT][number % 2].clone();
        calls.spawn(async move {
            let mut longest = Duration::ZERO;
            for round in 0.. {
                let began = Instant::now();
                call(&client, method.clone()).await?;
                longest = longest.max(began.elapsed());
                if round > 4 && over.load(Ordering::Relaxed) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Ok::<Duration, Error>(longest)
        });
    }
    let restarts = async {
        let pause = || tokio::time::sleep(Duration::from_millis(200));
        pause().await;
        drop(stopped);
        pause().await;
        hung.respond_always(Answer::status(200).delay(Duration::from_secs(600)));
        pause().await;
        drop(restarted);
        pause().await;
        let restarted = restart(&urls[2]).await;
        while calls_of(&restarted) < 200 {
            pause().await;
        }
        over.store(true, Ordering::Relaxed);
        let results = calls.join_all().await;
        let longest = results.into_iter().map(Result::unwrap).max().unwrap();
        (restarted.logins(), longest)
    };
    let ((logins, longest), _) = clock.measure(STEP, restarts).await;
    // No call meets the hung manager twice.
    assert!(longest < 2 * ATTEMPT, "{longest:?}");
    assert!(logins > 0, "its sessions did not survive the restart");
}

#[tokio::test]
async fn failover_of_calls_queued_for_a_hung_manager() {
    let managers = managers::<2>().await;
    let [well, hung] = &managers;
    let client = config(&managers)
        .limits(Limits::adaptive().concurrent(2))
        .options(CallOptions::new().attempt_timeout(Duration::from_secs(30)))
        .build()
        .unwrap();
    hung.respond_always(Answer::json(200, ()).delay(Duration::from_secs(600)));
    // One failure of the healthy manager ejects it, so that all calls queue for the hung one.
    well.respond_with(502);
    call(&client, Method::POST).await.unwrap_err();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { call(&client, Method::GET).await });
    }
    // All calls but the two that are in flight at the hung manager complete, long before those time
    // out.
    let clock = FrozenClock::start();
    let complete = async {
        for _ in 0..18 {
            let answered = calls.join_next().await.unwrap().unwrap().unwrap();
            assert!(well.url().ends_with(&answered));
        }
    };
    let ((), took) = clock.measure(2 * STEP, complete).await;
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(calls_of(hung), 2);
}

#[tokio::test]
async fn queued_call_is_not_sent_to_a_manager_that_was_ejected() {
    let managers = managers::<2>().await;
    let [hung, busy] = &managers;
    let client = config(&managers)
        .limits(Limits::adaptive().concurrent(1))
        .options(CallOptions::new().attempt_timeout(Duration::from_millis(2200)))
        .build()
        .unwrap();
    hung.respond_always(Answer::json(200, ()).delay(Duration::from_secs(600)));
    busy.respond_with(Answer::json(200, ()).delay(Duration::from_millis(2100)));
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let client = client.clone();
        calls.spawn(async move {
            let request = client.request(Method::GET, "/api/v1/things/1");
            request.send().await.map(|response| response.attempts())
        });
    }
    let clock = FrozenClock::start();
    let (results, _) = clock.measure(STEP, calls.join_all()).await;
    let mut attempts: Vec<u32> = results.into_iter().map(Result::unwrap).collect();
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 1, 2]);
    assert_eq!((calls_of(hung), calls_of(busy)), (1, 3));
}
