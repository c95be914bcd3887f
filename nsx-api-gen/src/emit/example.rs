//! The example in the docs of an operation: a call that always compiles, and that runs against the
//! mock manager if that has a response.
//!
//! Short values are literals. Other values are arguments of a function around the example, which
//! the docs hide. Only an example without such arguments can run.

use serde_json::Value;
use syn::Type;

use super::method::{Argument, Method, Success};
use super::paths::{is, text};
use super::types::Types;
use crate::document::path_parameter_names;
use crate::model::{Api, BodyFormat, Operation, Response};
use crate::names;

/// The maximum line width of an example.
const WIDTH: usize = 90;

/// The maximum length of a body literal inside the call.
const SHORT: usize = 40;

/// The statuses to handle, most likely first: for a call on a single object, and for other calls.
const STATUSES_OF_OBJECT: [&str; 5] = ["404", "409", "412", "403", "400"];
const STATUSES_OF_COLLECTION: [&str; 5] = ["409", "403", "412", "404", "400"];

/// A call of an operation, as shown in an example.
pub(super) struct Call<'m> {
    method: &'m Method<'m>,
    /// The values that the example cannot provide, as function arguments.
    pub(super) outside: Vec<String>,
    /// The value of the body, if it has its own statement.
    body: Option<String>,
    given: Vec<String>,
    setter: Option<String>,
    /// Whether the mock manager has a response to it that the client can decode.
    pub(super) is_answered: bool,
}

impl<'m> Call<'m> {
    pub(super) fn new(method: &'m Method<'m>, types: &Types, api: &Api) -> Self {
        let mut call = Self {
            method,
            outside: Vec::new(),
            body: None,
            given: Vec::new(),
            setter: None,
            is_answered: false,
        };
        method
            .required()
            .for_each(|argument| call.add_argument(argument, types));
        call.add_body(types);
        call.setter = setter(method, types);
        call.is_answered = call.outside.is_empty() && is_answered(method, api);
        call
    }

    fn add_argument(&mut self, argument: &Argument<'_>, types: &Types) {
        let literal = match argument.is_file {
            true => None,
            false => types.literal(&argument.ty, argument.name, argument.example_value),
        };
        match literal {
            Some(literal) if argument.converts() => self.given.push(literal.given),
            Some(literal) => self.given.push(literal.exact),
            None => self.add_outside(&argument.rust, &public_path(&argument.ty)),
        }
    }

    fn add_body(&mut self, types: &Types) {
        let Some(body) = self.method.required_body() else {
            return;
        };
        let known = body.example;
        let literal = match body.format {
            BodyFormat::Json | BodyFormat::UrlEncoded => types
                .literal(&body.ty, "body", known)
                .map(|literal| literal.exact),
            BodyFormat::Text => Some("\"text\"".to_owned()),
            BodyFormat::Bytes => None,
        };
        match literal {
            Some(body) if body.len() > SHORT => {
                self.body = Some(body);
                self.given.push("body".to_owned());
            }
            Some(body) => self.given.push(body),
            None if body.format == BodyFormat::Bytes => self.add_outside("body", "Vec<u8>"),
            None => self.add_outside("body", &public_path(&body.ty)),
        }
    }

    fn add_outside(&mut self, name: &str, ty: &str) {
        self.outside.push(format!("{name}: {ty}"));
        self.given.push(name.to_owned());
    }

