//! The client's methods and their builders: the passes `arguments` and `split`.
//!
//! What an operation requires is an argument of the client's method, what it does not is a setter.
//! A builder makes a request, synchronously, and hands it to the layer written by hand.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use super::method::{Argument, BodyArgument, Method, Success, is, named};
use super::table::static_ident;
use crate::model::In;
use crate::names;

impl Method<'_> {
    /// The builder.
    pub(super) fn builder_items(&self) -> [TokenStream; 2] {
        [self.definition(), self.implementation()]
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
        let method = self.method_ident();
        let doc = format!(
            " Sends the request. What comes back, and the errors, are those of [`Client::{method}`]."
        );
        let (output, call) = self.call();
        let pages = self.pages();
        let request = self.request();
        quote! {
            impl<'a> #builder<'a> {
                #(#setters)*

                #[doc = #doc]
                pub async fn send(self) -> Result<Response<#output>, Error> {
                    #call
                }

                #pages

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

    /// The ways through a list, for an operation that answers a page of one.
    fn pages(&self) -> Option<TokenStream> {
        let Success::Value(page) = &self.success else {
            return None;
        };
        let method = self.method_ident();
        let items = format!(
            " The items of this page and of all that follow. Each page is a call like [`Client::{method}`]'s, made once it is needed."
        );
        let pages = format!(
            " This page and all that follow. Each is a call like [`Client::{method}`]'s, made once it is asked for."
        );
        self.is_list.then(|| {
            quote! {
                #[doc = #items]
                pub fn stream(self) -> Items<'a, #page> {
                    self.pages().items()
                }

                #[doc = #pages]
                pub fn pages(self) -> Pages<'a, #page> {
                    self.into_request().pages()
                }
            }
        })
    }

    fn request(&self) -> TokenStream {
        let (client, entry) = (self.client_ident(), static_ident(self.operation));
        let parameters = self.arguments.iter().map(Argument::write);
        let request = quote!(self.#client.operation(&operations::#entry) #(#parameters)*);
        let files = self
            .arguments
            .iter()
            .filter(|one| one.is_file && !one.required);
        let files: Vec<_> = files.map(Argument::add_file).collect();
        if !files.is_empty() {
            return quote! {
                let mut request = #request;
                #(#files)*
                request
            };
        }
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
        is(&self.ty, "String")
            || is(&self.ty, "Secret")
            || self.is_file
            || named(&self.ty).is_some()
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
        let setter = format_ident!("{}", names::setter_name(&rust.to_string()));
        let doc = self.description.unwrap_or("");
        let doc = match doc.is_empty() {
            true => format!("Sets {}.", docs::code(self.name)),
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
            In::Part if !self.is_file => quote!(.multipart_text(#name, &self.#rust)),
            In::Part if self.required => quote!(.multipart_file(#name, self.#rust)),
            // It is written behind the others.
            In::Part => quote!(),
        }
    }
}

impl Argument<'_> {
    /// Adds a file that need not be there.
    fn add_file(&self) -> TokenStream {
        let (rust, name) = (&self.rust, self.name);
        quote! {
            if let Some(file) = self.#rust {
                request = request.multipart_file(#name, file);
            }
        }
    }
}

impl BodyArgument<'_> {
    pub(super) fn streams(&self) -> bool {
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
