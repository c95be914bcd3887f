//! The page of an operation: what it does, its responses and how they arrive, and an example.

use super::builder::{Method, documents_success};
use super::docs;
use crate::document::is_success;
use crate::model::{Api, Operation};

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
pub(super) fn method(method: &Method<'_>) -> String {
    let operation = method.operation();
    let mut sections = vec![opening(operation)];
    if let Some(description) = operation
        .description
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        sections.push(docs::markdown(description));
    }
    sections.push(format!(
        "`{} {}`",
        operation.method.to_uppercase(),
        operation.path
    ));
    sections.extend(arguments(method));
    sections.push(responses(method));
    sections.push(example(method));
    sections.join("\n\n")
}

fn opening(operation: &Operation) -> String {
    let summary = operation.summary.as_deref().filter(|text| !text.is_empty());
    let summary = summary.map(docs::one_line);
    summary.map_or_else(
        || format!("Calls `{}`.", operation.id),
        |summary| format!("{}.", summary.trim_end_matches('.')),
    )
}

fn arguments(method: &Method<'_>) -> Option<String> {
    let lines: Vec<String> = method
        .described()
        .into_iter()
        .filter(|(_, required, _)| *required)
        .map(|(name, _, description)| match description {
            Some(description) => format!("- `{name}`: {}", docs::one_line(description)),
            None => format!("- `{name}`"),
        })
        .collect();
    (!lines.is_empty()).then(|| format!("# Arguments\n\n{}", lines.join("\n")))
}

fn responses(method: &Method<'_>) -> String {
    let operation = method.operation();
    let mut lines = vec![
        "# Responses".to_owned(),
        String::new(),
        "| status | meaning | in Rust |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    for response in &operation.responses {
        let arrival = if is_success(&response.status) {
            method.arrival()
        } else {
            error(&response.status)
        };
        let meaning = docs::one_line(&response.description);
        lines.push(format!("| {} | {meaning} | {arrival} |", response.status));
    }
    if !documents_success(operation) {
        lines.push(format!("| 2XX | Any success. | {} |", method.arrival()));
    }
    lines.push(String::new());
    lines.push(
        "Every other status, and a call that gets no answer, is an [`Error`](crate::Error) of its own \
         [kind](crate::ErrorKind)."
            .to_owned(),
    );
    lines.join("\n")
}

/// The kind of error that a documented status arrives as.
fn error(status: &str) -> String {
    let kind = match status {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "412" => "PreconditionFailed",
        "429" => "TooManyRequests",
        "500" => "InternalServerError",
        "503" => "ServiceUnavailable",
        _ => return "the [`ErrorKind`](crate::ErrorKind) of the status".to_owned(),
    };
    format!("[`ErrorKind::{kind}`](crate::ErrorKind::{kind})")
}

fn example(method: &Method<'_>) -> String {
    let (outside, given) = method.example();
    let parameters: String = outside.iter().map(|one| format!(", {one}")).collect();
    let mut lines = vec![
        "# Example".to_owned(),
        String::new(),
        "```no_run".to_owned(),
        format!(
            "# async fn example(client: nsx_api::Client{parameters}) -> Result<(), nsx_api::Error> {{"
        ),
        format!(
            "let response = client.{}({}).send().await?;",
            method.name(),
            given.join(", ")
        ),
        "println!(\"{} after {} attempt(s)\", response.status(), response.attempts());".to_owned(),
        "# Ok(())".to_owned(),
        "# }".to_owned(),
        "```".to_owned(),
    ];
    if method.operation().deprecated {
        lines.insert(3, "# #![allow(deprecated)]".to_owned());
    }
    lines.join("\n")
}
