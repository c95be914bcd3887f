//! Generates the client's methods and their builders.
//!
//! Required parameters are arguments of the client's method, optional ones are setters of the
//! builder. A builder assembles a request synchronously and passes it to the hand-written layer.

use super::code::Code;
use super::method::{Argument, BodyArgument, Method, Success};
use super::operation_table::static_name;
use super::paths::{is, named, text};
use super::types::Types;
use crate::document::markdown as docs;
use crate::document::parameter_style::Style;
use crate::document::{URL_ENCODED, is_success};
use crate::model::{Api, BodyFormat, In};
use crate::names;

impl Method<'_> {
    /// Writes the client's method, which creates the builder.
    pub(super) fn write_start(&self, types: &Types, api: &Api, code: &mut Code) {
        let (name, builder) = (self.method_name(), self.builder());
        code.docs(&super::method_docs::method_docs(self, types, api));
        if self.operation.deprecated {
            code.line("#[deprecated]");
        }
        let mut arguments = vec!["&self".to_owned()];
        arguments.extend(self.required().map(Argument::signature));
        arguments.extend(self.required_body().map(BodyArgument::signature));
        let mut fields = vec![format!("{}: self", self.client_field())];
        fields.extend(self.arguments.iter().map(Argument::initial));
        fields.extend(self.body.as_ref().map(BodyArgument::initial));
        let output = format!("{builder}<'_>");
        code.function(format!("pub fn {name}"), &arguments, output, |code| {
            code.list(format!("{builder} {{"), &fields, "}");
        });
    }

    /// Writes the builder.
    pub(super) fn write_builder(&self, code: &mut Code) {
        self.write_definition(code);
        code.gap();
        code.block(format!("impl<'a> {}<'a>", self.builder()), |code| {
            self.write_setters(code);
            self.write_send(code);
            code.gap();
            if self.is_list {
                self.write_pages(code);
            }
            code.block("fn into_request(self) -> Request<'a>", |code| {
                self.write_request(code)
            });
        });
    }

    fn write_definition(&self, code: &mut Code) {
        code.docs(&format!("Builder for [`Client::{}`].", self.method_name()));
        // A streaming body cannot be cloned.
        code.line(match self.streams() {
            true => "#[derive(Debug)]",
            false => "#[derive(Clone, Debug)]",
        });
        code.line("#[must_use = \"nothing is sent until `send` is called\"]");
        code.block(format!("pub struct {}<'a>", self.builder()), |code| {
            code.line(format!("{}: &'a Client,", self.client_field()));
            for argument in &self.arguments {
                let ty = optional(argument.required, text(&argument.ty));
                code.line(format!("{}: {ty},", argument.rust));
            }
            if let Some(body) = &self.body {
                code.line(format!("body: {},", optional(body.required, body.held())));
            }
        });
    }

    /// What `send` returns, as a sentence.
    fn returned(&self) -> String {
        let what = match &self.success {
            Success::Nothing => "Returns no value".to_owned(),
            Success::Stream => "Returns the response body as a stream".to_owned(),
            Success::Value(ty) => match named(ty) {
                Some(name) => format!("Returns [`{name}`](crate::types::{name})"),
                None => format!("Returns `{}`", text(ty)),
            },
        };
        let successes = self
            .operation
            .responses
            .iter()
            .filter(|one| is_success(&one.status));
        let meaning = successes.map(|one| docs::one_line(&one.description)).next();
        // Shorter descriptions say no more than the status.
        let says = meaning.filter(|text| text.split_whitespace().count() > 2);
        match says {
            Some(text) => format!("{what}: {}.", text.trim_end_matches('.')),
            None => format!("{what}."),
        }
    }

    fn write_setters(&self, code: &mut Code) {
        for argument in self.arguments.iter().filter(|argument| !argument.required) {
            argument.write_setter(code);
            code.gap();
        }
        if let Some(body) = self.body.as_ref().filter(|body| !body.required) {
            body.write_setter(code);
            code.gap();
        }
    }

    fn write_send(&self, code: &mut Code) {
        let method = self.method_name();
        code.docs(&format!(
            "Sends the request. {} For errors, see [`Client::{method}`].",
            self.returned()
        ));
        let (output, call) = match &self.success {
            Success::Nothing => (
                "()".to_owned(),
                "Ok(self.into_request().send().await?.map(drop))",
            ),
            Success::Stream => (
                "ByteStream".to_owned(),
                "self.into_request().stream().await",
            ),
            Success::Value(ty) => (text(ty), "self.into_request().send().await?.json()"),
        };
        let head = format!("pub async fn send(self) -> Result<Response<{output}>, Error>");
        code.block(head, |code| code.line(call));
    }

    /// Writes `stream` and `pages` of a paginated operation.
    fn write_pages(&self, code: &mut Code) {
        let Success::Value(method_docs) = &self.success else {
            return;
        };
        let (method, method_docs) = (self.method_name(), text(method_docs));
        code.docs(&format!(
            "Streams the items of this page and all following pages. Each page is a separate call of [`Client::{method}`], made when the page is needed."
        ));
        let head = format!("pub fn stream(self) -> Items<'a, {method_docs}>");
        code.block(head, |code| code.line("self.pages().items()"));
        code.gap();
        code.docs(&format!(
            "Streams this page and all following pages. Each page is a separate call of [`Client::{method}`], made when the page is needed."
        ));
        let head = format!("pub fn pages(self) -> Pages<'a, {method_docs}>");
        code.block(head, |code| code.line("self.into_request().pages()"));
        code.gap();
    }

    fn write_request(&self, code: &mut Code) {
        let start = format!("self.{}", self.client_field());
        let mut calls = vec![format!(
            ".operation(&operations::{})",
            static_name(self.operation)
        )];
        calls.extend(self.arguments.iter().filter_map(Argument::call));
        let later = |argument: &&Argument<'_>| argument.is_file && !argument.required;
        let files: Vec<_> = self.arguments.iter().filter(later).collect();
        match &self.body {
            _ if !files.is_empty() => {
                code.chain(format!("let mut request = {start}"), &calls, ";");
                files.iter().for_each(|file| file.write_file(code));
                code.line("request");
            }
            None => code.chain(start, &calls, ""),
            Some(body) if body.required => {
                calls.extend(body.calls("self.body"));
                code.chain(start, &calls, "");
            }
            Some(body) => {
                code.chain(format!("let request = {start}"), &calls, ";");
                code.block("match self.body", |code| {
                    let calls = body.calls("body").concat();
                    code.line(format!("Some(body) => request{calls},"));
                    code.line("None => request,");
                });
            }
        }
    }
}

