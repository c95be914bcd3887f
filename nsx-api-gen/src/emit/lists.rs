//! Lists that come in pages: which operations answer one, and how a page is taken apart.
//!
//! A page is recognized by its Rust type, in which references and `allOf` have been followed: a struct with
//! a text `cursor` and an array `results`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;
use syn::{Field, Fields, Item, Type};

use super::code::Code;
use super::method::{Method, Success, is, named};
use super::paths::{argument, text};
use super::types_type;
use crate::model::In;

/// The property of a page, and the parameter of the next call, by which the manager knows where it is.
const CURSOR: &str = "cursor";

/// The property with a page's items.
const RESULTS: &str = "results";

/// progenitor's structs by their names: those with fields, and those around one type.
pub(super) struct Lists<'a>(BTreeMap<String, &'a Fields>);

/// How a page is taken apart.
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

    /// Whether the operation answers a page, and takes the cursor of the next.
    pub(super) fn has(&self, method: &Method<'_>) -> bool {
        let is_read = method.operation.method == "get" && method.body.is_none();
        is_read && self.takes_cursor(method) && self.page_of(method).is_some()
    }

    /// The pages that operations answer, by the names of their types.
    pub(super) fn pages(&self, methods: &[Method<'_>]) -> BTreeMap<String, Page> {
        let lists = methods.iter().filter(|method| method.is_list);
        let names: BTreeSet<String> = lists.filter_map(page_name).collect();
        let pages = names
            .into_iter()
            .map(|name| Some((name.clone(), self.page("self", &name)?)));
        pages.flatten().collect()
    }

    fn takes_cursor(&self, method: &Method<'_>) -> bool {
        method.arguments.iter().any(|argument| {
            let is_cursor = argument.name == CURSOR && argument.place == In::Query;
            is_cursor && !argument.required && self.text("cursor", &argument.ty).is_some()
        })
    }

    fn page_of(&self, method: &Method<'_>) -> Option<Page> {
        self.page("self", &page_name(method)?)
    }

    /// How a type is taken apart, if it is that of a page.
    fn page(&self, place: &str, name: &str) -> Option<Page> {
        let fields = *self.0.get(name)?;
        if let Some(inner) = only(fields) {
            return self.page(&format!("{place}.0"), &ident(inner)?);
        }
        let (cursor, may_lack) = self.text(&format!("{place}.cursor"), &field(fields, CURSOR)?)?;
        let (results, item) = self.list(&format!("{place}.results"), &field(fields, RESULTS)?)?;
        Some(Page {
            item,
            cursor: match may_lack {
                true => cursor,
                false => format!("Some({cursor})"),
            },
            results,
        })
    }

    /// The text in a place, and whether it is an `Option`.
    fn text(&self, place: &str, ty: &Type) -> Option<(String, bool)> {
        if let Some(inner) = argument(ty, "Option") {
            if is(inner, "String") {
                return Some((format!("{place}.as_deref()"), true));
            }
            return Some(match self.text("cursor", inner)? {
                (text, true) => (format!("{place}.as_ref().and_then(|cursor| {text})"), true),
                (text, false) => (format!("{place}.as_ref().map(|cursor| {text})"), true),
            });
        }
        if is(ty, "String") {
            return Some((format!("{place}.as_str()"), false));
        }
        self.text(&format!("{place}.0"), self.inner(ty)?)
    }

    /// The array in a place, and the type of its items.
    fn list(&self, place: &str, ty: &Type) -> Option<(String, Type)> {
        if let Some(inner) = argument(ty, "Option") {
            if let Some(item) = argument(inner, "Vec") {
                return Some((
                    format!("{place}.unwrap_or_default()"),
                    types_type(item.clone()),
                ));
            }
            let (list, item) = self.list("results", inner)?;
            return Some((
                format!("{place}.map(|results| {list}).unwrap_or_default()"),
                item,
            ));
        }
        if let Some(item) = argument(ty, "Vec") {
            return Some((place.to_owned(), types_type(item.clone())));
        }
        self.list(&format!("{place}.0"), self.inner(ty)?)
    }

    /// The type that a struct is made around: a component that is no object has a type of its own.
    fn inner(&self, ty: &Type) -> Option<&'a Type> {
        let name = named(ty).or_else(|| ident(ty))?;
        only(self.0.get(&name)?)
    }
}

impl Page {
    /// Writes what the page's type says of itself.
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

/// The name of the type that an operation answers with.
fn page_name(method: &Method<'_>) -> Option<String> {
    match &method.success {
        Success::Value(ty) => named(ty),
        Success::Nothing | Success::Stream => None,
    }
}

/// The type of the field that a property of this name is.
fn field(fields: &Fields, name: &str) -> Option<Type> {
    let is_it = |field: &&Field| field.ident.as_ref().is_some_and(|ident| ident == name);
    // A property of another name may be this one in Rust.
    let field = fields
        .iter()
        .find(is_it)
        .filter(|field| !says(field, "rename"))?;
    let ty = &field.ty;
    // The pass over types makes an `Option` of a list that may be left out.
    match says(field, "skip_serializing_if") && argument(ty, "Option").is_none() {
        true => Some(syn::parse_quote!(Option<#ty>)),
        false => Some(ty.clone()),
    }
}

/// Whether serde is told this about a field.
fn says(field: &Field, word: &str) -> bool {
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

/// The type of the one field that has no name.
fn only(fields: &Fields) -> Option<&Type> {
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

    /// How the page `P` of these types gives its cursor and its items, and what the items are.
    fn page(types: &str) -> Option<[String; 3]> {
        let file: syn::File = syn::parse_str(types).unwrap();
        let page = Lists::new(&file.items).page("self", "P")?;
        Some([page.cursor, page.results, text(&page.item)])
    }

    #[test]
    fn a_page_has_a_text_cursor_and_an_array_of_results_however_they_are_wrapped() {
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
    fn what_lacks_either_of_them_is_no_page() {
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
