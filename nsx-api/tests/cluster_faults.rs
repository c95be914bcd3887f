//! Clusters of managers with partial failures: managers that hang, lose their sessions or redirect
//! calls, and managers that fail although their health check succeeds.

use std::time::Duration;

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config, Error, ErrorKind, Limits};
use tokio::task::JoinSet;

use crate::frozen_clock::{FrozenClock, until};
use crate::managers::{call, calls_of, config, managers};

const LOGIN: &str = "POST /api/session/create";
const FOREVER: Duration = Duration::from_secs(600);

fn fast_retry() -> CallOptions {
    CallOptions::new().max_retry_delay(Duration::from_millis(5))
}

fn session_config(managers: &[Manager]) -> Config {
    config(managers).auth(Session::new("admin", "Pa55-word"))
}

/// How far the clock moves at a time while a test waits.
const STEP: Duration = Duration::from_millis(20);

/// More than the requests of a call take: the clock moves a step while one is on its way, and a
/// timer fires at the next step.
const SLACK: Duration = STEP.saturating_mul(10);

/// Asserts that a call waited this long and no longer.
#[track_caller]
fn assert_waited(took: Duration, expected: Duration) {
    assert!(
        (expected..expected + SLACK).contains(&took),
        "{took:?}, not {expected:?}"
    );
}

