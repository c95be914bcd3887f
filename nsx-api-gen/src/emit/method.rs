//! An operation, combining the names and descriptions of the document with the Rust types of
//! progenitor.

use serde_json::Value;
use syn::Type;

use super::paths::{is, named, sdk_type, short_type, text};
use super::signatures::{Function, argument_name};
use super::typify_input;
use crate::document::parameter_style::Style;
use crate::document::path_parameter_names;
use crate::model::{Body, BodyFormat, In, Operation, Parameter};
use crate::names;

/// An operation with the Rust types of its parameters, body and success response.
pub(super) struct Method<'a> {
    pub(super) operation: &'a Operation,
    pub(super) arguments: Vec<Argument<'a>>,
    pub(super) body: Option<BodyArgument<'a>>,
    pub(super) success: Success,
    /// Whether it returns a page of a list and accepts a cursor.
    pub(super) is_list: bool,
}

pub(super) struct Argument<'a> {
    pub(super) name: &'a str,
    pub(super) rust: String,
    pub(super) place: In,
    pub(super) required: bool,
    pub(super) style: Style,
    /// Whether it is a file or a list of files.
    pub(super) is_file: bool,
    pub(super) description: Option<&'a str>,
    /// A value for an example.
    pub(super) example_value: Option<&'a Value>,
    pub(super) ty: Type,
}

pub(super) struct BodyArgument<'a> {
    pub(super) media: &'a str,
    pub(super) format: BodyFormat,
    pub(super) is_secret: bool,
    pub(super) required: bool,
    pub(super) description: Option<&'a str>,
    pub(super) example: Option<&'a Value>,
    pub(super) ty: Type,
}

/// The result of a successful call.
pub(super) enum Success {
    Nothing,
    Stream,
    Value(Box<Type>),
}

impl<'a> Method<'a> {
    /// Combines an operation with the types that progenitor generated for it.
    pub(super) fn new(operation: &'a Operation, mut function: Function) -> Result<Self, String> {
        let (arguments, body) = arguments(operation, &mut function)?;
        let mut method = Self {
            operation,
            arguments,
            body,
            success: success(short_type(function.success)),
            is_list: false,
        };
        let template = path_parameter_names(&operation.path).unwrap_or_default();
        method.arguments.sort_by_key(|argument| {
            let is_path = argument.place == In::Path;
            let mut names = template.iter().filter(|_| is_path);
            (!is_path, names.position(|name| name == argument.name))
        });

        Ok(method)
    }

    /// The types that the operation sends.
    pub(super) fn sent(&self) -> Vec<Type> {
        let arguments = self.arguments.iter().map(|argument| argument.ty.clone());
        arguments
            .chain(self.body.iter().map(|body| body.ty.clone()))
            .collect()
    }

    /// The type that the operation receives.
    pub(super) fn received(&self) -> Option<Type> {
        match &self.success {
            Success::Value(ty) => Some(Type::clone(ty)),
            Success::Nothing | Success::Stream => None,
        }
    }

    /// The types that the operation sends or receives.
    pub(super) fn types(&self) -> Vec<Type> {
        let mut types = self.sent();
        types.extend(self.received());
        types
    }

    /// Whether it uses a type of the document.
    pub(super) fn has_types(&self) -> bool {
        let mut arguments = self.arguments.iter().map(|argument| text(&argument.ty));
        let body = self.body.as_ref().map(BodyArgument::held);
        let received = self.received().as_ref().map(text);
        let mut others = body.into_iter().chain(received);
        let names = |text: String| text.contains("types::");
        arguments.any(names) || others.any(names)
    }

    /// The name of the builder.
    pub(super) fn builder(&self) -> String {
        names::builder_name(&self.operation.id)
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &Argument<'a>> {
        self.arguments.iter().filter(|argument| argument.required)
    }