    /// The name of the client's variable. An argument may be called `client`.
    pub(super) fn client(&self) -> &'static str {
        match self.given.iter().any(|one| one == "client") {
            true => "manager",
            false => "client",
        }
    }

    pub(super) fn operation(&self) -> &Operation {
        self.method.operation()
    }

    /// Whether it uses a type of the document.
    pub(super) fn uses_types(&self) -> bool {
        let parts = self.given.iter().chain(&self.body).chain(&self.setter);
        parts.into_iter().any(|part| part.contains("types::"))
    }

    /// The statements before the call, and the call itself without `send`.
    fn code(&self) -> (Vec<String>, String) {
        let mut lines = Vec::new();
        if let Some(body) = &self.body {
            lines.extend(broken("let body = ", body, ";"));
        }
        let (client, name) = (self.client(), self.method.method_name());
        let call = format!("{name}({})", self.given.join(", "));
        let setter = self.setter.as_deref().unwrap_or_default();
        let whole = format!("{client}.{call}{setter}");
        if whole.len() <= WIDTH - "match .send().await {".len() {
            return (lines, whole);
        }
        if whole.len() <= WIDTH - "let call = ;".len() {
            lines.push(format!("let call = {whole};"));
        } else {
            lines.push(format!("let call = {client}"));
            let end = if setter.is_empty() { ";" } else { "" };
            lines.extend(broken("    .", &call, end));
            lines.extend((!setter.is_empty()).then(|| format!("    {setter};")));
        }
        (lines, "call".to_owned())
    }

    /// Whether the mock manager returns a value, not just a status.
    pub(super) fn has_value(&self) -> bool {
        self.is_answered && matches!(self.method.success, Success::Value(_))
    }
}

/// A value with its arguments or fields on separate lines, if it is too long for one.
fn broken(before: &str, value: &str, after: &str) -> Vec<String> {
    let line = format!("{before}{value}{after}");
    // Brackets in strings do not count, and a string on two lines could end the code block.
    let opening = value.find(['(', '{', '"']);
    let opening = opening.filter(|opening| {
        !value
            .get(*opening..)
            .is_some_and(|rest| rest.starts_with('"'))
    });
    let split = opening.map(|opening| value.split_at(opening + 1));
    let end = value.chars().next_back();
    let (Some((head, rest)), Some(end), false) = (split, end, line.len() <= WIDTH) else {
        return vec![line];
    };
    let pad: String = before.chars().take_while(|letter| *letter == ' ').collect();
    let inside = rest.strip_suffix(end).unwrap_or(rest);
    let mut lines = vec![format!("{before}{head}")];
    for part in parts(inside) {
        // A comma after `..Default::default()` is a syntax error.
        let comma = if part.starts_with("..") { "" } else { "," };
        lines.extend(broken(&format!("{pad}    "), part, comma));
    }
    lines.push(format!("{pad}{end}{after}"));
    lines
}

