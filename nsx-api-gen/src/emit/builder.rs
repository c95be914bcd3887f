//! The client's methods and their builders: the passes `arguments` and `split`.
//!
//! What an operation requires is an argument of the client's method, what it does not is a setter.
//! A builder makes a request, synchronously, and hands it to the layer written by hand.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Type};

use super::docs;
use super::recognize;
use super::table::static_ident;
use crate::document::is_success;
use crate::model::{In, Operation};
use crate::names;

/// An operation with the Rust types of its parameters, body and success.
pub(super) struct Method<'a> {
    operation: &'a Operation,
    arguments: Vec<Argument<'a>>,
    body: Option<BodyArgument<'a>>,
    success: Success,
}

struct Argument<'a> {
    name: &'a str,
    rust: Ident,
    place: In,
    required: bool,
    joined: bool,
    description: Option<&'a str>,
    ty: Type,
}

struct BodyArgument<'a> {
    media: &'a str,
    required: bool,
    description: Option<&'a str>,
    ty: Type,
}

/// What a success gives.
enum Success {
    Nothing,
    Stream,
    Value(Box<Type>),
}

impl<'a> Method<'a> {
    /// Brings together what the document and progenitor know.
    pub(super) fn new(
        operation: &'a Operation,
        builder: recognize::Builder,
    ) -> Result<Self, String> {
        let body = match (&operation.body, builder.body) {
            (None, None) => None,
            (Some(body), Some(ty)) => Some(BodyArgument {
                media: &body.media,
                required: body.required,
                description: body.description.as_deref(),
                ty: super::types_type(ty),
            }),
            _ => return Err("progenitor and the document differ on its body".to_owned()),
        };
        Ok(Self {
            operation,
            arguments: arguments(operation, builder.parameters)?,
            body,
            success: success(super::types_type(builder.success)),
        })
    }

    /// The types that the operation sends, and those that it receives.
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

    /// The builder.
    pub(super) fn builder_items(&self) -> [TokenStream; 2] {
        [self.definition(), self.implementation()]
    }

    fn builder(&self) -> Ident {
        format_ident!("{}", names::builder_name(&self.operation.id))
    }