/// Makes this many calls concurrently and returns their results.
async fn calls(client: &Client, count: usize, method: Method) -> Vec<Result<u32, Error>> {
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let (client, method) = (client.clone(), method.clone());
        tasks.spawn(async move {
            let response = client.request(method, "/api/v1/things/1").send().await?;
            Ok(response.attempts())
        });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn failover_when_a_manager_lost_its_sessions_and_refuses_logins() {
    let managers = managers::<2>().await;
    let [restarted, well] = &managers;
    let client = session_config(&managers)
        .options(fast_retry())
        .build()
        .unwrap();
    for _ in 0..4 {
        call(&client, Method::GET).await.unwrap();
    }
    restarted.expire_sessions();
    let starting = Answer::api_error(503, 1, "The node is starting.");
    restarted.respond_always(starting.only_for(LOGIN));
    // Slow answers leave the refusing manager with the fewest calls in flight, so it is chosen
    // often.
    let late = Answer::json(200, ()).delay(Duration::from_millis(50));
    well.respond_always(late.only_for("POST /api/v1/things/{id}"));
    for _ in 0..10 {
        for result in calls(&client, 20, Method::POST).await {
            result.unwrap();
        }
    }
}

#[tokio::test]
async fn retry_waits_while_the_only_manager_refuses_session_logins() {
    let managers = managers::<1>().await;
    let [manager] = &managers;
    let client = session_config(&managers)
        .options(fast_retry())
        .build()
        .unwrap();
    call(&client, Method::GET).await.unwrap();
    manager.expire_sessions();
    // All five attempts of the first login fail. The call waits more than a second and logs in
    // again.
    let starting = Answer::api_error(503, 1, "The node is starting.");
    manager.respond_with(starting.only_for(LOGIN).times(5));
    let long_delay = CallOptions::new().min_retry_delay(Duration::from_millis(1200));
    let client = client.with(long_delay.max_retry_delay(Duration::from_millis(1200)));
    let clock = FrozenClock::start();
    let (result, took) = clock.measure(STEP, call(&client, Method::POST)).await;
    result.unwrap();
    assert!(took >= Duration::from_millis(1200), "{took:?}");
    assert_eq!(manager.logins(), 2);
}

#[tokio::test]
async fn redirected_call_waits_for_the_concurrency_limit_of_its_target() {
    let managers = managers::<2>().await;
    let [follower, leader] = &managers;
    let to = format!("{}/api/v1/things/1", leader.url());
    let redirect = Answer::status(307).header("location", &to);
    follower.respond_always(redirect.only_for("PUT /api/v1/things/{id}"));
    let late = Duration::from_millis(400);
    let slow = Answer::json(200, ()).delay(late);
    leader.respond_always(slow.only_for("PUT /api/v1/things/{id}"));
    let limits = Limits::adaptive().concurrent(1);
    let client = config(&managers).limits(limits).build().unwrap();
    let clock = FrozenClock::start();
    let (results, took) = clock.measure(STEP, calls(&client, 12, Method::PUT)).await;
    for result in results {
        assert!(result.unwrap() <= 2);
    }
    // One after the other, each with the steps for its requests.
    let range = 12 * late..12 * (late + 3 * STEP);
    assert!(range.contains(&took), "{took:?}");
}

#[tokio::test]
async fn failover_after_a_redirect_goes_to_an_untried_manager() {
    let managers = managers::<3>().await;
    let [follower, leader, well] = &managers;
    let to = format!("{}/api/v1/things/1", leader.url());
    let redirect = Answer::status(307).header("location", &to);
    follower.respond_always(redirect.only_for("GET /api/v1/things/{id}"));
    let late = Duration::from_secs(1);
    let failed = Answer::status(502).delay(late);
    leader.respond_always(failed.only_for("GET /api/v1/things/{id}"));
    let client = config(&managers).options(fast_retry()).build().unwrap();
    let clock = FrozenClock::start();
    let get = call(&client, Method::GET);
    // Meanwhile other calls advance the rotation to the follower.
    let others = async {
        until(|| calls_of(leader) > 0).await;
        for _ in 0..2 {
            call(&client, Method::PUT).await.unwrap();
        }
        clock.pass(late + STEP).await;
    };
    let (answered, ()) = tokio::join!(get, others);
    assert!(well.url().ends_with(&answered.unwrap()));
}

#[tokio::test]
async fn failover_from_a_hung_manager_when_the_deadline_is_shorter_than_the_attempt_timeout() {
    let managers = managers::<3>().await;
    managers[0].respond_always(Answer::json(200, ()).delay(FOREVER));
    let options = CallOptions::new().deadline(Duration::from_secs(12));
    let client = config(&managers).options(options).build().unwrap();
    let clock = FrozenClock::start();
    let half = Duration::from_secs(6);
    for _ in 0..9 {
        let before = calls_of(&managers[0]);
        let (result, took) = clock.measure(STEP, call(&client, Method::GET)).await;
        result.unwrap();
        let hung = calls_of(&managers[0]) - before;
        assert_waited(took, half * u32::try_from(hung).unwrap());
        // The manager is probed after an attempt there ran into the failover timeout.
        clock.pass(Duration::from_millis(300)).await;
    }
    assert!(calls_of(&managers[0]) <= 3, "{}", calls_of(&managers[0]));
}

#[tokio::test]
async fn failover_timeout_applies_at_a_hung_manager_after_an_earlier_failure() {
    let managers = managers::<3>().await;
    let [broken, hung, well] = &managers;
    broken.respond_always(Answer::status(502).only_for("GET /api/v1/things/{id}"));
    hung.respond_always(Answer::json(200, ()).delay(FOREVER));
    let options = CallOptions::new().deadline(Duration::from_secs(12));
    let client = config(&managers).options(options).build().unwrap();
    let clock = FrozenClock::start();
    let (answered, took) = clock.measure(STEP, call(&client, Method::GET)).await;
    assert!(well.url().ends_with(&answered.unwrap()));
    // Half of the deadline.
    assert_waited(took, Duration::from_secs(6));
    assert_eq!((calls_of(broken), calls_of(hung)), (1, 1));
}

#[tokio::test]
async fn failover_from_a_hung_session_login_within_the_deadline() {
    let managers = managers::<2>().await;
    managers[0].respond_always(Answer::status(200).delay(FOREVER).only_for(LOGIN));
    let options = CallOptions::new().deadline(Duration::from_secs(4));
    let client = session_config(&managers).options(options).build().unwrap();
    let clock = FrozenClock::start();
    // Half of the deadline, until the manager is ejected.
    for (method, wait) in [
        (Method::POST, Duration::from_secs(2)),
        (Method::GET, Duration::ZERO),
    ] {
        let (results, took) = clock.measure(STEP, calls(&client, 6, method)).await;
        for result in results {
            result.unwrap();
        }
        assert_waited(took, wait);
    }
}

#[tokio::test]
async fn failover_timeout_does_not_cut_a_slow_call_when_the_other_manager_is_ejected() {
    let [slow, gone] = managers::<2>().await;
    let late = Duration::from_millis(6500);
    let answer = Answer::json(200, ()).delay(late);
    slow.respond_always(answer.only_for("GET /api/v1/things/{id}"));
    let options = CallOptions::new().deadline(Duration::from_secs(12));
    let managers = [slow, gone];
    let client = config(&managers).options(options).build().unwrap();
    let [slow, gone] = managers;
    drop(gone);
    // Calls that fail over from the unreachable manager eject it.
    for _ in 0..2 {
        call(&client, Method::PUT).await.unwrap();
    }
    let clock = FrozenClock::start();
    let (result, took) = clock.measure(STEP, call(&client, Method::GET)).await;
    result.unwrap();
    assert_waited(took, late);
    assert_eq!(calls_of(&slow), 3);
}

/// A `Retry-After` of one second, and the random delay of the second retry.
#[track_caller]
fn assert_waits_a_second(took: Duration) {
    let (least, random) = (Duration::from_secs(1), Duration::from_millis(500));
    assert!((least..least + random + SLACK).contains(&took), "{took:?}");
}

#[tokio::test]
async fn redirected_call_honors_retry_after_of_a_busy_leader() {
    let managers = managers::<2>().await;
    let [follower, leader] = &managers;
    let to = format!("{}/api/v1/things/1", leader.url());
    let redirect = Answer::status(307).header("location", &to);
    follower.respond_always(redirect.only_for("POST /api/v1/things/{id}"));
    let clock = FrozenClock::start();
    for status in [503, 429] {
        let busy = Answer::api_error(status, 1, "Busy.").header("retry-after", "1");
        leader.respond_with(busy.only_for("POST /api/v1/things/{id}"));
        let client = config(&managers).build().unwrap();
        let (answered, took) = clock.measure(STEP, call(&client, Method::POST)).await;
        assert!(leader.url().ends_with(&answered.unwrap()));
        assert_waits_a_second(took);
    }
}

#[tokio::test]
async fn retry_after_keeps_calls_away_from_that_manager() {
    let managers = managers::<2>().await;
    let [first, second] = &managers;
    let busy = |after| Answer::api_error(429, 102, "Too many.").header("retry-after", after);
    first.respond_always(busy("3600"));
    second.respond_with(busy("1"));
    let client = config(&managers).build().unwrap();
    let clock = FrozenClock::start();
    let (answered, took) = clock.measure(STEP, call(&client, Method::POST)).await;
    assert!(second.url().ends_with(&answered.unwrap()));
    assert_waits_a_second(took);
    assert_eq!(calls_of(first), 1);
}

#[tokio::test]
async fn failover_when_session_logins_are_rate_limited() {
    let managers = managers::<2>().await;
    let refused = Answer::api_error(429, 102, "Too many.");
    managers[0].respond_always(refused.only_for(LOGIN));
    let client = session_config(&managers)
        .options(fast_retry())
        .build()
        .unwrap();
    for _ in 0..4 {
        let answered = call(&client, Method::POST).await.unwrap();
        assert!(managers[1].url().ends_with(&answered));
    }
}

#[tokio::test]
async fn failover_sends_a_stream_body_that_was_not_read_yet() {
    let managers = managers::<2>().await;
    let starting = Answer::api_error(503, 1, "The node is starting.");
    managers[0].respond_always(starting.only_for(LOGIN));
    let client = session_config(&managers)
        .options(fast_retry())
        .build()
        .unwrap();
    for _ in 0..2 {
        let body = nsx_api::Body::from_stream(Once(Some("1".into())));
        let request = client.request(Method::PUT, "/api/v1/things/1").body(body);
        let response = request.send().await.unwrap();
        assert!(managers[1].url().ends_with(response.manager()));
    }
}

/// A stream of one piece.
struct Once(Option<nsx_api::bytes::Bytes>);

impl futures_core::Stream for Once {
    type Item = std::io::Result<nsx_api::bytes::Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

#[tokio::test]
async fn manager_is_probed_after_a_deadline_passes_there() {
    let managers = managers::<2>().await;
    managers[0].respond_always(Answer::json(200, ()).delay(FOREVER));
    let client = config(&managers).build().unwrap();
    let limit = Duration::from_millis(300);
    let short_deadline = client.with(CallOptions::new().deadline(limit));
    let clock = FrozenClock::start();
    // Only the deadline ends a call that is not idempotent.
    let post = call(&short_deadline, Method::POST);
    let arrived = until(|| calls_of(&managers[0]) == 1);
    assert!(clock.expires(limit, arrived, post).await.is_err());
    // The probe has a timeout of two seconds.
    let three = tokio::time::sleep(Duration::from_secs(3));
    clock.measure(5 * STEP, three).await;
    let before = calls_of(&managers[0]);
    for _ in 0..6 {
        call(&short_deadline, Method::POST).await.unwrap();
    }
    assert_eq!(calls_of(&managers[0]), before);
}

#[tokio::test]
async fn retry_after_of_one_manager_does_not_delay_failover() {
    let clock = FrozenClock::start();
    for answer in [
        Answer::api_error(429, 102, "Too many.").header("retry-after", "3600"),
        Answer::api_error(503, 1, "Busy.").header("retry-after", "3600"),
    ] {
        let managers = managers::<2>().await;
        managers[0].respond_always(answer);
        let client = config(&managers).build().unwrap();
        for _ in 0..4 {
            let answered = clock.without_waiting(call(&client, Method::POST)).await;
            assert!(managers[1].url().ends_with(&answered.unwrap()));
        }
    }
}

#[tokio::test]
async fn retry_waits_before_it_returns_to_a_manager_that_was_tried() {
    let managers = managers::<2>().await;
    for manager in &managers {
        manager.respond_always(Answer::api_error(429, 102, "Too many."));
    }
    let wait = Duration::from_millis(300);
    let options = CallOptions::new().min_retry_delay(wait).max_retries(2);
    let client = config(&managers).options(options).build().unwrap();
    let clock = FrozenClock::start();
    let (result, took) = clock.measure(STEP, call(&client, Method::GET)).await;
    assert_eq!(result.unwrap_err().attempts(), 3);
    assert!((wait..3 * wait).contains(&took), "{took:?}");
}

#[tokio::test]
async fn slow_session_login_is_not_cut_short_when_no_other_manager_is_up() {
    let [slow, gone] = managers::<2>().await;
    slow.respond_with(Answer::status(200).delay(FOREVER).only_for(LOGIN));
    let options = CallOptions::new().attempt_timeout(Duration::from_secs(1));
    let managers = [slow, gone];
    let client = session_config(&managers).options(options).build().unwrap();
    let [_slow, gone] = managers;
    drop(gone);
    let clock = FrozenClock::start();
    let (results, _) = clock.measure(STEP, calls(&client, 3, Method::POST)).await;
    for result in results {
        result.unwrap();
    }
}

#[tokio::test]
async fn deadline_during_a_session_login_causes_no_failover() {
    let managers = managers::<2>().await;
    managers[0].respond_always(Answer::status(200).delay(FOREVER).only_for(LOGIN));
    let client = session_config(&managers).build().unwrap();
    let limit = Duration::from_millis(100);
    let short_deadline = client.with(CallOptions::new().deadline(limit));
    let clock = FrozenClock::start();
    let post = call(&short_deadline, Method::POST);
    let arrived = until(|| managers[0].count() == 1);
    let error = clock.expires(limit, arrived, post).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 0)
    );
    clock.pass(Duration::from_millis(50)).await;
    assert_eq!(calls_of(&managers[1]), 0);
}

