//! Operations that no method can be made of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::parameter_style::Style;
use crate::document::{
    self, IN_PART, Place, URL_ENCODED, join, media_type, members, resolve, text,
};
use crate::error::Faults;
use crate::names;

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    let mut taken = Taken::default();
    for place in document::operations(root) {
        if !place.node.is_object() {
            faults.at(&place.pointer, "an operation must be an object");
            continue;
        }
        id(&place, &mut taken, faults);
        let mut look = Look {
            root,
            place: &place,
            faults,
        };
        look.parameters();
        look.body();
        look.responses();
    }
}

/// The names that the operations before have taken, each with its operationId: methods, builders, entries of the table.
type Taken = [BTreeMap<String, String>; 3];

/// Each operation has an id, and no two of them the same name for anything.
fn id(place: &Place<'_>, taken: &mut Taken, faults: &mut Faults) {
    let method = place.method.to_uppercase();
    let Some(id) = place.id().filter(|id| !id.is_empty()) else {
        let message = format!("{method} {} has no operationId", place.path);
        faults.at(&place.pointer, message);
        return;
    };
    if !names::has_ident(id) {
        let message = "no name in Rust can be made of this operationId";
        faults.of(Some(id), &place.pointer, message);
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
            true => format!("the operationId `{id}` stands twice"),
            false => format!("`{id}` and `{other}` are both `{rust}` in Rust"),
        };
        faults.of(Some(id), &place.pointer, message);
    }
}

/// Looks at one operation.
struct Look<'a> {
    root: &'a Value,
    place: &'a Place<'a>,
    faults: &'a mut Faults,
}

impl<'a> Look<'a> {
    fn fault(&mut self, pointer: &str, message: impl Into<String>) {
        self.faults.of(self.place.id(), pointer, message);
    }

    fn parameters(&mut self) {
        let pointer = join("#/paths", self.place.path);
        let (path, query) = self.place.path_and_query();
        if !query.chars().all(is_of_query) || path.contains('#') {
            let message = "the query of a path must be fixed, and a path has no fragment";
            self.fault(&pointer, message);
            return;
        }
        let Some(template) = document::template(path) else {
            self.fault(&pointer, "the braces of the path do not match");
            return;
        };
        let mut declared = Vec::new();
        for (pointer, node) in self.own_parameters() {
            let (Some(name), Some(place)) = (text(node, "name"), text(node, "in")) else {
                let message = "a parameter must have a `name` and say what it is `in`";
                self.fault(&pointer, message);
                continue;
            };
            self.place_of(&pointer, node, name, place, &template);
            if node.get("schema").is_none() && node.get("content").is_none() {
                let message = format!("the parameter `{name}` must have a `schema`");
                self.fault(&pointer, message);
            }
            if place == "path" {
                declared.push(name);
            }
        }
        for name in template
            .iter()
            .filter(|name| !declared.contains(&name.as_str()))
        {
            let message = format!("the path's parameter `{name}` is not declared");
            self.fault(&self.place.pointer.clone(), message);
        }
    }

    /// The parameters that hold for the operation: its own win over the path item's.
    fn own_parameters(&self) -> Vec<(String, &'a Value)> {
        let mut list: Vec<(String, &Value)> = Vec::new();
        let own = format!("{}/", self.place.pointer);
        for (pointer, node) in self.place.parameters() {
            let Some(node) = resolve(self.root, node) else {
                continue;
            };
            let same = |known: &Value| {
                ["name", "in"]
                    .iter()
                    .all(|key| known.get(*key) == node.get(*key))
            };
            if pointer.starts_with(&own) {
                list.retain(|(known, other)| known.starts_with(&own) || !same(other));
            }
            list.push((pointer, node));
        }
        list
    }

    fn place_of(
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
                self.fault(pointer, message);
            }
            "path" if node.get("required") != Some(&Value::Bool(true)) => {
                let message = format!("the path's parameter `{name}` must be required");
                self.fault(pointer, message);
            }
            "path" | "query" | "header" | "cookie" | IN_PART => {
                if let Err(message) = Style::of(self.root, node) {
                    self.fault(pointer, message);
                }
            }
            _ => self.fault(pointer, format!("`{place}` is no place of a parameter")),
        }
        if !names::has_ident(name) {
            self.fault(pointer, format!("no name in Rust can be made of `{name}`"));
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
            [] => self.fault(&pointer, "a request body must have a `content`"),
            [(name, media)] => self.media(&pointer, name, media),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
                let names = names.join(", ");
                self.fault(
                    &pointer,
                    format!("several media types for one body: {names}"),
                );
            }
        }
    }

    fn media(&mut self, pointer: &str, name: &str, media: &Value) {
        let kind = media_type(name);
        if kind.starts_with("multipart/") {
            let message =
                format!("a body of type {name} without a schema of its parts is not supported");
            self.fault(pointer, message);
        } else if kind.contains('*') || !kind.contains('/') {
            self.fault(pointer, format!("`{name}` is no media type of a body"));
        }
        if kind == URL_ENCODED && media.get("schema").is_none() {
            self.fault(pointer, "a form must have a `schema`");
        }
        if members(media.get("encoding")).next().is_some() {
            self.fault(pointer, "an `encoding` of a body's parts is not supported");
        }
    }

    fn responses(&mut self) {
        let pointer = format!("{}/responses", self.place.pointer);
        if members(self.place.node.get("responses")).next().is_none() {
            self.fault(&pointer, "an operation must have a response");
            return;
        }
        for (status, pointer, _) in self.place.responses() {
            if !is_status(status) {
                self.fault(
                    &pointer,
                    format!("`{status}` is no status such as 200, 4XX or default"),
                );
            }
        }
    }
}

/// What may stand in a query as it is.
fn is_of_query(letter: char) -> bool {
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
