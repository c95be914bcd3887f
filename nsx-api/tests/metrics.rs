//! What is counted of calls.
#![cfg(all(feature = "mock", feature = "metrics"))]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

mod common;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use nsx_api::http::Method;
use nsx_api::mock::Answer;

use common::open_and_quick;

#[tokio::test]
async fn calls_are_counted_by_operation_and_outcome() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (manager, client) = open_and_quick().await;
    manager.respond_with(Answer::api_error(503, 1, "Busy.").times(2));
    client.create_registration_token().send().await.unwrap();
    for path in ["/api/v1/x/1", "/api/v1/x/2"] {
        client.request(Method::GET, path).send().await.unwrap_err();
    }
    let mut seen: Vec<String> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<String> = key
                .key()
                .labels()
                .map(|label| label.value().to_owned())
                .collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Histogram(values) => format!("{} values", values.len()),
                DebugValue::Gauge(value) => value.to_string(),
            };
            format!("{} {} {value}", key.key().name(), labels.join(" "))
        })
        .collect();
    seen.sort();
    assert_eq!(
        seen,
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
