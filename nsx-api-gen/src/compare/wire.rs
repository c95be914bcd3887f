//! Changes on the wire that do not change the code: bounds, defaults, security, documented
//! responses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::{Change, Subject, Usage};
use super::constraints::SchemaComparison;
use super::kinds::Kind;
use super::pairs::{self, Operations, Renamed};
use super::report::ChangeReporter;
use super::surface::{Operation, Surface};
use super::unused::{self, urls};
use crate::document::{self, OperationRef, is_success, items, members, resolve, text};
use crate::model::rust_api::Argument;
use crate::names;

/// The extension of an operation with the date on which it is removed.
const SUNSET: &str = "x-sunset";

/// Adds the changes that only affect what is sent and received.
pub(super) fn compare(
    old: &Surface,
    new: &Surface,
    operations: &Operations<'_>,
    renamed: &Renamed,
    changes: &mut Vec<Change>,
) {
    servers(old, new, changes);
    security(old, new, changes);
    let places = (
        document::operations(&old.root),
        document::operations(&new.root),
    );
    for (before, after) in &operations.pairs {
        let Some(before) = before else { continue };
        let nodes = (places.0.get(before.index), places.1.get(after.index));
        if let (Some(old_place), Some(new_place)) = nodes {
            let mut pair = Pair {
                old: Side::new(&old.root, before, old_place),
                new: Side::new(&new.root, after, new_place),
                changes,
            };
            pair.compare();
        }
    }
    components(old, new, renamed, changes);
}

/// The servers other than the path of the first one.
fn servers(old: &Surface, new: &Surface, changes: &mut Vec<Change>) {
    let (before, after) = (urls(old.root.get("servers")), urls(new.root.get("servers")));
    if before != after && old.base == new.base {
        let mut report = ChangeReporter::new(Subject::Document, Usage::CALL, Vec::new(), changes);
        report.changed(Kind::ServersChanged, "list of servers", &before, &after);
    }
}

/// The security requirements of the document.
fn security(old: &Surface, new: &Surface, changes: &mut Vec<Change>) {
    let of = |surface: &Surface| Security::new(&surface.root, surface.root.get("security"));
    let mut report = ChangeReporter::new(Subject::Document, Usage::SENT, Vec::new(), changes);
    of(old).compare(&of(new), &mut report);
}

/// The schemas of the components, by the names of their types.
fn components(old: &Surface, new: &Surface, renamed: &Renamed, changes: &mut Vec<Change>) {
    let schemas = |root| -> BTreeMap<String, &Value> {
        let schemas = members(root);
        schemas
            .map(|(name, schema)| (names::type_name(name), schema))
            .collect()
    };
    const SCHEMAS: &str = "/components/schemas";
    let before = schemas(old.root.pointer(SCHEMAS));
    for (name, schema) in schemas(new.root.pointer(SCHEMAS)) {
        let old_name = renamed.old_name(&name).unwrap_or(&name);
        let Some(before) = before.get(old_name) else {
            continue;
        };
        // A password has no type of its own.
        let types = [old.types.get(old_name), new.types.get(&name)];
        let usage = types.into_iter().flatten().map(|ty| ty.usage);
        let usage = usage.fold(Usage::default(), Usage::or);
        let methods = new.types.get(&name).map(|ty| ty.methods.clone());
        let subject = Subject::Type { name };
        let report = ChangeReporter::new(subject, usage, methods.unwrap_or_default(), changes);
        SchemaComparison::new((&old.root, &new.root), report, None).compare(before, schema);
    }
}

/// An operation in one of the documents.
struct Side<'a> {
    root: &'a Value,
    operation: &'a Operation,
    place: &'a OperationRef<'a>,
}

impl<'a> Side<'a> {
    fn new(root: &'a Value, operation: &'a Operation, place: &'a OperationRef<'a>) -> Self {
        Self {
            root,
            operation,
            place,
        }
    }

