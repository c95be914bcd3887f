//! The retry budget: retries hide occasional failures without flooding managers that fail. The
//! clock stands still, so the budget grows only with the number of calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client};
use tokio::task::JoinSet;

use crate::frozen_clock::FrozenClock;
use crate::managers::{call, calls_of, config, managers};

/// The retries that are possible without any calls.
const RESERVE: usize = 100;
/// How long a retry and a call count.
const WINDOW: Duration = Duration::from_secs(10);

/// A client of these managers that retries without delay.
fn client(managers: &[Manager]) -> Client {
    let at_once = CallOptions::new().max_retry_delay(Duration::ZERO);
    config(managers).options(at_once).build().unwrap()
}

/// About this many of ten requests fail, in an irregular order.
fn fail(manager: &Manager, failing: u64) {
    let count = AtomicU64::new(0);
    manager.on("POST /api/v1/things/{id}", move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        match scattered % 10 < failing {
            true => Answer::api_error(503, 1, "Busy."),
            false => Answer::json(200, ()),
        }
    });
}

/// Makes this many calls from forty tasks, and returns how many fail.
async fn failures(client: &Client, method: Method, calls: usize) -> usize {
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let (client, method) = (client.clone(), method.clone());
        tasks.spawn(async move {
            let mut failures = 0;
            for _ in 0..calls / 40 {
                failures += usize::from(call(&client, method.clone()).await.is_err());
            }
            failures
        });
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test]
async fn retry_hides_failures_of_one_request_in_ten() {
    let clock = FrozenClock::start();
    let managers = managers::<1>().await;
    fail(&managers[0], 1);
    let client = client(&managers);
    let load = failures(&client, Method::POST, 1000);
    let failed = clock.without_waiting(load).await;
    assert_eq!(failed, 0);
}

#[tokio::test]
async fn retry_budget_bounds_the_requests_to_a_failing_manager() {
    let clock = FrozenClock::start();
    for (failing, least, most) in [(5, 0.45, 0.75), (10, 0.0, 0.0)] {
        let managers = managers::<1>().await;
        fail(&managers[0], failing);
        let client = client(&managers);
        let calls = 1000;
        let load = failures(&client, Method::POST, calls);
        let failed = clock.without_waiting(load).await;
        let retries = calls_of(&managers[0]) - calls;
        assert!(retries <= RESERVE + calls / 5, "{retries}");
        let share = (calls - failed) as f64 / calls as f64;
        assert!((least..=most).contains(&share), "{share}");
        if failing < 10 {
            continue;
        }
        assert_eq!(retries, RESERVE + calls / 5);
        let error = call(&client, Method::POST).await.unwrap_err();
        let spent = "the retry budget of the client is spent";
        assert!(error.to_string().contains(spent), "{error}");
        // After ten seconds without calls, and not earlier, there is a new reserve, but nothing was
        // saved up. The window moves by a second at a time.
        let second = Duration::from_secs(1);
        for (pause, reserve) in [
            (second, 0),
            (WINDOW - 2 * second, 0),
            (WINDOW + second, RESERVE),
            (6 * WINDOW, RESERVE),
        ] {
            clock.pass(pause).await;
            let before = calls_of(&managers[0]);
            let load = failures(&client, Method::POST, calls);
            clock.without_waiting(load).await;
            let retries = calls_of(&managers[0]) - before - calls;
            assert_eq!(retries, reserve + calls / 5, "{pause:?}");
        }
    }
}

#[tokio::test]
async fn retry_budget_starts_with_a_hundred_retries() {
    let clock = FrozenClock::start();
    let managers = managers::<1>().await;
    managers[0].respond_always(Answer::api_error(503, 1, "Busy."));
    let client = client(&managers);
    let (mut calls, mut retries) = (0, 0);
    let error = loop {
        let result = clock.without_waiting(call(&client, Method::POST)).await;
        let error = result.unwrap_err();
        calls += 1;
        retries += error.attempts() as usize - 1;
        if error.attempts() < 5 {
            break error;
        }
        assert!(calls < 1000, "{retries} retries are within the budget");
    };
    let spent = "the retry budget of the client is spent";
    assert!(error.to_string().contains(spent), "{error}");
    assert_eq!(retries, RESERVE + calls / 5);
}

#[tokio::test]
async fn retry_budget_bounds_failover_when_every_manager_fails() {
    let clock = FrozenClock::start();
    // A 503 of the manager itself, and a 502 that may come from a proxy.
    for answer in [Answer::api_error(503, 1, "Busy."), Answer::status(502)] {
        let managers = managers::<3>().await;
        for manager in &managers {
            // Their health checks keep succeeding.
            for method in ["GET", "POST", "PUT"] {
                let answer = answer.clone();
                manager.on(&format!("{method} /api/v1/things/{{id}}"), move |_| {
                    answer.clone()
                });
            }
        }
        let calls = 1000;
        let client = client(&managers);
        let load = failures(&client, Method::GET, calls);
        let failed = clock.without_waiting(load).await;
        assert_eq!(failed, calls);
        let sent: usize = managers.iter().map(calls_of).sum();
        // Each call may move to another manager once without the budget.
        let most = 2 * calls + RESERVE + calls / 5;
        assert!(sent <= most, "{answer:?}: {sent} requests, not {most}");
    }
}