fn optional(required: bool, ty: String) -> String {
    if required {
        ty
    } else {
        format!("Option<{ty}>")
    }
}

/// Writes `pub fn setter(mut self, value: impl Into<T>) -> Self`.
fn write_setter(code: &mut Code, docs: &str, setter: &str, ty: &str, field: &str) {
    code.docs(docs);
    let arguments = ["mut self".to_owned(), format!("value: impl Into<{ty}>")];
    code.function(format!("pub fn {setter}"), &arguments, "Self", |code| {
        code.line(format!("self.{field} = Some(value.into());"));
        code.line("self");
    });
}

impl Argument<'_> {
    fn signature(&self) -> String {
        let (rust, ty) = (&self.rust, text(&self.ty));
        match self.converts() {
            true => format!("{rust}: impl Into<{ty}>"),
            false => format!("{rust}: {ty}"),
        }
    }

    /// Whether it accepts other types through `impl Into`, such as `&str` for a string.
    pub(super) fn converts(&self) -> bool {
        is(&self.ty, "String")
            || is(&self.ty, "Secret")
            || is(&self.ty, "Part")
            || named(&self.ty).is_some()
    }

    /// The initial value of the builder's field.
    fn initial(&self) -> String {
        let rust = &self.rust;
        match (self.required, self.converts()) {
            (true, true) => format!("{rust}: {rust}.into()"),
            (true, false) => rust.clone(),
            (false, _) => format!("{rust}: None"),
        }
    }

    fn write_setter(&self, code: &mut Code) {
        let docs = match self.description.unwrap_or("") {
            "" => format!("Sets {}.", docs::code(self.name)),
            description => docs::markdown(description),
        };
        let setter = names::setter_name(&self.rust);
        write_setter(code, &docs, &setter, &text(&self.ty), &self.rust);
    }

    /// The call that adds it to the request; `None` for an optional file, which is added
    /// separately.
    fn call(&self) -> Option<String> {
        let (rust, name) = (&self.rust, self.name);
        Some(match self.place {
            In::Path if self.style != Style::Scalar => {
                format!(".path_list({name:?}, &self.{rust})")
            }
            In::Path => format!(".path({name:?}, &self.{rust})"),
            In::Query => match self.style {
                Style::Scalar => format!(".query({name:?}, &self.{rust})"),
                Style::Joined(',') => format!(".query_joined({name:?}, &self.{rust})"),
                Style::Joined(between) => {
                    format!(".query_delimited({name:?}, {between:?}, &self.{rust})")
                }
                Style::Json => format!(".query_json({name:?}, &self.{rust})"),
                Style::Members => format!(".query_members(&self.{rust})"),
            },
            In::Header => format!(".header({name:?}, &self.{rust})"),
            In::Part if !self.is_file => format!(".multipart_text({name:?}, &self.{rust})"),
            In::Part if self.required => format!(".{}({name:?}, self.{rust})", self.file_call()),
            In::Part => return None,
        })
    }

    /// Writes the statement that adds an optional file to the request.
    fn write_file(&self, code: &mut Code) {
        let (rust, name) = (&self.rust, self.name);
        let call = self.file_call();
        code.block(format!("if let Some(file) = self.{rust}"), |code| {
            code.line(format!("request = request.{call}({name:?}, file);"));
        });
    }

    /// The method that adds a file or a list of files to the request.
    fn file_call(&self) -> &'static str {
        match is(&self.ty, "Vec") {
            true => "multipart_files",
            false => "multipart_file",
        }
    }
}

