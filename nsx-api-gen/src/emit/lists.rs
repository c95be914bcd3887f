//! Paginated lists: which operations return a page, and how to get its cursor and items.
//!
//! A page is recognized by its Rust type, in which references and `allOf` are already resolved: a
//! struct with a string `cursor` and an array `results`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;
use syn::{Field, Fields, Item, Type};

use super::code::Code;
use super::method::{Method, Success};
use super::paths::{argument, is, named, short_type, text};

use crate::model::In;

/// The property of a page, and the parameter of the next call, that identifies the next page.
pub(super) const CURSOR: &str = "cursor";

/// The property with the items of a page.
pub(super) const RESULTS: &str = "results";

/// progenitor's structs by name, including newtypes.
pub(super) struct Lists<'a>(BTreeMap<String, &'a Fields>);

/// How to access the cursor and the items of a page.
pub(super) struct Page {
    pub(super) item: Type,
    cursor: String,
    results: String,
}

impl<'a> Lists<'a> {
    pub(super) fn new(items: impl IntoIterator<Item = &'a Item>) -> Self {
        let structs = items.into_iter().filter_map(|item| match item {
            Item::Struct(item) => Some((item.ident.to_string(), &item.fields)),
            _ => None,
        });
        Self(structs.collect())
    }

    /// Whether the operation returns a page and accepts a cursor.
    pub(super) fn has(&self, method: &Method<'_>) -> bool {
        let is_read = method.operation.method == "get" && method.body.is_none();
        is_read && self.takes_cursor(method) && self.page_of(method).is_some()
    }

    /// The pages that operations return, by the names of their types.
    pub(super) fn pages(&self, methods: &[Method<'_>]) -> BTreeMap<String, Page> {
        let lists = methods.iter().filter(|method| method.is_list);
        let names: BTreeSet<String> = lists.filter_map(page_name).collect();
        let pages = names
            .into_iter()
            .map(|name| Some((name.clone(), self.page_at("self", &name)?)));
        pages.flatten().collect()
    }

    fn takes_cursor(&self, method: &Method<'_>) -> bool {
        method.arguments.iter().any(|argument| {
            let is_cursor = argument.name == CURSOR && argument.place == In::Query;
            is_cursor && !argument.required && self.string_at("cursor", &argument.ty).is_some()
        })
    }

    fn page_of(&self, method: &Method<'_>) -> Option<Page> {
        self.page_at("self", &page_name(method)?)
    }

    /// How to access a page; `None` if the type is not a page.
    fn page_at(&self, place: &str, name: &str) -> Option<Page> {
        let fields = *self.0.get(name)?;
        if let Some(inner_type) = newtype_inner(fields) {
            return self.page_at(&format!("{place}.0"), &ident(inner_type)?);
        }
        let (cursor, is_optional) =
            self.string_at(&format!("{place}.cursor"), &field(fields, CURSOR)?)?;
        let (results, item) =
            self.array_at(&format!("{place}.results"), &field(fields, RESULTS)?)?;
        Some(Page {
            item,
            cursor: match is_optional {
                true => cursor,
                false => format!("Some({cursor})"),
            },
            results,
        })
    }

    /// The expression for a string at a place, and whether it is an `Option`.
    fn string_at(&self, place: &str, ty: &Type) -> Option<(String, bool)> {
        if let Some(inner_type) = argument(ty, "Option") {
            if is(inner_type, "String") {
                return Some((format!("{place}.as_deref()"), true));
            }
            return Some(match self.string_at("cursor", inner_type)? {
                (text, true) => (format!("{place}.as_ref().and_then(|cursor| {text})"), true),
                (text, false) => (format!("{place}.as_ref().map(|cursor| {text})"), true),
            });
        }
        if is(ty, "String") {
            return Some((format!("{place}.as_str()"), false));
        }
        self.string_at(&format!("{place}.0"), self.inner_type(ty)?)
    }

    /// The expression for an array at a place, and the type of its items.
    fn array_at(&self, place: &str, ty: &Type) -> Option<(String, Type)> {
        if let Some(inner_type) = argument(ty, "Option") {
            if let Some(item) = argument(inner_type, "Vec") {
                return Some((
                    format!("{place}.unwrap_or_default()"),
                    short_type(item.clone()),
                ));
            }
            let (list, item) = self.array_at("results", inner_type)?;
            return Some((
                format!("{place}.map(|results| {list}).unwrap_or_default()"),
                item,
            ));
        }
        if let Some(item) = argument(ty, "Vec") {
            return Some((place.to_owned(), short_type(item.clone())));
        }
        self.array_at(&format!("{place}.0"), self.inner_type(ty)?)
    }

    /// The inner type of a newtype. A component that is not an object is one.
    fn inner_type(&self, ty: &Type) -> Option<&'a Type> {
        let name = named(ty).or_else(|| ident(ty))?;
        newtype_inner(self.0.get(&name)?)
    }
}