#[tokio::test]
async fn error_names_the_manager_that_caused_it() {
    let managers = managers::<2>().await;
    let [busy, full] = &managers;
    let late = Answer::json(200, ()).delay(FOREVER);
    full.respond_always(late.only_for("GET /api/v1/things/{id}"));
    busy.respond_always(Answer::api_error(429, 7, "Not now.").only_for("GET /api/v1/things/{id}"));
    let client = config(&managers)
        .limits(Limits::fixed().concurrent(1))
        .options(CallOptions::new().deadline(Duration::from_secs(2)))
        .build()
        .unwrap();
    let clock = FrozenClock::start();
    let (results, _) = clock.measure(STEP, calls(&client, 2, Method::GET)).await;
    let errors: Vec<Error> = results.into_iter().map(Result::unwrap_err).collect();
    for error in &errors {
        let is_from_busy = error.status().is_some_and(|status| status.as_u16() == 429);
        let manager = if is_from_busy { busy } else { full };
        assert!(manager.url().ends_with(error.manager().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn ejected_manager_that_fails_again_stays_ejected_longer() {
    let managers = managers::<2>().await;
    let [broken, _] = &managers;
    broken.respond_always(Answer::status(502).only_for("GET /api/v1/things/{id}"));
    let clock = FrozenClock::start();
    let client = config(&managers).build().unwrap();
    let mut now = 0;
    // Ejected for one second, then for two, then for four, although its health check keeps
    // succeeding.
    for (at, expected) in [
        (0, 1),
        (999, 1),
        (1000, 2),
        (2999, 2),
        (3000, 3),
        (6999, 3),
        (7000, 4),
    ] {
        clock.pass(Duration::from_millis(at - now)).await;
        now = at;
        // A call starts the probe, and the next ones may go to the manager again.
        for _ in 0..4 {
            call(&client, Method::GET).await.unwrap();
            clock.pass(Duration::ZERO).await;
        }
        assert_eq!(calls_of(broken), expected, "after {at} ms");
    }
}
