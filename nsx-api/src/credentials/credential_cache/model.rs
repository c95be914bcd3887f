//! A model test of the credential cache with random scripts. Calls are concurrent, delayed or
//! dropped, sessions expire, logins are slow or fail, and the client is closed at any time.
//!
//! The client is the real one. Its manager is a model.

mod manager;
mod script;

use http::Method;
use proptest::prelude::*;
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::*;
use crate::call::network;
use crate::{CallOptions, Client, Config, Limits};
use manager::{LoginRecord, Manager, Span, World};
use script::{Event, LoginOutcome, OPERATIONS, Script, script, times};

const DEADLINE: Duration = Duration::from_secs(20);
/// How long a refused operation may trigger no refresh.
const MAX_BACKOFF: Duration = Duration::from_secs(300);

struct Run {
    script: Script,
    manager: Manager,
    client: Client,
    tasks: JoinSet<Option<Completed>>,
}

/// A call that completed.
struct Completed {
    call: usize,
    ended: Instant,
    result: Result<(), Error>,
}

impl Run {
    async fn run(mut self) {
        for event in self.script.events.clone() {
            self.play(event).await;
        }
        self.join().await;
        self.check_logins();
        self.check_recovery().await;
        self.check_leaks();
        let violations = &lock(&self.manager.world).violations;
        assert!(violations.is_empty(), "{violations:?}");
    }

    async fn play(&mut self, event: Event) {
        let (client, world) = (self.client.clone(), self.manager.world.clone());
        match event {
            Event::Call(operation, drop_mode, takes) => {
                let alone = self.script.one_at_a_time;
                let drop_mode = if alone {
                    drop_mode.to_its_end()
                } else {
                    drop_mode
                };
                let (call, work) = self.call(operation, takes);
                self.tasks.spawn(async move {
                    let result = drop_mode.run(work).await?;
                    let ended = Instant::now();
                    Some(Completed {
                        call,
                        ended,
                        result,
                    })
                });
                if alone {
                    self.join().await;
                }
            }
            Event::ExpireSessions => {
                let sessions = &mut lock(&world).sessions;
                sessions
                    .iter_mut()
                    .for_each(|session| session.is_alive = false);
            }
            Event::Allow(operation, may) => lock(&world).missing[operation] = !may,
            Event::Logins(outcome, takes) => lock(&world).mode = (outcome, takes),
            Event::Close => {
                self.tasks.spawn(async move {
                    lock(&world).held = None;
                    client.close().await;
                    None
                });
            }
            Event::Wait(time) => sleep(time).await,
        }
    }

    fn call(
        &self,
        operation: usize,
        takes: Duration,
    ) -> (usize, impl Future<Output = Result<(), Error>> + use<>) {
        let client = self.client.clone();
        let calls = &mut lock(&self.manager.world).calls;
        let call = calls.len();
        calls.push(Instant::now());
        let work = async move {
            let request = client.request(Method::POST, format!("/things/{operation}"));
            let request = request
                .header("call", &call)
                .header("operation", &operation);
            request
                .header("takes", &takes.as_millis())
                .send()
                .await
                .map(drop)
        };
        (call, work)
    }

