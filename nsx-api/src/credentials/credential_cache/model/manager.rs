//! The model of the manager: its sessions, and a record of logins and calls.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::script::{LoginOutcome, OPERATIONS};
use crate::auth::{AuthContext, Authenticate, BoxError, Credentials};
use crate::call::failure::Failure;
use crate::call::network;
use crate::error::ErrorResponse;
use crate::sync::lock;
use crate::{Error, ErrorKind};

#[derive(Clone)]
pub(super) struct Manager {
    pub(super) lifetime: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) world: Arc<Mutex<World>>,
}

pub(super) struct World {
    pub(super) sessions: Vec<Session>,
    /// The last session that the client got, until it is revoked.
    pub(super) held: Option<usize>,
    /// The operations that the user may not call.
    pub(super) missing: [bool; OPERATIONS],
    pub(super) mode: (LoginOutcome, Duration),
    /// The start of each call.
    pub(super) calls: Vec<Instant>,
    pub(super) logins: Vec<LoginRecord>,
    /// The time that calls spent at the manager, and that logins took (for any call).
    pub(super) work: Vec<(Option<usize>, Span)>,
    /// When a call was refused because of an expired session, and the session.
    pub(super) refused: Vec<(Instant, usize)>,
    pub(super) violations: Vec<String>,
}

impl World {
    /// The number of sessions that calls have found expired since then.
    pub(super) fn found_expired(&self, since: Instant) -> usize {
        let lately = self.refused.iter().filter(|(when, _)| *when >= since);
        let sessions: BTreeSet<usize> = lately.map(|(_, session)| *session).collect();
        sessions.len()
    }
}

pub(super) type Span = (Instant, Instant);

pub(super) struct Session {
    pub(super) is_alive: bool,
    pub(super) expires: Option<Instant>,
    pub(super) used: Instant,
    pub(super) revoked: Option<Instant>,
}

pub(super) struct LoginRecord {
    pub(super) began: Instant,
    /// `None` while it runs.
    pub(super) ended: Option<Instant>,
    pub(super) outcome: LoginOutcome,
    /// Whether the client had credentials that had not expired.
    pub(super) had: bool,
}

impl LoginRecord {
    pub(super) fn gives_credentials(&self) -> bool {
        matches!(self.outcome, LoginOutcome::New | LoginOutcome::Same)
    }
}

/// Work in progress, recorded when this is dropped.
pub(super) struct Work<'a>(&'a Manager, Option<usize>, Instant);

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let Self(manager, call, began) = self;
        let now = Instant::now();
        let mut world = lock(&manager.world);
        world.work.push((*call, (*began, now)));
        if call.is_none() {
            world.logins.last_mut().unwrap().ended = Some(now);
        }
    }
}

impl Manager {
    pub(super) fn login_begins(&self) -> (LoginOutcome, Duration, Work<'_>) {
        let now = Instant::now();
        let mut world = lock(&self.world);
        if world.logins.last().is_some_and(|last| last.ended.is_none()) {
            world.violations.push("two concurrent logins".into());
        }
        let idle_timeout = self
            .idle_timeout
            .and_then(|time| Credentials::new().idle_timeout(time).max_idle());
        let had = world
            .held
            .map(|held| &world.sessions[held])
            .is_some_and(|session| {
                session.expires.is_none_or(|expires| now < expires)
                    && idle_timeout.is_none_or(|timeout| now < session.used + timeout)
            });
        let (outcome, takes) = world.mode;
        world.logins.push(LoginRecord {
            began: now,
            ended: None,
            outcome,
            had,
        });
        (outcome, takes, Work(self, None, now))
    }

    pub(super) fn session(&self, is_new: bool) -> Credentials {
        let used = Instant::now();
        let mut world = lock(&self.world);
        let expires = self.lifetime.map(|lifetime| used + lifetime);
        match world.sessions.last_mut() {
            Some(last) if !is_new => (last.expires, last.revoked) = (expires, None),
            _ => world.sessions.push(Session {
                is_alive: true,
                expires,
                used,
                revoked: None,
            }),
        }
        let number = world.sessions.len() - 1;
        world.held = Some(number);
        let mut credentials = Credentials::bearer(number.to_string());
        if let Some(lifetime) = self.lifetime {
            credentials = credentials.expires_in(lifetime);
        }
        match self.idle_timeout {
            Some(timeout) => credentials.idle_timeout(timeout),
            None => credentials,
        }
    }

    /// The status for a call that arrives now.
    pub(super) fn status(&self, call: usize, session: usize, operation: usize) -> u16 {
        let now = Instant::now();
        let mut world = lock(&self.world);
        let (began, number) = (world.calls[call], session);
        let session = &mut world.sessions[number];
        let is_over = session.expires.is_some_and(|expires| now >= expires);
        let is_gone = session.revoked.is_some_and(|when| when < began);
        let is_idle = self
            .idle_timeout
            .is_some_and(|timeout| now >= session.used + timeout);
        session.used = now;
        session.is_alive &= !is_over && !is_idle;
        let is_alive = session.is_alive;
        if is_over || is_gone {
            world
                .violations
                .push(format!("expired or revoked credentials {number} were used"));
        }
        if !is_alive {
            world.refused.push((now, number));
        }
        match (is_alive, world.missing[operation]) {
            // Managers send either.
            (false, _) => [401, 403][number % 2],
            (true, true) => 403,
            (true, false) => 200,
        }
    }

    pub(super) async fn answer(
        self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, Failure> {
        let [call, operation, takes] =
            ["call", "operation", "takes"].map(|name| number(request.headers(), name));
        let _work = Work(&self, Some(call), Instant::now());
        let status = self.status(call, number(request.headers(), "authorization"), operation);
        sleep(Duration::from_millis(takes as u64)).await;
        Ok(network::answer(status, &[], ""))
    }
}

pub(super) fn number(headers: &HeaderMap, name: &str) -> usize {
    let text = headers[name].to_str().unwrap();
    text.trim_start_matches("Bearer ").parse().unwrap()
}

impl Authenticate for Manager {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        let (outcome, takes, _work) = self.login_begins();
        yield_now().await;
        sleep(takes).await;
        match outcome {
            LoginOutcome::New => Ok(self.session(true)),
            LoginOutcome::Same => Ok(self.session(false)),
            LoginOutcome::WrongPassword => {
                let status = StatusCode::FORBIDDEN;
                let answer = ErrorResponse {
                    status,
                    ..ErrorResponse::default()
                };
                Err(Error::new(ErrorKind::Forbidden, "")
                    .with_response(answer)
                    .into())
            }
            LoginOutcome::NoAnswer => Err("no answer".into()),
            LoginOutcome::Hangs => std::future::pending().await,
            LoginOutcome::Panics => panic!("as the script says"),
        }
    }

    async fn revoke(&self, _: &AuthContext, credentials: &Credentials) -> Result<(), BoxError> {
        let mut headers = HeaderMap::new();
        credentials.apply(&mut headers);
        let number = number(&headers, "authorization");
        let now = Instant::now();
        let mut world = lock(&self.world);
        world.held.take_if(|held| *held == number);
        let session = &mut world.sessions[number];
        session.revoked = Some(now);
        session.is_alive = false;
        Ok(())
    }
}
