//! The docs of an operation: what it does, its responses and their Rust types, and an example.

use super::example;
use super::method::Method;
use super::status::{documents_success, error_kind};
use super::types::Types;
use crate::document::is_success;
use crate::document::markdown as docs;
use crate::model::{Api, Operation, Response};
use crate::names;

/// The docs of the client's methods with one tag, as Markdown.
pub(super) fn tag_docs(api: &Api, tag: Option<&str>) -> String {
    let Some(tag) = tag else {
        return "Operations without a tag.".to_owned();
    };
    let heading = format!("Operations with the tag *{}*.", docs::one_line(tag));
    match api.tags.get(tag) {
        Some(description) => format!("{heading}\n\n{}", docs::markdown(description)),
        None => heading,
    }
}

/// The docs of the client's method, as Markdown.
pub(super) fn method_docs(method: &Method<'_>, types: &Types, api: &Api) -> String {
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
        sections.push(format!(
            "The vendor's documentation calls this operation {}.",
            docs::code(id)
        ));
    }
    let call = docs::code(&operation.call());
    sections.push(format!("Request: {call}. {}", retry_policy(operation)));
    sections.extend(required(operation));
    sections.extend(arguments(method));
    sections.push(responses(method, types));
    sections.extend(method.is_list.then(|| pages(method)));
    sections.push(example::section(method, types, api));
    sections.join("\n\n")
}

/// When the call is retried automatically.
fn retry_policy(operation: &Operation) -> &'static str {
    match operation.idempotent {
        true => {
            "The operation is idempotent, so it is [retried](crate::CallOptions::max_retries) after every transient failure."
        }
        false => {
            "The operation is not idempotent, so it is [retried](crate::CallOptions::max_retries) only if the previous attempt cannot have taken effect."
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
    let described = method.argument_docs();
    let required = described.iter().filter(|(_, required, _)| *required);
    // Names without descriptions are already in the signature.
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
        "| status | description | result |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    for response in &operation.responses {
        let success = is_success(&response.status)
            || (response.status == "default" && !documents_success(operation));
        let result = if success {
            method.returned_type()
        } else {
            error(response, types)
        };
        let meaning = docs::one_line(&response.description);
        lines.push(format!("| {} | {meaning} | {result} |", response.status));
    }
    let default = operation
        .responses
        .iter()
        .any(|one| one.status == "default");
    if !documents_success(operation) && !default {
        lines.push(format!(
            "| 2XX | Any success. | {} |",
            method.returned_type()
        ));
    }
    lines.extend(["", "# Errors", ""].map(str::to_owned));
    lines.push(
        "Returns an [`Error`](crate::Error) for every non-2xx response above, for any other status, and if no response arrives. Its \
         [kind](crate::ErrorKind) distinguishes these cases."
            .to_owned(),
    );
    lines.join("\n")
}

/// How a documented error response is reported, and the type of its body.
fn error(response: &Response, types: &Types) -> String {
    let kind = match error_kind(&response.status) {
        Some(kind) => format!("[`ErrorKind::{kind}`](crate::ErrorKind::{kind})"),
        None => "the [`ErrorKind`](crate::ErrorKind) of the status".to_owned(),
    };
    let Some(name) = &response.own_schema else {
        return kind;
    };
    let name = names::type_name(name);
    let body = match types.has(&name) {
        true => format!("of type [`{name}`](crate::types::{name})"),
        false => "with its own schema".to_owned(),
    };
    format!("{kind}, with a [body](crate::Error::body) {body}")
}

/// How to iterate over the list.
fn pages(method: &Method<'_>) -> String {
    let builder = method.builder();
    let link = |name: &str| format!("[`{name}`](crate::builder::{builder}::{name})");
    format!(
        "# Pagination\n\n`send` returns one page of the list. {} returns the items of this and all following pages, and {} returns the pages. \
         Each page is requested by its own call, when it is needed.",
        link("stream"),
        link("pages"),
    )
}

/// The privileges and scopes that the caller needs, if documented.
fn required(operation: &Operation) -> Option<String> {
    let mut sentences = Vec::new();
    if !operation.privileges.is_empty() {
        let privileges = all_of("privilege", &operation.privileges);
        sentences.push(format!("Requires {privileges}."));
    }
    for (scheme, scopes) in &operation.scopes {
        let (scheme, scopes) = (docs::code(scheme), all_of("scope", scopes));
        sentences.push(format!("With {scheme}, requires {scopes}."));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Names with their noun: the scopes `a`, `b` and `c`.
fn all_of(noun: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    let names: Vec<String> = names.iter().map(|name| docs::code(name)).collect();
    format!("the {noun}{plural} {}", docs::enumerated(&names))
}