impl Page {
    /// Writes `impl Page` for the type.
    pub(super) fn write(&self, name: &str, code: &mut Code) {
        code.block(format!("impl crate::Page for {name}"), |code| {
            code.line(format!("type Item = {};", text(&self.item)));
            code.gap();
            code.block("fn cursor(&self) -> Option<&str>", |code| {
                code.line(&self.cursor)
            });
            code.gap();
            code.block("fn into_items(self) -> Vec<Self::Item>", |code| {
                code.line(&self.results)
            });
        });
    }
}

/// The name of the type that an operation returns.
fn page_name(method: &Method<'_>) -> Option<String> {
    match &method.success {
        Success::Value(ty) => named(ty),
        Success::Nothing | Success::Stream => None,
    }
}

/// The type of the field for a property.
fn field(fields: &Fields, name: &str) -> Option<Type> {
    let is_it = |field: &&Field| field.ident.as_ref().is_some_and(|ident| ident == name);
    // The field may belong to a property with another name.
    let field = fields
        .iter()
        .find(is_it)
        .filter(|field| !has_serde_attribute(field, "rename"))?;
    let ty = &field.ty;
    // `types::object` turns an optional list into an `Option`.
    match has_serde_attribute(field, "skip_serializing_if") && argument(ty, "Option").is_none() {
        true => Some(syn::parse_quote!(Option<#ty>)),
        false => Some(ty.clone()),
    }
}

/// Whether a field has this serde attribute.
fn has_serde_attribute(field: &Field, word: &str) -> bool {
    let serde = field
        .attrs
        .iter()
        .filter(|one| one.path().is_ident("serde"));
    serde
        .filter_map(|one| one.meta.require_list().ok())
        .any(|list| {
            let mut tokens = list.tokens.clone().into_iter();
            tokens.any(|token| matches!(token, TokenTree::Ident(ident) if ident == word))
        })
}

/// The type of the only unnamed field.
fn newtype_inner(fields: &Fields) -> Option<&Type> {
    match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            fields.unnamed.first().map(|field| &field.ty)
        }
        _ => None,
    }
}

/// The name of a type of the same module.
fn ident(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expressions for the cursor and the items of the page `P`, and the type of its items.
    fn page(types: &str) -> Option<[String; 3]> {
        let file: syn::File = syn::parse_str(types).unwrap();
        let page = Lists::new(&file.items).page_at("self", "P")?;
        Some([page.cursor, page.results, text(&page.item)])
    }

    #[test]
    fn a_pagination_page_has_a_string_cursor_and_an_array_of_results() {
        const NEWTYPES: &str =
            "struct Text(String); struct Maybe(Option<String>); struct Texts(Vec<String>);";
        for (types, cursor, results, item) in [
            (
                "struct P { cursor: ::std::option::Option<::std::string::String>, results: ::std::vec::Vec<T> }",
                "self.cursor.as_deref()",
                "self.results",
                "T",
            ),
            (
                "struct P { cursor: String, #[serde(default, skip_serializing_if = \"f\")] results: Vec<Option<T>> }",
                "Some(self.cursor.as_str())",
                "self.results.unwrap_or_default()",
                "Option<T>",
            ),
            (
                "struct P(Q); struct Q { cursor: Option<Text>, results: Option<Texts> }",
                "self.0.cursor.as_ref().map(|cursor| cursor.0.as_str())",
                "self.0.results.map(|results| results.0).unwrap_or_default()",
                "String",
            ),
            (
                "struct P { cursor: Option<Maybe>, results: Texts }",
                "self.cursor.as_ref().and_then(|cursor| cursor.0.as_deref())",
                "self.results.0",
                "String",
            ),
        ] {
            let wanted = [cursor, results, item].map(str::to_owned);
            assert_eq!(
                page(&format!("{types} {NEWTYPES}")),
                Some(wanted),
                "{types}"
            );
        }
    }

    #[test]
    fn a_type_without_cursor_or_results_is_not_a_pagination_page() {
        for types in [
            "struct P { cursor: Option<String> }",
            "struct P { results: Vec<String> }",
            "struct P { cursor: i64, results: Vec<String> }",
            "struct P { cursor: E, results: Vec<String> } enum E { A }",
            "struct P { cursor: String, results: String }",
            "struct P { cursor: String, results: Map<String, Vec<String>> }",
            "struct P { #[serde(rename = \"Cursor\")] cursor: String, results: Vec<String> }",
            "struct P(Vec<String>);",
            "struct P(String, String);",
            "enum P { A }",
        ] {
            assert_eq!(page(types), None, "{types}");
        }
    }
}
