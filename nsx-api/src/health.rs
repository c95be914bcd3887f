//! Whether a manager of several is up: out after a failed connection, and looked at again while there are calls.
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
/// From one look to the next: the first soon, as most failures pass.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// What is known of a manager's health.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Option<Down>>);

#[derive(Debug)]
struct Down {
    next_look: Instant,
    pause: Duration,
}

impl Health {
    pub(crate) fn is_up(&self) -> bool {
        lock(&self.0).is_none()
    }

    /// A connection failed, or no answer came in time.
    pub(crate) fn failed(&self, manager: &str, now: Instant) {
        let mut state = lock(&self.0);
        if state.is_none() {
            info!(
                manager,
                "the manager is taken out: no connection, or no answer"
            );
            *state = Some(Down {
                next_look: now + SHORTEST,
                pause: SHORTEST,
            });
        }
    }

    /// It has answered.
    pub(crate) fn answered(&self, manager: &str) {
        if lock(&self.0).take().is_some() {
            info!(manager, "the manager is back");
        }
    }

    /// Whether it is time to look at it: true for one caller at a time.
    fn is_due(&self, now: Instant) -> bool {
        match &mut *lock(&self.0) {
            Some(down) if now >= down.next_look => {
                down.pause = (down.pause * 2).min(LONGEST);
                // Should the look end without a word, with its runtime for one, there is another.
                down.next_look = now + LOOK_DEADLINE + down.pause;
                true
            }
            _ => false,
        }
    }

    /// It is still down.
    fn looked(&self, now: Instant) {
        if let Some(down) = &mut *lock(&self.0) {
            down.next_look = now + down.pause;
        }
    }
}

/// Looks at a manager that is down, if it is time.
pub(crate) fn look_if_due(health: &Arc<Health>, login: &Login) {
    if !health.is_due(Instant::now()) {
        return;
    }
    let (health, login) = (health.clone(), login.clone());
    let look = async move {
        match is_healthy(&login).await {
            true => health.answered(login.manager()),
            false => health.looked(Instant::now()),
        }
    };
    // The span of the call that began it is not held open.
    tokio::spawn(look.instrument(debug_span!(parent: None, "nsx_health_look")));
}

/// What a manager says of itself; without credentials, so a refusal is a sign of life.
async fn is_healthy(login: &Login) -> bool {
    let options = CallOptions::new().max_retries(0).deadline(LOOK_DEADLINE);
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
