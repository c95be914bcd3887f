//! The operation table, and the documented examples that the mock answers with.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::docs;
use crate::model::{Api, Operation};
use crate::names;

/// `operations.rs`, in groups.
pub(super) fn operations(api: &Api) -> Vec<TokenStream> {
    let entries = api.operations.iter().map(|operation| {
        let name = static_ident(operation);
        quote!(&#name)
    });
    let mut groups = vec![
        quote! {
            //! The operation table: what retries, errors, docs and the mock know of each operation.
        },
        quote!(
            use http::Method;
        ),
        quote!(
            use crate::operation::{DocumentedResponse, Operation};
        ),
        quote! {
            /// Every operation of the document, in the order of their paths.
            pub static ALL: &[&Operation] = &[#(#entries),*];
        },
    ];
    groups.extend(api.operations.iter().map(entry));
    groups
}

/// The operation's entry in the table.
pub(super) fn static_ident(operation: &Operation) -> syn::Ident {
    format_ident!("{}", names::static_name(&operation.id))
}

fn entry(operation: &Operation) -> TokenStream {
    let name = static_ident(operation);
    let (id, path, query) = (&operation.id, &operation.path, &operation.query);
    let accept = operation.accept();
    let method = format_ident!("{}", operation.method.to_uppercase());
    let idempotent = operation.idempotent;
    let what = operation.summary.as_deref().unwrap_or(id);
    let what = docs::one_line(what.trim_end_matches('.'));
    let call = docs::code(&operation.call());
    let docs = docs::attributes(&format!("{what}: {call}."));
    let responses = operation.responses.iter().map(|response| {
        let status = &response.status;
        let description = docs::joined(&response.description);
        quote!(DocumentedResponse::new(#status, #description))
    });
    quote! {
        #docs
        pub static #name: Operation = Operation {
            id: #id,
            method: Method::#method,
            path: #path,
            query: #query,
            idempotent: #idempotent,
            accept: #accept,
            responses: &[#(#responses),*],
        };
    }
}

/// `examples.rs`, in groups.
pub(super) fn examples(api: &Api) -> Vec<TokenStream> {
    let rows = api.operations.iter().flat_map(|operation| {
        operation.responses.iter().filter_map(|response| {
            let (id, status) = (&operation.id, &response.status);
            let example = raw(&response.example.as_ref()?.to_string());
            Some(quote!((#id, #status, #example)))
        })
    });
    vec![quote! {
        /// An example of a response: the operationId, the status, the JSON text in which `<secret>`
        /// stands for a secret.
        pub(crate) static EXAMPLES: &[(&str, &str, &str)] = &[#(#rows),*];
    }]
}

/// A text as a raw string, which reads as the JSON that it is.
fn raw(text: &str) -> Literal {
    let longest = text
        .split('"')
        .map(|part| part.len() - part.trim_start_matches('#').len());
    let fence = "#".repeat(longest.max().unwrap_or(0) + 1);
    let literal = format!("r{fence}\"{text}\"{fence}").parse();
    literal.unwrap_or_else(|_| Literal::string(text))
}
