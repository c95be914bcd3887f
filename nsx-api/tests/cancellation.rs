//! Cancellation: a call that is dropped at any point leaves no connection, task or session behind,
//! and the client stays usable.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::Method;
use nsx_api::mock::Answer;
use nsx_api::{CallOptions, Limits};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::fault_proxy::fault_script::{DONE, Fixture, SMALL, VERSIONS, call, let_tasks_run};
use crate::managers;

/// The number of tasks, and of connections through the proxy.
fn in_use(fixture: &Fixture) -> (usize, usize) {
    let tasks = Handle::current().metrics().num_alive_tasks();
    (tasks, fixture.proxy.open())
}

/// Waits until exactly this many tasks and connections are in use.
async fn wait_until_in_use(fixture: &Fixture, expected: (usize, usize)) {
    for _ in 0..20_000 {
        if in_use(fixture) == expected {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("{:?}, not {expected:?}", in_use(fixture));
}

/// When a call is dropped.
#[derive(Clone, Copy, Debug)]
enum DropPoint {
    /// Right after this many polls.
    Polled(usize),
    /// When it is woken after this many polls, before it is polled again.
    Woken(usize),
    After(Duration),
}

impl DropPoint {
    /// Runs `work` up to that point. Returns `None` if `work` was dropped.
    async fn run<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let (times, woken) = match self {
            Self::After(delay) => return timeout(delay, work).await.ok(),
            Self::Polled(times) => (times, false),
            Self::Woken(times) => (times, true),
        };
        let mut work = pin!(work);
        let mut left = times;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            match work.as_mut().poll(context) {
                Poll::Pending if left > 0 || woken => Poll::Pending,
                poll => Poll::Ready(match poll {
                    Poll::Ready(value) => Some(value),
                    Poll::Pending => None,
                }),
            }
        })
        .await
    }

    /// The next drop point of the same kind.
    fn one_step_later(self) -> Self {
        match self {
            Self::Polled(times) => Self::Polled(times + 1),
            Self::Woken(times) => Self::Woken(times + 1),
            Self::After(delay) => Self::After(delay + Duration::from_millis(1)),
        }
    }
}

/// Drops a call, either the first one of its client or one on a reused connection. Returns whether
/// the call completed before the drop point.
async fn completes_before(dropped: DropPoint, fixture: &Fixture, reuses_connection: bool) -> bool {
    let Fixture { manager, proxy, .. } = fixture;
    let client = fixture.session().build().unwrap();
    if reuses_connection {
        assert_eq!(call(&client, &Method::POST).await, DONE);
        let_tasks_run().await;
    }
    let tokens_created = fixture.tokens_created();
    let completed = dropped.run(call(&client, &Method::POST)).await.is_some();

    assert_eq!(call(&client, &Method::POST).await, DONE, "{dropped:?}");
    assert_eq!(manager.sessions(), 1, "{dropped:?}");
    let_tasks_run().await;
    assert!(proxy.open() <= 1, "{dropped:?}");
    let tokens_created = fixture.tokens_created() - tokens_created;
    assert!(
        tokens_created == 2 || tokens_created == 1 && !completed,
        "{dropped:?}: {tokens_created} tokens"
    );

    client.close().await;
    assert_eq!(manager.sessions(), 0, "{dropped:?}");
    completed
}

#[tokio::test]
async fn cancelled_call_leaves_no_task_connection_or_session_wherever_it_is_dropped() {
    for (version, reuses_connection) in VERSIONS
        .into_iter()
        .flat_map(|version| [(version, false), (version, true)])
    {
        let fixture = Fixture::new(version, SMALL).await;
        // Let the tasks of the previous fixture end.
        let_tasks_run().await;
        let baseline = in_use(&fixture);
        for first in [
            DropPoint::Polled(1),
            DropPoint::Woken(1),
            DropPoint::After(Duration::ZERO),
        ] {
            let mut dropped = first;
            while !completes_before(dropped, &fixture, reuses_connection).await {
                wait_until_in_use(&fixture, baseline).await;
                dropped = dropped.one_step_later();
            }
            wait_until_in_use(&fixture, baseline).await;
        }
    }
}

#[tokio::test]
async fn cancelled_call_that_was_waiting_sends_no_retry_and_leaves_nothing_behind() {
    for version in VERSIONS {
        let fixture = Fixture::new(version, SMALL).await;
        let client = fixture.basic().build().unwrap();
        fixture.warm_up(&client).await;
        let idle = in_use(&fixture);
        for answer in [
            Answer::success().delay(Duration::from_secs(60)),
            Answer::json(200, ()).stalled_at(1),
            Answer::from(503).header("retry-after", "60"),
        ] {
            let before = fixture.manager.count();
            fixture.manager.respond_with(answer);
            // Drop the call once the manager has received it.
            let arrived = async {
                while fixture.manager.count() == before {
                    sleep(Duration::from_millis(5)).await;
                }
                sleep(Duration::from_millis(50)).await;
            };
            tokio::select! {
                found = call(&client, &Method::GET) => panic!("{found:?}"),
                () = arrived => {}
            }
            assert_eq!(call(&client, &Method::GET).await, DONE);
            assert_eq!(fixture.manager.count() - before, 2);
            wait_until_in_use(&fixture, idle).await;
        }
    }
}

#[tokio::test]
async fn cancelled_call_releases_its_concurrency_limit_permit() {
    for limits in [Limits::fixed(), Limits::adaptive()] {
        let managers = managers::managers::<2>().await;
        let [slow, quick] = &managers;
        let client = managers::config(&managers)
            .limits(limits.requests_per_second(100_000).concurrent(2))
            .options(CallOptions::new().deadline(Duration::from_secs(300)))
            .build()
            .unwrap();
        slow.respond_always(Answer::json(200, ()).delay(Duration::from_secs(600)));
        let mut dropped = 0;
        while dropped < 20 {
            let before = slow.count();
            let get = managers::call(&client, Method::POST);
            let arrived = async {
                while slow.count() == before {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                result = get => assert!(quick.url().ends_with(&result.unwrap())),
                () = arrived => dropped += 1,
            }
        }
        for manager in &managers {
            manager.reset();
            managers::add_handlers(manager);
        }
        // No permit is lost, and both managers count as equally loaded.
        for _ in 0..10 {
            managers::call(&client, Method::POST).await.unwrap();
        }
        let shared = [slow, quick].map(managers::calls_of);
        assert_eq!(shared, [5, 5]);
    }
}