/// Splits at commas, except in brackets and strings.
fn parts(list: &str) -> Vec<&str> {
    let (mut depth, mut in_text, mut escaped, mut start) = (0_usize, false, false, 0);
    let mut parts = Vec::new();
    for (index, letter) in list.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(list.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(list.get(start..));
    let parts = parts.into_iter().map(str::trim);
    parts.filter(|part| !part.is_empty()).collect()
}

/// The section with the example.
pub(super) fn section(method: &Method<'_>, types: &Types, api: &Api) -> String {
    let call = Call::new(method, types, api);
    let body = match method.is_list {
        true => list_iteration(&call, types),
        false => single_call(&call, types),
    };
    format!("# Example\n\n{}", call.block(&body))
}

/// A call that prints part of its response and handles the most likely error.
fn single_call(call: &Call<'_>, types: &Types) -> Vec<String> {
    let names_one = call.operation().path.contains('{');
    let handled = if names_one {
        STATUSES_OF_OBJECT
    } else {
        STATUSES_OF_COLLECTION
    };
    let kind = documented_kind(call.operation(), handled);
    let lines = call.sent(types, kind, "error");
    call.with_uses(kind.map(|_| "nsx_api::ErrorKind"), lines)
}

/// Iterating over a paginated list.
fn list_iteration(call: &Call<'_>, types: &Types) -> Vec<String> {
    let (mut lines, code) = call.code();
    let item = call.item(types);
    lines.push(format!("let mut items = {code}.stream();"));
    lines.push("while let Some(item) = items.next().await {".to_owned());
    match item.filter(|shown| shown.contains("item.")) {
        Some(shown) => {
            lines.push("    let item = item?;".to_owned());
            lines.push(format!("    {shown};"));
        }
        None => lines.push("    println!(\"{:?}\", item?);".to_owned()),
    }
    lines.push("}".to_owned());
    call.with_uses(None, lines)
}

impl Call<'_> {
    /// The statement that prints part of the response.
    fn print_statement(&self, types: &Types) -> String {
        match &self.method.success {
            Success::Value(ty) => types.doc_field_access(ty, "response", true),
            Success::Nothing | Success::Stream => "println!(\"{}\", response.status())".to_owned(),
        }
    }

    /// The call, with a statement that prints part of its response. If `kind` is set, that kind of
    /// error is handled; `returned` is the expression for any other error.
    pub(super) fn sent(&self, types: &Types, kind: Option<&str>, returned: &str) -> Vec<String> {
        let (mut lines, code) = self.code();
        let shown = self.print_statement(types);
        let Some(kind) = kind else {
            lines.push(format!("let response = {code}.send().await?;"));
            lines.push(format!("{shown};"));
            return lines;
        };
        lines.extend([
            format!("match {code}.send().await {{"),
            format!("    Ok(response) => {shown},"),
            format!(
                "    Err(error) if error.kind() == ErrorKind::{kind} => eprintln!(\"{{error}}\"),"
            ),
            format!("    Err(error) => return Err({returned}),"),
            "}".to_owned(),
        ]);
        lines
    }

    fn item(&self, types: &Types) -> Option<String> {
        let Success::Value(page) = &self.method.success else {
            return None;
        };
        Some(types.doc_field_access(types.item_of(page)?, "item", false))
    }

    fn with_uses(&self, used: Option<&str>, lines: Vec<String>) -> Vec<String> {
        let types = self.uses_types().then_some("nsx_api::types");
        let uses = used.into_iter().chain(types);
        let mut all: Vec<String> = uses.map(|path| format!("use {path};")).collect();
        if !all.is_empty() {
            all.push(String::new());
        }
        all.extend(lines);
        all
    }

    /// The lines as a Markdown code block, which runs against the mock manager or is only compiled.
    fn block(&self, body: &[String]) -> String {
        let allow = self
            .method
            .operation()
            .deprecated
            .then_some("# #[allow(deprecated)]");
        let client = self.client();
        let (head, start, end): (_, _, &[&str]) = match self.is_answered {
            true => (
                vec!["```", "# #[cfg(feature = \"mock\")]"],
                format!("# nsx_api::mock::example(async |{client}| {{"),
                &[
                    "# Ok::<_, nsx_api::Error>(())",
                    "# })?;",
                    "# Ok::<_, Box<dyn std::error::Error>>(())",
                    "```",
                ],
            ),
            false => {
                let outside = self.outside.iter().map(|one| format!(", {one}"));
                let outside: String = outside.collect();
                let start = format!(
                    "# async fn example({client}: nsx_api::Client{outside}) -> Result<(), nsx_api::Error> {{"
                );
                (vec!["```no_run"], start, &["# Ok(())", "# }", "```"])
            }
        };
        let mut lines: Vec<&str> = head;
        lines.extend(allow);
        lines.push(&start);
        lines.extend(body.iter().map(String::as_str));
        lines.extend(end);
        lines.join("\n")
    }
}

/// A setter, to show that there are some, preferably for a number or an enum. A switch that changes
/// the effect of a call should not be copied from an example.
fn setter(method: &Method<'_>, types: &Types) -> Option<String> {
    let is_read = method.operation().method == "get";
    let optional = method.arguments.iter().filter(|one| !one.required);
    let optional = optional
        .filter(|one| !one.is_file && one.rust != "cursor" && (is_read || !is(&one.ty, "bool")));
    let mut optional: Vec<&Argument<'_>> = optional.collect();
    optional.sort_by_key(|one| (one.rust != "page_size", is(&one.ty, "String")));
    optional.into_iter().find_map(|one| {
        let sample = one.example_value.filter(|_| !is(&one.ty, "bool"));
        let literal = types.literal(&one.ty, one.name, sample)?;
        let setter = names::setter_name(&one.rust);
        Some(format!(".{setter}({})", literal.given))
    })
}

