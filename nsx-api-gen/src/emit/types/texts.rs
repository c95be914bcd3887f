//! Enums of strings: one table of text and variant, which also keeps what it does not know.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Fields, ItemEnum};

use super::attributes::{docs_of, docs_of_type};

/// An enum of strings as the table that the macro wants.
pub(super) fn texts(item: &ItemEnum) -> TokenStream {
    let (name, docs) = (&item.ident, docs_of_type(&item.ident, &item.attrs));
    let rows = item.variants.iter().map(|variant| {
        let (ident, docs) = (&variant.ident, docs_of(&variant.attrs));
        let text = renamed(&variant.attrs).unwrap_or_else(|| ident.to_string());
        quote!(#(#docs)* #text => #ident,)
    });
    let taken = |name: &str| item.variants.iter().any(|variant| variant.ident == name);
    let other = if taken("Unrecognized") {
        "Unrecognized_"
    } else {
        "Unrecognized"
    };
    let other = format_ident!("{other}");
    quote! {
        string_enum! {
            #(#docs)*
            pub enum #name {
                #(#rows)*
                _ => #other,
            }
        }
    }
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
