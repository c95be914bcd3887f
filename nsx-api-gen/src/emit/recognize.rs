//! What progenitor's functions take and return: the Rust types of parameters, body and success.
//!
//! progenitor changes its names around those of the parameters, so an argument is known by its place: those of the path come
//! first, in its order, then those of the query by their names, the body, and the headers by their names.

use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, ReturnType, Signature, Type};

use super::paths::argument;

/// What progenitor made of one operation.
pub(super) struct Function {
    /// The types of the arguments, in progenitor's order.
    pub(super) arguments: Vec<Type>,
    pub(super) success: Type,
}

impl Function {
    /// Reads a function; `None` where its shape is not known.
    pub(super) fn read(signature: &Signature) -> Option<Self> {
        let arguments = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => Some(owned(&argument.ty)),
            FnArg::Receiver(_) => None,
        });
        Some(Self {
            arguments: arguments.collect(),
            success: success(&signature.output)?,
        })
    }
}

/// The type of a value that is held: `String` for the argument `Option<&'a str>`.
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

/// The success of `Result<ResponseValue<T>, Error<E>>`.
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

    #[test]
    fn an_argument_is_held_as_what_it_refers_to() {
        let signature = syn::parse_quote! {
            async fn f<'a, B: Into<Body>>(
                &'a self,
                a: &'a str,
                b: Option<&'a types::T>,
                c: Option<i64>,
                d: &'a ::std::vec::Vec<types::T>,
                e: (&'a str, bool),
                f: B,
            ) -> Result<ResponseValue<types::T>, Error<()>>
        };
        let function = Function::read(&signature).unwrap();
        let types: Vec<String> = function
            .arguments
            .iter()
            .map(|ty| ty.to_token_stream().to_string().replace(' ', ""))
            .collect();
        assert_eq!(
            types,
            [
                "::std::string::String",
                "types::T",
                "i64",
                "::std::vec::Vec<types::T>",
                "(::std::string::String,bool)",
                "B",
            ]
        );
        let no_result: Signature = syn::parse_quote!(fn f() -> T);
        assert!(Function::read(&no_result).is_none());
    }
}
