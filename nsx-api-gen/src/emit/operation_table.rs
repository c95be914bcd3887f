//! The operation table, and the example responses that the mock manager returns.

use std::collections::BTreeMap;

use super::code::Code;
use crate::document::markdown as docs;
use crate::model::{Api, Operation};
use crate::names;

/// Writes `operations.rs`.
pub(super) fn operations(api: &Api, code: &mut Code) {
    code.module_docs(&index(api));
    code.gap();
    code.line("use http::Method;");
    code.gap();
    code.line("use crate::{DocumentedResponse, Operation};");
    code.gap();
    code.docs("All operations of the document, ordered by path.");
    let entries = api
        .operations
        .iter()
        .map(|operation| format!("&{}", static_name(operation)));
    let entries: Vec<String> = entries.collect();
    code.list("pub static ALL: &[&Operation] = &[", &entries, "];");
    for operation in &api.operations {
        code.gap();
        entry(operation, code);
    }
}

/// The index of all operations: a section for each tag, with the client's methods.
fn index(api: &Api) -> String {
    let mut tags: BTreeMap<Option<&str>, Vec<&Operation>> = BTreeMap::new();
    for operation in &api.operations {
        let tag = operation.tag.as_deref();
        tags.entry(tag).or_default().push(operation);
    }
    let mut sections = vec![
        "All operations by tag, and the operation table, which retries, errors and the mock manager use."
            .to_owned(),
    ];
    // Operations without a tag come last.
    let (without, with): (Vec<_>, Vec<_>) = tags.iter().partition(|(tag, _)| tag.is_none());
    let all = with.into_iter().chain(without);
    sections.extend(all.map(|(tag, operations)| section(api, *tag, operations)));
    sections.join("\n\n")
}

fn section(api: &Api, tag: Option<&str>, operations: &[&Operation]) -> String {
    let mut lines = vec![format!(
        "# {}",
        tag.map_or_else(|| "Without a tag".to_owned(), docs::one_line)
    )];
    if let Some(description) = tag.and_then(|tag| api.tags.get(tag)) {
        lines.extend([String::new(), docs::first_paragraph(description)]);
    }
    lines.push(String::new());
    lines.push("| method | request | description |".to_owned());
    lines.push("| --- | --- | --- |".to_owned());
    lines.extend(operations.iter().map(|operation| row(operation)));
    lines.join("\n")
}

fn row(operation: &Operation) -> String {
    let method = names::method_name(&operation.id);
    let call = docs::cell(&docs::code(&operation.call()));
    let description = operation.description.as_deref();
    let what = operation.summary.as_deref().or(description);
    let what = docs::cell(&docs::first_paragraph(what.unwrap_or_default()));
    let mark = if operation.deprecated {
        "**Deprecated.** "
    } else {
        ""
    };
    format!("| [`{method}`](crate::Client::{method}) | {call} | {mark}{what} |")
}

/// The name of the operation's entry in the table.
pub(super) fn static_name(operation: &Operation) -> String {
    names::static_name(&operation.id)
}

fn entry(operation: &Operation, code: &mut Code) {
    let what = operation.summary.as_deref().unwrap_or(&operation.id);
    let what = docs::one_line(what.trim_end_matches('.'));
    code.docs(&format!("{what}: {}.", docs::code(&operation.call())));
    let responses = operation.responses.iter().map(|response| {
        let description = docs::on_one_line(&response.description);
        format!(
            "DocumentedResponse::new({:?}, {description:?})",
            response.status
        )
    });
    let responses: Vec<String> = responses.collect();
    code.line(format!(
        "pub static {}: Operation = Operation {{",
        static_name(operation)
    ));
    code.inside(|code| {
        code.line(format!("id: {:?},", operation.id));
        code.line(format!(
            "method: Method::{},",
            operation.method.to_uppercase()
        ));
        code.line(format!("path: {:?},", operation.path));
        code.line(format!("query: {:?},", operation.query));
        code.line(format!("idempotent: {},", operation.idempotent));
        code.line(format!("accept: {:?},", operation.accept()));
        code.list("responses: &[", &responses, "],");
    });
    code.line("};");
}

/// Writes `examples.rs`.
pub(super) fn examples(api: &Api, code: &mut Code) {
    code.docs(
        "Example responses: operationId, status and JSON text, in which `<secret>` stands for a secret.\nSuccess responses without an example in the document have a synthesized one.",
    );
    let rows = api.operations.iter().flat_map(|operation| {
        operation.responses.iter().filter_map(|response| {
            let answer = response.example.as_ref().or(response.synthesized.as_ref());
            let example = raw(&answer?.to_string());
            Some(format!(
                "({:?}, {:?}, {example})",
                operation.id, response.status
            ))
        })
    });
    let rows: Vec<String> = rows.collect();
    code.list(
        "pub(crate) static EXAMPLES: &[(&str, &str, &str)] = &[",
        &rows,
        "];",
    );
}

/// A text as a raw string, in which JSON is readable.
fn raw(text: &str) -> String {
    if docs::visible(text) != text {
        return format!("{text:?}");
    }
    let longest = text
        .split('"')
        .map(|part| part.len() - part.trim_start_matches('#').len());
    let fence = "#".repeat(longest.max().unwrap_or(0) + 1);
    format!("r{fence}\"{text}\"{fence}")
}
