//! Calls of a cluster under random scripts: managers go, hang, fail, are busy, send calls on and come back, while calls come
//! together, are late or dropped.
//!
//! The client is the real one, with its sessions and its looks at the managers' health; the managers are models. The first may be
//! steady: then nothing that happens to the others is an excuse.

mod managers;
mod script;

use std::sync::Mutex;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::auth::Session;
use crate::call::network::{self, DropMode};
use crate::sync::lock;
use crate::{CallOptions, Client, Config, Error, ErrorKind, Limits};
use managers::{ATTEMPT, Manager, Managers, Seen, WELL, World};
use script::{Does, Event, Script, script};

const DEADLINE: Duration = Duration::from_secs(30);
/// How many calls a manager is sent at once.
const ROOM: usize = 3;
/// The first attempt and four more; each after a redirect at most, and twice for new credentials.
const MOST_VISITS: usize = 5 * 2 + 2 * 3;

struct Run {
    script: Script,
    managers: Managers,
    client: Client,
    tasks: JoinSet<Option<Ended>>,
}

/// A call that was not dropped.
struct Ended {
    call: usize,
    method: Method,
    took: Duration,
    result: Result<(), Error>,
}

impl Run {
    async fn whole(mut self) {
        for event in self.script.events.clone() {
            self.play(event).await;
            while let Some(ended) = self.tasks.try_join_next() {
                self.check(ended.unwrap());
            }
        }
        while let Some(ended) = self.tasks.join_next().await {
            self.check(ended.unwrap());
        }
        self.heals().await;
        self.check_room().await;
        let faults = &lock(&self.managers.0).faults;
        assert!(faults.is_empty(), "{faults:?}");
    }

    async fn play(&mut self, event: Event) {
        match event {
            Event::Call(method, drop_mode) => self.call(method, drop_mode),
            Event::Changes(manager, mode) => lock(&self.managers.0).managers[manager].changes(mode),
            Event::Restarts(manager) => lock(&self.managers.0).managers[manager].restarts += 1,
            Event::Wait(time) => sleep(time).await,
        }
    }

    fn call(&mut self, method: Method, drop_mode: DropMode) {
        let client = self.client.clone();
        let calls = &mut lock(&self.managers.0).calls;
        let (call, began) = (calls.len(), Instant::now());
        calls.push(Seen {
            began,
            effects: 0,
            refusals: 0,
            visits: Vec::new(),
        });
        self.tasks.spawn(async move {
            let request = client.request(method.clone(), format!("/things/{call}"));
            let result = drop_mode.run(request.send()).await?.map(drop);
            let took = began.elapsed();
            Some(Ended {
                call,
                method,
                took,
                result,
            })
        });
    }

    /// A call that nobody dropped ends in time, and gets through where a manager is steady, unless it may have taken effect or was
    /// sent away or refused again and again.
    fn check(&self, ended: Option<Ended>) {
        let Some(Ended {
            call,
            method,
            took,
            result,
        }) = ended
        else {
            return;
        };
        let World {
            managers, calls, ..
        } = &mut *lock(&self.managers.0);
        let seen = &calls[call];
        assert!(took <= DEADLINE, "{took:?}");
        assert!(
            seen.visits.len() <= MOST_VISITS,
            "{} visits",
            seen.visits.len()
        );
        assert!(result.is_err() || seen.effects > 0, "nobody has done it");

        let may_be_done = !method.is_idempotent() && seen.effects > 0;
        let is_sent_away = result
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Redirect);
        let may_fail = !self.script.is_steady || may_be_done || is_sent_away || seen.refusals > 1;
        assert!(result.is_ok() || may_fail, "{result:?}");

        if self.script.is_steady {
            learn(seen, managers);
        }
    }

    /// Whatever was: once all managers are well they all come back, and take turns.
    async fn heals(&mut self) {
        for manager in &mut lock(&self.managers.0).managers {
            manager.changes(WELL);
        }
        // Nobody logs in right after a login that failed.
        sleep(Duration::from_secs(10)).await;
        for _ in 0..40 {
            self.one_more().await;
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        let before = self.calls_of_each();
        for _ in &before {
            self.one_more().await;
        }
        let one_more: Vec<usize> = before.iter().map(|calls| calls + 1).collect();
        assert_eq!(self.calls_of_each(), one_more, "they do not take turns");
    }

    async fn one_more(&mut self) {
        self.call(Method::GET, DropMode::PLAIN);
        let ended = self.tasks.join_next().await.unwrap().unwrap();
        ended.unwrap().result.unwrap();
    }

    fn calls_of_each(&self) -> Vec<usize> {
        lock(&self.managers.0)
            .managers
            .iter()
            .map(|manager| manager.calls)
            .collect()
    }

    /// Nothing is taken up by calls that have ended or were dropped.
    async fn check_room(&self) {
        for endpoint in self.client.core.cluster.endpoints() {
            assert_eq!(endpoint.in_flight.load(Ordering::Relaxed), 0);
            let mut room = Vec::new();
            for _ in 0..ROOM {
                let place = timeout(DEADLINE, endpoint.limiter.enter()).await;
                room.push(place.expect("a place that nobody has is free"));
            }
        }
    }
}

/// Which managers the client knows to be out by what one of its calls has met there. Those that call themselves well come back
/// by that.
fn learn(seen: &Seen, managers: &mut [Manager]) {
    let mut was_sent_on = false;
    for visit in &seen.visits {
        let manager = &mut managers[visit.manager];
        let is_out = manager.mode.does.is_out() && manager.changes == visit.changes;
        if is_out && !manager.mode.lies && !visit.is_refused && !was_sent_on {
            // One that hangs is found out by a look.
            let hangs = manager.mode.does == Does::Hangs;
            let since = Instant::now() + if hangs { ATTEMPT } else { Duration::ZERO };
            manager.known_out.get_or_insert(since);
        }
        was_sent_on = visit.sends_on;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_get_through_once_whatever_happens_to_the_managers(script in script()) {
        let pause = Duration::from_millis(20);
        let options = CallOptions::new().deadline(DEADLINE).min_retry_delay(pause).max_retry_delay(pause);
        let mut config = Config::new("http://manager-0").danger_allow_http(true);
        for number in 1..script.managers {
            config = config.manager(format!("http://manager-{number}"));
        }
        config = config.limits(Limits::adaptive().concurrent(ROOM));
        config = match script.with_timeout {
            true => config.options(options.attempt_timeout(ATTEMPT)),
            false => config.options(options),
        };
        if script.with_sessions {
            config = config.auth(Session::new("admin", "Pa55-word"));
        }
        let managers = (0..script.managers).map(|_| Manager::new()).collect();
        let world = World { managers, calls: Vec::new(), faults: Vec::new() };
        let managers = Managers(Arc::new(Mutex::new(world)));
        let client = config.build().unwrap();
        let run = Run { script, managers: managers.clone(), client, tasks: JoinSet::new() };
        network::run(move |request| managers.clone().answer(request), run.whole());
    }
}
