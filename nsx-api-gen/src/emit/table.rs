//! The operation table, and the documented examples that the mock answers with.

use super::code::Code;
use super::docs;
use crate::model::{Api, Operation};
use crate::names;

/// Writes `operations.rs`.
pub(super) fn operations(api: &Api, code: &mut Code) {
    code.module_docs(
        "The operation table: what retries, errors, docs and the mock know of each operation.",
    );
    code.gap();
    code.line("use http::Method;");
    code.gap();
    code.line("use crate::operation::{DocumentedResponse, Operation};");
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
        "An example of a response: the operationId, the status, the JSON text in which `<secret>`\nstands for a secret.",
    );
    let rows = api.operations.iter().flat_map(|operation| {
        operation.responses.iter().filter_map(|response| {
            let example = raw(&response.example.as_ref()?.to_string());
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
