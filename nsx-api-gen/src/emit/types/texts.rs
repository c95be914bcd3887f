//! Enums of strings: one table of text and variant, which also keeps what it does not know.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Fields, Ident, ItemEnum, Variant};

use super::attributes::{docs_of, docs_of_type};
use crate::emit::docs;

/// An enum of strings and its table.
pub(super) fn texts(item: &ItemEnum) -> Vec<TokenStream> {
    let (name, docs) = (&item.ident, docs_of_type(&item.ident, &item.attrs));
    let text_name = name.to_string();
    let rows: Vec<_> = item.variants.iter().map(Row::new).collect();
    let other = unrecognized(item);
    let variants = rows.iter().map(Row::definition);
    let table = rows
        .iter()
        .map(|Row { text, ident, .. }| quote!((#text, Self::#ident)));
    let definition = quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A value that the document does not list.
            #other(String),
        }
    };
    let implementation = quote! {
        impl StringEnum for #name {
            const NAME: &'static str = #text_name;
            const TABLE: &'static [(&'static str, Self)] = &[#(#table),*];

            fn from_unrecognized(text: String) -> Self {
                Self::#other(text)
            }

            fn unrecognized(&self) -> Option<&str> {
                match self {
                    Self::#other(text) => Some(text),
                    _ => None,
                }
            }
        }
    };
    vec![definition, implementation, quote!(string_enum!(#name);)]
}

/// A value that the document lists.
struct Row {
    ident: Ident,
    text: String,
    docs: Vec<Attribute>,
}

impl Row {
    fn new(variant: &Variant) -> Self {
        let text = renamed(&variant.attrs).unwrap_or_else(|| variant.ident.to_string());
        Self {
            ident: variant.ident.clone(),
            docs: docs_of(&variant.attrs),
            text,
        }
    }

    /// The variant; what stands on the wire is its description where the document has none.
    fn definition(&self) -> TokenStream {
        let (ident, docs) = (&self.ident, &self.docs);
        let wire = docs::attributes(&docs::code(&self.text));
        let docs = if docs.is_empty() {
            wire
        } else {
            quote!(#(#docs)*)
        };
        quote!(#docs #ident)
    }
}

/// A name for the variant that keeps what is not listed.
fn unrecognized(item: &ItemEnum) -> Ident {
    let mut name = "Unrecognized".to_owned();
    while item.variants.iter().any(|variant| variant.ident == name) {
        name.push('_');
    }
    format_ident!("{name}")
}

/// An enum whose variants are all texts.
pub(super) fn is_texts(item: &ItemEnum) -> bool {
    let untagged = item
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("serde"));
    let mut variants = item.variants.iter();
    !untagged && variants.all(|variant| matches!(variant.fields, Fields::Unit))
}

fn renamed(attributes: &[Attribute]) -> Option<String> {
    let mut text = None;
    for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
        let read = attribute.parse_nested_meta(|meta| {
            let value = meta.value()?.parse::<syn::LitStr>()?;
            if meta.path.is_ident("rename") {
                text = Some(value.value());
            }
            Ok(())
        });
        read.ok()?;
    }
    text
}
