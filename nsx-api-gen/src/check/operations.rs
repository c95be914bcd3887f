//! Reports operations for which no method can be generated.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::parameter_style::Style;
use crate::document::{
    self, IN_PART, OperationRef, URL_ENCODED, is_same_parameter, join, media_type, members,
    reference, resolve, text,
};
use crate::error::Faults;
use crate::names;

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    let mut taken = UsedNames::default();
    for place in document::operations(root) {
        if !place.node.is_object() {
            faults.add(&place.pointer, "an operation must be an object");
            continue;
        }
        check_id(&place, &mut taken, faults);
        let mut checker = OperationChecker {
            root,
            place: &place,
            faults,
        };
        checker.parameters();
        checker.body();
        checker.responses();
    }
}

/// The names used by previous operations, with their operationIds: methods, builders, and entries
/// of the operation table.
type UsedNames = [BTreeMap<String, String>; 3];

/// Each operation needs an id, and its Rust names must be unique.
fn check_id(place: &OperationRef<'_>, taken: &mut UsedNames, faults: &mut Faults) {
    let method = place.method.to_uppercase();
    let Some(id) = place.id().filter(|id| !id.is_empty()) else {
        let message = format!("{method} {} has no operationId", place.path);
        faults.add(&place.pointer, message);
        return;
    };
    if !names::has_ident(id) {
        let message = "the operationId contains no letter or digit, so it has no Rust name";
        faults.add_for(Some(id), &place.pointer, message);
        return;
    }
    let names = [
        names::method_name(id),
        names::builder_name(id),
        names::static_name(id),
    ];
    let mut faulty = false;
    for (taken, rust) in taken.iter_mut().zip(names) {
        let other = taken.insert(rust.clone(), id.to_owned());
        let Some(other) = other.filter(|_| !faulty) else {
            continue;
        };
        faulty = true;
        let message = match other == id {
            true => format!("the operationId `{id}` is used twice"),
            false => format!("`{id}` and `{other}` have the same Rust name `{rust}`"),
        };
        faults.add_for(Some(id), &place.pointer, message);
    }
}

/// Checks one operation.
struct OperationChecker<'a> {
    root: &'a Value,
    place: &'a OperationRef<'a>,
    faults: &'a mut Faults,
}

impl<'a> OperationChecker<'a> {
    fn report(&mut self, pointer: &str, message: impl Into<String>) {
        self.faults.add_for(self.place.id(), pointer, message);
    }

    fn parameters(&mut self) {
        let pointer = join("#/paths", self.place.path);
        let (path, query) = self.place.path_and_query();
        if !query.chars().all(is_query_char) || path.contains('#') {
            let message = "a path cannot have a fragment, and its query cannot have parameters";
            self.report(&pointer, message);
            return;
        }
        let Some(template) = document::path_parameter_names(path) else {
            self.report(&pointer, "unbalanced braces in the path");
            return;
        };
        let mut declared = Vec::new();
        let parameters = self.place.parameters(self.root);
        // `check::references` reports references without a target.
        let parameters = parameters
            .into_iter()
            .filter(|(_, node)| reference(node).is_none());
        let mut known: Vec<&Value> = Vec::new();
        for (pointer, node) in parameters {
            let (Some(name), Some(place)) = (text(node, "name"), text(node, "in")) else {
                let message = "a parameter must have `name` and `in`";
                self.report(&pointer, message);
                continue;
            };
            self.check_parameter(&pointer, node, name, place, &template);
            if known.iter().any(|known| is_same_parameter(known, node)) {
                let message = format!("the parameter `{name}` is declared twice in the {place}");
                self.report(&pointer, message);
            }
            known.push(node);
            if node.get("schema").is_none() && node.get("content").is_none() {
                let message = format!("the parameter `{name}` must have a `schema`");
                self.report(&pointer, message);
            }
            if place == "path" {
                declared.push(name);
            }
        }
        for name in template
            .iter()
            .filter(|name| !declared.contains(&name.as_str()))
        {
            let message = format!("the path parameter `{name}` is not declared");
            self.report(&self.place.pointer.clone(), message);
        }
    }

    fn check_parameter(
        &mut self,
        pointer: &str,
        node: &Value,
        name: &str,
        place: &str,
        template: &[String],
    ) {
        match place {
            "path" if !template.iter().any(|known| known == name) => {
                let message = format!("`{name}` is not in the path {}", self.place.path);
                self.report(pointer, message);
            }
            "path" if node.get("required") != Some(&Value::Bool(true)) => {
                let message = format!("the path parameter `{name}` must be required");
                self.report(pointer, message);
            }
            "path" | "query" | "header" | "cookie" | IN_PART => {
                if let Err(message) = Style::of(self.root, node) {
                    self.report(pointer, message);
                }
            }
            _ => self.report(pointer, format!("a parameter cannot be in `{place}`")),
        }
        if !names::has_ident(name) {
            self.report(
                pointer,
                format!("`{name}` contains no letter or digit, so it has no Rust name"),
            );
        }
    }

    fn body(&mut self) {
        let pointer = format!("{}/requestBody", self.place.pointer);
        let Some(body) = self
            .place
            .node
            .get("requestBody")
            .and_then(|body| resolve(self.root, body))
        else {
            return;
        };
        let content: Vec<_> = members(body.get("content")).collect();
        match content.as_slice() {
            [] => self.report(&pointer, "a request body must have a `content`"),
            [(name, media)] => self.media(&pointer, name, media),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
                let names = names.join(", ");
                self.report(
                    &pointer,
                    format!("a request body with several media types is not supported: {names}"),
                );
            }
        }
    }

    fn media(&mut self, pointer: &str, name: &str, media: &Value) {
        let kind = media_type(name);
        if kind.starts_with("multipart/") {
            let message = format!("a {name} body needs a schema with its parts");
            self.report(pointer, message);
        } else if kind.contains('*') || !kind.contains('/') {
            self.report(
                pointer,
                format!("`{name}` is not a valid media type of a request body"),
            );
        }
        if kind == URL_ENCODED && media.get("schema").is_none() {
            self.report(pointer, "a form must have a `schema`");
        }
        if members(media.get("encoding")).next().is_some() {
            self.report(pointer, "`encoding` is not supported");
        }
    }

    fn responses(&mut self) {
        let pointer = format!("{}/responses", self.place.pointer);
        if members(self.place.node.get("responses")).next().is_none() {
            self.report(&pointer, "an operation must have a response");
            return;
        }
        for (status, pointer, _) in self.place.responses() {
            if !is_status(status) {
                self.report(
                    &pointer,
                    format!("`{status}` is not a status such as 200, 4XX or default"),
                );
            }
        }
    }
}

/// Whether a character can be part of a query without escaping.
fn is_query_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(letter)
}

fn is_status(status: &str) -> bool {
    let range = |rest: &str| rest == "XX" || rest.chars().all(|digit| digit.is_ascii_digit());
    let mut letters = status.chars();
    status == "default"
        || (status.len() == 3
            && letters
                .next()
                .is_some_and(|first| ('1'..='5').contains(&first))
            && range(letters.as_str()))
}
