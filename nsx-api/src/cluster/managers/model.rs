//! A model test of failover with random scripts. Managers go down, hang, fail, are busy, redirect
//! calls and return, while calls are concurrent, delayed or dropped.
//!
//! The client is the real one, with sessions and health probes. The managers are models. In some
//! scripts the first manager is always healthy: then calls must succeed whatever happens to the
//! others.

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
use managers::{ATTEMPT, CallRecord, HEALTHY, Manager, Managers, World};
use script::{Behavior, Event, Script, script};

const DEADLINE: Duration = Duration::from_secs(30);
/// The number of concurrent calls to a manager.
const CONCURRENT: usize = 3;
/// The first attempt and four retries, each with at most one redirect, and credential refreshes.
const MAX_VISITS: usize = 5 * 2 + 2 * 3;

struct Run {
    script: Script,
    managers: Managers,
    client: Client,
    tasks: JoinSet<Option<Completed>>,
}

/// A call that completed.
struct Completed {
    call: usize,
    method: Method,
    took: Duration,
    result: Result<(), Error>,
}

impl Run {
    async fn run(mut self) {
        for event in self.script.events.clone() {
            self.play(event).await;
            while let Some(ended) = self.tasks.try_join_next() {
                self.check(ended.unwrap());
            }
        }
        while let Some(ended) = self.tasks.join_next().await {
            self.check(ended.unwrap());
        }
        self.check_recovery().await;
        self.check_permits().await;
        let violations = &lock(&self.managers.0).violations;
        assert!(violations.is_empty(), "{violations:?}");
    }

    async fn play(&mut self, event: Event) {
        match event {
            Event::Call(method, drop_mode) => self.call(method, drop_mode),
            Event::Change(manager, mode) => lock(&self.managers.0).managers[manager].change(mode),
            Event::Restart(manager) => lock(&self.managers.0).managers[manager].restarts += 1,
            Event::Wait(time) => sleep(time).await,
        }
    }

    fn call(&mut self, method: Method, drop_mode: DropMode) {
        let client = self.client.clone();
        let calls = &mut lock(&self.managers.0).calls;
        let (call, began) = (calls.len(), Instant::now());
        calls.push(CallRecord {
            began,
            effects: 0,
            refusals: 0,
            visits: Vec::new(),
        });
        self.tasks.spawn(async move {
            let request = client.request(method.clone(), format!("/things/{call}"));
            let result = drop_mode.run(request.send()).await?.map(drop);
            let took = began.elapsed();
            Some(Completed {
                call,
                method,
                took,
                result,
            })
        });
    }

    /// A completed call ends in time. If a manager is always healthy, it succeeds, unless it may
    /// have taken effect, or was redirected elsewhere or refused several times.
    fn check(&self, ended: Option<Completed>) {
        let Some(Completed {
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
            seen.visits.len() <= MAX_VISITS,
            "{} visits",
            seen.visits.len()
        );
        assert!(
            result.is_err() || seen.effects > 0,
            "no manager has executed it"
        );

        let may_be_done = !method.is_idempotent() && seen.effects > 0;
        let is_redirected_elsewhere = result
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Redirect);
        let may_fail =
            !self.script.is_steady || may_be_done || is_redirected_elsewhere || seen.refusals > 1;
        assert!(result.is_ok() || may_fail, "{result:?}");

        if self.script.is_steady {
            record_ejections(seen, managers);
        }
    }

    /// Once all managers are healthy, all of them return and take turns.
    async fn check_recovery(&mut self) {
        for manager in &mut lock(&self.managers.0).managers {
            manager.change(HEALTHY);
        }
        // There is a pause after a failed login.
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

    /// Calls that have ended or were dropped hold no permit.
    async fn check_permits(&self) {
        for endpoint in self.client.core.cluster.endpoints() {
            assert_eq!(endpoint.in_flight.load(Ordering::Relaxed), 0);
            let mut permits = Vec::new();
            for _ in 0..CONCURRENT {
                let permit = timeout(DEADLINE, endpoint.limiter.acquire()).await;
                permits.push(permit.expect("a permit is free"));
            }
        }
    }
}

/// Records the managers that the client has ejected after a call has failed there. A manager that
/// reports itself healthy returns.
fn record_ejections(seen: &CallRecord, managers: &mut [Manager]) {
    let mut was_redirected = false;
    for visit in &seen.visits {
        let manager = &mut managers[visit.manager];
        let is_out = manager.mode.behavior.causes_ejection() && manager.changes == visit.changes;
        if is_out && !manager.mode.reports_healthy && !visit.is_refused && !was_redirected {
            // A hanging manager is detected by a probe.
            let hangs = manager.mode.behavior == Behavior::Hangs;
            let since = Instant::now() + if hangs { ATTEMPT } else { Duration::ZERO };
            manager.ejected_since.get_or_insert(since);
        }
        was_redirected = visit.redirects;
    }
}

fn run(script: Script) {
    let pause = Duration::from_millis(20);
    let options = CallOptions::new()
        .deadline(DEADLINE)
        .min_retry_delay(pause)
        .max_retry_delay(pause);
    let mut config = Config::new("http://manager-0").danger_allow_http(true);
    for number in 1..script.managers {
        config = config.manager(format!("http://manager-{number}"));
    }
    config = config.limits(Limits::adaptive().concurrent(CONCURRENT));
    config = match script.with_timeout {
        true => config.options(options.attempt_timeout(ATTEMPT)),
        false => config.options(options),
    };
    if script.with_sessions {
        config = config.auth(Session::new("admin", "Pa55-word"));
    }
    let managers = (0..script.managers).map(|_| Manager::new()).collect();
    let world = World {
        managers,
        calls: Vec::new(),
        violations: Vec::new(),
    };
    let managers = Managers(Arc::new(Mutex::new(world)));
    let client = config.build().unwrap();
    let run = Run {
        script,
        managers: managers.clone(),
        client,
        tasks: JoinSet::new(),
    };
    network::run(move |request| managers.clone().answer(request), run.run());
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn failover_model_executes_calls_once_under_random_scripts(script in script()) {
        run(script);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    #[ignore = "slow: 500 random scripts"]
    fn failover_model_executes_calls_once_under_many_random_scripts(script in script()) {
        run(script);
    }
}
