//! The arguments and results of progenitor's functions: the Rust types of parameters, body and
//! success response.
//!
//! Functions and arguments are matched by name, because their order is an implementation detail of
//! progenitor.

use std::collections::BTreeMap;

use heck::ToSnakeCase;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Pat, ReturnType, Signature, Type};

use super::paths::argument;
use crate::names;

/// The signature that progenitor generated for an operation.
pub(super) struct Function {
    /// The types of the arguments, by name.
    arguments: BTreeMap<String, Type>,
    pub(super) success: Type,
}

impl Function {
    /// Reads a signature.
    pub(super) fn from_signature(signature: &Signature) -> Result<Self, String> {
        const UNKNOWN: &str = "progenitor generated a function with an unknown signature";
        let mut arguments = BTreeMap::new();
        for input in &signature.inputs {
            let FnArg::Typed(argument) = input else {
                continue;
            };
            let Pat::Ident(name) = &*argument.pat else {
                return Err(UNKNOWN.to_owned());
            };
            let name = name.ident.to_string();
            if arguments
                .insert(name.clone(), owned(&argument.ty))
                .is_some()
            {
                return Err(format!("progenitor generated two arguments named `{name}`"));
            }
        }
        Ok(Self {
            arguments,
            success: success(&signature.output).ok_or(UNKNOWN)?,
        })
    }

    /// Removes and returns the type of the argument with this name.
    pub(super) fn take_argument(&mut self, name: &str) -> Result<Type, String> {
        let ty = self.arguments.remove(name);
        ty.ok_or_else(|| format!("progenitor generated no argument named `{name}`"))
    }

    /// Checks that every argument was taken.
    pub(super) fn check_all_taken(&self) -> Result<(), String> {
        match self.arguments.keys().next() {
            Some(name) => Err(format!(
                "progenitor generated the unexpected argument `{name}`"
            )),
            None => Ok(()),
        }
    }
}

/// The name that progenitor gives the argument or function for a name in the document.
pub(super) fn argument_name(name: &str) -> String {
    let name = names::to_words(name).to_snake_case();
    let name = match name.chars().next() {
        None => "x".to_owned(),
        Some(first) if unicode_ident::is_xid_start(first) => name,
        Some(_) => format!("_{name}"),
    };
    names::escape_keyword(name)
}

/// The owned form of a type: `String` for the argument `Option<&'a str>`.
fn owned(ty: &Type) -> Type {
    let mut ty = argument(ty, "Option").unwrap_or(ty).clone();
    Owned.visit_type_mut(&mut ty);
    ty
}

struct Owned;

impl VisitMut for Owned {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = ty {
            *ty = Type::clone(&reference.elem);
        }
        if matches!(ty, Type::Path(path) if path.path.is_ident("str")) {
            *ty = syn::parse_quote!(::std::string::String);
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// The `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    argument(argument(ty, "Result")?, "ResponseValue").cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn signature() -> Signature {
        syn::parse_quote! {
            async fn f<'a, B: Into<Body>>(
                &'a self,
                a: &'a str,
                b: Option<&'a types::T>,
                c: Option<i64>,
                d: &'a ::std::vec::Vec<types::T>,
                e: (&'a str, bool),
                body: B,
            ) -> Result<ResponseValue<types::T>, Error<()>>
        }
    }

    #[test]
    fn arguments_are_found_by_name_and_have_owned_types() {
        let mut function = Function::from_signature(&signature()).unwrap();
        for (name, expected) in [
            ("body", "B"),
            ("e", "(::std::string::String,bool)"),
            ("c", "i64"),
            ("a", "::std::string::String"),
            ("d", "::std::vec::Vec<types::T>"),
            ("b", "types::T"),
        ] {
            let ty = function.take_argument(name).unwrap();
            assert_eq!(ty.to_token_stream().to_string().replace(' ', ""), expected);
        }
        function.check_all_taken().unwrap();
    }

    #[test]
    fn a_function_that_does_not_match_the_document_is_an_error() {
        let mut function = Function::from_signature(&signature()).unwrap();
        let error = function.take_argument("missing").unwrap_err();
        assert_eq!(error, "progenitor generated no argument named `missing`");
        let error = function.check_all_taken().unwrap_err();
        assert_eq!(error, "progenitor generated the unexpected argument `a`");
        let twice: Signature =
            syn::parse_quote!(fn f(a: A, a: B) -> Result<ResponseValue<T>, Error<()>>);
        let error = Function::from_signature(&twice).err().unwrap();
        assert_eq!(error, "progenitor generated two arguments named `a`");
        let no_result: Signature = syn::parse_quote!(fn f() -> T);
        assert!(Function::from_signature(&no_result).is_err());
        let pattern: Signature =
            syn::parse_quote!(fn f((a, b): (A, B)) -> Result<ResponseValue<T>, Error<()>>);
        assert!(Function::from_signature(&pattern).is_err());
    }

    #[test]
    fn names_become_the_arguments_that_progenitor_writes() {
        for (name, argument) in [
            ("If-Match", "if_match"),
            ("X-Request-ID", "x_request_id"),
            ("2nd", "_2nd"),
            ("type", "type_"),
            ("gen", "gen_"),
            ("$filter", "filter"),
            ("a[c]", "a_c"),
            ("it's", "its"),
            ("+1", "plus1"),
            ("Größe", "größe"),
            ("_", "x"),
        ] {
            assert_eq!(argument_name(name), argument, "{name}");
        }
    }
}
