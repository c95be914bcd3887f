//! Changes of operations: the client's methods, their arguments, setters and results.

use super::change::{Change, Subject, Usage};
use super::kinds::Kind;
use super::pairs::{self, Operations, Renamed};
use super::surface::{Argument, Body, Operation, Success, Surface, location_name};
use super::types::{ChangeReporter, TypeComparison};
use crate::document::is_success;
use crate::document::parameter_style::Style;
use crate::model::In;

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
    let methods = vec![operation.name().to_owned()];
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
        if old.names != new.names {
            let kind = Kind::OperationRenamed;
            self.report.changed(kind, "method", old.name(), new.name());
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
        for after in &new.arguments {
            match pairs::argument(old, new, after) {
                Some(before) => {
                    known.push((before, after));
                    self.parameter(before, after);
                }
                None => self.parameter_added(after),
            }
        }
        for before in &old.arguments {
            if !known
                .iter()
                .any(|(known, _)| known.name == before.name && known.place == before.place)
            {
                let (place, given) = (parameter(before), before.given());
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
        let given = after.given();
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
            report.changed(kind, &place, &old.given(), &new.given());
        }
        if old.style != new.style && old.ty.is_list() && new.ty.is_list() {
            let style = |style| match style {
                Style::Scalar | Style::Members => "repeated".to_owned(),
                Style::Joined(between) => format!("a{between}b"),
                Style::Json => "JSON".to_owned(),
            };
            let kind = Kind::RequestParameterStyleChanged;
            report.changed(kind, &place, &style(old.style), &style(new.style));
        }
        let kinds = (
            Kind::RequestParameterBecameDeprecated,
            Kind::RequestParameterNoLongerDeprecated,
        );
        report.toggled((old.deprecated, new.deprecated), kinds, &place);
        let mut walk = TypeComparison::of_part(self.renamed, report.part(Usage::SENT), &place);
        if !walk.same(&old.ty, &new.ty) {
            let (old, new) = (old.ty.rust(), new.ty.rust());
            let kind = Kind::RequestParameterTypeChanged;
            report.changed(kind, &place, &old, &new);
        }
    }

    /// Compares the order of the arguments that both versions have.
    fn order(&mut self, known: Vec<(&Argument, &Argument)>) {
        let mut after = known;
        after.retain(|(old, new)| old.required && new.required);
        let position = |argument: &Argument| {
            let mut all = self.old.arguments.iter();
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
        let rust = |body: &Body| Some(body.ty.rust());
        let report = &mut self.report;
        match (&self.old.body, &self.new.body) {
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

    fn body_changed(&mut self, old: &Body, new: &Body, place: &str) {
        let report = &mut self.report;
        let kinds = (
            Kind::RequestBodyBecameRequired,
            Kind::RequestBodyBecameOptional,
        );
        report.toggled((old.required, new.required), kinds, place);
        if old.media != new.media {
            let kind = Kind::RequestBodyMediaTypeChanged;
            report.changed(kind, place, &old.media, &new.media);
            return;
        }
        let mut walk = TypeComparison::of_part(self.renamed, report.part(Usage::SENT), place);
        if !walk.same(&old.ty, &new.ty) {
            let (old, new) = (old.ty.rust(), new.ty.rust());
            report.changed(Kind::RequestBodyTypeChanged, place, &old, &new);
        }
    }

    fn success(&mut self) {
        const PLACE: &str = "response";
        let (old, new) = (&self.old.success, &self.new.success);
        let report = &mut self.report;
        match (old, new) {
            (Success::Nothing, Success::Nothing) => {}
            (Success::Nothing, new) => {
                report.add(Kind::ResponseBodyAdded, PLACE, None, Some(new.rust()));
            }
            (old, Success::Nothing) => {
                report.add(Kind::ResponseBodyRemoved, PLACE, Some(old.rust()), None);
            }
            (Success::Stream { media: old }, Success::Stream { media: new }) => {
                if old != new {
                    report.changed(Kind::ResponseMediaTypeChanged, PLACE, old, new);
                }
            }
            (
                Success::Value {
                    media: before,
                    ty: old,
                },
                Success::Value {
                    media: after,
                    ty: new,
                },
            ) => {
                if before != after {
                    report.changed(Kind::ResponseAcceptChanged, PLACE, before, after);
                }
                let mut walk =
                    TypeComparison::of_part(self.renamed, report.part(Usage::RECEIVED), PLACE);
                if !walk.same(old, new) {
                    let (old, new) = (old.rust(), new.rust());
                    report.changed(Kind::ResponseBodyTypeChanged, PLACE, &old, &new);
                }
            }
            (old, new) => {
                let (old, new) = (old.rust(), new.rust());
                report.changed(Kind::ResponseBodyTypeChanged, PLACE, &old, &new);
            }
        }
    }

    fn statuses(&mut self) {
        for (success, added, removed) in [
            (
                true,
                Kind::ResponseSuccessStatusAdded,
                Kind::ResponseSuccessStatusRemoved,
            ),
            (
                false,
                Kind::ResponseErrorStatusAdded,
                Kind::ResponseErrorStatusRemoved,
            ),
        ] {
            let (old, new) = (statuses(self.old, success), statuses(self.new, success));
            let word = if success { "success" } else { "error" };
            let place = |status: &str| format!("{word} {status}");
            for status in new.iter().filter(|status| !old.contains(status)) {
                self.report.add(added, &place(status), None, None);
            }
            for status in old.iter().filter(|status| !new.contains(status)) {
                self.report.add(removed, &place(status), None, None);
            }
        }
    }
}

fn parameter(argument: &Argument) -> String {
    format!("parameter `{}`", argument.name)
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
