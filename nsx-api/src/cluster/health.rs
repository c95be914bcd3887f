//! Whether a manager of several is up: out when it cannot be reached, does not answer or is not there behind its proxy, and
//! looked at again while there are calls.
//!
//! A look is a task that a call begins and does not wait for; it ends within seconds, also if the client is gone by then.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use tokio::time::Instant;
use tracing::{Instrument, debug_span, info};

use crate::auth::Login;
use crate::sync::lock;
use crate::{CallOptions, Error};

/// The call by which a manager tells of its health.
const HEALTH: &str = "/api/v1/reverse-proxy/node/health";
const LOOK_DEADLINE: Duration = Duration::from_secs(5);
/// The same for a manager that is not out.
const SHORT_LOOK: Duration = Duration::from_secs(2);
/// From one look to the next: the first soon, as most failures pass.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);
/// One that has been back for so long was well.
const STEADY: Duration = Duration::from_secs(30);

/// What is known of a manager's health.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    out: Option<Out>,
    /// When it came back the last time, and how long it had been waited for.
    back: Option<(Instant, Duration)>,
    /// When somebody looked though it was not out.
    looked: Option<Instant>,
}

/// A manager that is taken out.
#[derive(Debug)]
struct Out {
    since: Instant,
    next_look: Instant,
    pause: Duration,
}

impl Health {
    pub(crate) fn is_up(&self) -> bool {
        lock(&self.0).out.is_none()
    }

    /// A connection failed, no answer came in time, or a gateway says that there is none.
    pub(crate) fn failed(&self, manager: &str, now: Instant) {
        let mut state = lock(&self.0);
        if state.out.is_some() {
            return;
        }
        // One that fails again soon is not there yet, whatever it says of itself.
        let pause = match state.back {
            Some((when, pause)) if now.saturating_duration_since(when) < STEADY => pause * 2,
            _ => SHORTEST,
        };
        let pause = pause.min(LONGEST);
        info!(
            manager,
            ?pause,
            "the manager is taken out: no connection, no answer, or 502, 503 or 504"
        );
        state.out = Some(Out {
            since: now,
            next_look: now + pause,
            pause,
        });
    }

    /// It has answered a request that was sent then. What was sent before it was taken out says nothing.
    pub(crate) fn answered(&self, manager: &str, sent: Instant) {
        let mut state = lock(&self.0);
        if let Some(out) = state.out.take_if(|out| out.since <= sent) {
            info!(manager, "the manager is back");
            state.back = Some((Instant::now(), out.pause));
        }
    }

    /// Whether it is time to look at it: true for one caller at a time.
    fn is_due(&self, now: Instant) -> bool {
        match &mut lock(&self.0).out {
            Some(out) if now >= out.next_look => {
                // Should the look end without a word, with its runtime for one, there is another.
                out.next_look = now + LOOK_DEADLINE + out.pause;
                true
            }
            _ => false,
        }
    }

    /// Whether to look at one that is not out: true for one caller a second.
    fn is_worth_a_look(&self, now: Instant) -> bool {
        let mut state = lock(&self.0);
        let recently = |when: Instant| now.saturating_duration_since(when) < SHORTEST;
        if state.out.is_some() || state.looked.is_some_and(recently) {
            return false;
        }
        state.looked = Some(now);
        true
    }

    /// What a look has found.
    fn looked(&self, manager: &str, began: Instant, is_well: bool) {
        match is_well {
            true => self.answered(manager, began),
            false => {
                let now = Instant::now();
                self.failed(manager, now);
                if let Some(out) = &mut lock(&self.0).out
                    && out.since < began
                {
                    out.pause = (out.pause * 2).min(LONGEST);
                    out.next_look = now + out.pause;
                }
            }
        }
    }
}

/// Looks at a manager that is out, if it is time.
pub(crate) fn look_if_due(health: &Arc<Health>, login: &Login) {
    if health.is_due(Instant::now()) {
        look(health, login, LOOK_DEADLINE);
    }
}

/// Looks at a manager that has kept a call waiting until its deadline: that may be the manager's fault, or nobody's.
pub(crate) fn look_if_suspect(health: &Arc<Health>, login: &Login) {
    if health.is_worth_a_look(Instant::now()) {
        look(health, login, SHORT_LOOK);
    }
}

fn look(health: &Arc<Health>, login: &Login, deadline: Duration) {
    let (health, login) = (health.clone(), login.clone());
    let look = async move {
        let began = Instant::now();
        let is_well = is_healthy(&login, deadline).await;
        health.looked(login.manager(), began, is_well);
    };
    // The span of the call that began it is not held open.
    tokio::spawn(look.instrument(debug_span!(parent: None, "nsx_health_look")));
}

/// What a manager says of itself; without credentials, so a refusal is a sign of life.
async fn is_healthy(login: &Login, deadline: Duration) -> bool {
    let options = CallOptions::new().max_retries(0).deadline(deadline);
    let answer = login
        .with(options)
        .request(Method::GET, HEALTH)
        .named("health")
        .send()
        .await;
    match answer {
        Ok(answer) => answer
            .json::<Answer>()
            .map_or(true, |answer| answer.healthy.unwrap_or(true)),
        Err(error) => is_alive(&error),
    }
}

fn is_alive(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| !status.is_server_error())
}

#[derive(Deserialize)]
struct Answer {
    healthy: Option<bool>,
}
