//! Changes of operations: the client's methods, their arguments, setters and results.

use super::change::{Change, Subject, Usage};
use super::kinds::Kind;
use super::pairs::{self, Operations, Renamed};
use super::report::ChangeReporter;
use super::surface::{Operation, Surface, location_name};
use crate::document::is_success;
use crate::document::parameter_style::Style;
use crate::model::In;
use crate::model::rust_api::{Argument, BodyArgument, Success};
use crate::names;

/// Adds the changes of the document as a whole and of its operations.
pub(super) fn compare(
    old: &Surface,
    new: &Surface,
    operations: &Operations<'_>,
    renamed: &Renamed,
    changes: &mut Vec<Change>,
) {
    if old.base != new.base {
        let mut report = ChangeReporter::new(Subject::Document, Usage::CALL, Vec::new(), changes);
        let kind = Kind::ServerPathChanged;
        report.changed(kind, "path of the server", &old.base, &new.base);
    }
    for (before, after) in &operations.pairs {
        let mut report = report(after, changes);
        match before {
            None => report.add(Kind::OperationAdded, "operation", None, None),
            Some(before) => {
                let mut pair = Pair {
                    old: before,
                    new: after,
                    renamed,
                    report,
                };
                pair.compare();
            }
        }
    }
    for removed in &operations.removed {
        report(removed, changes).add(Kind::OperationRemoved, "operation", None, None);
    }
}

fn report<'a>(operation: &Operation, changes: &'a mut Vec<Change>) -> ChangeReporter<'a> {
    let methods = vec![operation.method.name.clone()];
    ChangeReporter::new(operation.subject(), Usage::CALL, methods, changes)
}

/// An operation before and after.
struct Pair<'a> {
    old: &'a Operation,
    new: &'a Operation,
    renamed: &'a Renamed,
    report: ChangeReporter<'a>,
}

