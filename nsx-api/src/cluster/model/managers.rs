//! The managers: what each is like, and what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Request, Response};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::script::{Does, Mode};
use crate::ErrorKind;
use crate::call::failure::Failure;
use crate::call::network::{answer, no_answer};
use crate::call::retry::Cause;
use crate::sync::lock;

/// Longer than a manager takes to answer, and than a look at one that hangs.
pub(super) const ATTEMPT: Duration = Duration::from_secs(3);
pub(super) const WELL: Mode = Mode {
    does: Does::All,
    takes: Duration::ZERO,
    lies: false,
};

#[derive(Clone)]
pub(super) struct Managers(pub(super) Arc<Mutex<World>>);

pub(super) struct World {
    pub(super) managers: Vec<Manager>,
    pub(super) calls: Vec<Seen>,
    pub(super) faults: Vec<String>,
}

pub(super) struct Manager {
    pub(super) mode: Mode,
    /// How often that has changed.
    pub(super) changes: usize,
    pub(super) restarts: usize,
    /// Since when the client knows that it is out, if it is.
    pub(super) known_out: Option<Instant>,
    pub(super) calls: usize,
}

/// What there was of a call.
pub(super) struct Seen {
    pub(super) began: Instant,
    pub(super) effects: usize,
    pub(super) refusals: usize,
    pub(super) visits: Vec<Visit>,
}

pub(super) struct Visit {
    pub(super) manager: usize,
    /// How often the manager had changed by then.
    pub(super) changes: usize,
    pub(super) is_refused: bool,
    pub(super) sends_on: bool,
}

/// What is asked for.
enum Asks {
    Login,
    Health,
    Call(usize),
}

impl Managers {
    pub(super) async fn answer(self, request: Request) -> Result<Response, Failure> {
        let host = request.url().host_str().unwrap();
        let number: usize = host.trim_start_matches("manager-").parse().unwrap();
        let asks = match request.url().path() {
            "/api/session/create" => Asks::Login,
            "/api/v1/reverse-proxy/node/health" => Asks::Health,
            path => Asks::Call(path.trim_start_matches("/things/").parse().unwrap()),
        };
        let (mode, is_refused) = self.arrives(number, &asks, &request);
        yield_now().await;
        sleep(mode.takes.min(ATTEMPT / 2)).await;
        let is_there = !matches!(mode.does, Does::Breaks | Does::Proxy(_));
        let is_well = match asks {
            Asks::Health => mode.lies || is_there,
            Asks::Login => matches!(mode.does, Does::All | Does::SendsTo(_)),
            Asks::Call(_) => mode.does == Does::All,
        };
        let code = r#"{"error_code": 98, "error_message": "Not now."}"#;
        match mode.does {
            Does::Nothing => Err(no_answer(ErrorKind::Connect, Cause::NoConnection)),
            Does::Hangs => std::future::pending().await,
            _ if is_refused => Ok(answer(403, &[], "")),
            _ if is_well => Ok(self.done(number)),
            Does::Breaks | Does::All => {
                Err(no_answer(ErrorKind::Connection, Cause::ConnectionLost))
            }
            Does::Closes => Err(no_answer(ErrorKind::Connection, Cause::NotProcessed)),
            Does::Proxy(status) => Ok(answer(status, &[], "<h1>Gone</h1>")),
            Does::Fails(status, None) => Ok(answer(status, &[], code)),
            Does::Fails(status, Some(after)) => {
                Ok(answer(status, &[("retry-after", &after.to_string())], code))
            }
            Does::SendsTo(other) => {
                let target = format!("http://manager-{other}{}", request.url().path());
                Ok(answer(307, &[("location", &target)], ""))
            }
        }
    }

    /// All that anybody may have asked for.
    fn done(&self, number: usize) -> Response {
        let session = lock(&self.0).managers.get(number).map(Manager::session);
        let session = session.unwrap_or_default();
        answer(200, &[("set-cookie", &session)], r#"{"healthy": true}"#)
    }

    /// What the manager is like now, and whether it does not know the call's session.
    fn arrives(&self, number: usize, asks: &Asks, request: &Request) -> (Mode, bool) {
        let World {
            managers,
            calls,
            faults,
        } = &mut *lock(&self.0);
        let Some(manager) = managers.get_mut(number) else {
            faults.push(format!("manager {number} is none of the cluster"));
            return (WELL, false);
        };
        let Asks::Call(call) = *asks else {
            return (manager.mode, false);
        };
        let (seen, does) = (&mut calls[call], manager.mode.does);
        let cookie = request.headers().get("cookie");
        let is_refused = cookie.is_some_and(|cookie| cookie != manager.session().as_str());
        let was_sent_on = seen.visits.last().is_some_and(|visit| visit.sends_on);
        if manager.known_out.is_some_and(|since| seen.began > since) && !was_sent_on {
            faults.push(format!(
                "call {call} went to manager {number}, which was known to be out"
            ));
        }
        // What hangs does not say that it refuses.
        let has_effect = does.has_effect() && (!is_refused || does == Does::Hangs);
        seen.effects += usize::from(has_effect);
        if seen.effects > 1 && !request.method().is_idempotent() {
            faults.push(format!("call {call} may have taken effect twice"));
        }
        seen.refusals += usize::from(is_refused);
        manager.calls += 1;
        let sends_on = matches!(does, Does::SendsTo(_));
        seen.visits.push(Visit {
            manager: number,
            changes: manager.changes,
            is_refused,
            sends_on,
        });
        (manager.mode, is_refused)
    }
}

impl Manager {
    pub(super) fn new() -> Self {
        Self {
            mode: WELL,
            changes: 0,
            restarts: 0,
            known_out: None,
            calls: 0,
        }
    }

    pub(super) fn changes(&mut self, mode: Mode) {
        (self.mode, self.known_out) = (mode, None);
        self.changes += 1;
    }

    fn session(&self) -> String {
        format!("JSESSIONID=s{}", self.restarts)
    }
}