    pub(super) fn required_body(&self) -> Option<&BodyArgument<'a>> {
        self.body.as_ref().filter(|body| body.required)
    }

    /// The name of the client's method.
    pub(super) fn method_name(&self) -> String {
        names::method_name(&self.operation.id)
    }

    /// The name of the builder's field for the client. A parameter may be called `client`.
    pub(super) fn client_field(&self) -> &'static str {
        let mut arguments = self.arguments.iter();
        match arguments.any(|argument| argument.rust == "client") {
            true => "client_",
            false => "client",
        }
    }

    /// Whether its body is a stream.
    pub(super) fn streams(&self) -> bool {
        self.body.as_ref().is_some_and(BodyArgument::streams)
    }

    /// The first tag of the operation.
    pub(super) fn tag(&self) -> Option<&str> {
        self.operation.tag.as_deref()
    }

    pub(super) fn operation(&self) -> &Operation {
        self.operation
    }

    /// The name, whether it is required, and the description of each argument.
    pub(super) fn argument_docs(&self) -> Vec<(String, bool, Option<&str>)> {
        let arguments = self.arguments.iter();
        let mut list: Vec<_> = arguments
            .map(|one| (one.rust.clone(), one.required, one.description))
            .collect();
        if let Some(body) = &self.body {
            list.push(("body".to_owned(), body.required, body.description));
        }
        list
    }

    /// The return type of `send`, as Markdown.
    pub(super) fn returned_type(&self) -> String {
        match &self.success {
            Success::Nothing => "`Response<()>`".to_owned(),
            Success::Stream => "`Response<`[`ByteStream`]`>`".to_owned(),
            Success::Value(ty) => match named(ty) {
                Some(name) => format!("`Response<`[`{name}`](crate::types::{name})`>`"),
                None => format!("`Response<{}>`", text(ty)),
            },
        }
    }
}

impl<'a> Argument<'a> {
    fn new(parameter: &'a Parameter, ty: Type) -> Self {
        Self {
            name: &parameter.name,
            rust: parameter.rust.clone(),
            place: parameter.place,
            required: parameter.required,
            style: parameter.style,
            is_file: parameter.is_file || parameter.is_list_of_files,
            description: parameter.description.as_deref(),
            example_value: parameter.example_value.as_ref(),
            ty: match (parameter.is_file, parameter.is_list_of_files) {
                (true, _) => sdk_type("Part"),
                (_, true) => {
                    let part = sdk_type("Part");
                    syn::parse_quote!(Vec<#part>)
                }
                _ => ty,
            },
        }
    }
}

impl<'a> BodyArgument<'a> {
    fn new(body: &'a Body, ty: Type) -> Self {
        let mut argument = Self {
            media: &body.media,
            format: body.format,
            is_secret: body.is_secret,
            required: body.required,
            description: body.description.as_deref(),
            example: body.example.as_ref(),
            ty,
        };
        // progenitor's type of it is a type parameter of the function.
        if argument.streams() {
            argument.ty = sdk_type("Body");
        }
        argument
    }
}

/// The operation's parameters and body, each with the type of progenitor's argument for it.
fn arguments<'a>(
    operation: &'a Operation,
    function: &mut Function,
) -> Result<(Vec<Argument<'a>>, Option<BodyArgument<'a>>), String> {
    let parameters = &operation.parameters;
    let named: Vec<(&str, In)> = parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.place))
        .collect();
    let names = typify_input::parameter_names(&named, operation.body.is_some());
    let arguments = parameters.iter().zip(names).map(|(parameter, name)| {
        let ty = function.take_argument(&argument_name(&name))?;
        Ok(Argument::new(parameter, short_type(ty)))
    });
    let arguments = arguments.collect::<Result<_, String>>()?;
    let body = operation.body.as_ref().map(|body| {
        let ty = function.take_argument(typify_input::BODY)?;
        Ok::<_, String>(BodyArgument::new(body, short_type(ty)))
    });
    let body = body.transpose()?;
    function.check_all_taken()?;
    Ok((arguments, body))
}

fn success(ty: Type) -> Success {
    match &ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => Success::Nothing,
        // A schema may have this name, but its type is in a module.
        ty if is(ty, "ByteStream") && named(ty).is_none() => Success::Stream,
        _ => Success::Value(Box::new(ty)),
    }
}
