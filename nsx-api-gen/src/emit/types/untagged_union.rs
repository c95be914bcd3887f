//! Unions without a discriminator: an enum of types, decoded as the variant that fits best.

use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, ItemEnum, Path, Token, Type};

use super::{Defined, TypeKind};
use crate::emit::code::Code;
use crate::emit::paths::text;

/// The variants of progenitor's enum, each with its type; `None` if it is another kind of enum.
fn variants(item: &ItemEnum) -> Option<Vec<(String, &Type)>> {
    let variants = item.variants.iter().map(|variant| match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 && variant.attrs.is_empty() => {
            let ty = &fields.unnamed.first()?.ty;
            Some((variant.ident.to_string(), ty))
        }
        _ => None,
    });
    variants.collect()
}

/// Replaces serde's derives, which decode the first variant that accepts a value. Returns whether
/// the enum is such a union.
pub(super) fn replace_derives(item: &mut ItemEnum) -> bool {
    if !item.attrs.iter().any(is_untagged) || variants(item).is_none() {
        return false;
    }
    item.attrs
        .retain(|attribute| !attribute.path().is_ident("serde"));
    for attribute in &mut item.attrs {
        let paths = Punctuated::<Path, Token![,]>::parse_terminated;
        if attribute.path().is_ident("derive")
            && let Ok(paths) = attribute.parse_args_with(paths)
        {
            let is_serde = |path: &Path| {
                path.segments
                    .first()
                    .is_some_and(|one| one.ident == "serde")
            };
            let paths: Vec<Path> = paths.into_iter().filter(|path| !is_serde(path)).collect();
            *attribute = syn::parse_quote!(#[derive(#(#paths),*)]);
        } else if attribute.path().is_ident("cfg_attr") {
            *attribute = syn::parse_quote!(
                #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(untagged))]
            );
        }
    }
    true
}

fn is_untagged(attribute: &Attribute) -> bool {
    let list = attribute.meta.require_list().ok();
    attribute.path().is_ident("serde")
        && list.is_some_and(|list| list.tokens.to_string() == "untagged")
}

/// Writes the table of a union.
pub(super) fn write(item: &ItemEnum, code: &mut Code) {
    code.block("untagged_union!", |code| {
        code.line(format!("{};", item.ident));
        for (variant, ty) in variants(item).into_iter().flatten() {
            code.line(format!("{variant}({});", text(ty)));
        }
    });
}

/// The types of the variants, which keep unknown fields, so that no variant loses any.
pub(super) fn variant_types(defined: &[Defined]) -> impl Iterator<Item = String> {
    let unions = defined.iter().filter_map(|defined| match &defined.kind {
        TypeKind::Untagged(item) => variants(item),
        _ => None,
    });
    unions
        .flatten()
        .filter_map(|(_, ty)| super::union::inner(ty))
}
