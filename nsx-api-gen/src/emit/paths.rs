//! Short type paths: `Option<String>` instead of `::std::option::Option<::std::string::String>`.
//!
//! Schemas cannot have these names (`names::RESERVED_TYPES`), so the short paths are unambiguous.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Ident, Item, Path, PathArguments, Type};

/// Shortens every path in an item.
pub(super) fn shorten(item: &mut Item) {
    Shorten.visit_item_mut(item);
}

/// Shortens every path in a type.
pub(super) fn shorten_type(ty: &mut Type) {
    Shorten.visit_type_mut(ty);
}

/// A type as text.
pub(super) fn text(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    text.retain(|letter| letter != ' ');
    text.replace(',', ", ").replace(';', "; ")
}

/// The last identifier of a type's path.
pub(super) fn type_ident(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The first argument of a generic type with this name, such as the `T` of an `Option<T>`.
pub(super) fn argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    if last.ident != name {
        return None;
    }
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// A type of the SDK that generated code refers to: `crate::Name`.
pub(super) fn sdk_type(name: &str) -> Type {
    let [root, name] = ["crate", name].map(|part| Ident::new(part, Span::call_site()));
    syn::parse_quote!(#root::#name)
}

/// A type with its paths shortened.
pub(super) fn short_type(mut ty: Type) -> Type {
    shorten_type(&mut ty);
    ty
}

/// Whether the last identifier of a type's path is this one.
pub(super) fn is(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The name of a type of the document: `Thing` for `types::Thing`.
pub(super) fn named(ty: &Type) -> Option<String> {
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

/// The modules whose items are in the prelude.
const PRELUDE: [&str; 7] = [
    "std::boxed",
    "std::clone",
    "std::convert",
    "std::default",
    "std::option",
    "std::string",
    "std::vec",
];

struct Shorten;

impl VisitMut for Shorten {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        let module = names
            .split_last()
            .map(|(_, module)| module.join("::"))
            .unwrap_or_default();
        let in_prelude = match names.join("::").as_str() {
            "std::result::Result" => true,
            // The only type in these modules that is used here but not in the prelude.
            "std::convert::Infallible" => false,
            _ => PRELUDE.contains(&module.as_str()),
        };
        if in_prelude && path.leading_colon.is_some() {
            path.segments = path.segments.iter().last().cloned().into_iter().collect();
        }
        path.leading_colon = None;
    }
}
