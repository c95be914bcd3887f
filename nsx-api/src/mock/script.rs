//! What a stand-in was told: answers for the next calls, answers for all calls, closures for an
//! operation, and operations that its user may not call.

use std::collections::VecDeque;
use std::sync::Arc;

use http::Method;

use super::answer::Answer;
use super::login::is_about_sessions;
use super::recorded::RecordedRequest;
use super::routes;
use crate::Operation;

/// A closure that answers the calls of one operation.
pub(super) type Handler = Arc<dyn Fn(&RecordedRequest) -> Answer + Send + Sync>;

/// Which calls something is for.
#[derive(Debug)]
enum Target {
    /// Those of the API.
    All,
    Operation(&'static str),
    Route(Method, String),
}

#[derive(Default)]
pub(super) struct Script {
    next: VecDeque<(Target, Answer)>,
    always: Vec<(Target, Answer)>,
    handlers: Vec<(Target, Handler)>,
    forbidden: Vec<Target>,
    mistake: Option<String>,
}

impl Script {
    /// Puts an answer behind those that wait for a call.
    pub(super) fn push(&mut self, answer: Answer, table: &[&'static Operation]) {
        if let Some(target) = self.target(answer.target.as_deref(), table) {
            self.next.push_back((target, answer));
        }
    }

    /// Answers like this whenever no answer waits.
    pub(super) fn always(&mut self, answer: Answer, table: &[&'static Operation]) {
        if let Some(target) = self.target(answer.target.as_deref(), table) {
            self.always.push((target, answer));
        }
    }

    /// Hands the calls of one operation to a closure.
    pub(super) fn on(&mut self, operation: &str, handler: Handler, table: &[&'static Operation]) {
        if let Some(target) = self.target(Some(operation), table) {
            self.handlers.push((target, handler));
        }
    }

    /// Takes the privilege for one operation away.
    pub(super) fn forbid(&mut self, operation: &str, table: &[&'static Operation]) {
        if let Some(target) = self.target(Some(operation), table) {
            self.forbidden.push(target);
        }
    }

    /// The answer that was scripted for this call, if there is one; it is used up.
    pub(super) fn take(&mut self, call: &RecordedRequest) -> Option<Answer> {
        if let Some(mistake) = &self.mistake {
            return Some(Answer::mistake(mistake));
        }
        self.next.retain(|(_, answer)| answer.times > 0);
        if let Some((_, answer)) = self.next.iter_mut().find(|(target, _)| target.fits(call)) {
            answer.times -= 1;
            return Some(answer.clone());
        }
        latest(&self.always, call).cloned()
    }

    /// The closure for this call, if there is one.
    pub(super) fn handler(&self, call: &RecordedRequest) -> Option<Handler> {
        latest(&self.handlers, call).cloned()
    }

    /// Whether the privilege for this call was taken away.
    pub(super) fn forbids(&self, call: &RecordedRequest) -> bool {
        self.forbidden.iter().any(|target| target.fits(call))
    }

    /// A name that nothing is called by is kept, and told to every caller: a test must not pass
    /// because of it.
    fn target(&mut self, name: Option<&str>, table: &[&'static Operation]) -> Option<Target> {
        let Some(name) = name else {
            return Some(Target::All);
        };
        let target = Target::parse(name, table);
        if target.is_none() {
            self.mistake = Some(format!(
                "{name:?} is neither an operation of the document nor a method and a path"
            ));
        }
        target
    }
}

/// What was told last goes first.
fn latest<'a, T>(entries: &'a [(Target, T)], call: &RecordedRequest) -> Option<&'a T> {
    entries
        .iter()
        .rev()
        .find(|(target, _)| target.fits(call))
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

    fn fits(&self, call: &RecordedRequest) -> bool {
        match self {
            Self::All => !is_about_sessions(call),
            Self::Operation(id) => call.operation == Some(id),
            Self::Route(method, path) => {
                let (path, query) = path.split_once('?').unwrap_or((path, ""));
                call.method == *method
                    && routes::matches(path, &call.path)
                    && routes::has_pairs(call.query.as_deref(), query)
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
    fn waiting_answers_are_used_up_in_order_and_then_the_lasting_one_is_given() {
        let mut script = Script::default();
        script.always(Answer::status(200).body("always"), &[]);
        script.push(Answer::status(200).body("first").times(2), &[]);
        script.push(Answer::status(200).body("never").times(0), &[]);
        script.push(
            Answer::status(200)
                .body("other")
                .only_for("GET /other/{id}"),
            &[],
        );
        script.push(Answer::status(200).body("second"), &[]);
        let given: Vec<_> = (0..5)
            .map(|_| body(script.take(&call("GET", "/"))).unwrap())
            .collect();
        assert_eq!(given, ["first", "first", "second", "always", "always"]);
        assert_eq!(
            body(script.take(&call("POST", "/other/1"))).unwrap(),
            "always"
        );
        assert_eq!(
            body(script.take(&call("GET", "/other/1"))).unwrap(),
            "other"
        );
        assert_eq!(
            body(script.take(&call("GET", "/other/1"))).unwrap(),
            "always"
        );
    }

    #[test]
    fn a_session_is_begun_and_ended_by_the_answers_that_are_meant_for_that_alone() {
        let mut script = Script::default();
        script.always(Answer::status(200).body("always"), &[]);
        script.push(Answer::status(200).body("next"), &[]);
        script.push(
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
            let given = body(script.take(&call("POST", path)));
            assert_eq!(given, expected.map(Bytes::from), "{path}");
        }
    }

    #[test]
    fn what_is_forbidden_is_one_operation() {
        let mut script = Script::default();
        script.forbid("GET /things/{id}", &[]);
        for (method, path, forbidden) in [
            ("GET", "/things/1", true),
            ("PUT", "/things/1", false),
            ("GET", "/things", false),
        ] {
            assert_eq!(
                script.forbids(&call(method, path)),
                forbidden,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn what_was_told_last_goes_first() {
        let mut script = Script::default();
        script.always(Answer::status(200).body("old"), &[]);
        script.always(Answer::status(200).body("new").only_for("GET /new"), &[]);
        assert_eq!(body(script.take(&call("GET", "/new"))).unwrap(), "new");
        assert_eq!(body(script.take(&call("GET", "/"))).unwrap(), "old");
    }

    #[test]
    fn a_name_that_nothing_is_called_by_is_told_to_every_caller() {
        for name in ["Misspelt", "GET", "GET path", "G(T /path", ""] {
            let mut script = Script::default();
            script.push(Answer::status(200).only_for(name), &[]);
            let told = body(script.take(&call("GET", "/"))).unwrap();
            let told = String::from_utf8(told.to_vec()).unwrap();
            assert!(told.contains("is neither an operation"), "{name}: {told}");
        }
    }
}