impl Pair<'_> {
    fn compare(&mut self) {
        self.names();
        self.call();
        self.metadata();
        self.parameters();
        self.body();
        self.success();
        self.statuses();
    }

    fn names(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.names() != new.names() {
            let kind = Kind::OperationRenamed;
            let (old, new) = (&old.method.name, &new.method.name);
            self.report.changed(kind, "method", old, new);
        } else if old.model.id != new.model.id {
            let kind = Kind::OperationIdChanged;
            let (old, new) = (&old.model.id, &new.model.id);
            self.report.changed(kind, "operationId", old, new);
        }
    }

    fn call(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.pattern != new.pattern {
            let kind = Kind::OperationPathChanged;
            self.report.changed(kind, "path", &old.path, &new.path);
        }
        if old.model.method != new.model.method {
            let kind = Kind::OperationHttpMethodChanged;
            let (old, new) = (old.model.method, new.model.method);
            let (old, new) = (old.to_uppercase(), new.to_uppercase());
            self.report.changed(kind, "HTTP method", &old, &new);
        }
    }

    fn metadata(&mut self) {
        let (old, new) = (&self.old.model, &self.new.model);
        if old.tag != new.tag {
            let (old, new) = (old.tag.clone(), new.tag.clone());
            self.report.add(Kind::OperationTagChanged, "tag", old, new);
        }
        let toggled = [
            (
                old.deprecated,
                new.deprecated,
                Kind::OperationBecameDeprecated,
                Kind::OperationNoLongerDeprecated,
            ),
            (
                old.idempotent,
                new.idempotent,
                Kind::OperationBecameIdempotent,
                Kind::OperationNoLongerIdempotent,
            ),
        ];
        for (old, new, on, off) in toggled {
            self.report.toggled((old, new), (on, off), "operation");
        }
    }

    fn parameters(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut known: Vec<(&Argument, &Argument)> = Vec::new();
        for after in &new.method.arguments {
            match pairs::argument(old, new, after) {
                Some(before) => {
                    known.push((before, after));
                    self.parameter(before, after);
                }
                None => self.parameter_added(after),
            }
        }
        for before in &old.method.arguments {
            if !known
                .iter()
                .any(|(known, _)| known.name == before.name && known.place == before.place)
            {
                let (place, given) = (parameter(before), given(before));
                let kind = Kind::RequestParameterRemoved;
                self.report.add(kind, &place, Some(given), None);
            }
        }
        self.order(known);
    }

    fn parameter_added(&mut self, after: &Argument) {
        let kind = match after.required {
            true => Kind::RequestParameterAddedRequired,
            false => Kind::RequestParameterAdded,
        };
        let given = given(after);
        self.report.add(kind, &parameter(after), None, Some(given));
    }

    fn parameter(&mut self, old: &Argument, new: &Argument) {
        let place = parameter(new);
        let report = &mut self.report;
        // Header names are case-insensitive.
        let header = old.place == In::Header && new.place == In::Header;
        if old.name != new.name && !(header && old.name.eq_ignore_ascii_case(&new.name)) {
            let kind = match (old.place, new.place) {
                (In::Path, In::Path) => Kind::RequestPathParameterRenamed,
                _ => Kind::RequestParameterWireNameChanged,
            };
            report.changed(kind, &place, &old.name, &new.name);
        }
        if old.place != new.place {
            let kind = Kind::RequestParameterLocationChanged;
            report.changed(
                kind,
                &place,
                location_name(old.place),
                location_name(new.place),
            );
        }
        if old.required != new.required {
            let kind = match new.required {
                true => Kind::RequestParameterBecameRequired,
                false => Kind::RequestParameterBecameOptional,
            };
            report.changed(kind, &place, &given(old), &given(new));
        }
        if old.style != new.style {
            let kind = Kind::RequestParameterStyleChanged;
            report.changed(kind, &place, &style(old.style), &style(new.style));
        }
        if !self.renamed.same(&old.ty, &new.ty) {
            let kind = Kind::RequestParameterTypeChanged;
            report.changed(kind, &place, old.ty.as_str(), new.ty.as_str());
        }
    }

    /// Compares the order of the arguments that both versions have.
    fn order(&mut self, known: Vec<(&Argument, &Argument)>) {
        let mut after = known;
        after.retain(|(old, new)| old.required && new.required);
        let position = |argument: &Argument| {
            let mut all = self.old.method.arguments.iter();
            all.position(|one| one.name == argument.name && one.place == argument.place)
        };
        let mut before = after.clone();
        before.sort_by_key(|(old, _)| position(old));
        let names = |list: &[(&Argument, &Argument)]| {
            let names = list.iter().map(|(_, new)| new.rust.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let (before, after) = (names(&before), names(&after));
        if before != after {
            let kind = Kind::RequestParametersReordered;
            self.report.changed(kind, "arguments", &before, &after);
        }
    }

    fn body(&mut self) {
        const PLACE: &str = "request body";
        let rust = |body: &BodyArgument| Some(body.ty.as_str().to_owned());
        let report = &mut self.report;
        match (&self.old.method.body, &self.new.method.body) {
            (None, None) => {}
            (None, Some(new)) => {
                let kind = match new.required {
                    true => Kind::RequestBodyAddedRequired,
                    false => Kind::RequestBodyAdded,
                };
                report.add(kind, PLACE, None, rust(new));
            }
            (Some(old), None) => report.add(Kind::RequestBodyRemoved, PLACE, rust(old), None),
            (Some(old), Some(new)) => self.body_changed(old, new, PLACE),
        }
    }

    fn body_changed(&mut self, old: &BodyArgument, new: &BodyArgument, place: &str) {
        let report = &mut self.report;
        let kinds = (
            Kind::RequestBodyBecameRequired,
            Kind::RequestBodyBecameOptional,
        );
        report.toggled((old.required, new.required), kinds, place);
        let media =
            |operation: &Operation| operation.model.body.as_ref().map(|one| one.media.clone());
        let (before, after) = (media(self.old), media(self.new));
        if before != after {
            let kind = Kind::RequestBodyMediaTypeChanged;
            report.add(kind, place, before, after);
        } else if !self.renamed.same(&old.ty, &new.ty) {
            let kind = Kind::RequestBodyTypeChanged;
            report.changed(kind, place, old.ty.as_str(), new.ty.as_str());
        }
    }

    fn success(&mut self) {
        const PLACE: &str = "response";
        let (old, new) = (&self.old.method, &self.new.method);
        let accept = (self.old.model.accept(), self.new.model.accept());
        let report = &mut self.report;
        let kinds = (Kind::OperationListAdded, Kind::OperationListRemoved);
        report.toggled((old.is_list, new.is_list), kinds, "`stream` and `pages`");
        let (old, new) = (&old.success, &new.success);
        match (old, new) {
            (Success::Nothing, Success::Nothing) => {}
            (Success::Nothing, new) => {
                let kind = Kind::ResponseBodyAdded;
                report.add(kind, PLACE, None, Some(returned(new).to_owned()));
            }
            (old, Success::Nothing) => {
                let kind = Kind::ResponseBodyRemoved;
                report.add(kind, PLACE, Some(returned(old).to_owned()), None);
            }
            (Success::Value(old), Success::Value(new)) if self.renamed.same(old, new) => {
                if accept.0 != accept.1 {
                    let kind = Kind::ResponseAcceptChanged;
                    report.changed(kind, PLACE, &accept.0, &accept.1);
                }
            }
            (Success::Stream, Success::Stream) => {
                if accept.0 != accept.1 {
                    let kind = Kind::ResponseMediaTypeChanged;
                    report.changed(kind, PLACE, &accept.0, &accept.1);
                }
            }
            (old, new) => {
                let kind = Kind::ResponseBodyTypeChanged;
                report.changed(kind, PLACE, returned(old), returned(new));
            }
        }
    }

    fn statuses(&mut self) {
        for (success, word, kinds) in [
            (
                true,
                "success",
                (
                    Kind::ResponseSuccessStatusAdded,
                    Kind::ResponseSuccessStatusRemoved,
                ),
            ),
            (
                false,
                "error",
                (
                    Kind::ResponseErrorStatusAdded,
                    Kind::ResponseErrorStatusRemoved,
                ),
            ),
        ] {
            let (old, new) = (statuses(self.old, success), statuses(self.new, success));
            self.report
                .difference((&old, &new), kinds, |status| format!("{word} {status}"));
        }
    }
}

fn parameter(argument: &Argument) -> String {
    format!("parameter `{}`", argument.name)
}

/// The argument or setter in code.
fn given(argument: &Argument) -> String {
    match argument.required {
        true => argument.rust.clone(),
        false => format!(".{}(…)", names::setter_name(&argument.rust)),
    }
}

fn style(style: Style) -> String {
    match style {
        Style::Scalar | Style::Members => "repeated".to_owned(),
        Style::Joined(between) => format!("a{between}b"),
        Style::Json => "JSON".to_owned(),
    }
}

/// The type that `send` returns.
fn returned(success: &Success) -> &str {
    match success {
        Success::Nothing => "()",
        Success::Stream => "ByteStream",
        Success::Value(ty) => ty.as_str(),
    }
}

/// The documented success or error statuses. `default` is a success if there is no other.
fn statuses(operation: &Operation, success: bool) -> Vec<&str> {
    let all = operation.model.responses.iter();
    let all: Vec<&str> = all.map(|response| response.status.as_str()).collect();
    let documented = all.iter().any(|status| is_success(status));
    let is = |status: &str| is_success(status) || (status == "default" && !documented);
    all.into_iter()
        .filter(|status| is(status) == success)
        .collect()
}
