use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::{advance, sleep};

use super::*;
use crate::Config;
use crate::auth::{AuthContext, Authenticate, BoxError};
use crate::scheme::dyn_scheme::SchemeSource;

/// A scheme whose credentials are numbered, and whose logins can be made to fail.
struct Numbered {
    logins: AtomicU32,
    failures: AtomicU32,
    /// A permit for each login that may complete.
    may_answer: Semaphore,
    lifetime: Option<Duration>,
    idle_timeout: Option<Duration>,
    same: bool,
    revoked: AtomicU32,
}

impl Numbered {
    fn new() -> Self {
        Self {
            logins: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            may_answer: Semaphore::new(1000),
            lifetime: None,
            idle_timeout: None,
            same: false,
            revoked: AtomicU32::new(0),
        }
    }

    fn logins(&self) -> u32 {
        self.logins.load(Ordering::Relaxed)
    }
}

/// Shared by the test and the cache.
struct Shared(Arc<Numbered>);

impl Authenticate for Shared {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        let number = self.0.logins.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.may_answer.acquire().await?.forget();
        let failures = &self.0.failures;
        if failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
        {
            return Err(format!("failure {number}").into());
        }
        let number = if self.0.same { 1 } else { number };
        let mut credentials = Credentials::bearer(format!("token-{number}"));
        if let Some(lifetime) = self.0.lifetime {
            credentials = credentials.expires_in(lifetime);
        }
        if let Some(timeout) = self.0.idle_timeout {
            credentials = credentials.idle_timeout(timeout);
        }
        Ok(credentials)
    }

    async fn revoke(&self, _: &AuthContext, _: &Credentials) -> Result<(), BoxError> {
        self.0.revoked.fetch_add(1, Ordering::Relaxed);
        Err("nobody is there".into())
    }
}

fn cache(scheme: Numbered) -> (Arc<CredentialCache>, Arc<Numbered>) {
    let scheme = Arc::new(scheme);
    let context = Config::new("http://localhost:1")
        .into_auth_context(&[])
        .unwrap();
    let cache = CredentialCache::new(SchemeSource::new(Arc::new(Shared(scheme.clone())), context));
    (Arc::new(cache), scheme)
}

fn number(cached: &CachedCredentials) -> String {
    let mut headers = http::HeaderMap::new();
    cached.credentials.apply(&mut headers);
    let value = headers["authorization"].to_str().unwrap();
    value.trim_start_matches("Bearer token-").to_owned()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const OPERATION: &str = "Operation";

fn refused(operation: &str) -> Refused<'_> {
    let status = StatusCode::FORBIDDEN;
    Refused { operation, status }
}

#[tokio::test]
async fn concurrent_calls_share_one_login_and_its_failure() {
    let (cache, scheme) = cache(Numbered::new());
    scheme.failures.store(1, Ordering::Relaxed);
    for (failed, logins) in [(true, 1), (false, 2), (false, 2)] {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let cache = cache.clone();
            calls.spawn(async move { cache.credentials().await.map(|cached| number(&cached)) });
        }
        for result in calls.join_all().await {
            match result {
                Ok(number) => assert_eq!((failed, number.as_str()), (false, "2")),
                Err(error) => {
                    assert!(failed);
                    assert_eq!(error.kind(), ErrorKind::Authentication);
                    assert_eq!(error.to_string(), "the login failed: failure 1");
                }
            }
        }
        assert_eq!(scheme.logins(), logins);
    }
}