    async fn join(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Some(ended) = ended.unwrap() {
                self.check_call(ended);
            }
        }
    }

    /// A call waits only for logins and its own responses, and fails only for a reason.
    fn check_call(
        &self,
        Completed {
            call,
            ended,
            result,
        }: Completed,
    ) {
        let world = lock(&self.manager.world);
        let began = world.calls[call];
        assert!(ended - began <= DEADLINE, "{:?}", ended - began);

        let is_for_it = |(of, _): &&(Option<usize>, Span)| of.is_none_or(|of| of == call);
        let mut work: Vec<Span> = world
            .work
            .iter()
            .filter(is_for_it)
            .map(|(_, span)| *span)
            .collect();
        let under_way = world.logins.last().filter(|login| login.ended.is_none());
        work.extend(under_way.map(|login| (login.began, ended)));
        assert_eq!(
            first_idle(began, ended, work),
            None,
            "the call waited without a reason"
        );

        let may_fail = world.found_expired(began - MAX_BACKOFF) > 1
            || self.script.operations_missing() > 0
            || !self.script.logins_succeed();
        assert!(result.is_ok() || may_fail, "{result:?}");
    }

    /// There is no login without a reason, and none soon after a failed one.
    fn check_logins(&self) {
        let world = lock(&self.manager.world);
        let (had, had_none): (Vec<&LoginRecord>, Vec<&LoginRecord>) =
            world.logins.iter().partition(|login| login.had);

        let failed = had_none
            .iter()
            .filter(|login| !login.gives_credentials())
            .count();
        assert!(failed <= world.calls.len(), "more failed logins than calls");

        for (last, next) in world.logins.iter().zip(world.logins.iter().skip(1)) {
            let pause = match last.outcome {
                LoginOutcome::New | LoginOutcome::Same => Duration::ZERO,
                LoginOutcome::WrongPassword => REFRESH_PAUSE,
                LoginOutcome::NoAnswer | LoginOutcome::Hangs | LoginOutcome::Panics => {
                    SHORT_REFRESH_PAUSE
                }
            };
            let is_soon = last.ended.is_none_or(|ended| next.began < ended + pause);
            assert!(!is_soon || !next.had, "no pause after a failed login");
        }

        for first in &had {
            let after = had.iter().filter(|login| login.began >= first.began);
            let together = after
                .filter(|login| login.began < first.began + REFRESH_PAUSE)
                .count();
            assert!(
                together <= MAX_REFRESHES_AFTER_REFUSAL + self.script.refreshes_in(REFRESH_PAUSE),
                "too many logins in ten seconds"
            );
        }

        if self.script.one_at_a_time {
            let time = world.calls.first().map_or(Duration::ZERO, Instant::elapsed);
            let found_expired = world.found_expired(Instant::now() - time);
            let refused = self.script.operations_missing() * times(time, REFRESH_PAUSE);
            let reasons = found_expired + refused + self.script.refreshes_in(time);
            let new = had
                .iter()
                .filter(|login| login.outcome == LoginOutcome::New)
                .count();
            assert!(new <= reasons, "{new} logins for {reasons} reasons");
        }
    }

    /// Once the manager is healthy, calls succeed again. After `close` nothing is left, and neither
    /// after a dropped call.
    async fn check_recovery(&mut self) {
        let soon = Duration::from_millis(100);
        {
            let world = &mut *lock(&self.manager.world);
            (world.missing, world.mode) = ([false; OPERATIONS], (LoginOutcome::New, soon));
        }
        sleep(MAX_BACKOFF).await;
        self.call(0, soon).1.await.unwrap();
        self.client.close().await;
        assert!(timeout(soon / 2, self.call(0, soon).1).await.is_err());
        self.client.close().await;
        yield_now().await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    }

    /// All sessions are revoked, except replaced ones that the client could not know to be valid.
    fn check_leaks(&self) {
        let sessions = &lock(&self.manager.world).sessions;
        let is_renewed_early = self.script.lifetime.is_some() || self.script.idle_timeout.is_some();
        let is_known = self.script.one_at_a_time && sessions.len() <= MAX_UNNEEDED;
        if !is_renewed_early && (is_known || self.script.operations_missing() == 0) {
            assert!(
                sessions.iter().all(|session| !session.is_alive),
                "a session was not revoked"
            );
        }
    }
}

/// The first moment in a span at which no work was done.
fn first_idle(mut from: Instant, until: Instant, mut work: Vec<Span>) -> Option<Instant> {
    work.sort();
    for (began, ended) in work {
        if began <= from {
            from = from.max(ended);
        }
    }
    (from < until).then_some(from)
}

fn run(script: Script) {
    let world = World {
        sessions: Vec::new(),
        held: None,
        missing: [false; OPERATIONS],
        mode: (LoginOutcome::New, Duration::ZERO),
        calls: Vec::new(),
        logins: Vec::new(),
        work: Vec::new(),
        refused: Vec::new(),
        violations: Vec::new(),
    };
    let (lifetime, idle_timeout) = (script.lifetime, script.idle_timeout);
    let manager = Manager {
        lifetime,
        idle_timeout,
        world: Arc::new(Mutex::new(world)),
    };
    let options = CallOptions::new().deadline(DEADLINE).max_retries(0);
    let config = Config::new("http://localhost:1")
        .limits(Limits::off())
        .options(options);
    let client = config.auth(manager.clone()).build().unwrap();
    let run = Run {
        script,
        manager: manager.clone(),
        client,
        tasks: JoinSet::new(),
    };
    network::run(move |request| manager.clone().answer(request), run.run());
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
    fn credential_refresh_model_serves_all_calls_under_random_scripts(script in script()) {
        run(script);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    #[ignore = "slow: 500 random scripts"]
    fn credential_refresh_model_serves_all_calls_under_many_random_scripts(script in script()) {
        run(script);
    }
}
