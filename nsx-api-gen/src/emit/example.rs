//! The example of an operation: a call that compiles for every document, and that runs against the stand-in where that has an answer.
//!
//! What can be written in a few words is a literal; what cannot is an argument of the function that the example stands in, which the
//! docs do not show. Only an example without such an argument can run.

use serde_json::Value;
use syn::Type;

use super::method::{Argument, Method, Success, is};
use super::paths::text;
use super::types::Types;
use crate::document::path_parameter_names;
use crate::model::{Api, BodyFormat, Operation, Response};
use crate::names;

/// Columns that a line of an example may have.
const WIDTH: usize = 90;

/// Letters that a body may have in the call itself.
const SHORT: usize = 40;

/// Statuses that a caller handles by itself, the likeliest first: of a call that names something, and of another.
const OF_ONE: [&str; 5] = ["404", "409", "412", "403", "400"];
const OF_ALL: [&str; 5] = ["409", "403", "412", "404", "400"];

/// A call of an operation as an example has it.
pub(super) struct Call<'m> {
    method: &'m Method<'m>,
    /// What must be given from outside, as arguments of a function.
    pub(super) outside: Vec<String>,
    /// The value of the body, where the call is long with it.
    body: Option<String>,
    given: Vec<String>,
    setter: Option<String>,
    /// Whether the stand-in has an answer to it that can be read.
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
            false => types.literal(&argument.ty, argument.name, argument.sample),
        };
        match literal {
            Some(literal) if argument.converts() => self.given.push(literal.given),
            Some(literal) => self.given.push(literal.exact),
            None => self.add_outside(&argument.rust, &public(&argument.ty)),
        }
    }

    fn add_body(&mut self, types: &Types) {
        let Some(body) = self.method.required_body() else {
            return;
        };
        let known = body.example;
        let literal = match body.form {
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
            None if body.form == BodyFormat::Bytes => self.add_outside("body", "Vec<u8>"),
            None => self.add_outside("body", &public(&body.ty)),
        }
    }

    fn add_outside(&mut self, name: &str, ty: &str) {
        self.outside.push(format!("{name}: {ty}"));
        self.given.push(name.to_owned());
    }

    /// What the client is called: an argument from outside may be called `client`.
    pub(super) fn client(&self) -> &'static str {
        match self.given.iter().any(|one| one == "client") {
            true => "manager",
            false => "client",
        }
    }

    pub(super) fn operation(&self) -> &Operation {
        self.method.operation()
    }

    /// Whether it names a type of the document.
    pub(super) fn uses_types(&self) -> bool {
        let parts = self.given.iter().chain(&self.body).chain(&self.setter);
        parts.into_iter().any(|part| part.contains("types::"))
    }

    /// The lines before the call, and the call itself up to what sends it.
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

    /// Whether the stand-in has a value for an answer, and not just a status.
    pub(super) fn has_value(&self) -> bool {
        self.is_answered && matches!(self.method.success, Success::Value(_))
    }
}

/// A value with its arguments or fields in lines of their own, where it is too long for one.
fn broken(before: &str, value: &str, after: &str) -> Vec<String> {
    let line = format!("{before}{value}{after}");
    // A bracket in a text opens nothing, and a text in two lines could end the block of code that it stands in.
    let open = value.find(['(', '{', '"']);
    let open = open.filter(|open| !value.get(*open..).is_some_and(|rest| rest.starts_with('"')));
    let split = open.map(|open| value.split_at(open + 1));
    let end = value.chars().next_back();
    let (Some((head, rest)), Some(end), false) = (split, end, line.len() <= WIDTH) else {
        return vec![line];
    };
    let pad: String = before.chars().take_while(|letter| *letter == ' ').collect();
    let inside = rest.strip_suffix(end).unwrap_or(rest);
    let mut lines = vec![format!("{before}{head}")];
    for part in parts(inside) {
        // Nothing may stand behind `..Default::default()`.
        let comma = if part.starts_with("..") { "" } else { "," };
        lines.extend(broken(&format!("{pad}    "), part, comma));
    }
    lines.push(format!("{pad}{end}{after}"));
    lines
}

/// What commas divide, those in brackets and texts left aside.
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

