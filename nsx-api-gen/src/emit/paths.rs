//! Paths as a person writes them: `Option<String>` for `::std::option::Option<::std::string::String>`.
//!
//! No schema may take these names (`names::RESERVED_TYPES`), so that the short ones mean the same.

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Item, Path, PathArguments, Type};

/// Shortens every path of an item.
pub(super) fn shorten(item: &mut Item) {
    Shorten.visit_item_mut(item);
}

/// Shortens every path of a type.
pub(super) fn shorten_type(ty: &mut Type) {
    Shorten.visit_type_mut(ty);
}

/// A type as a person writes it.
pub(super) fn text(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    text.retain(|letter| letter != ' ');
    text.replace(',', ", ").replace(';', "; ")
}

/// The last name of a type's path.
pub(super) fn type_ident(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The first argument of a generic type of that name: the `T` of an `Option<T>`, say.
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

/// Modules whose items every Rust file has by their last name.
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
            // The one name of these modules that types use and the prelude lacks.
            "std::convert::Infallible" => false,
            _ => PRELUDE.contains(&module.as_str()),
        };
        if in_prelude && path.leading_colon.is_some() {
            path.segments = path.segments.iter().last().cloned().into_iter().collect();
        }
        path.leading_colon = None;
    }
}
