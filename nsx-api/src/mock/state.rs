//! The state that all connections of a mock manager share: the document, the credentials, the
//! script and the recorded requests. It chooses the response to a request, without I/O.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::request;
use tokio::time::Instant;

use super::answer::Answer;
use super::credentials::{AuthPolicy, AuthRefusal, AuthState};
use super::login::SessionCall;
use super::random::random_hex;
use super::recorded::RecordedRequest;
use super::render::{Example, Rendered, render};
use super::routes::{Route, find_route};
use super::script::{Handler, Script};
use super::sessions::{NewSession, SESSION_COOKIE, XSRF_TOKEN};
use crate::Operation;
use crate::sync::lock;

pub(super) struct State {
    pub(super) operations: &'static [&'static Operation],
    pub(super) examples: &'static [Example],
    pub(super) policy: AuthPolicy,
    auth_state: Mutex<AuthState>,
    script: Mutex<Script>,
    requests: Mutex<Vec<RecordedRequest>>,
}

/// A rendered answer, and the delay before it.
pub(super) struct Reply {
    pub(super) delay: Duration,
    pub(super) rendered: Rendered,
}

impl State {
    pub(super) fn new(
        operations: &'static [&'static Operation],
        examples: &'static [Example],
        policy: AuthPolicy,
        session_timeout: Duration,
    ) -> Self {
        Self {
            operations,
            examples,
            policy,
            auth_state: Mutex::new(AuthState::new(session_timeout)),
            script: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    pub(super) fn auth_state(&self) -> MutexGuard<'_, AuthState> {
        lock(&self.auth_state)
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<RecordedRequest>> {
        lock(&self.requests)
    }

    /// Records a request and chooses the response. `body` is `None` if it was too long or
    /// incomplete.
    pub(super) fn reply(
        &self,
        head: &request::Parts,
        body: Option<Bytes>,
        client_certificate: Option<Bytes>,
    ) -> Reply {
        let (path, query) = (head.uri.path(), head.uri.query());
        let route = find_route(self.operations, &head.method, path, query);
        let operation = match route {
            Route::Operation(operation) => Some(operation),
            Route::OtherMethod(_) | Route::Unknown => None,
        };
        let has_invalid_body = body.is_none();
        let call = RecordedRequest::new(
            head,
            body.unwrap_or_default(),
            client_certificate,
            operation.map(|operation| operation.id),
        );
        self.requests().push(call.clone());
        let answer = if has_invalid_body {
            Answer::generated_error(413, 413, "The request body is too long.")
        } else {
            self.choose_answer(&call, route)
        };
        let delay = answer.delay;
        // Without random numbers there are no secrets, so no response is possible.
        let rendered = self
            .render_with_request_id(answer, operation)
            .unwrap_or(Rendered::Dropped);
        Reply { delay, rendered }
    }

    fn choose_answer(&self, call: &RecordedRequest, route: Route) -> Answer {
        let (scripted, handler, forbidden) = {
            let mut script = self.script();
            let scripted = script.next_answer(call);
            (scripted, script.handler(call), script.is_forbidden(call))
        };
        if let Some(answer) = scripted {
            return answer;
        }
        let session_call = SessionCall::of(call);
        if session_call.is_none() {
            let mut auth_state = self.auth_state();
            let result = self
                .policy
                .authenticate(&mut auth_state, call, Instant::now());
            if let Err(refusal) = result {
                return refusal.into();
            }
            if forbidden {
                return AuthRefusal::FORBIDDEN.into();
            }
        }
        if let Some(handler) = handler {
            return run_handler(&handler, call);
        }
        match session_call {
            Some(SessionCall::Create) => self.log_in(call).unwrap_or_else(Answer::from),
            Some(SessionCall::Destroy) => self.log_out(call).unwrap_or_else(Answer::from),
            None => documented_answer(route),
        }
    }

    fn log_in(&self, call: &RecordedRequest) -> Result<Answer, AuthRefusal> {
        self.policy.check_login(call)?;
        // Without random numbers there is no session id, so no response is possible.
        let Ok(session) = self.auth_state().sessions.create(Instant::now()) else {
            return Ok(Answer::dropped());
        };
        let NewSession { id, xsrf_token } = session;
        let cookie = format!("{SESSION_COOKIE}={id}; Path=/; Secure; HttpOnly");
        Ok(Answer::status(200)
            .header("set-cookie", &cookie)
            .header(XSRF_TOKEN, &xsrf_token))
    }

    fn log_out(&self, call: &RecordedRequest) -> Result<Answer, AuthRefusal> {
        let mut auth_state = self.auth_state();
        let id = self.policy.session(&mut auth_state, call, Instant::now())?;
        auth_state.sessions.remove(&id);
        Ok(Answer::status(200))
    }

    fn render_with_request_id(
        &self,
        answer: Answer,
        operation: Option<&Operation>,
    ) -> io::Result<Rendered> {
        let mut rendered = render(answer, operation, self.examples)?;
        if let Rendered::Response { headers, .. } = &mut rendered
            && !headers.contains_key(REQUEST_ID)
            && let Ok(id) = random_hex()?.parse()
        {
            headers.insert(REQUEST_ID, id);
        }
        Ok(rendered)
    }
}

/// The default answer to an operation, or 404 or 405 if the document has no such operation.
fn documented_answer(route: Route) -> Answer {
    match route {
        Route::Operation(_) => Answer::success(),
        Route::Unknown => {
            Answer::generated_error(404, 404, "The document does not contain this path.")
        }
        Route::OtherMethod(methods) => {
            let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
            Answer::generated_error(
                405,
                405,
                "The document contains this path, but not with this method.",
            )
            .header("allow", &methods.join(", "))
        }
    }
}

/// Calls the closure of a test. A panic becomes a response with its message, because a closed
/// connection would not show what happened.
fn run_handler(handler: &Handler, call: &RecordedRequest) -> Answer {
    // The state that a panic may leave inconsistent belongs to the test, which fails anyway.
    catch_unwind(AssertUnwindSafe(|| handler(call))).unwrap_or_else(|panic| {
        let message = match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic.downcast_ref::<&str>().map_or_else(
                || "a value that is not text".to_owned(),
                |text| (*text).to_owned(),
            ),
        };
        Answer::generated_error(
            500,
            0,
            &format!("the closure of the test panicked: {message}"),
        )
    })
}

/// The header with the id of the request in the log of a manager.
const REQUEST_ID: &str = "x-nsx-requestid";