/// The page's section with the example.
pub(super) fn section(method: &Method<'_>, types: &Types, api: &Api) -> String {
    let call = Call::new(method, types, api);
    let body = match method.is_list {
        true => through_list(&call, types),
        false => one_call(&call, types),
    };
    format!("# Example\n\n{}", call.block(&body))
}

/// A call, what is shown of its answer, and the error that a caller most likely handles by itself.
fn one_call(call: &Call<'_>, types: &Types) -> Vec<String> {
    let names_one = call.operation().path.contains('{');
    let handled = if names_one { OF_ONE } else { OF_ALL };
    let kind = documented(call.operation(), handled);
    let lines = call.sent(types, kind, "error");
    call.with_uses(kind.map(|_| "nsx_api::ErrorKind"), lines)
}

/// The way through a list.
fn through_list(call: &Call<'_>, types: &Types) -> Vec<String> {
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
    /// What the example shows of the answer.
    fn shown(&self, types: &Types) -> String {
        match &self.method.success {
            Success::Value(ty) => types.shown(ty, "response", true),
            Success::Nothing | Success::Stream => "println!(\"{}\", response.status())".to_owned(),
        }
    }

    /// The call, what is shown of its answer, and the kind of error that is handled if there is one; `returned` is any other.
    pub(super) fn sent(&self, types: &Types, kind: Option<&str>, returned: &str) -> Vec<String> {
        let (mut lines, code) = self.code();
        let shown = self.shown(types);
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
        Some(types.shown(types.item_of(page)?, "item", false))
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

    /// The lines as a block of Markdown: in a run against the stand-in, or in a function that is only compiled.
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

/// A setter that shows that there are some: of numbers and choices before those of texts, which say nothing in an example. What
/// changes by a switch is better not copied from an example.
fn setter(method: &Method<'_>, types: &Types) -> Option<String> {
    let is_read = method.operation().method == "get";
    let optional = method.arguments.iter().filter(|one| !one.required);
    let optional = optional
        .filter(|one| !one.is_file && one.rust != "cursor" && (is_read || !is(&one.ty, "bool")));
    let mut optional: Vec<&Argument<'_>> = optional.collect();
    optional.sort_by_key(|one| (one.rust != "page_size", is(&one.ty, "String")));
    optional.into_iter().find_map(|one| {
        let sample = one.sample.filter(|_| !is(&one.ty, "bool"));
        let literal = types.literal(&one.ty, one.name, sample)?;
        let setter = names::setter_name(&one.rust);
        Some(format!(".{setter}({})", literal.given))
    })
}

/// Whether the stand-in answers what the client can read.
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
        // A list whose example has a cursor would have no end.
        Success::Value(_) if method.is_list => {
            example.is_some_and(|example| example.get("cursor").is_none_or(Value::is_null))
        }
        Success::Value(_) => example.is_some(),
    };
    has_answer && is_sent_as_written(&operation.path) && !is_hidden(operation, api)
}

/// Whether a path arrives as the document has it: the stand-in does not find one of which a sign is encoded on the way.
fn is_sent_as_written(path: &str) -> bool {
    path.chars()
        .all(|letter| letter.is_ascii_graphic() && !"\"#<>\\^`".contains(letter))
}

/// Whether another operation could be taken for this one, with the arguments of an example in the path.
fn is_hidden(operation: &Operation, api: &Api) -> bool {
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

/// A type as code outside of the crate writes it.
fn public(ty: &Type) -> String {
    let text = text(ty);
    text.replace("crate::", "nsx_api::")
        .replace("types::", "nsx_api::types::")
}

/// The kind of the first of these statuses that an operation documents.
pub(super) fn documented(operation: &Operation, statuses: [&str; 5]) -> Option<&'static str> {
    let is_one = |status: &str| operation.responses.iter().any(|one| one.status == status);
    let mut statuses = statuses.into_iter();
    statuses
        .find(|status| is_one(status))
        .and_then(super::page::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_signs_that_are_encoded_is_known() {
        assert!(is_sent_as_written("/a/{b-c}:d|e,(f)$"));
        for path in ["/a b", "/a`b", "/a<b", "/a\\b", "/ä"] {
            assert!(!is_sent_as_written(path), "{path}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_line_has_its_arguments_in_lines_of_their_own() {
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
