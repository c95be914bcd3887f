//! Choices by a discriminator: an enum with a variant for each type, and one for what the document does not know.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Ident, Type};

use super::object::Object;
use crate::emit::docs;
use crate::emit::paths::{argument, type_ident};
use crate::emit::unions::Name;

/// A choice.
pub(super) struct OneOf {
    pub(super) name: Ident,
    docs: Vec<Attribute>,
    property: String,
    variants: Vec<Variant>,
    /// The type that keeps what the document does not know; an object as it came where it is none of the document's.
    other: Option<Type>,
}

struct Variant {
    name: Ident,
    /// The type, in a box where it would hold itself.
    ty: Type,
    values: Vec<String>,
}

/// What says in a variant's type which variant it is: the property's name, and the value to write.
pub(super) type Says = (String, String);

impl OneOf {
    /// The choice that an object stands for; `None` where it is an object.
    pub(super) fn read(object: &Object) -> Option<Self> {
        let mut property = None;
        let mut variants = BTreeMap::new();
        let mut other = None;
        for member in &object.fields {
            match Name::read(&member.json)? {
                Name::Property(name) => property = Some(name),
                Name::Variant(index, values) => {
                    variants.insert(index, (member.ty.clone(), values));
                }
                Name::Other => other = Some(member.ty.clone()),
            }
        }
        let variants = variants.into_values().map(|(ty, values)| {
            let name = inner(&ty)?;
            Some(Variant {
                name: format_ident!("{name}"),
                ty,
                values,
            })
        });
        Some(Self {
            name: object.name.clone(),
            docs: object.docs.clone(),
            property: property?,
            variants: variants.collect::<Option<_>>()?,
            other,
        })
    }

    /// The type that keeps what the document does not know.
    pub(super) fn other(&self) -> Option<String> {
        self.other.as_ref().and_then(inner)
    }

    /// The types of the variants, each with what says in it that it is that variant.
    pub(super) fn says(&self) -> impl Iterator<Item = (String, Says)> {
        self.variants.iter().filter_map(|variant| {
            let value = variant.values.first()?.clone();
            Some((variant.name.to_string(), (self.property.clone(), value)))
        })
    }

    /// The enum and its table; `field` finds a property's field in a type that has one.
    pub(super) fn items(&self, field: impl Fn(&str, &str) -> Option<Ident>) -> Vec<TokenStream> {
        let rows = self.variants.iter().map(|variant| {
            let field = field(&variant.name.to_string(), &self.property);
            let (name, ty, values) = (&variant.name, &variant.ty, &variant.values);
            let field = field.map(|field| quote!(.#field));
            quote!(#name(#ty) #field = [#(#values),*];)
        });
        let (name, property, other) = (&self.name, &self.property, self.other_name());
        let extra = syn::parse_quote!(crate::Extra);
        let ty = self.other.as_ref().unwrap_or(&extra);
        let table = quote! {
            one_of! {
                #name by #property or #other(#ty);
                #(#rows)*
            }
        };
        vec![self.definition(&other, ty), table]
    }

    fn definition(&self, other: &Ident, extra: &Type) -> TokenStream {
        let (name, docs) = (&self.name, &self.docs);
        let how = format!("{} says which of these it is.", docs::code(&self.property));
        let how = docs::attributes(&how);
        let gap = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
        let variants = self.variants.iter().map(Variant::definition);
        quote! {
            #(#docs)*
            #gap
            #how
            #[derive(Clone, Debug)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(untagged))]
            #[non_exhaustive]
            pub enum #name {
                #(#variants,)*
                /// What the document does not know, whole.
                #other(#extra),
            }
        }
    }

    /// A name for the variant that keeps what the document does not know.
    fn other_name(&self) -> Ident {
        let mut name = "Other".to_owned();
        while self.variants.iter().any(|variant| variant.name == name) {
            name.push('_');
        }
        format_ident!("{name}")
    }
}

impl Variant {
    fn definition(&self) -> TokenStream {
        let (name, ty) = (&self.name, &self.ty);
        let values: Vec<String> = self.values.iter().map(|value| docs::code(value)).collect();
        let docs = docs::attributes(&values.join(", "));
        quote!(#docs #name(#ty))
    }
}

/// The name of a type of the document, out of the box that it may be in.
fn inner(ty: &Type) -> Option<String> {
    type_ident(argument(ty, "Box").unwrap_or(ty))
}
