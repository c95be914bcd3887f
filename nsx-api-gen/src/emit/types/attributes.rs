//! Reads progenitor's attributes.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta, Path, Token};

use crate::document::markdown::markdown;

/// The docs of a type, as Markdown. If the document has none, progenitor generates the type's name,
/// which is dropped.
pub(super) fn docs_of_type(name: &Ident, attributes: &[Attribute]) -> String {
    let docs = docs_of(attributes);
    if docs == format!("`{name}`") {
        String::new()
    } else {
        docs
    }
}

/// The docs of an item, as rustdoc Markdown.
pub(super) fn docs_of(attributes: &[Attribute]) -> String {
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
    markdown(&texts.collect::<Vec<_>>().join("\n"))
}

/// Docs as attributes.
pub(super) fn doc_attributes(docs: &str) -> impl Iterator<Item = Attribute> {
    docs.lines().map(|line| {
        let line = match line.is_empty() {
            true => String::new(),
            false => format!(" {line}"),
        };
        syn::parse_quote!(#[doc = #line])
    })
}

/// Shortens `#[derive(::serde::Serialize)]` to `#[derive(serde::Serialize)]`.
pub(super) fn short_derive(attribute: &mut Attribute) {
    let paths = Punctuated::<Path, Token![,]>::parse_terminated;
    if attribute.path().is_ident("derive")
        && let Ok(mut paths) = attribute.parse_args_with(paths)
    {
        paths.iter_mut().for_each(|path| path.leading_colon = None);
        *attribute = syn::parse_quote!(#[derive(#paths)]);
    }
}
