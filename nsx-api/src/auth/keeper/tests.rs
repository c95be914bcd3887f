use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Semaphore;
use tokio::time::{advance, sleep};

use super::*;
use crate::Config;
use crate::auth::Authenticate;

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

/// The test and the keeper share it.
struct Shared(Arc<Numbered>);

impl Authenticate for Shared {
    async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
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

    async fn revoke(&self, _: &Login, _: &Credentials) -> Result<(), BoxError> {
        self.0.revoked.fetch_add(1, Ordering::Relaxed);
        Err("nobody is there".into())
    }
}

fn keeper(scheme: Numbered) -> (Arc<Keeper>, Arc<Numbered>) {
    let scheme = Arc::new(scheme);
    let login = Config::new("http://localhost:1").login(&[]).unwrap();
    let keeper = Keeper::new(Arc::new(Shared(scheme.clone())), login);
    (Arc::new(keeper), scheme)
}

fn number(kept: &Kept) -> String {
    let mut headers = http::HeaderMap::new();
    kept.credentials.apply(&mut headers);
    let value = headers["authorization"].to_str().unwrap();
    value.trim_start_matches("Bearer token-").to_owned()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const OPERATION: &str = "Operation";

#[tokio::test]
async fn calls_that_wait_at_the_same_time_share_one_login_and_one_failure() {
    let (keeper, scheme) = keeper(Numbered::new());
    scheme.failures.store(1, Ordering::Relaxed);
    for (failed, asked) in [(true, 1), (false, 2), (false, 2)] {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let keeper = keeper.clone();
            calls.spawn(async move { keeper.credentials().await.map(|kept| number(&kept)) });
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
    let (keeper, scheme) = keeper(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let first = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.credentials().await.map(drop) }
    });
    while scheme.asked() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    scheme.may_answer.add_permits(1);
    assert_eq!(number(&keeper.credentials().await.unwrap()), "1");
    assert_eq!(scheme.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_are_renewed_early_while_the_old_ones_are_used() {
    let (keeper, scheme) = keeper(Numbered {
        lifetime: Some(seconds(600)),
        ..Numbered::new()
    });
    assert_eq!(number(&keeper.credentials().await.unwrap()), "1");
    advance(seconds(539)).await;
    assert_eq!(number(&keeper.credentials().await.unwrap()), "1");
    advance(seconds(1)).await;
    // A minute before the end.
    for _ in 0..3 {
        assert_eq!(number(&keeper.credentials().await.unwrap()), "1");
    }
    sleep(seconds(1)).await;
    assert_eq!(number(&keeper.credentials().await.unwrap()), "2");
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_still_hold_are_kept_when_a_renewal_fails_which_is_tried_again_in_time() {
    let (keeper, scheme) = keeper(Numbered {
        lifetime: Some(seconds(600)),
        ..Numbered::new()
    });
    keeper.credentials().await.unwrap();
    scheme.failures.store(u32::MAX, Ordering::Relaxed);
    advance(seconds(545)).await;
    // A renewal every ten seconds, however many calls there are.
    for _ in 0..50 {
        assert_eq!(number(&keeper.credentials().await.unwrap()), "1");
        sleep(seconds(1)).await;
    }
    assert_eq!(scheme.asked(), 1 + 5);
    advance(seconds(5)).await;
    for asked in [7, 8] {
        let error = keeper.credentials().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(scheme.asked(), asked, "no failure is kept");
    }
    scheme.failures.store(0, Ordering::Relaxed);
    assert_eq!(number(&keeper.credentials().await.unwrap()), "9");
}

#[tokio::test(start_paused = true)]
async fn credentials_that_idle_are_renewed_before_the_next_call_and_use_keeps_them() {
    let (keeper, scheme) = keeper(Numbered {
        idle_timeout: Some(seconds(1800)),
        ..Numbered::new()
    });
    for (pause, number_then) in [(0, "1"), (1700, "1"), (1700, "1"), (1741, "2"), (1739, "2")] {
        advance(seconds(pause)).await;
        assert_eq!(number(&keeper.credentials().await.unwrap()), number_then);
    }
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test]
async fn refused_credentials_are_renewed_once_for_all_calls_that_had_them() {
    let (keeper, scheme) = keeper(Numbered::new());
    let old = keeper.credentials().await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..100 {
        let (keeper, old) = (keeper.clone(), old.clone());
        calls.spawn(async move {
            match index % 2 {
                0 => assert!(keeper.renew(&old, OPERATION).await.unwrap()),
                // Calls that begin meanwhile get old ones only before the renewal began.
                _ => drop(keeper.credentials().await.unwrap()),
            }
        });
    }
    calls.join_all().await;
    assert_eq!(scheme.asked(), 2);
    // Who comes late is told of the new ones.
    assert!(keeper.renew(&old, OPERATION).await.unwrap());
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_new_credentials_do_not_help_asks_for_no_more_of_them() {
    let (keeper, scheme) = keeper(Numbered::new());
    for _ in 0..100 {
        let kept = keeper.credentials().await.unwrap();
        if keeper.renew(&kept, OPERATION).await.unwrap() {
            // Refused again.
            keeper.were_no_use(OPERATION);
        }
    }
    assert_eq!(scheme.asked(), 2);
    let kept = keeper.credentials().await.unwrap();
    assert!(keeper.renew(&kept, "Other").await.unwrap());
    advance(seconds(300)).await;
    let kept = keeper.credentials().await.unwrap();
    assert!(keeper.renew(&kept, OPERATION).await.unwrap());
    assert_eq!(scheme.asked(), 4);
}

#[tokio::test]
async fn the_same_credentials_again_are_no_reason_for_another_attempt() {
    let (keeper, scheme) = keeper(Numbered {
        same: true,
        ..Numbered::new()
    });
    for _ in 0..100 {
        let kept = keeper.credentials().await.unwrap();
        assert!(!keeper.renew(&kept, OPERATION).await.unwrap());
    }
    assert_eq!(scheme.asked(), 2);
}

#[tokio::test]
async fn refused_credentials_are_tried_again_when_there_are_no_others() {
    let (keeper, scheme) = keeper(Numbered::new());
    let kept = keeper.credentials().await.unwrap();
    scheme.failures.store(1, Ordering::Relaxed);
    assert!(keeper.renew(&kept, OPERATION).await.is_err());
    assert!(Arc::ptr_eq(&kept, &keeper.credentials().await.unwrap()));
    assert!(keeper.renew(&kept, OPERATION).await.unwrap());
    assert_eq!(scheme.asked(), 3);
}

#[tokio::test]
async fn closing_gives_the_credentials_back_once_and_a_failure_harms_nobody() {
    let (keeper, scheme) = keeper(Numbered::new());
    keeper.close().await;
    assert_eq!(scheme.revoked.load(Ordering::Relaxed), 0);
    keeper.credentials().await.unwrap();
    keeper.close().await;
    keeper.close().await;
    assert_eq!(scheme.revoked.load(Ordering::Relaxed), 1);
    assert_eq!(number(&keeper.credentials().await.unwrap()), "2");
}

/// A scheme of somebody else.
struct Faulty(fn() -> Result<Credentials, BoxError>);

impl Authenticate for Faulty {
    async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
        self.0()
    }
}

#[tokio::test]
async fn a_scheme_that_panics_or_brings_nothing_that_can_be_sent_is_an_error() {
    for (scheme, message) in [
        (
            Faulty(|| panic!("at the disco")),
            "the scheme of authentication broke off: it panicked, or its runtime ended",
        ),
        (
            Faulty(|| Ok(Credentials::bearer("SECRET\n"))),
            "the login failed: the credentials cannot be sent: the value of authorization is not one line of printable ASCII",
        ),
    ] {
        let login = Config::new("http://localhost:1").login(&[]).unwrap();
        let keeper = Arc::new(Keeper::new(Arc::new(scheme), login));
        for _ in 0..2 {
            let error = keeper.credentials().await.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert_eq!(error.to_string(), message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheme_that_hangs_is_given_up_at_the_deadline() {
    let (keeper, _) = keeper(Numbered {
        may_answer: Semaphore::new(0),
        ..Numbered::new()
    });
    let error = keeper.credentials().await.map(drop).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no credentials within the deadline of 300s"),
        "{error}"
    );
}