/// Whether the mock manager returns a response that the client can decode.
fn is_answered(method: &Method<'_>, api: &Api) -> bool {
    let operation = method.operation();
    let success = operation
        .responses
        .iter()
        .find(|one| one.status.starts_with('2'));
    let example = success.and_then(|one: &Response| one.example.as_ref());
    let has_answer = match method.success {
        Success::Nothing => true,
        Success::Stream => false,
        // A page whose example has a cursor would be repeated forever.
        Success::Value(_) if method.is_list => {
            example.is_some_and(|example| example.get("cursor").is_none_or(Value::is_null))
        }
        Success::Value(_) => example.is_some(),
    };
    has_answer && is_sent_as_written(&operation.path) && !is_ambiguous(operation, api)
}

/// Whether a path is sent without encoding. The mock manager does not find encoded paths.
fn is_sent_as_written(path: &str) -> bool {
    path.chars()
        .all(|letter| letter.is_ascii_graphic() && !"\"#<>\\^`".contains(letter))
}

/// Whether the path of another operation could match this one, given the arguments of the example.
fn is_ambiguous(operation: &Operation, api: &Api) -> bool {
    let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let own = segments(&operation.path);
    let has_parameters =
        path_parameter_names(&operation.path).is_none_or(|names| !names.is_empty());
    has_parameters
        && api.operations.iter().any(|other| {
            let theirs = segments(&other.path);
            let could_be = |(one, other): (&String, &String)| {
                one == other || one.contains('{') || other.contains('{')
            };
            other.method == operation.method
                && other.path != operation.path
                && own.len() == theirs.len()
                && own.iter().zip(&theirs).all(could_be)
        })
}

/// A type as written outside of the crate.
fn public_path(ty: &Type) -> String {
    let text = text(ty);
    text.replace("crate::", "nsx_api::")
        .replace("types::", "nsx_api::types::")
}

/// The error kind of the first of these statuses that an operation documents.
pub(super) fn documented_kind(operation: &Operation, statuses: [&str; 5]) -> Option<&'static str> {
    let is_one = |status: &str| operation.responses.iter().any(|one| one.status == status);
    let mut statuses = statuses.into_iter();
    statuses
        .find(|status| is_one(status))
        .and_then(super::status::error_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_needs_percent_encoding_is_recognized() {
        assert!(is_sent_as_written("/a/{b-c}:d|e,(f)$"));
        for path in ["/a b", "/a`b", "/a<b", "/a\\b", "/ä"] {
            assert!(!is_sent_as_written(path), "{path}");
        }
    }

    #[test]
    fn a_long_example_call_has_one_argument_per_line() {
        let long = "x".repeat(WIDTH - 10);
        let value = format!("T::new(\"a, (b\", U {{ c: [1, 2] }}, \"{long}\")");
        let lines = broken("let a = ", &value, ";");
        let text = format!("    \"{long}\",");
        assert_eq!(
            lines,
            [
                "let a = T::new(",
                "    \"a, (b\",",
                "    U { c: [1, 2] },",
                &text,
                ");"
            ]
        );
        assert_eq!(broken("", "f(1, 2)", ";"), ["f(1, 2);"]);
        let hostile = format!("\"a (b, ```, {long}\".to_owned()");
        assert_eq!(broken("", &hostile, ","), [format!("{hostile},")]);
        let value = format!("T {{ a: \"{long}\", ..Default::default() }}");
        let text = format!("    a: \"{long}\",");
        assert_eq!(
            broken("", &value, ""),
            ["T {", &text, "    ..Default::default()", "}"]
        );
    }
}
