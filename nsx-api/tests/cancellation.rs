//! A call that is dropped, at whatever point, leaves no connection, task or session behind, and the client whole.
#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

mod fault_proxy;
mod managers;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use http::Method;
use nsx_api::mock::Answer;
use nsx_api::{CallOptions, Limits};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use fault_proxy::fault_script::{DONE, SMALL, Scene, VERSIONS, call, rest};

/// What there is beside the test itself: tasks, and connections through the proxy.
fn left(scene: &Scene) -> (usize, usize) {
    let tasks = Handle::current().metrics().num_alive_tasks();
    (tasks, scene.proxy.open())
}

/// Waits until there is no more than this, and no less.
async fn settled(scene: &Scene, expected: (usize, usize)) {
    let begun = Instant::now();
    while left(scene) != expected {
        let waited = begun.elapsed();
        assert!(
            waited < Duration::from_secs(20),
            "{:?}, not {expected:?}",
            left(scene)
        );
        sleep(Duration::from_millis(1)).await;
    }
}

/// Where a call is dropped.
#[derive(Clone, Copy, Debug)]
enum Dropped {
    /// Right after so many polls.
    Polled(usize),
    /// When it is woken after so many polls, with what it was woken for not looked at.
    Woken(usize),
    After(Duration),
}

impl Dropped {
    /// Runs `work` that far; `None` if it was dropped.
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

    /// The same, one step later.
    fn later(self) -> Self {
        match self {
            Self::Polled(times) => Self::Polled(times + 1),
            Self::Woken(times) => Self::Woken(times + 1),
            Self::After(delay) => Self::After(delay + Duration::from_millis(1)),
        }
    }
}

/// Drops a call, the first one of its client or one on a connection in use; says whether it came to its end before that.
async fn is_over_before(dropped: Dropped, scene: &Scene, in_use: bool) -> bool {
    let Scene { manager, proxy, .. } = scene;
    let client = scene.session().build().unwrap();
    if in_use {
        assert_eq!(call(&client, &Method::POST).await, DONE);
        rest().await;
    }
    let minted = scene.minted();
    let is_over = dropped.run(call(&client, &Method::POST)).await.is_some();

    assert_eq!(call(&client, &Method::POST).await, DONE, "{dropped:?}");
    assert_eq!(manager.sessions(), 1, "{dropped:?}");
    rest().await;
    assert!(proxy.open() <= 1, "{dropped:?}");
    let minted = scene.minted() - minted;
    assert!(
        minted == 2 || minted == 1 && !is_over,
        "{dropped:?}: {minted} tokens"
    );

    client.close().await;
    assert_eq!(manager.sessions(), 0, "{dropped:?}");
    is_over
}

#[tokio::test]
async fn cancelled_call_leaves_no_task_connection_or_session_wherever_it_is_dropped() {
    for (version, in_use) in VERSIONS
        .into_iter()
        .flat_map(|version| [(version, false), (version, true)])
    {
        let scene = Scene::new(version, SMALL).await;
        // Time for what is left of the scene before.
        rest().await;
        let nobody = left(&scene);
        for first in [
            Dropped::Polled(1),
            Dropped::Woken(1),
            Dropped::After(Duration::ZERO),
        ] {
            let mut dropped = first;
            while !is_over_before(dropped, &scene, in_use).await {
                settled(&scene, nobody).await;
                dropped = dropped.later();
            }
            settled(&scene, nobody).await;
        }
    }
}

#[tokio::test]
async fn cancelled_call_that_was_waiting_sends_no_retry_and_leaves_nothing_behind() {
    for version in VERSIONS {
        let scene = Scene::new(version, SMALL).await;
        let client = scene.basic().build().unwrap();
        scene.warm_up(&client).await;
        let idle = left(&scene);
        for answer in [
            Answer::success().delay(Duration::from_secs(60)),
            Answer::json(200, ()).stalled_at(1),
            Answer::from(503).header("retry-after", "60"),
        ] {
            let before = scene.manager.count();
            scene.manager.respond_with(answer);
            // Dropped when the manager has it, however long that takes.
            let arrived = async {
                while scene.manager.count() == before {
                    sleep(Duration::from_millis(5)).await;
                }
                sleep(Duration::from_millis(50)).await;
            };
            tokio::select! {
                found = call(&client, &Method::GET) => panic!("{found:?}"),
                () = arrived => {}
            }
            assert_eq!(call(&client, &Method::GET).await, DONE);
            assert_eq!(scene.manager.count() - before, 2);
            settled(&scene, idle).await;
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
            .options(CallOptions::new().deadline(Duration::from_secs(5)))
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
            managers::prepare(manager);
        }
        // There is room, and neither manager is thought to have more to do than the other.
        for _ in 0..10 {
            managers::call(&client, Method::POST).await.unwrap();
        }
        let shared = [slow, quick].map(managers::calls_of);
        assert_eq!(shared, [5, 5]);
    }
}
