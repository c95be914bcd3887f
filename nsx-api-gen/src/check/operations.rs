//! Operations that no method can be made of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{self, Place, is_json, is_success, join, media_type, members, resolve, text};
use crate::error::Faults;
use crate::names;

/// The request bodies that can be sent.
const BODIES: [&str; 5] = [
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/plain",
    "text/x-markdown",
];

pub(crate) fn check(root: &Value, faults: &mut Faults) {
    let mut methods: BTreeMap<String, String> = BTreeMap::new();
    for place in document::operations(root) {
        if !place.node.is_object() {
            faults.at(&place.pointer, "an operation must be an object");
            continue;
        }
        id(&place, &mut methods, faults);
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

/// Each operation has an id, and no two of them the same method in Rust.
fn id(place: &Place<'_>, methods: &mut BTreeMap<String, String>, faults: &mut Faults) {
    let method = place.method.to_uppercase();
    let Some(id) = place.id().filter(|id| !id.is_empty()) else {
        let message = format!("{method} {} has no operationId", place.path);
        faults.at(&place.pointer, message);
        return;
    };
    let rust = names::method_name(id);
    if let Some(other) = methods.insert(rust.clone(), id.to_owned()) {
        let message = if other == id {
            format!("the operationId `{id}` stands twice")
        } else {
            format!("`{id}` and `{other}` are both `{rust}` in Rust")
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

impl Look<'_> {
    fn fault(&mut self, pointer: &str, message: impl Into<String>) {
        self.faults.of(self.place.id(), pointer, message);
    }

    fn parameters(&mut self) {
        let template = template(self.place.path);
        let pointer = join("#/paths", self.place.path);
        if self.place.path.contains(['?', '#']) {
            self.fault(
                &pointer,
                "a path with a query or a fragment is not supported",
            );
            return;
        }
        let Some(template) = template else {
            self.fault(&pointer, "the braces of the path do not match");
            return;
        };
        let mut seen: BTreeMap<String, (String, String)> = BTreeMap::new();
        let mut declared = Vec::new();
        for (pointer, node) in self.place.parameters() {
            let Some(node) = resolve(self.root, node) else {
                continue;
            };
            let (Some(name), Some(place)) = (text(node, "name"), text(node, "in")) else {
                self.fault(
                    &pointer,
                    "a parameter must have a `name` and say what it is `in`",
                );
                continue;
            };
            self.parameter(&pointer, node, name, place, &template);
            if place == "path" {
                declared.push(name.to_owned());
            }
            let taken = names::field_name(name);
            let this = (name.to_owned(), place.to_owned());
            if let Some(other) = seen.insert(taken.clone(), this.clone())
                && other != this
            {
                let message = format!("`{name}` and `{}` are both `{taken}` in Rust", other.0);
                self.fault(&pointer, message);
            }
            if taken == "body" && self.place.node.get("requestBody").is_some() {
                self.fault(&pointer, "a parameter called `body` beside a request body");
            }
        }
        for name in template.iter().filter(|name| !declared.contains(name)) {
            let message = format!("the path's parameter `{name}` is not declared");
            self.fault(&self.place.pointer.clone(), message);
        }
    }

    fn parameter(
        &mut self,
        pointer: &str,
        node: &Value,
        name: &str,
        place: &str,
        template: &[String],
    ) {
        let style = text(node, "style");
        match place {
            "path" if !template.iter().any(|known| known == name) => {
                let message = format!("`{name}` is not in the path {}", self.place.path);
                self.fault(pointer, message);
            }
            "path" if node.get("required") != Some(&Value::Bool(true)) => {
                self.fault(
                    pointer,
                    format!("the path's parameter `{name}` must be required"),
                );
            }
            "path" | "header" if style.is_some_and(|style| style != "simple") => {
                self.fault(
                    pointer,
                    format!("only the style `simple` is supported in a {place}"),
                );
            }
            "query" if style.is_some_and(|style| style != "form") => {
                self.fault(pointer, "only the style `form` is supported in a query");
            }
            "path" | "query" | "header" => {}
            "cookie" => self.fault(pointer, "a parameter in a cookie is not supported"),
            _ => self.fault(pointer, format!("`{place}` is no place of a parameter")),
        }
        let Some(schema) = node.get("schema") else {
            self.fault(
                pointer,
                format!("the parameter `{name}` must have a `schema`"),
            );
            return;
        };
        let kind = resolve(self.root, schema).and_then(|schema| text(schema, "type"));
        let simple = match place {
            "query" => !matches!(kind, Some("object")),
            _ => !matches!(kind, Some("object" | "array")),
        };
        if !simple {
            let kind = kind.unwrap_or_default();
            self.fault(
                pointer,
                format!("{kind} as a parameter in a {place} is not supported"),
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
        if !BODIES.contains(&kind.as_str()) {
            self.fault(pointer, format!("a body of type {name} is not supported"));
        }
        if kind == "application/x-www-form-urlencoded" && media.get("schema").is_none() {
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
        let (mut successes, mut errors) = (Vec::new(), Vec::new());
        for (status, pointer, node) in self.place.responses() {
            if !is_status(status) {
                self.fault(
                    &pointer,
                    format!("`{status}` is no status such as 200, 4XX or default"),
                );
            }
            let Some(response) = resolve(self.root, node) else {
                continue;
            };
            let schema = schema_of(response);
            match is_success(status) {
                true => successes.push((status, schema)),
                false => errors.push((status, schema)),
            }
        }
        self.same_type(&pointer, "successes", &successes);
        // An error without a schema is read like one with the others' schema: leniently.
        errors.retain(|(_, schema)| !matches!(schema, Kind::None));
        self.same_type(&pointer, "errors", &errors);
    }

    fn same_type(&mut self, pointer: &str, what: &str, list: &[(&str, Kind<'_>)]) {
        let same = list.windows(2).all(|pair| match pair {
            [(_, one), (_, other)] => one == other,
            _ => true,
        });
        if !same {
            let list: Vec<String> = list
                .iter()
                .map(|(status, kind)| format!("{kind} for {status}"))
                .collect();
            let list = list.join(", ");
            self.fault(
                pointer,
                format!("one schema for all its {what} is supported, not {list}"),
            );
        }
    }
}

/// What a response's body is.
#[derive(PartialEq)]
enum Kind<'a> {
    None,
    Raw,
    Json(&'a Value),
}

impl std::fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Raw => f.write_str("no JSON"),
            Self::Json(schema) => match document::reference(schema) {
                Some(target) => f.write_str(document::component(target)),
                None => f.write_str("one of its own"),
            },
        }
    }
}

fn schema_of(response: &Value) -> Kind<'_> {
    let content: Vec<_> = members(response.get("content")).collect();
    let json = content.iter().find(|(name, _)| is_json(name));
    match (json, content.is_empty()) {
        (Some((_, media)), _) => Kind::Json(media.get("schema").unwrap_or(&Value::Null)),
        (None, true) => Kind::None,
        (None, false) => Kind::Raw,
    }
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

/// The names of a path's parameters; `None` when its braces do not match.
fn template(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let plain = !before.contains('}') && !name.contains(['{', '/']);
        if !plain || name.is_empty() {
            return None;
        }
        names.push(name.to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}