impl BodyArgument<'_> {
    pub(super) fn streams(&self) -> bool {
        self.format == BodyFormat::Bytes
    }

    fn is_text(&self) -> bool {
        self.format == BodyFormat::Text
    }

    /// The type of the builder's field.
    pub(super) fn held(&self) -> String {
        match (self.streams(), self.is_text()) {
            (true, _) => "Body".to_owned(),
            (_, true) if self.is_secret => "crate::Secret".to_owned(),
            (_, true) => "String".to_owned(),
            _ => text(&self.ty),
        }
    }

    fn signature(&self) -> String {
        let held = self.held();
        match self.streams() || self.is_text() {
            true => format!("body: impl Into<{held}>"),
            false => format!("body: {held}"),
        }
    }

    fn initial(&self) -> String {
        let initial = match (self.required, self.streams() || self.is_text()) {
            (true, true) => "body: body.into()",
            (true, false) => "body",
            (false, _) => "body: None",
        };
        initial.to_owned()
    }

    fn write_setter(&self, code: &mut Code) {
        let docs = self.description.map(docs::markdown);
        let docs = docs.unwrap_or_else(|| "Sets the request body.".to_owned());
        write_setter(code, &docs, "body", &self.held(), "body");
    }

    /// The calls that add it to the request.
    fn calls(&self, value: &str) -> Vec<String> {
        let (call, usual) = match self.format {
            BodyFormat::Json => (format!(".json(&{value})"), "application/json"),
            BodyFormat::UrlEncoded => (format!(".form(&{value})"), URL_ENCODED),
            BodyFormat::Text if self.is_secret => {
                (format!(".text({value}.expose_secret())"), "text/plain")
            }
            BodyFormat::Text => (format!(".text({value})"), "text/plain"),
            BodyFormat::Bytes => (format!(".body({value})"), "application/octet-stream"),
        };
        let own =
            (self.media != usual).then(|| format!(".header(\"content-type\", {:?})", self.media));
        [call].into_iter().chain(own).collect()
    }
}
