//! The page of an operation: what it does, its responses and how they arrive, and an example.

use super::example;
use super::method::{Method, documents_success};
use super::types::Types;
use crate::document::is_success;
use crate::document::markdown as docs;
use crate::model::{Api, Operation, Response};
use crate::names;

/// The docs of the client's methods of one tag, as Markdown.
pub(super) fn tag(api: &Api, tag: Option<&str>) -> String {
    let Some(tag) = tag else {
        return "Operations without a tag.".to_owned();
    };
    let heading = format!("Operations of the tag *{}*.", docs::one_line(tag));
    match api.tags.get(tag) {
        Some(description) => format!("{heading}\n\n{}", docs::markdown(description)),
        None => heading,
    }
}

/// The docs of the client's method, as Markdown.
pub(super) fn method(method: &Method<'_>, types: &Types, api: &Api) -> String {
    let operation = method.operation();
    let mut sections = vec![opening(operation)];
    if let Some(description) = operation
        .description
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        sections.push(docs::markdown(description));
    }
    if let Some(id) = &operation.original_id {
        sections.push(format!("In the vendor's document: {}.", docs::code(id)));
    }
    let call = docs::code(&operation.call());
    sections.push(format!("{call}, {}", again(operation)));
    sections.extend(required(operation));
    sections.extend(arguments(method));
    sections.push(responses(method, types));
    sections.extend(method.is_list.then(|| pages(method)));
    sections.push(example::section(method, types, api));
    sections.join("\n\n")
}

/// When the call is sent again by itself.
fn again(operation: &Operation) -> &'static str {
    match operation.idempotent {
        true => {
            "idempotent: it is [sent again](crate::CallOptions::max_retries) after every failure that may pass."
        }
        false => {
            "not idempotent: it is [sent again](crate::CallOptions::max_retries) only after an attempt that had no effect."
        }
    }
}

fn opening(operation: &Operation) -> String {
    let summary = operation.summary.as_deref().filter(|text| !text.is_empty());
    let summary = summary.map(docs::one_line);
    summary.map_or_else(
        || format!("Calls {}.", docs::code(&operation.id)),
        |summary| format!("{}.", summary.trim_end_matches('.')),
    )
}

fn arguments(method: &Method<'_>) -> Option<String> {
    let described = method.described();
    let required = described.iter().filter(|(_, required, _)| *required);
    // Names alone are in the signature already.
    required
        .clone()
        .find_map(|(_, _, description)| *description)?;
    let lines: Vec<String> = required
        .map(|(name, _, description)| match description {
            Some(description) => format!("- `{name}`: {}", docs::one_line(description)),
            None => format!("- `{name}`"),
        })
        .collect();
    Some(format!("# Arguments\n\n{}", lines.join("\n")))
}

fn responses(method: &Method<'_>, types: &Types) -> String {
    let operation = method.operation();
    let mut lines = vec![
        "# Responses".to_owned(),
        String::new(),
        "| status | meaning | in Rust |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    for response in &operation.responses {
        let success = is_success(&response.status)
            || (response.status == "default" && !documents_success(operation));
        let arrival = if success {
            method.arrival()
        } else {
            error(response, types)
        };
        let meaning = docs::one_line(&response.description);
        lines.push(format!("| {} | {meaning} | {arrival} |", response.status));
    }
    let default = operation
        .responses
        .iter()
        .any(|one| one.status == "default");
    if !documents_success(operation) && !default {
        lines.push(format!("| 2XX | Any success. | {} |", method.arrival()));
    }
    lines.extend(["", "# Errors", ""].map(str::to_owned));
    lines.push(
        "Every response above that is no success. Every other status, and a call that gets no answer, is an [`Error`](crate::Error) of its own \
         [kind](crate::ErrorKind)."
            .to_owned(),
    );
    lines.join("\n")
}

/// How a documented status that is no success arrives, and what is read of it by who made the call.
fn error(response: &Response, types: &Types) -> String {
    let kind = match kind(&response.status) {
        Some(kind) => format!("[`ErrorKind::{kind}`](crate::ErrorKind::{kind})"),
        None => "the [`ErrorKind`](crate::ErrorKind) of the status".to_owned(),
    };
    let Some(name) = &response.own_schema else {
        return kind;
    };
    let name = names::type_name(name);
    let body = match types.has(&name) {
        true => format!("of type [`{name}`](crate::types::{name})"),
        false => "of a form of its own".to_owned(),
    };
    format!("{kind}, its [body](crate::Error::body) {body}")
}

/// The kind of error of a status, as the layer written by hand has it.
pub(super) fn kind(status: &str) -> Option<&'static str> {
    Some(match status {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "412" => "PreconditionFailed",
        "429" => "TooManyRequests",
        "500" => "InternalServerError",
        "503" => "ServiceUnavailable",
        _ => return None,
    })
}

/// How a list is gone through.
fn pages(method: &Method<'_>) -> String {
    let builder = method.builder();
    let link = |name: &str| format!("[`{name}`](crate::builder::{builder}::{name})");
    format!(
        "# Pages\n\n`send` gives one page of the list. {} gives its items one by one, those of the pages behind it too, and {} gives the \
         pages. Each page is a call, made once it is needed.",
        link("stream"),
        link("pages"),
    )
}

/// What a caller must be allowed to, where the document names it.
fn required(operation: &Operation) -> Option<String> {
    let mut sentences = Vec::new();
    if !operation.privileges.is_empty() {
        let privileges = all_of("privilege", &operation.privileges);
        sentences.push(format!("Requires {privileges}."));
    }
    for (scheme, scopes) in &operation.scopes {
        let (scheme, scopes) = (docs::code(scheme), all_of("scope", scopes));
        sentences.push(format!("With {scheme} requires {scopes}."));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Names with their noun: the scopes `a`, `b` and `c`.
fn all_of(noun: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    let names: Vec<String> = names.iter().map(|name| docs::code(name)).collect();
    format!("the {noun}{plural} {}", docs::enumerated(&names))
}
