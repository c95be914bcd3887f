//! The client's own rate and concurrency limits, against a manager that enforces its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, ErrorKind, Limits};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::common::unauthenticated_manager;
use crate::frozen_clock::{FrozenClock, until};

/// The manager's counters: requests in the current second, and how many were answered and refused.
struct Counts {
    window: Mutex<(Instant, usize)>,
    answered: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    fn take(&self) -> (usize, usize) {
        (
            self.answered.swap(0, Ordering::Relaxed),
            self.refused.swap(0, Ordering::Relaxed),
        )
    }
}

/// A manager that accepts this many requests per second.
async fn manager(limit: usize) -> (Manager, Arc<Counts>) {
    let manager = unauthenticated_manager().await;
    let counts = Arc::new(Counts {
        window: Mutex::new((Instant::now(), 0)),
        answered: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
    });
    let counted = counts.clone();
    manager.on("GET /api/v1/things/{id}", move |_| {
        let mut window = counted.window.lock().unwrap();
        if window.0.elapsed() >= Duration::from_secs(1) {
            *window = (Instant::now(), 0);
        }
        window.1 += 1;
        match window.1 > limit {
            true => {
                counted.refused.fetch_add(1, Ordering::Relaxed);
                Answer::api_error(429, 102, "Client exceeded the rate limit.")
            }
            false => {
                counted.answered.fetch_add(1, Ordering::Relaxed);
                Answer::json(200, ())
            }
        }
    });
    (manager, counts)
}

/// Calls continuously from twenty tasks.
fn load(client: &Client) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        tasks.spawn(async move {
            loop {
                let _ = client.request(Method::GET, "/api/v1/things/1").send().await;
            }
        });
    }
    tasks
}

/// How far the clock moves at a time: less than a few calls take at the rate limit.
const STEP: Duration = Duration::from_millis(20);

#[tokio::test]
async fn adaptive_rate_limit_settles_at_the_limit_of_the_manager() {
    let clock = FrozenClock::start();
    for limit in [100, 40] {
        let (manager, counts) = manager(limit).await;
        let client = Client::builder(manager.url()).build().unwrap();
        let _tasks = load(&client);
        clock.measure(STEP, sleep(Duration::from_secs(5))).await;
        let seconds = 6;
        let mut least_refused = f64::INFINITY;
        for _ in 0..3 {
            counts.take();
            clock
                .measure(STEP, sleep(Duration::from_secs(seconds)))
                .await;
            let (answered, refused) = counts.take();
            let rate = answered as f64 / seconds as f64;
            assert!(rate >= 0.95 * limit as f64, "{rate} of {limit}");
            let share = refused as f64 / (answered + refused) as f64;
            assert!(share < 0.03, "{share} at {limit}");
            least_refused = least_refused.min(share);
        }
        // The client tries a higher rate now and then, which costs a few refusals.
        assert!(least_refused < 0.01, "{least_refused} at {limit}");
    }
}

#[tokio::test]
async fn without_a_rate_limit_most_requests_are_refused() {
    let clock = FrozenClock::start();
    let (manager, counts) = manager(100).await;
    let once = CallOptions::new().max_retries(0);
    let client = Client::builder(manager.url())
        .limits(Limits::off())
        .options(once)
        .build()
        .unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in 0..25 {
                let _ = client.request(Method::GET, "/api/v1/things/1").send().await;
            }
        });
    }
    clock.without_waiting(tasks.join_all()).await;
    assert_eq!(counts.take(), (100, 400));
}

#[tokio::test]
async fn concurrency_limit_bounds_the_calls_in_flight() {
    let manager = unauthenticated_manager().await;
    let late = Duration::from_millis(100);
    manager.respond_always(Answer::json(200, ()).delay(late));
    let client = Client::builder(manager.url())
        .limits(Limits::adaptive().concurrent(4))
        .build()
        .unwrap();
    let clock = FrozenClock::start();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.request(Method::GET, "/x").send().await.is_ok() });
    }
    until(|| manager.count() >= 4).await;
    clock.pass(Duration::ZERO).await;
    assert_eq!(manager.count(), 4);
    // Calls that are dropped while they wait release their place in the queue.
    for _ in 0..20 {
        tokio::select! {
            biased;
            _ = client.request(Method::GET, "/x").send() => unreachable!("it waits"),
            () = std::future::ready(()) => {}
        }
    }
    let (results, took) = clock.measure(STEP / 4, calls.join_all()).await;
    assert!(results.into_iter().all(|ok| ok));
    // Four at a time take five times as long as one, and a step or two more each.
    let range = 5 * late..6 * late;
    assert!(range.contains(&took), "{took:?}");
    assert_eq!(manager.count(), 20);
}

#[tokio::test]
async fn call_that_waits_for_the_concurrency_limit_past_its_deadline_is_not_sent() {
    let manager = unauthenticated_manager().await;
    manager.respond_always(Answer::json(200, ()).delay(Duration::from_secs(60)));
    let client = Client::builder(manager.url())
        .limits(Limits::fixed().concurrent(1))
        .build()
        .unwrap();
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.request(Method::POST, "/x").send().await.is_ok() }
    });
    until(|| manager.count() == 1).await;
    let clock = FrozenClock::start();
    let limit = Duration::from_millis(100);
    let short_deadline = client.with(CallOptions::new().deadline(limit));
    let call = short_deadline.request(Method::POST, "/y").send();
    let error = clock.expires(limit, async {}, call).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::TooManyRequests, 0)
    );
    assert_eq!(
        error.to_string(),
        "POST /y: the client's own limits left no room within the deadline of 100ms"
    );
    assert_eq!(manager.count(), 1);
    first.abort();
}
