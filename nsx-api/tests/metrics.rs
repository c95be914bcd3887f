//! Metrics: the counters and histograms of calls.
#![cfg(all(feature = "mock", feature = "metrics"))]

use std::cell::RefCell;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use nsx_api::Client;
use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};

use crate::common::unauthenticated_manager_and_client;
use crate::frozen_clock::until;

/// The metrics recorded since the last snapshot.
fn counted(snapshotter: &Snapshotter) -> Vec<String> {
    let snapshot = snapshotter.snapshot().into_vec().into_iter();
    let mut seen: Vec<String> = snapshot
        .map(|(key, _, _, value)| {
            let labels = key.key().labels().map(|label| label.value().to_owned());
            let labels: Vec<String> = labels.collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Histogram(values) => {
                    assert!(values.iter().all(|value| value.into_inner() > 0.0));
                    format!("{} values", values.len())
                }
                DebugValue::Gauge(value) => value.to_string(),
            };
            format!("{} {} {value}", key.key().name(), labels.join(" "))
        })
        .collect();
    seen.sort();
    seen
}

#[tokio::test]
async fn metrics_count_calls_by_operation_and_outcome() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (manager, client) = unauthenticated_manager_and_client().await;
    manager.respond_with(Answer::api_error(503, 1, "Busy.").times(2));
    client.create_registration_token().send().await.unwrap();
    for path in ["/api/v1/x/1", "/api/v1/x/2"] {
        client.request(Method::GET, path).send().await.unwrap_err();
    }
    assert_eq!(
        counted(&recorder.snapshotter()),
        [
            "nsx_api_attempts_total CreateRegistrationToken 3",
            "nsx_api_attempts_total other 2",
            "nsx_api_call_duration_seconds CreateRegistrationToken ok 1 values",
            "nsx_api_call_duration_seconds other 404 2 values",
            "nsx_api_calls_total CreateRegistrationToken ok 1",
            "nsx_api_calls_total other 404 2",
        ]
    );
}

#[tokio::test]
async fn metrics_count_a_dropped_call_as_cancelled() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (manager, client) = unauthenticated_manager_and_client().await;
    manager.respond_with(Answer::success().delay(Duration::from_secs(60)));
    let token = client.create_registration_token().send();
    tokio::select! {
        _ = token => unreachable!("it takes a minute"),
        () = async { while manager.count() == 0 { tokio::task::yield_now().await } } => {}
    }
    // A call that is never polled is not counted.
    drop(client.create_registration_token().send());
    assert_eq!(
        counted(&recorder.snapshotter()),
        [
            "nsx_api_attempts_total CreateRegistrationToken 1",
            "nsx_api_call_duration_seconds CreateRegistrationToken cancelled 1 values",
            "nsx_api_calls_total CreateRegistrationToken cancelled 1",
        ]
    );
}

#[tokio::test]
async fn metrics_count_decode_errors() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (manager, client) = unauthenticated_manager_and_client().await;
    manager.respond_with(Answer::json(200, ["no token"]));
    client.create_registration_token().send().await.unwrap_err();
    let counted = counted(&recorder.snapshotter());
    let wanted = "nsx_api_decode_errors_total CreateRegistrationToken 1";
    assert!(counted.iter().any(|line| line == wanted), "{counted:?}");
}

#[tokio::test]
async fn metrics_name_login_logout_and_health_calls() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let start = || {
        Manager::builder()
            .plain_http()
            .credentials("u", "p")
            .start()
    };
    let (gone, manager) = (start().await.unwrap(), start().await.unwrap());
    gone.respond_always(502);
    let client = Client::builder(gone.url())
        .manager(manager.url())
        .auth(Session::new("u", "p"))
        .build()
        .unwrap();
    let get = || client.request(Method::GET, "/api/v1/x").send();
    get().await.unwrap_err();
    // After one second the manager is probed.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    get().await.unwrap_err();
    let calls = RefCell::new(Vec::new());
    let count = || {
        let counted = counted(&recorder.snapshotter()).into_iter();
        let calls_total =
            |line: String| Some(line.strip_prefix("nsx_api_calls_total ")?.to_owned());
        let is_new = |line: &String| !line.ends_with(" 0");
        calls
            .borrow_mut()
            .extend(counted.filter_map(calls_total).filter(is_new));
    };
    until(|| {
        count();
        calls.borrow().iter().any(|call| call.starts_with("health"))
    })
    .await;
    client.close().await;
    count();
    let mut calls = calls.into_inner();
    calls.sort();
    assert_eq!(
        calls,
        ["health 502 1", "login ok 2", "logout ok 2", "other 404 2"]
    );
}