    fn required(&self) -> impl Iterator<Item = &Argument<'a>> {
        self.arguments.iter().filter(|argument| argument.required)
    }

    fn required_body(&self) -> Option<&BodyArgument<'a>> {
        self.body.as_ref().filter(|body| body.required)
    }

    /// The client's method, which starts the builder.
    pub(super) fn client_method(&self) -> TokenStream {
        let (name, builder) = (self.method_ident(), self.builder());
        let docs = docs::attributes(&super::page::method(self));
        let deprecated = self.operation.deprecated.then(|| quote!(#[deprecated]));
        let arguments = self.required().map(Argument::signature);
        let body = self.required_body().map(BodyArgument::signature);
        let arguments = arguments.chain(body);
        let client = self.client_ident();
        let values = self.arguments.iter().map(Argument::initial);
        let body = self.body.as_ref().map(BodyArgument::initial);
        quote! {
            #docs
            #deprecated
            pub fn #name(&self, #(#arguments),*) -> #builder<'_> {
                #builder { #client: self, #(#values,)* #body }
            }
        }
    }

    fn definition(&self) -> TokenStream {
        let (name, builder, client) = (self.method_ident(), self.builder(), self.client_ident());
        let doc = format!(" Builder for [`Client::{name}`].");
        let fields = self.arguments.iter().map(|argument| {
            let (rust, ty) = (&argument.rust, &argument.ty);
            let ty = optional(argument.required, quote!(#ty));
            quote!(#rust: #ty)
        });
        let body = self.body.as_ref().map(|body| {
            let ty = optional(body.required, body.held());
            quote!(body: #ty)
        });
        let fields = fields.chain(body);
        // A body that is a stream cannot be copied.
        let clone = (!self.streams()).then(|| quote!(Clone,));
        quote! {
            #[doc = #doc]
            #[derive(#clone Debug)]
            #[must_use = "nothing is sent until `send` is called"]
            pub struct #builder<'a> {
                #client: &'a Client,
                #(#fields,)*
            }
        }
    }

    fn streams(&self) -> bool {
        self.body.as_ref().is_some_and(BodyArgument::streams)
    }

    fn implementation(&self) -> TokenStream {
        let builder = self.builder();
        let optional = self.arguments.iter().filter(|argument| !argument.required);
        let setters = optional.map(Argument::setter);
        let body = self.body.as_ref().filter(|body| !body.required);
        let setters = setters.chain(body.map(BodyArgument::setter));
        let doc = format!(
            " Sends the request: `{} {}`.",
            self.operation.method.to_uppercase(),
            self.operation.path
        );
        let (output, call) = self.call();
        let request = self.request();
        quote! {
            impl<'a> #builder<'a> {
                #(#setters)*

                #[doc = #doc]
                pub async fn send(self) -> Result<Response<#output>, Error> {
                    #call
                }

                fn into_request(self) -> Request<'a> {
                    #request
                }
            }
        }
    }

    fn call(&self) -> (TokenStream, TokenStream) {
        match &self.success {
            Success::Nothing => (
                quote!(()),
                quote!(Ok(self.into_request().send().await?.map(drop))),
            ),
            Success::Stream => (
                quote!(ByteStream),
                quote!(self.into_request().stream().await),
            ),
            Success::Value(ty) => (
                quote!(#ty),
                quote!(self.into_request().send().await?.json()),
            ),
        }
    }

    fn request(&self) -> TokenStream {
        let (client, entry) = (self.client_ident(), static_ident(self.operation));
        let parameters = self.arguments.iter().map(Argument::write);
        let request = quote!(self.#client.operation(&operations::#entry) #(#parameters)*);
        match &self.body {
            None => request,
            Some(body) if body.required => {
                let write = body.write(quote!(self.body));
                quote!(#request #write)
            }
            Some(body) => {
                let write = body.write(quote!(body));
                quote! {
                    let request = #request;
                    match self.body {
                        Some(body) => request #write,
                        None => request,
                    }
                }
            }
        }
    }

    fn method_ident(&self) -> Ident {
        format_ident!("{}", names::method_name(&self.operation.id))
    }

    /// The field of the client; a parameter may be called `client`.
    fn client_ident(&self) -> Ident {
        let taken = self
            .arguments
            .iter()
            .any(|argument| argument.rust == "client");
        format_ident!("{}", if taken { "client_" } else { "client" })
    }

    /// The operation's first tag.
    pub(super) fn tag(&self) -> Option<&str> {
        self.operation.tag.as_deref()
    }

    pub(super) fn operation(&self) -> &Operation {
        self.operation
    }

    /// What the page of the method needs of its arguments: name, whether required, description.
    pub(super) fn described(&self) -> Vec<(String, bool, Option<&str>)> {
        let arguments = self.arguments.iter();
        let mut list: Vec<_> = arguments
            .map(|one| (one.rust.to_string(), one.required, one.description))
            .collect();
        if let Some(body) = &self.body {
            list.push(("body".to_owned(), body.required, body.description));
        }
        list
    }

    /// A call for the example: what must be given from outside, and the call's arguments.
    pub(super) fn example(&self) -> (Vec<String>, Vec<String>) {
        let (mut outside, mut given) = (Vec::new(), Vec::new());
        for argument in self.required() {
            let name = &argument.rust;
            if is(&argument.ty, "String") {
                given.push(format!("\"{}\"", argument.name));
            } else {
                outside.push(format!("{name}: {}", public(&argument.ty)));
                given.push(name.to_string());
            }
        }
        if let Some(body) = self.required_body() {
            let ty = match body.media {
                "application/json" | "application/x-www-form-urlencoded" => public(&body.ty),
                "application/octet-stream" => "Vec<u8>".to_owned(),
                _ => "String".to_owned(),
            };
            outside.push(format!("body: {ty}"));
            given.push("body".to_owned());
        }
        (outside, given)
    }

    /// The name of the client's method, and the Rust type of its success as the docs write it.
    pub(super) fn name(&self) -> String {
        self.method_ident().to_string()
    }

    /// How a success arrives.
    pub(super) fn arrival(&self) -> String {
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

/// Each parameter of the document with progenitor's type of it.
fn arguments(
    operation: &Operation,
    known: Vec<recognize::Parameter>,
) -> Result<Vec<Argument<'_>>, String> {
    let mut paths = path_names(&operation.path).into_iter();
    let mut types: BTreeMap<(String, &str), Type> = BTreeMap::new();
    for parameter in known {
        let name = parameter.name.or_else(|| paths.next());
        let Some(name) = name else {
            return Err("progenitor has more parameters in its path than the document".to_owned());
        };
        types.insert(
            (name, key(parameter.place)),
            super::types_type(parameter.ty),
        );
    }
    let mut list = Vec::new();
    for parameter in &operation.parameters {
        let Some(ty) = types.remove(&(parameter.name.clone(), key(parameter.place))) else {
            return Err(format!("progenitor has no parameter `{}`", parameter.name));
        };
        list.push(Argument {
            name: &parameter.name,
            rust: format_ident!("{}", names::field_name(&parameter.name)),
            place: parameter.place,
            required: parameter.required,
            joined: parameter.joined,
            description: parameter.description.as_deref(),
            ty,
        });
    }
    if let Some((name, _)) = types.into_keys().next() {
        return Err(format!("the document has no parameter `{name}`"));
    }
    let order = path_names(&operation.path);
    list.sort_by_key(|argument| {
        let index = order.iter().position(|name| name == argument.name);
        (key(argument.place) != "path", index)
    });
    Ok(list)
}

/// The names in a path's braces, in their order.
fn path_names(path: &str) -> Vec<String> {
    let parts = path.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
        .collect()
}

fn key(place: In) -> &'static str {
    match place {
        In::Path => "path",
        In::Query => "query",
        In::Header => "header",
    }
}

fn success(ty: Type) -> Success {
    match &ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => Success::Nothing,
        ty if is(ty, "ByteStream") => Success::Stream,
        _ => Success::Value(Box::new(ty)),
    }
}

fn optional(required: bool, ty: TokenStream) -> TokenStream {
    if required { ty } else { quote!(Option<#ty>) }
}

impl Argument<'_> {
    fn signature(&self) -> TokenStream {
        let (rust, ty) = (&self.rust, &self.ty);
        if self.converts() {
            quote!(#rust: impl Into<#ty>)
        } else {
            quote!(#rust: #ty)
        }
    }

    /// Whether more than the type itself can be given for it: text for a string, say.
    fn converts(&self) -> bool {
        is(&self.ty, "String") || is(&self.ty, "Secret") || named(&self.ty).is_some()
    }

    fn initial(&self) -> TokenStream {
        let rust = &self.rust;
        match (self.required, self.converts()) {
            (true, true) => quote!(#rust: #rust.into()),
            (true, false) => quote!(#rust),
            (false, _) => quote!(#rust: None),
        }
    }

    fn setter(&self) -> TokenStream {
        let (rust, ty) = (&self.rust, &self.ty);
        // The builder has methods of its own.
        let setter = match rust.to_string().as_str() {
            name @ ("send" | "into_request") => format_ident!("{name}_"),
            _ => rust.clone(),
        };
        let doc = self.description.unwrap_or("");
        let doc = match doc.is_empty() {
            true => format!("Sets `{}`.", self.name),
            false => docs::markdown(doc),
        };
        let docs = docs::attributes(&doc);
        quote! {
            #docs
            pub fn #setter(mut self, value: impl Into<#ty>) -> Self {
                self.#rust = Some(value.into());
                self
            }
        }
    }

    fn write(&self) -> TokenStream {
        let (rust, name) = (&self.rust, self.name);
        match self.place {
            In::Path => quote!(.path(#name, &self.#rust)),
            In::Query if self.joined => quote!(.query_joined(#name, &self.#rust)),
            In::Query => quote!(.query(#name, &self.#rust)),
            In::Header => quote!(.header(#name, &self.#rust)),
        }
    }
}

impl BodyArgument<'_> {
    fn streams(&self) -> bool {
        self.media == "application/octet-stream"
    }

    fn is_text(&self) -> bool {
        self.media.starts_with("text/")
    }

    /// The type of the builder's field.
    fn held(&self) -> TokenStream {
        let ty = &self.ty;
        match (self.streams(), self.is_text()) {
            (true, _) => quote!(Body),
            (_, true) => quote!(String),
            _ => quote!(#ty),
        }
    }

    fn signature(&self) -> TokenStream {
        let held = self.held();
        match self.streams() || self.is_text() {
            true => quote!(body: impl Into<#held>),
            false => quote!(body: #held),
        }
    }

    fn initial(&self) -> TokenStream {
        match (self.required, self.streams() || self.is_text()) {
            (true, true) => quote!(body: body.into(),),
            (true, false) => quote!(body,),
            (false, _) => quote!(body: None,),
        }
    }

    fn setter(&self) -> TokenStream {
        let held = self.held();
        let doc = self
            .description
            .map_or("Sets the request's body.".to_owned(), docs::markdown);
        let docs = docs::attributes(&doc);
        quote! {
            #docs
            pub fn body(mut self, value: impl Into<#held>) -> Self {
                self.body = Some(value.into());
                self
            }
        }
    }

    fn write(&self, value: TokenStream) -> TokenStream {
        match self.media {
            "application/json" => quote!(.json(&#value)),
            "application/x-www-form-urlencoded" => quote!(.form(&#value)),
            "application/octet-stream" => quote!(.body(#value)),
            media => {
                let header =
                    (media != "text/plain").then(|| quote!(.header("content-type", #media)));
                quote!(.text(#value) #header)
            }
        }
    }
}

/// Whether the type's last name is this one.
fn is(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The name of a type of the document: `types::Thing`.
fn named(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else {
        return None;
    };
    let names: Vec<String> = path
        .path
        .segments
        .iter()
        .map(|one| one.ident.to_string())
        .collect();
    match names.as_slice() {
        [module, name] if module == "types" => Some(name.clone()),
        _ => None,
    }
}

/// A type as code outside of the crate writes it.
fn public(ty: &Type) -> String {
    let text = text(ty);
    text.replace("crate::", "nsx_api::")
        .replace("types::", "nsx_api::types::")
}

/// A type's tokens without the spaces that separate them.
fn text(ty: &Type) -> String {
    quote!(#ty).to_string().replace(' ', "").replace(',', ", ")
}

/// Whether an operation documents a status as a success.
pub(super) fn documents_success(operation: &Operation) -> bool {
    operation
        .responses
        .iter()
        .any(|response| is_success(&response.status))
}
