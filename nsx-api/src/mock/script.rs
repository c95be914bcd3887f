//! What a test has set up: queued and permanent answers, closures, and forbidden operations.

use std::collections::VecDeque;
use std::sync::Arc;

use http::Method;

use super::answer::Answer;
use super::login::has_session_path;
use super::recorded::RecordedRequest;
use super::routes;
use crate::Operation;

/// A closure that answers the calls of one operation.
pub(super) type Handler = Arc<dyn Fn(&RecordedRequest) -> Answer + Send + Sync>;

/// The calls that an entry applies to.
#[derive(Debug)]
enum Target {
    /// All calls of the API.
    Api,
    Operation(&'static str),
    Route(Method, String),
}

#[derive(Default)]
pub(super) struct Script {
    queued: VecDeque<(Target, Answer)>,
    permanent: Vec<(Target, Answer)>,
    handlers: Vec<(Target, Handler)>,
    forbidden: Vec<Target>,
    setup_error: Option<String>,
}

impl Script {
    /// Appends an answer to the queue.
    pub(super) fn push_answer(&mut self, answer: Answer, table: &[&'static Operation]) {
        if let Some(target) = self.target(answer.target.as_deref(), table) {
            self.queued.push_back((target, answer));
        }
    }

    /// Adds an answer for calls without a queued answer.
    pub(super) fn add_permanent_answer(&mut self, answer: Answer, table: &[&'static Operation]) {
        if let Some(target) = self.target(answer.target.as_deref(), table) {
            self.permanent.push((target, answer));
        }
    }

    /// Adds a closure that answers the calls of one operation.
    pub(super) fn add_handler(
        &mut self,
        operation: &str,
        handler: Handler,
        table: &[&'static Operation],
    ) {
        if let Some(target) = self.target(Some(operation), table) {
            self.handlers.push((target, handler));
        }
    }

    /// Forbids one operation.
    pub(super) fn forbid(&mut self, operation: &str, table: &[&'static Operation]) {
        if let Some(target) = self.target(Some(operation), table) {
            self.forbidden.push(target);
        }
    }

    /// Takes the scripted answer for a call, if there is one.
    pub(super) fn next_answer(&mut self, call: &RecordedRequest) -> Option<Answer> {
        if let Some(reason) = &self.setup_error {
            return Some(Answer::invalid(reason));
        }
        self.queued.retain(|(_, answer)| answer.times > 0);
        if let Some((_, answer)) = self
            .queued
            .iter_mut()
            .find(|(target, _)| target.matches(call))
        {
            answer.times -= 1;
            return Some(answer.clone());
        }
        latest(&self.permanent, call).cloned()
    }

    /// The closure for a call, if there is one.
    pub(super) fn handler(&self, call: &RecordedRequest) -> Option<Handler> {
        latest(&self.handlers, call).cloned()
    }

    /// Whether a call is forbidden.
    pub(super) fn is_forbidden(&self, call: &RecordedRequest) -> bool {
        self.forbidden.iter().any(|target| target.matches(call))
    }

    /// Parses the target of an entry. An unknown operation is an error in the test, which every
    /// call returns: otherwise the test might pass by accident.
    fn target(&mut self, name: Option<&str>, table: &[&'static Operation]) -> Option<Target> {
        let Some(name) = name else {
            return Some(Target::Api);
        };
        let target = Target::parse(name, table);
        if target.is_none() {
            self.setup_error = Some(format!(
                "{name:?} is neither an operationId of the document nor a method and a path"
            ));
        }
        target
    }
}

/// The entry for a call that was added last.
fn latest<'a, T>(entries: &'a [(Target, T)], call: &RecordedRequest) -> Option<&'a T> {
    entries
        .iter()
        .rev()
        .find(|(target, _)| target.matches(call))
        .map(|(_, value)| value)
}

impl Target {
    fn parse(name: &str, table: &[&'static Operation]) -> Option<Self> {
        if let Some(operation) = table.iter().find(|operation| operation.id == name) {
            return Some(Self::Operation(operation.id));
        }
        let (method, path) = name.split_once(' ')?;
        let method = method.parse().ok()?;
        path.starts_with('/')
            .then(|| Self::Route(method, path.to_owned()))
    }

    fn matches(&self, call: &RecordedRequest) -> bool {
        match self {
            Self::Api => !has_session_path(call),
            Self::Operation(id) => call.operation == Some(id),
            Self::Route(method, path) => {
                let (path, query) = path.split_once('?').unwrap_or((path, ""));
                call.method == *method
                    && routes::path_matches(path, &call.path)
                    && routes::query_contains(call.query.as_deref(), query)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn call(method: &str, path: &str) -> RecordedRequest {
        let (head, ()) = http::Request::builder()
            .method(method)
            .uri(path)
            .body(())
            .unwrap()
            .into_parts();
        RecordedRequest::new(&head, Bytes::new(), None, None)
    }

    fn body(answer: Option<Answer>) -> Option<Bytes> {
        answer.map(|answer| answer.body.unwrap())
    }

    #[test]
    fn queued_mock_answers_are_used_in_order_before_the_permanent_answer() {
        let mut script = Script::default();
        script.add_permanent_answer(Answer::status(200).body("always"), &[]);
        script.push_answer(Answer::status(200).body("first").times(2), &[]);
        script.push_answer(Answer::status(200).body("never").times(0), &[]);
        script.push_answer(
            Answer::status(200)
                .body("other")
                .only_for("GET /other/{id}"),
            &[],
        );
        script.push_answer(Answer::status(200).body("second"), &[]);
        let bodies: Vec<_> = (0..5)
            .map(|_| body(script.next_answer(&call("GET", "/"))).unwrap())
            .collect();
        assert_eq!(bodies, ["first", "first", "second", "always", "always"]);
        assert_eq!(
            body(script.next_answer(&call("POST", "/other/1"))).unwrap(),
            "always"
        );
        assert_eq!(
            body(script.next_answer(&call("GET", "/other/1"))).unwrap(),
            "other"
        );
        assert_eq!(
            body(script.next_answer(&call("GET", "/other/1"))).unwrap(),
            "always"
        );
    }

    #[test]
    fn session_calls_only_use_mock_answers_that_are_restricted_to_them() {
        let mut script = Script::default();
        script.add_permanent_answer(Answer::status(200).body("always"), &[]);
        script.push_answer(Answer::status(200).body("next"), &[]);
        script.push_answer(
            Answer::status(200)
                .body("login")
                .only_for("POST /api/session/create"),
            &[],
        );
        for (path, expected) in [
            ("/api/session/destroy", None),
            ("/api/session/create", Some("login")),
            ("/api/session/create", None),
            ("/", Some("next")),
            ("/", Some("always")),
        ] {
            let found = body(script.next_answer(&call("POST", path)));
            assert_eq!(found, expected.map(Bytes::from), "{path}");
        }
    }

    #[test]
    fn forbidding_an_operation_forbids_no_other() {
        let mut script = Script::default();
        script.forbid("GET /things/{id}", &[]);
        for (method, path, forbidden) in [
            ("GET", "/things/1", true),
            ("PUT", "/things/1", false),
            ("GET", "/things", false),
        ] {
            assert_eq!(
                script.is_forbidden(&call(method, path)),
                forbidden,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn the_last_permanent_mock_answer_that_applies_is_used() {
        let mut script = Script::default();
        script.add_permanent_answer(Answer::status(200).body("old"), &[]);
        script.add_permanent_answer(Answer::status(200).body("new").only_for("GET /new"), &[]);
        assert_eq!(
            body(script.next_answer(&call("GET", "/new"))).unwrap(),
            "new"
        );
        assert_eq!(body(script.next_answer(&call("GET", "/"))).unwrap(), "old");
    }

    #[test]
    fn an_unknown_operation_in_a_mock_answer_fails_every_call() {
        for name in ["Misspelt", "GET", "GET path", "G(T /path", ""] {
            let mut script = Script::default();
            script.push_answer(Answer::status(200).only_for(name), &[]);
            let message = body(script.next_answer(&call("GET", "/"))).unwrap();
            let message = String::from_utf8(message.to_vec()).unwrap();
            assert!(
                message.contains("is neither an operationId"),
                "{name}: {message}"
            );
        }
    }
}