#[tokio::test]
async fn a_call_cancelled_during_a_login_does_not_affect_the_others() {
    let (cache, scheme) = cache_with_slow_logins();
    let first = tokio::spawn({
        let cache = cache.clone();
        async move { cache.credentials().await.map(drop) }
    });
    while scheme.logins() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    scheme.may_answer.add_permits(1);
    assert_eq!(number(&cache.credentials().await.unwrap()), "1");
    assert_eq!(scheme.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_before_expiry_lets_calls_use_the_old_credentials() {
    let (cache, scheme) = cache(Numbered {
        lifetime: Some(seconds(600)),
        ..Numbered::new()
    });
    assert_eq!(number(&cache.credentials().await.unwrap()), "1");
    advance(seconds(539)).await;
    assert_eq!(number(&cache.credentials().await.unwrap()), "1");
    advance(seconds(1)).await;
    // A minute before the end.
    for _ in 0..3 {
        assert_eq!(number(&cache.credentials().await.unwrap()), "1");
    }
    sleep(seconds(1)).await;
    assert_eq!(number(&cache.credentials().await.unwrap()), "2");
    assert_eq!(scheme.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_keeps_unexpired_credentials_and_is_retried_every_ten_seconds() {
    let (cache, scheme) = cache(Numbered {
        lifetime: Some(seconds(600)),
        ..Numbered::new()
    });
    cache.credentials().await.unwrap();
    scheme.failures.store(u32::MAX, Ordering::Relaxed);
    advance(seconds(545)).await;
    // A refresh every ten seconds, however many calls there are.
    for _ in 0..50 {
        assert_eq!(number(&cache.credentials().await.unwrap()), "1");
        sleep(seconds(1)).await;
    }
    assert_eq!(scheme.logins(), 1 + 5);
    advance(seconds(5)).await;
    for logins in [7, 8] {
        let error = cache.credentials().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(scheme.logins(), logins, "no failure is cached");
    }
    scheme.failures.store(0, Ordering::Relaxed);
    assert_eq!(number(&cache.credentials().await.unwrap()), "9");
}

#[tokio::test(start_paused = true)]
async fn an_idle_timeout_causes_a_refresh_before_the_next_call_unless_there_are_calls() {
    let (cache, scheme) = cache(Numbered {
        idle_timeout: Some(seconds(1800)),
        ..Numbered::new()
    });
    for (pause, number_then) in [(0, "1"), (1700, "1"), (1700, "1"), (1741, "2"), (1739, "2")] {
        advance(seconds(pause)).await;
        assert_eq!(number(&cache.credentials().await.unwrap()), number_then);
    }
    assert_eq!(scheme.logins(), 2);
}

#[tokio::test]
async fn concurrent_refusals_share_one_refresh() {
    let (cache, scheme) = cache(Numbered::new());
    let old = cache.credentials().await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..100 {
        let (cache, old) = (cache.clone(), old.clone());
        calls.spawn(async move {
            match index % 2 {
                0 => assert_eq!(
                    cache.refresh(&old, refused(OPERATION)).await.unwrap(),
                    RefreshOutcome::Refreshed
                ),
                // Calls that begin meanwhile get old ones only before the refresh began.
                _ => drop(cache.credentials().await.unwrap()),
            }
        });
    }
    calls.join_all().await;
    assert_eq!(scheme.logins(), 2);
    // A later caller learns that another call has refreshed them.
    assert_eq!(
        cache.refresh(&old, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::ByAnotherCall
    );
    assert_eq!(scheme.logins(), 2);
}

/// Makes a call that is refused with any credentials. Returns whether it caused a refresh.
async fn forbidden_call(cache: &Arc<CredentialCache>, operation: &str) -> bool {
    let cached = cache.credentials().await.unwrap();
    let renewed = cache.refresh(&cached, refused(operation)).await.unwrap();
    if renewed == RefreshOutcome::Refreshed {
        let cached = cache.credentials().await.unwrap();
        cache.on_refused_after_refresh(&cached, operation);
    }
    renewed == RefreshOutcome::Refreshed
}

#[tokio::test(start_paused = true)]
async fn an_operation_refused_after_a_refresh_triggers_no_login_for_a_while() {
    let (cache, scheme) = cache(Numbered::new());
    for (pause, logins) in [(0, 2), (9, 2), (1, 3), (19, 3), (1, 4), (40, 5)] {
        advance(seconds(pause)).await;
        for _ in 0..20 {
            forbidden_call(&cache, OPERATION).await;
        }
        assert_eq!(scheme.logins(), logins);
    }
    // Another operation is not affected.
    assert!(forbidden_call(&cache, "Other").await);
    // If an operation is refused for some objects only, the pause stays at ten seconds.
    for logins in [7, 8] {
        advance(seconds(60)).await;
        for _ in 0..20 {
            forbidden_call(&cache, OPERATION).await;
            cache.on_accepted(OPERATION);
        }
        assert_eq!(scheme.logins(), logins);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_refreshed_in_time_while_many_operations_are_forbidden() {
    let (cache, scheme) = cache(Numbered::new());
    for number in 0..100 {
        forbidden_call(&cache, &number.to_string()).await;
    }
    assert_eq!(scheme.logins(), 1 + 4);
    assert!(!forbidden_call(&cache, "Allowed").await);
    advance(seconds(10)).await;
    let cached = cache.credentials().await.unwrap();
    assert_eq!(
        cache.refresh(&cached, refused("Allowed")).await.unwrap(),
        RefreshOutcome::Refreshed
    );
}

#[tokio::test]
async fn a_refusal_of_credentials_replaced_by_a_refresh_does_not_count_against_the_operation() {
    let (cache, scheme) = cache(Numbered::new());
    let old = cache.credentials().await.unwrap();
    cache.refresh(&old, refused("Other")).await.unwrap();
    cache.on_refused_after_refresh(&old, OPERATION);
    assert_eq!(
        cache.refresh(&old, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::ByAnotherCall
    );
    let cached = cache.credentials().await.unwrap();
    assert_eq!(
        cache.refresh(&cached, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::Refreshed
    );
    assert_eq!(scheme.logins(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_returns_the_same_credentials_causes_no_retry() {
    let (cache, scheme) = cache(Numbered {
        same: true,
        ..Numbered::new()
    });
    for logins in [2, 3] {
        for _ in 0..100 {
            let cached = cache.credentials().await.unwrap();
            assert_eq!(
                cache.refresh(&cached, refused(OPERATION)).await.unwrap(),
                RefreshOutcome::Unchanged
            );
        }
        assert_eq!(scheme.logins(), logins);
        // The next login comes soon: it may return other credentials.
        advance(seconds(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_refresh_calls_use_the_current_credentials_and_cause_no_login_for_ten_seconds()
 {
    let (cache, scheme) = cache(Numbered::new());
    let cached = cache.credentials().await.unwrap();
    scheme.failures.store(u32::MAX, Ordering::Relaxed);
    for number in 0..50 {
        let error = cache
            .refresh(&cached, refused(&number.to_string()))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "the login failed: failure 2");
        assert!(Arc::ptr_eq(&cached, &cache.credentials().await.unwrap()));
    }
    assert_eq!(scheme.logins(), 2);
    scheme.failures.store(0, Ordering::Relaxed);
    advance(seconds(10)).await;
    assert_eq!(
        cache.refresh(&cached, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::Refreshed
    );
}

#[tokio::test]
async fn calls_waiting_for_a_failed_refresh_use_the_credentials_refused_for_another_call() {
    let (cache, scheme) = cache(Numbered::new());
    let cached = cache.credentials().await.unwrap();
    scheme.failures.store(1, Ordering::Relaxed);
    let refused = cache.refresh(&cached, refused(OPERATION));
    let calls = async {
        tokio::task::yield_now().await;
        Arc::ptr_eq(&cached, &cache.credentials().await.unwrap())
    };
    let (refused, same) = tokio::join!(refused, calls);
    assert!(refused.is_err() && same);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_login_delays_calls_with_good_credentials_by_two_seconds() {
    let (cache, scheme) = cache(Numbered {
        may_answer: Semaphore::new(1),
        ..Numbered::new()
    });
    let cached = cache.credentials().await.unwrap();
    let (hanging, other) = (cache.clone(), cached.clone());
    let waiting = tokio::spawn(async move {
        let refresh = hanging.refresh(&other, refused(OPERATION));
        refresh.await.map(drop)
    });
    tokio::task::yield_now().await;
    let began = Instant::now();
    assert!(Arc::ptr_eq(&cached, &cache.credentials().await.unwrap()));
    assert_eq!(began.elapsed(), SUSPECT_WAIT);
    // A good session is revoked.
    cache.clone().close().await;
    assert_eq!(scheme.revoked.load(Ordering::Relaxed), 1);
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_during_the_wait_for_a_refresh_are_not_used() {
    // A session with an idle timeout of eight seconds counts as expired after six.
    let ends = [(Some(seconds(8)), None, 5), (None, Some(seconds(8)), 3)];
    for (lifetime, idle_timeout, age) in ends {
        let (cache, scheme) = cache(Numbered {
            may_answer: Semaphore::new(1),
            lifetime,
            idle_timeout,
            ..Numbered::new()
        });
        let cached = cache.credentials().await.unwrap();
        advance(seconds(age)).await;
        let refusal = cache.refresh(&cached, refused(OPERATION));
        let call = async {
            sleep(seconds(2)).await;
            number(&cache.credentials().await.unwrap())
        };
        let answer = async {
            sleep(seconds(10)).await;
            scheme.may_answer.add_permits(1);
        };
        let (renewed, number, ()) = tokio::join!(refusal, call, answer);
        assert_eq!(
            (renewed.unwrap(), number.as_str()),
            (RefreshOutcome::Refreshed, "2")
        );
    }
}

#[tokio::test]
async fn a_panicking_scheme_is_called_at_most_once_per_call() {
    let logins = Arc::new(AtomicU32::new(0));
    let context = Config::new("http://localhost:1")
        .into_auth_context(&[])
        .unwrap();
    let cache = Arc::new(CredentialCache::new(SchemeSource::new(
        Arc::new(Panicking(logins.clone())),
        context,
    )));
    let cached = cache.credentials().await.unwrap();
    // While there are credentials, the pause after a failure applies to a panic too.
    for _ in 0..20 {
        assert!(cache.refresh(&cached, refused(OPERATION)).await.is_err());
        assert!(cache.current().is_some());
    }
    assert_eq!(logins.load(Ordering::Relaxed), 2);
    cache.clone().close().await;
    for number in 3..10 {
        assert!(cache.credentials().await.is_err());
        assert_eq!(logins.load(Ordering::Relaxed), number);
    }
}

/// A scheme that panics from the second login on.
struct Panicking(Arc<AtomicU32>);

impl Authenticate for Panicking {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(Credentials::bearer("token")),
            _ => panic!("at the disco"),
        }
    }
}

/// A runtime whose clock is paused. It is only polled while the test blocks on it.
fn paused_runtime() -> Runtime {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap()
}

/// Starts a refresh that does not end.
fn begin_refresh(runtime: &Runtime, cache: &Arc<CredentialCache>) {
    runtime.block_on(async {
        let call = timeout(Duration::from_millis(20), cache.credentials()).await;
        assert!(call.is_err());
    });
}

/// Starts a refresh in a runtime that is then not polled any more. Returns that runtime, and
/// another one whose clock is later, so that the refresh counts as dead there.
fn start_late_refresh(cache: &Arc<CredentialCache>) -> [Runtime; 2] {
    let [late, current] = [paused_runtime(), paused_runtime()];
    begin_refresh(&late, cache);
    current.block_on(advance(HEARTBEAT * 5));
    [late, current]
}

/// Polls the late runtime again until only timers are left, at the time of the other one.
fn poll(late: &Runtime) {
    late.block_on(async {
        advance(HEARTBEAT * 5).await;
        sleep(Duration::from_millis(1)).await;
    });
}

fn cache_with_slow_logins() -> (Arc<CredentialCache>, Arc<Numbered>) {
    cache(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    })
}

#[test]
fn a_refresh_whose_runtime_has_shut_down_or_is_not_polled_is_restarted() {
    let (cache, scheme) = cache_with_slow_logins();
    let first = paused_runtime();
    begin_refresh(&first, &cache);
    drop(first);
    // This runtime still exists, but is not polled any more.
    let [_late, current] = start_late_refresh(&cache);
    scheme.may_answer.add_permits(2);
    let cached = current.block_on(cache.credentials()).unwrap();
    assert_eq!(number(&cached), "3");
}

#[test]
fn a_late_refresh_does_not_replace_newer_credentials() {
    let (cache, scheme) = cache_with_slow_logins();
    let [late, current] = start_late_refresh(&cache);
    scheme.may_answer.add_permits(2);
    let cached = current.block_on(cache.credentials()).unwrap();
    assert_eq!(number(&cached), "2");
    poll(&late);
    let cached = current.block_on(cache.credentials()).unwrap();
    assert_eq!((number(&cached).as_str(), scheme.logins()), ("2", 2));
    // Both are revoked in the end.
    current.block_on(cache.close());
    assert_eq!(scheme.revoked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_late_refresh_that_fails_does_not_delay_the_next_one() {
    let (cache, scheme) = cache_with_slow_logins();
    let [late, current] = start_late_refresh(&cache);
    scheme.may_answer.add_permits(3);
    let cached = current.block_on(cache.credentials()).unwrap();
    scheme.failures.store(1, Ordering::Relaxed);
    poll(&late);
    assert_eq!(scheme.failures.load(Ordering::Relaxed), 0);
    let refresh = current.block_on(cache.refresh(&cached, refused(OPERATION)));
    assert_eq!(refresh.unwrap(), RefreshOutcome::Refreshed);
    assert_eq!(scheme.logins(), 3);
}

#[test]
fn a_late_refresh_that_ends_does_not_end_the_current_one() {
    let (cache, scheme) = cache_with_slow_logins();
    let [late, current] = start_late_refresh(&cache);
    begin_refresh(&current, &cache);
    scheme.failures.store(1, Ordering::Relaxed);
    // For the login that has waited longer.
    scheme.may_answer.add_permits(1);
    poll(&late);
    assert_eq!(scheme.failures.load(Ordering::Relaxed), 0);
    begin_refresh(&current, &cache);
    scheme.may_answer.add_permits(1);
    let cached = current.block_on(cache.credentials()).unwrap();
    assert_eq!((number(&cached).as_str(), scheme.logins()), ("2", 2));
}

#[tokio::test]
async fn close_revokes_credentials_once_and_ignores_failures() {
    let (cache, scheme) = cache(Numbered::new());
    let revoked = || scheme.revoked.load(Ordering::Relaxed);
    cache.clone().close().await;
    assert_eq!(revoked(), 0);
    cache.credentials().await.unwrap();
    cache.clone().close().await;
    cache.clone().close().await;
    assert_eq!(revoked(), 1);
    assert_eq!(number(&cache.credentials().await.unwrap()), "2");
    // Good credentials that were replaced are revoked too.
    forbidden_call(&cache, OPERATION).await;
    cache.clone().close().await;
    assert_eq!(revoked(), 3);
}

/// A scheme whose `revoke` never ends.
struct HangingRevoke(fn());

impl Authenticate for HangingRevoke {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Ok(Credentials::bearer("token"))
    }

    async fn revoke(&self, _: &AuthContext, _: &Credentials) -> Result<(), BoxError> {
        (self.0)();
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn close_ends_within_ten_seconds_even_if_the_scheme_hangs_or_panics() {
    for (revoke, longest) in [
        (HangingRevoke(|| ()), seconds(10)),
        (HangingRevoke(|| panic!("in revoke")), seconds(0)),
    ] {
        let context = Config::new("http://localhost:1")
            .into_auth_context(&[])
            .unwrap();
        let cache = Arc::new(CredentialCache::new(SchemeSource::new(
            Arc::new(revoke),
            context,
        )));
        cache.credentials().await.unwrap();
        let began = Instant::now();
        cache.close().await;
        assert_eq!(began.elapsed().as_secs(), longest.as_secs());
    }
    // A hanging login delays it no longer than that.
    let (cache, _) = cache(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let waiting = tokio::spawn({
        let cache = cache.clone();
        async move { cache.credentials().await.map(drop) }
    });
    tokio::task::yield_now().await;
    let began = Instant::now();
    cache.close().await;
    assert_eq!(began.elapsed().as_secs(), 10);
    waiting.abort();
}

/// A scheme with any result.
struct Returning(fn() -> Result<Credentials, BoxError>);

impl Authenticate for Returning {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        self.0()
    }
}

#[tokio::test]
async fn a_scheme_that_panics_or_returns_invalid_credentials_is_an_authentication_error() {
    for (scheme, message) in [
        (
            Returning(|| panic!("at the disco")),
            "the login failed: the authentication scheme panicked",
        ),
        (
            Returning(|| Ok(Credentials::bearer("SECRET\n"))),
            "the login failed: the credentials cannot be sent: the value of authorization is not one line of printable ASCII",
        ),
    ] {
        let context = Config::new("http://localhost:1")
            .into_auth_context(&[])
            .unwrap();
        let cache = Arc::new(CredentialCache::new(SchemeSource::new(
            Arc::new(scheme),
            context,
        )));
        for _ in 0..2 {
            let error = cache.credentials().await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert_eq!(error.to_string(), message);
        }
    }
}

/// A scheme whose error contains the password.
struct Leaking;

impl Authenticate for Leaking {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Err("no token for hunter2-SECRET".into())
    }

    fn secrets(&self) -> Vec<crate::Secret> {
        vec!["hunter2-SECRET".into()]
    }
}

#[tokio::test]
async fn the_error_of_a_scheme_masks_its_secrets() {
    let context = Config::new("http://localhost:1")
        .into_auth_context(&Leaking.secrets())
        .unwrap();
    let cache = Arc::new(CredentialCache::new(SchemeSource::new(
        Arc::new(Leaking),
        context,
    )));
    let error = cache.credentials().await.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the login failed: no token for •••");
    let mut cause: Option<&dyn StdError> = Some(&error);
    while let Some(error) = cause {
        assert!(!format!("{error} {error:?}").contains("SECRET"));
        cause = error.source();
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_login_times_out_at_the_deadline() {
    let (cache, _) = cache(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let error = cache.credentials().await.map(drop).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no credentials within the deadline of 300s"),
        "{error}"
    );
}
