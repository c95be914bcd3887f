//! The last step: from a checked document to the text of the generated files.
//!
//! progenitor makes the types and finds the type of each parameter; the passes here read that and
//! write the SDK's code in its place. Only this module knows progenitor.

mod blame;
mod builder;
mod docs;
mod lists;
mod method;
mod page;
mod paths;
mod pieces;
mod print;
mod private;
mod progenitor;
mod recognize;
mod table;
mod types;
mod unions;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Once;
use std::thread;

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Signature, Type};

use crate::error::{Error, Fault};
use crate::model::Api;
use crate::names;
use crate::read::Document;
use lists::Lists;
use method::Method;
use recognize::Function;
use types::{Order, Types};

/// The generated files by their path in the output folder.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// Generates every file.
pub(crate) fn emit(document: &Document, root: &Value, api: &Api) -> Result<Files, Error> {
    let about = format!(
        "{} {}, SHA-256 {}",
        docs::joined(&api.title),
        docs::joined(&api.version),
        document.digest
    );
    let private = private::private(root);
    let order = Order::new(&private);
    let result = apart(|| {
        let code = progenitor::generate(private.clone());
        code.map(|code| files(code, api, &order, &about))
    });
    let faults = match result {
        Ok(Ok(files)) => return Ok(files),
        Ok(Err(fault)) => vec![fault],
        Err(reason) => blame::blame(&private, api, &reason),
    };
    Err(Error::Document {
        file: document.file.clone(),
        faults,
    })
}

fn files(code: progenitor::Code, api: &Api, order: &Order, about: &str) -> Result<Files, Fault> {
    let of_types = |message| Fault::of_document("#/components/schemas", message);
    let types = types::Code::read(code.types).map_err(of_types)?;
    let lists = Lists::new(types.types());
    let methods = methods(api, &code.functions, &lists)?;
    let pages = lists.implementations(&methods);
    let sent: Vec<Type> = methods.iter().flat_map(Method::sent).collect();
    let received: Vec<Type> = methods.iter().filter_map(Method::received).collect();
    let types = Types::new(types, order, &sent, &received).map_err(of_types)?;

    let mut files = Files::new();
    let mut add = |path: &str, about: &str, groups: &[TokenStream]| {
        let text = print::file(about, groups);
        let text = text.map_err(|message| Fault::of_document("#", message))?;
        files.insert(path.split('/').collect(), text);
        Ok(())
    };
    add("mod.rs", about, &root_module())?;
    add("operations.rs", "", &table::operations(api))?;
    add("examples.rs", "", &table::examples(api))?;
    add("schemas.rs", "", &schemas_file(api, &types))?;
    add("types.rs", "", &types_file(&types, pages))?;
    let mut modules: BTreeMap<String, Vec<&Method<'_>>> = BTreeMap::new();
    for method in &methods {
        let module = names::module_name(method.tag().unwrap_or("untagged"));
        modules.entry(module).or_default().push(method);
    }
    add("builder/mod.rs", "", &builder_module(modules.keys()))?;
    for (name, methods) in modules {
        add(
            &format!("builder/{name}.rs"),
            "",
            &builder_file(api, &methods),
        )?;
    }
    Ok(files)
}

/// Each operation of the document with progenitor's function of it.
fn methods<'a>(
    api: &'a Api,
    functions: &[Signature],
    lists: &Lists<'_>,
) -> Result<Vec<Method<'a>>, Fault> {
    if functions.len() != api.operations.len() {
        let message = "progenitor has not made one function for each operation";
        return Err(Fault::of_document("#/paths", message));
    }
    let pairs = api.operations.iter().zip(functions);
    pairs
        .map(|(operation, signature)| {
            let function =
                Function::read(signature).ok_or("the shape of its function is not known");
            let method = function
                .map_err(str::to_owned)
                .and_then(|function| Method::new(operation, function, lists));
            method.map_err(|message| Fault {
                pointer: operation.pointer.clone(),
                operation: Some(operation.id.clone()),
                message,
            })
        })
        .collect()
}

fn root_module() -> Vec<TokenStream> {
    vec![
        quote! {
            //! The operations, types and builders of the document.
            // What the document does not describe has no description here either, and how a type or an
            // operation is cut is the document's choice.
            #![allow(
                missing_docs,
                non_camel_case_types,
                clippy::disallowed_names,
                clippy::doc_lazy_continuation,
                clippy::doc_overindented_list_items,
                clippy::enum_variant_names,
                clippy::infallible_try_from,
                clippy::large_enum_variant,
                clippy::too_many_arguments
            )]
        },
        quote! {
            pub mod builder;
            #[cfg(feature = "mock")]
            pub(crate) mod examples;
            pub mod operations;
            #[cfg(feature = "schemars")]
            pub mod schemas;
            pub mod types;
        },
    ]
}

