//! The models of the managers: how each behaves, and a record of the calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Request, Response};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::script::{Behavior, Mode};
use crate::ErrorKind;
use crate::call::failure::Failure;
use crate::call::network::{answer, no_response};
use crate::call::retry::Cause;
use crate::sync::lock;

/// Longer than a manager takes to respond, and than a probe of a hanging one.
pub(super) const ATTEMPT: Duration = Duration::from_secs(3);
pub(super) const HEALTHY: Mode = Mode {
    behavior: Behavior::Succeeds,
    takes: Duration::ZERO,
    reports_healthy: false,
};

#[derive(Clone)]
pub(super) struct Managers(pub(super) Arc<Mutex<World>>);

pub(super) struct World {
    pub(super) managers: Vec<Manager>,
    pub(super) calls: Vec<CallRecord>,
    pub(super) violations: Vec<String>,
}

pub(super) struct Manager {
    pub(super) mode: Mode,
    /// The number of changes of `mode`.
    pub(super) changes: usize,
    pub(super) restarts: usize,
    /// When the client has ejected it.
    pub(super) ejected_since: Option<Instant>,
    pub(super) calls: usize,
}

pub(super) struct CallRecord {
    pub(super) began: Instant,
    pub(super) effects: usize,
    pub(super) refusals: usize,
    pub(super) visits: Vec<Visit>,
}

pub(super) struct Visit {
    pub(super) manager: usize,
    /// The number of changes of the manager before the visit.
    pub(super) changes: usize,
    pub(super) is_refused: bool,
    pub(super) redirects: bool,
}

enum RequestKind {
    Login,
    Health,
    Call(usize),
}

impl Managers {
    pub(super) async fn answer(self, request: Request) -> Result<Response, Failure> {
        let host = request.url().host_str().unwrap();
        let number: usize = host.trim_start_matches("manager-").parse().unwrap();
        let kind = match request.url().path() {
            "/api/session/create" => RequestKind::Login,
            "/api/v1/reverse-proxy/node/health" => RequestKind::Health,
            path => RequestKind::Call(path.trim_start_matches("/things/").parse().unwrap()),
        };
        let (mode, is_refused) = self.record_request(number, &kind, &request);
        yield_now().await;
        sleep(mode.takes.min(ATTEMPT / 2)).await;
        let is_reachable = !matches!(
            mode.behavior,
            Behavior::LosesConnection | Behavior::Proxy(_)
        );
        let is_success = match kind {
            RequestKind::Health => mode.reports_healthy || is_reachable,
            RequestKind::Login => {
                matches!(mode.behavior, Behavior::Succeeds | Behavior::RedirectsTo(_))
            }
            RequestKind::Call(_) => mode.behavior == Behavior::Succeeds,
        };
        let code = r#"{"error_code": 98, "error_message": "Not now."}"#;
        match mode.behavior {
            Behavior::Unreachable => Err(no_response(ErrorKind::Connect, Cause::NoConnection)),
            Behavior::Hangs => std::future::pending().await,
            _ if is_refused => Ok(answer(403, &[], "")),
            _ if is_success => Ok(self.success(number)),
            Behavior::LosesConnection | Behavior::Succeeds => {
                Err(no_response(ErrorKind::Connection, Cause::ConnectionLost))
            }
            Behavior::ClosesConnection => {
                Err(no_response(ErrorKind::Connection, Cause::NotProcessed))
            }
            Behavior::Proxy(status) => Ok(answer(status, &[], "<h1>Gone</h1>")),
            Behavior::Fails(status, None) => Ok(answer(status, &[], code)),
            Behavior::Fails(status, Some(after)) => {
                Ok(answer(status, &[("retry-after", &after.to_string())], code))
            }
            Behavior::RedirectsTo(other) => {
                let target = format!("http://manager-{other}{}", request.url().path());
                Ok(answer(307, &[("location", &target)], ""))
            }
        }
    }

    /// A successful response to any request.
    fn success(&self, number: usize) -> Response {
        let session = lock(&self.0).managers.get(number).map(Manager::session);
        let session = session.unwrap_or_default();
        answer(200, &[("set-cookie", &session)], r#"{"healthy": true}"#)
    }

    /// Records a request. Returns how the manager behaves, and whether the session is expired.
    fn record_request(&self, number: usize, kind: &RequestKind, request: &Request) -> (Mode, bool) {
        let World {
            managers,
            calls,
            violations,
        } = &mut *lock(&self.0);
        let Some(manager) = managers.get_mut(number) else {
            violations.push(format!("manager {number} is not in the cluster"));
            return (HEALTHY, false);
        };
        let RequestKind::Call(call) = *kind else {
            return (manager.mode, false);
        };
        let (seen, behavior) = (&mut calls[call], manager.mode.behavior);
        let cookie = request.headers().get("cookie");
        let is_refused = cookie.is_some_and(|cookie| cookie != manager.session().as_str());
        let was_redirected = seen.visits.last().is_some_and(|visit| visit.redirects);
        if manager
            .ejected_since
            .is_some_and(|since| seen.began > since)
            && !was_redirected
        {
            violations.push(format!(
                "call {call} went to manager {number}, which was ejected"
            ));
        }
        // A hanging manager does not respond with a refusal.
        let has_effect = behavior.has_effect() && (!is_refused || behavior == Behavior::Hangs);
        seen.effects += usize::from(has_effect);
        if seen.effects > 1 && !request.method().is_idempotent() {
            violations.push(format!("call {call} may have taken effect twice"));
        }
        seen.refusals += usize::from(is_refused);
        manager.calls += 1;
        let redirects = matches!(behavior, Behavior::RedirectsTo(_));
        seen.visits.push(Visit {
            manager: number,
            changes: manager.changes,
            is_refused,
            redirects,
        });
        (manager.mode, is_refused)
    }
}

impl Manager {
    pub(super) fn new() -> Self {
        Self {
            mode: HEALTHY,
            changes: 0,
            restarts: 0,
            ejected_since: None,
            calls: 0,
        }
    }

    pub(super) fn change(&mut self, mode: Mode) {
        (self.mode, self.ejected_since) = (mode, None);
        self.changes += 1;
    }

    fn session(&self) -> String {
        format!("JSESSIONID=s{}", self.restarts)
    }
}
