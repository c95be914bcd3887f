//! What is read of progenitor's attributes.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta, Path, Token};

use crate::emit::docs::markdown;

/// The docs of a type. Where the document has none progenitor writes the type's name.
pub(super) fn docs_of_type(name: &Ident, attributes: &[Attribute]) -> Vec<Attribute> {
    let docs = docs_of(attributes);
    let none: Attribute = {
        let line = format!(" `{name}`");
        syn::parse_quote!(#[doc = #line])
    };
    if docs == [none] { Vec::new() } else { docs }
}

/// The docs of an item as lines that rustdoc reads as the document means them.
pub(super) fn docs_of(attributes: &[Attribute]) -> Vec<Attribute> {
    let texts = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    let text = markdown(&texts.collect::<Vec<_>>().join("\n"));
    text.lines()
        .map(|line| {
            let line = if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            };
            syn::parse_quote!(#[doc = #line])
        })
        .collect()
}

/// `#[derive(serde::Serialize)]` for `#[derive(::serde::Serialize)]`.
pub(super) fn short_derive(attribute: &mut Attribute) {
    let paths = Punctuated::<Path, Token![,]>::parse_terminated;
    if attribute.path().is_ident("derive")
        && let Ok(mut paths) = attribute.parse_args_with(paths)
    {
        paths.iter_mut().for_each(|path| path.leading_colon = None);
        *attribute = syn::parse_quote!(#[derive(#paths)]);
    }
}