/// The JSON Schemas of the components that are types of their own.
fn schemas_file(api: &Api, types: &Types) -> Vec<TokenStream> {
    let components = api.schemas.iter().filter_map(|name| {
        let rust = names::type_name(name);
        let ident = types.has(&rust).then(|| format_ident!("{rust}"))?;
        Some(quote!((#name, schema_for!(types::#ident))))
    });
    let components: Vec<_> = components.collect();
    let uses = (!components.is_empty()).then(|| {
        quote!(
            use crate::generated::types;
        )
    });
    let schema_for = (!components.is_empty()).then(|| quote!(, schema_for));
    vec![
        quote! {
            //! JSON Schemas of the types, for programs that check or show values before they are sent.
        },
        quote!(use schemars::{Schema #schema_for};),
        quote!(#uses),
        quote! {
            /// Each component of the document that is a type of its own, with the JSON Schema derived of that type.
            pub fn components() -> Vec<(&'static str, Schema)> {
                Vec::from([#(#components),*])
            }
        },
    ]
}

fn types_file(types: &Types, pages: Vec<TokenStream>) -> Vec<TokenStream> {
    let uses = types.uses();
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    if uses.objects {
        ours.extend([quote!(self), quote!(FromMap)]);
        theirs.push(quote!(
            use serde::de::MapAccess;
        ));
        theirs.push(quote!(
            use serde::{Deserialize, Deserializer, Serialize, Serializer};
        ));
    }
    if uses.texts {
        ours.push(quote!(StringEnum));
    }
    if uses.unions {
        ours.push(quote!(one_of));
    }
    if uses.texts {
        ours.push(quote!(string_enum));
    }
    let ours = (!ours.is_empty()).then(|| {
        quote!(
            use crate::compact::{#(#ours),*};
        )
    });
    let mut groups = vec![
        quote! {
            //! The types of requests and responses.
        },
        quote!(#(#theirs)*),
        quote!(#ours),
    ];
    groups.extend(types.items());
    groups.extend(pages);
    groups
}

fn builder_module<'a>(modules: impl Iterator<Item = &'a String>) -> Vec<TokenStream> {
    let modules: Vec<_> = modules.map(|name| format_ident!("{name}")).collect();
    vec![
        quote! {
            //! A builder for each operation; [`Client`](crate::Client) has a method that starts it.
        },
        quote!(#(mod #modules;)*),
        quote!(#(pub use #modules::*;)*),
    ]
}

/// The methods and builders of one tag, with just what they use in scope.
fn builder_file(api: &Api, methods: &[&Method<'_>]) -> Vec<TokenStream> {
    let tag = methods.first().and_then(|method| method.tag());
    let docs = docs::attributes(&page::tag(api, tag));
    let starts = methods.iter().map(|method| method.client_method());
    let mut items = vec![quote! {
        #docs
        impl Client {
            #(#starts)*
        }
    }];
    items.extend(methods.iter().flat_map(|method| method.builder_items()));

    let mut used = BTreeSet::new();
    items
        .iter()
        .for_each(|item| idents(item.clone(), &mut used));
    let only = |list: &[&str]| {
        let list = list.iter().filter(|name| used.contains(**name));
        list.map(|name| format_ident!("{name}")).collect::<Vec<_>>()
    };
    let modules = only(&["operations", "types"]);
    let kinds = only(&[
        "Body",
        "ByteStream",
        "Client",
        "Error",
        "Items",
        "Pages",
        "Request",
        "Response",
    ]);
    let mut groups = vec![quote! {
        use crate::generated::{#(#modules),*};
        use crate::{#(#kinds),*};
    }];
    groups.extend(items);
    groups
}

/// The names that tokens use, but for those of the document's types.
fn idents(tokens: TokenStream, into: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_types = |index: usize| matches!(tokens.get(index), Some(TokenTree::Ident(ident)) if ident == "types");
    for (index, token) in tokens.iter().enumerate() {
        match token {
            // `types`, two colons, and this.
            TokenTree::Ident(_) if index >= 3 && is_types(index - 3) => {}
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => idents(group.stream(), into),
            _ => {}
        }
    }
}

/// A type of progenitor's builders, with short paths.
fn types_type(mut ty: Type) -> Type {
    paths::shorten_type(&mut ty);
    ty
}

/// Runs what may panic or need much stack in a thread of its own, and makes a panic an error.
fn apart<T: Send>(run: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    const NAME: &str = "nsx-api-gen";
    const STACK: usize = 256 << 20;
    static QUIET: Once = Once::new();
    // The panic is reported as an error; the default hook would print it as well.
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(NAME) {
                hook(info);
            }
        }));
    });
    thread::scope(|scope| {
        let builder = thread::Builder::new()
            .name(NAME.to_owned())
            .stack_size(STACK);
        let thread = builder
            .spawn_scoped(scope, run)
            .map_err(|error| format!("no thread to generate in: {error}"))?;
        thread.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(in_our_words(text.unwrap_or("for no reason given")))
        })
    })
}

/// What progenitor says as it gives up, where that is something that a document's author can mend.
fn in_our_words(panic: &str) -> String {
    match panic.strip_prefix("Failed to make unique variant names for ") {
        Some(values) => format!("values of an enum are one in Rust, or none at all: {values}"),
        None => format!("progenitor gave up: {panic}"),
    }
}
