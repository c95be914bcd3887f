//! The manager: which sessions live, and what was done for whom and when.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::script::{Answered, OPERATIONS};
use crate::auth::{Authenticate, BoxError, Credentials, Login};
use crate::call::failure::Failure;
use crate::call::network;
use crate::error::Answer;
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
    /// The last one that the client was given, until it is given back.
    pub(super) held: Option<usize>,
    pub(super) missing: [bool; OPERATIONS],
    pub(super) mode: (Answered, Duration),
    /// When each call began.
    pub(super) calls: Vec<Instant>,
    pub(super) logins: Vec<Seen>,
    /// When a call was at the manager, or a login was for whoever waited for it.
    pub(super) work: Vec<(Option<usize>, Span)>,
    /// When a call was refused with a session that lived no more, and which.
    pub(super) refused: Vec<(Instant, usize)>,
    pub(super) faults: Vec<String>,
}

impl World {
    /// How many sessions calls have found to be dead since then.
    pub(super) fn found_dead(&self, since: Instant) -> usize {
        let lately = self.refused.iter().filter(|(when, _)| *when >= since);
        let sessions: BTreeSet<usize> = lately.map(|(_, session)| *session).collect();
        sessions.len()
    }
}

pub(super) type Span = (Instant, Instant);

pub(super) struct Session {
    pub(super) lives: bool,
    pub(super) expires: Option<Instant>,
    pub(super) used: Instant,
    pub(super) given_back: Option<Instant>,
}

/// A login.
pub(super) struct Seen {
    pub(super) began: Instant,
    /// `None` while it is under way.
    pub(super) ended: Option<Instant>,
    pub(super) outcome: Answered,
    /// Whether the client had credentials that were not over by their own word.
    pub(super) had: bool,
}

impl Seen {
    pub(super) fn gives_credentials(&self) -> bool {
        matches!(self.outcome, Answered::New | Answered::Same)
    }
}

/// Work that is under way, for as long as this is kept.
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
    pub(super) fn login_begins(&self) -> (Answered, Duration, Work<'_>) {
        let now = Instant::now();
        let mut world = lock(&self.world);
        if world.logins.last().is_some_and(|last| last.ended.is_none()) {
            world.faults.push("two logins at a time".into());
        }
        let idle_timeout = self
            .idle_timeout
            .and_then(|time| Credentials::new().idle_timeout(time).patience());
        let had = world
            .held
            .map(|held| &world.sessions[held])
            .is_some_and(|session| {
                session.expires.is_none_or(|expires| now < expires)
                    && idle_timeout.is_none_or(|timeout| now < session.used + timeout)
            });
        let (outcome, takes) = world.mode;
        world.logins.push(Seen {
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
            Some(last) if !is_new => (last.expires, last.given_back) = (expires, None),
            _ => world.sessions.push(Session {
                lives: true,
                expires,
                used,
                given_back: None,
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

    /// What a call is answered that arrives now.
    pub(super) fn status(&self, call: usize, session: usize, operation: usize) -> u16 {
        let now = Instant::now();
        let mut world = lock(&self.world);
        let (began, number) = (world.calls[call], session);
        let session = &mut world.sessions[number];
        let is_over = session.expires.is_some_and(|expires| now >= expires);
        let is_gone = session.given_back.is_some_and(|when| when < began);
        let is_idle = self
            .idle_timeout
            .is_some_and(|timeout| now >= session.used + timeout);
        session.used = now;
        session.lives &= !is_over && !is_idle;
        let lives = session.lives;
        if is_over || is_gone {
            world.faults.push(format!(
                "credentials {number} were used that were over or given back"
            ));
        }
        if !lives {
            world.refused.push((now, number));
        }
        match (lives, world.missing[operation]) {
            // Managers say either.
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
    async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
        let (outcome, takes, _work) = self.login_begins();
        yield_now().await;
        sleep(takes).await;
        match outcome {
            Answered::New => Ok(self.session(true)),
            Answered::Same => Ok(self.session(false)),
            Answered::WrongPassword => {
                let status = StatusCode::FORBIDDEN;
                let answer = Answer {
                    status,
                    ..Answer::default()
                };
                Err(Error::new(ErrorKind::Forbidden, "")
                    .with_answer(answer)
                    .into())
            }
            Answered::NoAnswer => Err("no answer".into()),
            Answered::Hangs => std::future::pending().await,
            Answered::Panics => panic!("as the script says"),
        }
    }

    async fn revoke(&self, _: &Login, credentials: &Credentials) -> Result<(), BoxError> {
        let mut headers = HeaderMap::new();
        credentials.apply(&mut headers);
        let number = number(&headers, "authorization");
        let now = Instant::now();
        let mut world = lock(&self.world);
        world.held.take_if(|held| *held == number);
        let session = &mut world.sessions[number];
        session.given_back = Some(now);
        session.lives = false;
        Ok(())
    }
}