    /// The definition of a parameter.
    fn parameter(&self, argument: &Argument) -> Option<&'a Value> {
        let nodes = crate::model::parameter_nodes(self.root, self.place);
        let mut nodes = nodes.into_iter();
        let node = nodes.find(|one| (one.0, one.1) == (argument.name.as_str(), argument.place));
        node.map(|one| one.2)
    }

    fn body(&self) -> Option<&'a Value> {
        self.place.node.get("requestBody")
    }

    /// The schema of the first content of a body or response.
    fn schema(&self, node: Option<&'a Value>) -> Option<&'a Value> {
        let node = resolve(self.root, node?)?;
        let (_, media) = members(node.get("content")).next()?;
        media.get("schema")
    }

    /// The operation's own security requirements.
    fn own_security(&self) -> Option<&'a Value> {
        self.place.node.get("security")
    }

    /// The security requirements of the operation or of the document.
    fn security(&self) -> Security {
        Security::new(self.root, self.own_security().or(self.root.get("security")))
    }

    /// The response headers, each with its definition.
    fn headers(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for (status, _, node) in self.place.responses() {
            let headers = resolve(self.root, node).and_then(|node| node.get("headers"));
            for (name, header) in members(headers) {
                let header = resolve(self.root, header).unwrap_or(header);
                all.insert(format!("`{name}` of {status}"), without_prose(header));
            }
        }
        all
    }
}

/// An operation before and after.
struct Pair<'a> {
    old: Side<'a>,
    new: Side<'a>,
    changes: &'a mut Vec<Change>,
}

impl Pair<'_> {
    fn compare(&mut self) {
        let (old, new) = (self.old.operation, self.new.operation);
        unused::compare(old, new, &mut self.report(Usage::CALL));
        self.security();
        self.metadata();
        self.headers();
        self.parameters();
        self.bodies();
        self.errors();
    }

    fn report(&mut self, usage: Usage) -> ChangeReporter<'_> {
        let operation = self.new.operation;
        let methods = vec![operation.method.name.clone()];
        ChangeReporter::new(operation.subject(), usage, methods, self.changes)
    }

    /// The requirements of the document are reported once.
    fn security(&mut self) {
        let own = [self.old.own_security(), self.new.own_security()];
        if own.iter().any(Option::is_some) {
            let (old, new) = (self.old.security(), self.new.security());
            old.compare(&new, &mut self.report(Usage::SENT));
        }
    }

    fn metadata(&mut self) {
        let privileges = (
            &self.old.operation.model.privileges,
            &self.new.operation.model.privileges,
        );
        let kinds = (
            Kind::OperationPrivilegeAdded,
            Kind::OperationPrivilegeRemoved,
        );
        let (old, new) = (privileges.0.clone(), privileges.1.clone());
        self.report(Usage::SENT)
            .difference((&old, &new), kinds, |name| format!("privilege `{name}`"));
        let sunset = |side: &Side<'_>| side.place.node.get(SUNSET).map(plain);
        let (old, new) = (sunset(&self.old), sunset(&self.new));
        if old != new {
            self.report(Usage::CALL)
                .add(Kind::OperationSunsetChanged, "sunset", old, new);
        }
    }

    fn headers(&mut self) {
        let (old, new) = (self.old.headers(), self.new.headers());
        let mut report = self.report(Usage::RECEIVED);
        for (name, header) in &new {
            let kind = match old.get(name) {
                None => Kind::ResponseHeaderAdded,
                Some(before) if before != header => Kind::ResponseHeaderChanged,
                Some(_) => continue,
            };
            report.add(kind, &format!("header {name}"), None, None);
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            let place = format!("header {name}");
            report.add(Kind::ResponseHeaderRemoved, &place, None, None);
        }
    }

    fn parameters(&mut self) {
        let roots = (self.old.root, self.new.root);
        for after in &self.new.operation.method.arguments {
            let before = pairs::argument(self.old.operation, self.new.operation, after);
            let nodes = (
                before.and_then(|before| self.old.parameter(before)),
                self.new.parameter(after),
            );
            let (Some(before), Some(after_node)) = nodes else {
                continue;
            };
            let place = format!("parameter `{}`", after.name);
            let deprecated = (is_deprecated(before), is_deprecated(after_node));
            let kinds = (
                Kind::RequestParameterBecameDeprecated,
                Kind::RequestParameterNoLongerDeprecated,
            );
            let mut report = self.report(Usage::SENT);
            report.toggled(deprecated, kinds, &place);
            if let (Some(before), Some(after)) = (before.get("schema"), after_node.get("schema")) {
                SchemaComparison::new(roots, report, Some(place)).compare_values(before, after);
            }
        }
    }

    fn bodies(&mut self) {
        let roots = (self.old.root, self.new.root);
        let (old, new) = (&self.old, &self.new);
        let bodies = (old.schema(old.body()), new.schema(new.body()));
        let responses = (
            old.schema(old.place.success(old.root)),
            new.schema(new.place.success(new.root)),
        );
        for (schemas, usage, place) in [
            (bodies, Usage::SENT, "request body"),
            (responses, Usage::RECEIVED, "response"),
        ] {
            if let (Some(old), Some(new)) = schemas {
                let report = self.report(usage);
                SchemaComparison::new(roots, report, Some(place.to_owned())).compare(old, new);
            }
        }
    }

    /// The bodies of the error responses that both versions document.
    fn errors(&mut self) {
        let errors = |side: &Side<'_>| -> Vec<(String, String)> {
            let responses = side.place.responses();
            let errors = responses.filter(|(status, ..)| !is_success(status));
            let bodies = errors.filter_map(|(status, _, node)| {
                let node = resolve(side.root, node)?;
                let content = node.get("content").map(without_prose).unwrap_or_default();
                Some((status.to_owned(), content.to_string()))
            });
            bodies.collect()
        };
        let (old, new) = (errors(&self.old), errors(&self.new));
        for (status, body) in &new {
            if old
                .iter()
                .any(|(known, other)| known == status && other != body)
            {
                let place = format!("error {status}");
                self.report(Usage::RECEIVED).add(
                    Kind::ResponseErrorBodyChanged,
                    &place,
                    None,
                    None,
                );
            }
        }
    }
}

