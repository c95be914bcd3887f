//! The Rust API of the types, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, Item, ItemEnum, Path, Token, Type, Variant};

use super::string_enum;
use super::{Defined, TypeKind, Types};
use crate::emit::paths::text;
use crate::model::rust_api::{
    self, RustType, StringEnum, StringVariant, TypeDefinition, UntaggedVariant,
};

impl Types {
    /// The definitions of the types, by name.
    pub(crate) fn rust_api(&self) -> BTreeMap<String, TypeDefinition> {
        let types = self.defined.iter();
        types
            .map(|defined| (defined.name.clone(), self.definition(defined)))
            .collect()
    }

    fn definition(&self, defined: &Defined) -> TypeDefinition {
        let implemented = defined.implementations.iter().filter_map(implemented_trait);
        let mut traits: BTreeSet<RustType> = implemented.collect();
        let kind = match &defined.kind {
            TypeKind::Object(object) => {
                let sent = self.sent.contains(&defined.name);
                rust_api::TypeKind::Struct(self.completed(object).rust_api(sent))
            }
            TypeKind::Union(union) => rust_api::TypeKind::Union(union.rust_api()),
            TypeKind::StringEnum(item) => rust_api::TypeKind::StringEnum(string_enum(item)),
            TypeKind::Untagged(item) => {
                let item = Item::Enum(item.clone());
                traits.extend(derived_traits(&item));
                other(&item)
            }
            TypeKind::Other(item) => {
                traits.extend(derived_traits(item));
                other(item)
            }
        };
        TypeDefinition { kind, traits }
    }
}

fn string_enum(item: &ItemEnum) -> StringEnum {
    let variants = string_enum::variant_values(item).into_iter();
    StringEnum {
        variants: variants
            .map(|(rust, text)| StringVariant { rust, text })
            .collect(),
        fallback: string_enum::unrecognized(item),
    }
}

fn other(item: &Item) -> rust_api::TypeKind {
    match item {
        Item::Struct(item) => match &item.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                rust_api::TypeKind::Wrapper(types(fields.unnamed.iter().map(|one| &one.ty)))
            }
            _ => code(item),
        },
        Item::Type(item) => rust_api::TypeKind::Wrapper(RustType::new(&text(&item.ty))),
        Item::Enum(item) => {
            rust_api::TypeKind::UntaggedUnion(item.variants.iter().map(variant).collect())
        }
        item => code(item),
    }
}

fn code(item: &impl ToTokens) -> rust_api::TypeKind {
    rust_api::TypeKind::Other(item.to_token_stream().to_string())
}

fn types<'a>(types: impl Iterator<Item = &'a Type>) -> RustType {
    let texts: Vec<String> = types.map(text).collect();
    RustType::new(&texts.join(", "))
}

fn variant(variant: &Variant) -> UntaggedVariant {
    let attributes = variant.attrs.iter().filter(|one| !is_doc(one));
    let attributes: String = attributes
        .map(|attribute| attribute.to_token_stream().to_string())
        .collect();
    let content = match &variant.fields {
        Fields::Unit => RustType::new(&attributes),
        Fields::Unnamed(fields) if attributes.is_empty() => {
            types(fields.unnamed.iter().map(|one| &one.ty))
        }
        fields => RustType::new(&format!("{attributes}{}", fields.to_token_stream())),
    };
    UntaggedVariant {
        rust: variant.ident.to_string(),
        content,
    }
}

fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

/// The header of an implementation: `From<i64> for Number`.
fn implemented_trait(item: &Item) -> Option<RustType> {
    let Item::Impl(item) = item else {
        return None;
    };
    let (path, _) = item.trait_.as_ref().map(|(path, token)| (path, token))?;
    let path: Type = syn::parse_quote!(#path);
    let header = format!("{} for {}", text(&path), text(&item.self_ty));
    Some(RustType::new(&header))
}

fn derived_traits(item: &Item) -> Vec<RustType> {
    let attributes = match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        _ => return Vec::new(),
    };
    let derives = attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"));
    let paths = derives.filter_map(|derive| {
        let parse = Punctuated::<Path, Token![,]>::parse_terminated;
        derive.parse_args_with(parse).ok()
    });
    let names = paths.flatten().filter_map(|path| {
        let last = path.segments.last();
        last.map(|last| RustType::new(&last.ident.to_string()))
    });
    names.collect()
}
