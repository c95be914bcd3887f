//! The retry budget: retries hide occasional failures without flooding managers that fail.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nsx_api::http::Method;
use nsx_api::mock::Answer;
use nsx_api::{CallOptions, Client};
use tokio::task::JoinSet;

use crate::managers::{call, calls_of, config, managers};

#[tokio::test]
async fn retry_hides_failures_of_one_request_in_ten() {
    let [manager] = managers::<1>().await;
    let count = AtomicUsize::new(0);
    manager.on("POST /api/v1/things/{id}", move |_| {
        match count.fetch_add(1, Ordering::Relaxed) % 10 {
            7 => Answer::api_error(503, 1, "Busy."),
            _ => Answer::json(200, ()),
        }
    });
    let quick = CallOptions::new().max_retry_delay(Duration::from_millis(20));
    let managers = [manager];
    let client = config(&managers).options(quick).build().unwrap();
    let failed = failures(&client, 10_000).await;
    println!("1 of 10 fails: {failed} of 10000 calls fail");
    assert!(failed <= 10, "{failed}");
}

/// Makes this many calls from forty tasks, and returns how many fail.
async fn failures(client: &Client, calls: usize) -> usize {
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let client = client.clone();
        tasks.spawn(async move {
            let mut failures = 0;
            for _ in 0..calls / 40 {
                failures += usize::from(call(&client, Method::POST).await.is_err());
            }
            failures
        });
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test]
async fn retry_budget_bounds_the_requests_to_a_failing_manager() {
    for (of_ten, least, most) in [(5, 0.45, 0.75), (10, 0.0, 0.0)] {
        let [manager] = managers::<1>().await;
        let count = AtomicUsize::new(0);
        manager.on("POST /api/v1/things/{id}", move |_| {
            match count.fetch_add(1, Ordering::Relaxed) % 10 < of_ten {
                true => Answer::api_error(503, 1, "Busy."),
                false => Answer::json(200, ()),
            }
        });
        let quick = CallOptions::new().max_retry_delay(Duration::from_millis(5));
        let managers = [manager];
        let client = config(&managers).options(quick).build().unwrap();
        let calls = 5000;
        let began = Instant::now();
        let failed = failures(&client, calls).await;
        let sent = calls_of(&managers[0]);
        // A fifth of the calls, ten per second, and the initial budget for ten seconds. The budget
        // is updated in several steps, so concurrent calls may exceed it slightly.
        let bound = calls as f64 * 1.2 + 100.0 + 10.0 * began.elapsed().as_secs_f64();
        assert!((sent as f64) <= bound * 1.01, "{sent} {bound}");
        let share = (calls - failed) as f64 / calls as f64;
        println!("{of_ten} of 10 fail: {sent} requests for {calls} calls, {share} succeed");
        assert!((least..=most).contains(&share), "{share}");
        if of_ten == 10 {
            let error = call(&client, Method::POST).await.unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("the retry budget of the client is spent"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn retry_budget_starts_with_a_hundred_retries() {
    let managers = managers::<1>().await;
    managers[0].respond_always(Answer::api_error(503, 1, "Busy."));
    let quick = CallOptions::new().max_retry_delay(Duration::ZERO);
    let client = config(&managers).options(quick).build().unwrap();
    let mut retries = 0;
    let began = Instant::now();
    let error = loop {
        let error = call(&client, Method::POST).await.unwrap_err();
        retries += error.attempts() - 1;
        if error.attempts() < 5 {
            break error;
        }
    };
    assert!(
        error
            .to_string()
            .contains("the retry budget of the client is spent")
    );
    let most = 100 + 10 + began.elapsed().as_secs() as u32 * 10;
    assert!((95..=most).contains(&retries), "{retries} of {most}");
}

#[tokio::test]
async fn retry_budget_bounds_failover_when_every_manager_fails() {
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
        let quick = CallOptions::new().max_retry_delay(Duration::from_millis(5));
        let client = config(&managers).options(quick).build().unwrap();
        let (calls, began) = (4000, Instant::now());
        let mut tasks = JoinSet::new();
        for _ in 0..40 {
            let client = client.clone();
            tasks.spawn(async move {
                for _ in 0..calls / 40 {
                    call(&client, Method::GET).await.unwrap_err();
                }
            });
        }
        tasks.join_all().await;
        let sent: usize = managers.iter().map(calls_of).sum();
        let bound = calls as f64 * 2.2 + 100.0 + 10.0 * began.elapsed().as_secs_f64();
        println!("three managers answer {answer:?}: {sent} requests for {calls} calls");
        assert!(sent as f64 <= bound * 1.05, "{sent} {bound}");
    }
}