fn is_deprecated(node: &Value) -> bool {
    node.get("deprecated") == Some(&Value::Bool(true))
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A part of a document without descriptions and examples.
fn without_prose(node: &Value) -> Value {
    match node {
        Value::Object(map) => {
            let is_prose =
                |key: &str| matches!(key, "description" | "example" | "examples" | "title");
            let kept = map
                .iter()
                .filter(|(key, value)| !is_prose(key) || value.is_object());
            kept.map(|(key, value)| (key.clone(), without_prose(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

/// The alternatives of security requirements, each with the schemes and scopes that it needs. An
/// alternative that needs nothing means that no credentials are needed.
struct Security(Vec<Vec<String>>);

impl Security {
    fn new(root: &Value, requirements: Option<&Value>) -> Self {
        let alternatives = items(requirements).map(|one| {
            let schemes = members(Some(one)).flat_map(|(scheme, scopes)| {
                let scopes = items(Some(scopes)).filter_map(Value::as_str);
                let scopes = scopes.map(|scope| format!("the scope {scope}"));
                std::iter::once(scheme_in_words(root, scheme)).chain(scopes)
            });
            schemes.collect()
        });
        let mut alternatives: Vec<Vec<String>> = alternatives.collect();
        if alternatives.is_empty() {
            alternatives.push(Vec::new());
        }
        Self(alternatives)
    }

    fn compare(&self, new: &Self, report: &mut ChangeReporter<'_>) {
        let suffices = |given: &Vec<String>| {
            let mut alternatives = new.0.iter();
            alternatives.any(|needed| needed.iter().all(|one| given.contains(one)))
        };
        let is_known = |one: &Vec<String>| self.0.contains(one);
        let kind = match (self.0.iter().all(suffices), new.0.iter().all(is_known)) {
            (false, _) => Kind::OperationSecurityTightened,
            (true, true) if new.0.len() == self.0.len() => return,
            (true, _) => Kind::OperationSecurityRelaxed,
        };
        report.changed(kind, "security", &self.in_words(), &new.in_words());
    }

    fn in_words(&self) -> String {
        let alternatives = self.0.iter().map(|one| match one.is_empty() {
            true => "nothing".to_owned(),
            false => one.join(" and "),
        });
        alternatives.collect::<Vec<_>>().join(", or ")
    }
}

/// What a security scheme is. Its name does not matter.
fn scheme_in_words(root: &Value, name: &str) -> String {
    let schemes = root.pointer("/components/securitySchemes");
    let Some(scheme) = schemes.and_then(|schemes| resolve(root, schemes.get(name)?)) else {
        return name.to_owned();
    };
    let details = ["type", "scheme", "in", "name", "openIdConnectUrl"];
    let details = details.iter().filter_map(|key| text(scheme, key));
    let flows = members(scheme.get("flows")).map(|(name, _)| name.as_str());
    details.chain(flows).collect::<Vec<_>>().join(" ")
}
