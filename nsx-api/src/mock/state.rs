//! What all connections of a stand-in share: the document, whom it answers, what it was told and
//! what it received. Here a request becomes an answer; no I/O.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::request;
use tokio::time::Instant;

use super::answer::Answer;
use super::credentials::{Granted, Policy, Refused};
use super::login::SessionCall;
use super::recorded::RecordedRequest;
use super::render::{Example, Rendered, random_text, render};
use super::routes::{Route, find};
use super::script::{Handler, Script};
use super::sessions::{Created, SESSION_COOKIE, XSRF_TOKEN};
use crate::Operation;
use crate::sync::lock;

pub(super) struct State {
    pub(super) operations: &'static [&'static Operation],
    pub(super) examples: &'static [Example],
    pub(super) policy: Policy,
    granted: Mutex<Granted>,
    script: Mutex<Script>,
    requests: Mutex<Vec<RecordedRequest>>,
}

/// What goes out, and after how long.
pub(super) struct Reply {
    pub(super) delay: Duration,
    pub(super) rendered: Rendered,
}

impl State {
    pub(super) fn new(
        operations: &'static [&'static Operation],
        examples: &'static [Example],
        policy: Policy,
        session_timeout: Duration,
    ) -> Self {
        Self {
            operations,
            examples,
            policy,
            granted: Mutex::new(Granted::new(session_timeout)),
            script: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    pub(super) fn granted(&self) -> MutexGuard<'_, Granted> {
        lock(&self.granted)
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<RecordedRequest>> {
        lock(&self.requests)
    }

    /// Records a request, and works out the answer. Without a body it was too long, or broke off.
    pub(super) fn reply(
        &self,
        head: &request::Parts,
        body: Option<Bytes>,
        client_certificate: Option<Bytes>,
    ) -> Reply {
        let (path, query) = (head.uri.path(), head.uri.query());
        let route = find(self.operations, &head.method, path, query);
        let operation = match route {
            Route::Operation(operation) => Some(operation),
            Route::OtherMethod(_) | Route::Unknown => None,
        };
        let refused = body.is_none();
        let call = RecordedRequest::new(
            head,
            body.unwrap_or_default(),
            client_certificate,
            operation.map(|operation| operation.id),
        );
        self.requests().push(call.clone());
        let answer = if refused {
            Answer::refusal(413, 413, "The request's body is too long.")
        } else {
            self.answer(&call, route)
        };
        let delay = answer.delay;
        // Without random numbers there are no secrets, and no answer.
        let rendered = self
            .rendered(answer, operation)
            .unwrap_or(Rendered::Dropped);
        Reply { delay, rendered }
    }

    fn answer(&self, call: &RecordedRequest, route: Route) -> Answer {
        let (scripted, handler, forbidden) = {
            let mut script = self.script();
            let scripted = script.take(call);
            (scripted, script.handler(call), script.forbids(call))
        };
        if let Some(answer) = scripted {
            return answer;
        }
        let session_call = SessionCall::of(call);
        if session_call.is_none() {
            let checked = self.policy.check(&mut self.granted(), call, Instant::now());
            if let Err(refused) = checked {
                return refused.into();
            }
            if forbidden {
                return Refused::FORBIDDEN.into();
            }
        }
        if let Some(handler) = handler {
            return answer_of(&handler, call);
        }
        match session_call {
            Some(SessionCall::Create) => self.log_in(call).unwrap_or_else(Answer::from),
            Some(SessionCall::Destroy) => self.log_out(call).unwrap_or_else(Answer::from),
            None => by_the_document(route),
        }
    }

    fn log_in(&self, call: &RecordedRequest) -> Result<Answer, Refused> {
        self.policy.login(call)?;
        // Without random numbers there is no session, and no answer.
        let Ok(session) = self.granted().sessions.create(Instant::now()) else {
            return Ok(Answer::dropped());
        };
        let Created { id, xsrf_token } = session;
        let cookie = format!("{SESSION_COOKIE}={id}; Path=/; Secure; HttpOnly");
        Ok(Answer::status(200)
            .header("set-cookie", &cookie)
            .header(XSRF_TOKEN, &xsrf_token))
    }

    fn log_out(&self, call: &RecordedRequest) -> Result<Answer, Refused> {
        let mut granted = self.granted();
        let id = self.policy.session(&mut granted, call, Instant::now())?;
        granted.sessions.end(&id);
        Ok(Answer::status(200))
    }

    fn rendered(&self, answer: Answer, operation: Option<&Operation>) -> io::Result<Rendered> {
        let mut rendered = render(answer, operation, self.examples)?;
        if let Rendered::Response { headers, .. } = &mut rendered
            && !headers.contains_key(REQUEST_ID)
            && let Ok(id) = random_text()?.parse()
        {
            headers.insert(REQUEST_ID, id);
        }
        Ok(rendered)
    }
}

/// The answer to an operation of the document, or to what is none.
fn by_the_document(route: Route) -> Answer {
    match route {
        Route::Operation(_) => Answer::success(),
        Route::Unknown => Answer::refusal(404, 404, "The document has no such path."),
        Route::OtherMethod(methods) => {
            let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
            Answer::refusal(405, 405, "The document has this path, but not this method.")
                .header("allow", &methods.join(", "))
        }
    }
}

/// What a closure says, or that it panicked: a closed connection would not tell the test why.
fn answer_of(handler: &Handler, call: &RecordedRequest) -> Answer {
    // What the closure left half done is the test's own, as is its failure.
    catch_unwind(AssertUnwindSafe(|| handler(call))).unwrap_or_else(|panic| {
        let said = match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic.downcast_ref::<&str>().map_or_else(
                || "something else than text".to_owned(),
                |text| (*text).to_owned(),
            ),
        };
        Answer::refusal(500, 0, &format!("the closure of the test panicked: {said}"))
    })
}

/// The header that names the request in the manager's log.
const REQUEST_ID: &str = "x-nsx-requestid";
