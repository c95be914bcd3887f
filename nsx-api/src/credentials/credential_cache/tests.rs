use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;
use tokio::sync::Semaphore;
use tokio::time::{advance, sleep};

use super::*;
use crate::Config;
use crate::auth::{AuthContext, Authenticate, BoxError};
use crate::scheme::dyn_scheme::SchemeSource;

/// A scheme whose credentials are numbered, and that fails when it is told to.
struct Numbered {
    asked: AtomicU32,
    failures: AtomicU32,
    /// A permit for each time that it may answer.
    may_answer: Semaphore,
    lifetime: Option<Duration>,
    idle_timeout: Option<Duration>,
    same: bool,
    revoked: AtomicU32,
}

impl Numbered {
    fn new() -> Self {
        Self {
            asked: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            may_answer: Semaphore::new(1000),
            lifetime: None,
            idle_timeout: None,
            same: false,
            revoked: AtomicU32::new(0),
        }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The test and the cache share it.
struct Shared(Arc<Numbered>);

impl Authenticate for Shared {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        let number = self.0.asked.fetch_add(1, Ordering::Relaxed) + 1;
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
async fn calls_that_wait_at_the_same_time_share_one_login_and_one_failure() {
    let (cache, scheme) = cache(Numbered::new());
    scheme.failures.store(1, Ordering::Relaxed);
    for (failed, asked) in [(true, 1), (false, 2), (false, 2)] {
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
        assert_eq!(scheme.asked(), asked);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_takes_nothing_from_the_others() {
    let (cache, scheme) = cache(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let first = tokio::spawn({
        let cache = cache.clone();
        async move { cache.credentials().await.map(drop) }
    });
    while scheme.asked() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    scheme.may_answer.add_permits(1);
    assert_eq!(number(&cache.credentials().await.unwrap()), "1");
    assert_eq!(scheme.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_are_renewed_early_while_the_old_ones_are_used() {
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
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_still_hold_are_kept_when_a_renewal_fails_which_is_tried_again_in_time() {
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
    assert_eq!(scheme.asked(), 1 + 5);
    advance(seconds(5)).await;
    for asked in [7, 8] {
        let error = cache.credentials().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(scheme.asked(), asked, "no failure is cached");
    }
    scheme.failures.store(0, Ordering::Relaxed);
    assert_eq!(number(&cache.credentials().await.unwrap()), "9");
}

#[tokio::test(start_paused = true)]
async fn credentials_that_idle_are_renewed_before_the_next_call_and_use_keeps_them() {
    let (cache, scheme) = cache(Numbered {
        idle_timeout: Some(seconds(1800)),
        ..Numbered::new()
    });
    for (pause, number_then) in [(0, "1"), (1700, "1"), (1700, "1"), (1741, "2"), (1739, "2")] {
        advance(seconds(pause)).await;
        assert_eq!(number(&cache.credentials().await.unwrap()), number_then);
    }
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test]
async fn refused_credentials_are_renewed_once_for_all_calls_that_had_them() {
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
    assert_eq!(scheme.asked(), 2);
    // Who comes late is told of the new ones.
    assert_eq!(
        cache.refresh(&old, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::ByAnotherCall
    );
    assert_eq!(scheme.asked(), 2);
}

/// A call that is refused whatever its credentials; and whether it had new ones.
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
async fn an_operation_that_new_credentials_do_not_help_is_left_alone_for_a_while() {
    let (cache, scheme) = cache(Numbered::new());
    for (pause, asked) in [(0, 2), (9, 2), (1, 3), (19, 3), (1, 4), (40, 5)] {
        advance(seconds(pause)).await;
        for _ in 0..20 {
            forbidden_call(&cache, OPERATION).await;
        }
        assert_eq!(scheme.asked(), asked);
    }
    // Another operation is not concerned.
    assert!(forbidden_call(&cache, "Other").await);
    // One that is refused for some objects and answered for others is left alone for ten seconds.
    for asked in [7, 8] {
        advance(seconds(60)).await;
        for _ in 0..20 {
            forbidden_call(&cache, OPERATION).await;
            cache.on_accepted(OPERATION);
        }
        assert_eq!(scheme.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn while_many_operations_are_refused_an_ended_session_is_still_renewed_in_time() {
    let (cache, scheme) = cache(Numbered::new());
    for number in 0..100 {
        forbidden_call(&cache, &number.to_string()).await;
    }
    assert_eq!(scheme.asked(), 1 + 4);
    assert!(!forbidden_call(&cache, "Allowed").await);
    advance(seconds(10)).await;
    let cached = cache.credentials().await.unwrap();
    assert_eq!(
        cache.refresh(&cached, refused("Allowed")).await.unwrap(),
        RefreshOutcome::Refreshed
    );
}

#[tokio::test]
async fn a_refusal_of_credentials_that_others_have_replaced_says_nothing_of_an_operation() {
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
    assert_eq!(scheme.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_same_credentials_again_are_no_reason_for_another_attempt() {
    let (cache, scheme) = cache(Numbered {
        same: true,
        ..Numbered::new()
    });
    for asked in [2, 3] {
        for _ in 0..100 {
            let cached = cache.credentials().await.unwrap();
            assert_eq!(
                cache.refresh(&cached, refused(OPERATION)).await.unwrap(),
                RefreshOutcome::Unchanged
            );
        }
        assert_eq!(scheme.asked(), asked);
        // The scheme is asked again soon: there may be others by then.
        advance(seconds(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn when_there_are_no_others_calls_go_on_with_what_there_is_and_the_scheme_is_left_in_peace() {
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
    assert_eq!(scheme.asked(), 2);
    scheme.failures.store(0, Ordering::Relaxed);
    advance(seconds(10)).await;
    assert_eq!(
        cache.refresh(&cached, refused(OPERATION)).await.unwrap(),
        RefreshOutcome::Refreshed
    );
}

#[tokio::test]
async fn calls_that_wait_for_a_renewal_that_fails_use_the_credentials_that_another_was_refused_with()
 {
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
async fn a_login_that_hangs_holds_up_calls_with_good_credentials_for_moments_only() {
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
    // And a session that is good is given back.
    cache.clone().close().await;
    assert_eq!(scheme.revoked.load(Ordering::Relaxed), 1);
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_over_once_a_call_has_waited_for_others_are_not_used() {
    // A session that is not used for six seconds is not trusted to hold for eight.
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
async fn a_scheme_that_panics_has_failed_and_is_asked_once_for_each_call_or_not_at_all() {
    let asked = Arc::new(AtomicU32::new(0));
    let context = Config::new("http://localhost:1")
        .into_auth_context(&[])
        .unwrap();
    let cache = Arc::new(CredentialCache::new(SchemeSource::new(
        Arc::new(Panicking(asked.clone())),
        context,
    )));
    let cached = cache.credentials().await.unwrap();
    // While there are credentials it is left in peace for a while, as one that fails is.
    for _ in 0..20 {
        assert!(cache.refresh(&cached, refused(OPERATION)).await.is_err());
        assert!(cache.current().is_some());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    cache.clone().close().await;
    for number in 3..10 {
        assert!(cache.credentials().await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), number);
    }
}

/// A scheme that panics from the second time on.
struct Panicking(Arc<AtomicU32>);

impl Authenticate for Panicking {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(Credentials::bearer("token")),
            _ => panic!("at the disco"),
        }
    }
}

#[test]
fn a_renewal_whose_runtime_has_ended_or_stands_still_is_begun_again() {
    let scheme = Arc::new(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let context = Config::new("http://localhost:1")
        .into_auth_context(&[])
        .unwrap();
    let cache = Arc::new(CredentialCache::new(SchemeSource::new(
        Arc::new(Shared(scheme.clone())),
        context,
    )));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let begin = |runtime: &tokio::runtime::Runtime| {
        runtime.block_on(async {
            let call = timeout(Duration::from_millis(20), cache.credentials()).await;
            assert!(call.is_err());
        });
    };
    let first = runtime();
    begin(&first);
    drop(first);
    // This one is there, and does nothing any more.
    let second = runtime();
    begin(&second);
    std::thread::sleep(HEARTBEAT * 5);
    scheme.may_answer.add_permits(2);
    let cached = runtime().block_on(cache.credentials()).unwrap();
    assert_eq!(number(&cached), "3");
}

#[tokio::test]
async fn closing_gives_the_credentials_back_once_and_a_failure_harms_nobody() {
    let (cache, scheme) = cache(Numbered::new());
    let revoked = || scheme.revoked.load(Ordering::Relaxed);
    cache.clone().close().await;
    assert_eq!(revoked(), 0);
    cache.credentials().await.unwrap();
    cache.clone().close().await;
    cache.clone().close().await;
    assert_eq!(revoked(), 1);
    assert_eq!(number(&cache.credentials().await.unwrap()), "2");
    // Those that were good are given back too.
    forbidden_call(&cache, OPERATION).await;
    cache.clone().close().await;
    assert_eq!(revoked(), 3);
}

/// A scheme that does not let go.
struct Clinging(fn());

impl Authenticate for Clinging {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Ok(Credentials::bearer("token"))
    }

    async fn revoke(&self, _: &AuthContext, _: &Credentials) -> Result<(), BoxError> {
        (self.0)();
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn closing_ends_in_ten_seconds_whatever_a_scheme_does() {
    for (revoke, longest) in [
        (Clinging(|| ()), seconds(10)),
        (Clinging(|| panic!("in revoke")), seconds(0)),
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
    // A login that hangs is not waited for any longer.
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

/// A scheme of somebody else.
struct Faulty(fn() -> Result<Credentials, BoxError>);

impl Authenticate for Faulty {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        self.0()
    }
}

#[tokio::test]
async fn a_scheme_that_panics_or_brings_nothing_that_can_be_sent_is_an_error() {
    for (scheme, message) in [
        (
            Faulty(|| panic!("at the disco")),
            "the login failed: the scheme of authentication panicked",
        ),
        (
            Faulty(|| Ok(Credentials::bearer("SECRET\n"))),
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

/// A scheme whose error tells the password.
struct Indiscreet;

impl Authenticate for Indiscreet {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Err("no token for hunter2-SECRET".into())
    }

    fn secrets(&self) -> Vec<crate::Secret> {
        vec!["hunter2-SECRET".into()]
    }
}

#[tokio::test]
async fn the_error_of_a_scheme_shows_none_of_its_secrets() {
    let context = Config::new("http://localhost:1")
        .into_auth_context(&Indiscreet.secrets())
        .unwrap();
    let cache = Arc::new(CredentialCache::new(SchemeSource::new(
        Arc::new(Indiscreet),
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
async fn a_scheme_that_hangs_is_given_up_at_the_deadline() {
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
