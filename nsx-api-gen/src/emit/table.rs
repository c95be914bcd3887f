//! The operation table, and the documented examples that the mock answers with.

use std::collections::BTreeMap;

use super::code::Code;
use super::docs;
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
    code.docs("Every operation of the document, in the order of their paths.");
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

/// The page of all operations: a section for each tag, with the client's methods.
fn index(api: &Api) -> String {
    let mut tags: BTreeMap<Option<&str>, Vec<&Operation>> = BTreeMap::new();
    for operation in &api.operations {
        let tag = operation.tag.as_deref();
        tags.entry(tag).or_default().push(operation);
    }
    let mut sections = vec![
        "All operations by their tags, and the table of what retries, errors, docs and the mock know of each."
            .to_owned(),
    ];
    // Those without a tag come last.
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
    lines.push("| method | call | what it does |".to_owned());
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
        let description = docs::joined(&response.description);
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
        "An example of a response, made up where the document has none of a success: the operationId, the status, the JSON\ntext in which `<secret>` stands for a secret.",
    );
    let rows = api.operations.iter().flat_map(|operation| {
        operation.responses.iter().filter_map(|response| {
            let answer = response.example.as_ref().or(response.made_up.as_ref());
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

/// A text as a raw string, which reads as the JSON that it is.
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
