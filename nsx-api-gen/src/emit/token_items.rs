//! Splits progenitor's code into items without parsing it. Only the items that are used are parsed.
//!
//! Most of the generated code is discarded (function bodies and trait implementations), and parsing
//! it would take longer than everything else.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parse;

/// The tokens of an item, including its attributes.
pub(super) struct TokenItem(Vec<TokenTree>);

/// Splits tokens into items. Each item ends with a semicolon or a brace group.
pub(super) fn token_items(tokens: TokenStream) -> Vec<TokenItem> {
    let mut token_items = Vec::new();
    let mut pending = Vec::new();
    for token in tokens {
        let ends = braces(&token).is_some() || is_punct(&token, ';');
        pending.push(token);
        if ends {
            token_items.push(TokenItem(std::mem::take(&mut pending)));
        }
    }
    token_items
}

impl TokenItem {
    /// The keyword of the item, such as `struct`.
    pub(super) fn keyword(&self) -> String {
        self.word(0)
    }

    /// The name of an item that is neither an `impl` nor async.
    pub(super) fn name(&self) -> String {
        self.word(1)
    }

    fn word(&self, index: usize) -> String {
        let idents = self.0.iter().filter_map(|token| match token {
            TokenTree::Ident(ident) if ident != "pub" => Some(ident),
            _ => None,
        });
        let word = idents.skip(index).map(ToString::to_string).next();
        word.unwrap_or_default()
    }

    /// The content of the item's braces.
    pub(super) fn body(&self) -> TokenStream {
        let group = self.0.last().and_then(braces);
        group.map(Group::stream).unwrap_or_default()
    }

    /// Whether it is an `impl` of a trait.
    pub(super) fn is_of_trait(&self) -> bool {
        let is_for = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "for");
        self.0.iter().any(is_for)
    }

    /// Whether the item contains an identifier.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|token| mentions(token, name))
    }

    /// Whether a path with these two segments in a row is anywhere in the item.
    pub(super) fn mentions_path(&self, first: &str, second: &str) -> bool {
        let tokens = self.0.iter().cloned().collect();
        mentions_path(tokens, first, second)
    }

    /// Parses the item.
    pub(super) fn read<T: Parse>(self) -> syn::Result<T> {
        syn::parse2(self.0.into_iter().collect())
    }

    /// Parses everything before the item's braces, except for attributes and `pub`.
    pub(super) fn read_header<T: Parse>(mut self) -> syn::Result<T> {
        self.0.pop();
        let is_start =
            |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident != "pub");
        syn::parse2(
            self.0
                .into_iter()
                .skip_while(|token| !is_start(token))
                .collect(),
        )
    }
}

fn braces(token: &TokenTree) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }
}

fn is_punct(token: &TokenTree, letter: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == letter)
}

fn mentions(token: &TokenTree, name: &str) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => group
            .stream()
            .into_iter()
            .any(|token| mentions(&token, name)),
        _ => false,
    }
}

fn mentions_path(tokens: TokenStream, first: &str, second: &str) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_ident =
        |token: &TokenTree, name: &str| matches!(token, TokenTree::Ident(ident) if ident == name);
    let is_path = tokens.windows(4).any(|window| {
        matches!(window, [one, colon, other_colon, two]
            if is_ident(one, first)
                && is_punct(colon, ':')
                && is_punct(other_colon, ':')
                && is_ident(two, second))
    });
    is_path
        || tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => mentions_path(group.stream(), first, second),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::{Item, Signature};

    #[test]
    fn tokens_are_split_into_items_with_keyword_and_name() {
        let token_items = token_items(quote! {
            #[doc = "for {braces};"]
            #[derive(::serde::Serialize)]
            pub struct A(pub Vec<B>);
            pub type C = ::std::collections::BTreeMap<String, D>;
            enum E { F { g: u8 }, H }
            impl<'de> ::serde::Deserialize<'de> for types::I<J> { fn k() { mentioned } }
            impl L<M, N> { fn p(_: self::error::E) {} }
            mod error { struct O; }
        });
        let names: Vec<_> = token_items
            .iter()
            .map(|item| (item.keyword(), item.name()))
            .collect();
        let names: Vec<_> = names
            .iter()
            .map(|(keyword, name)| (keyword.as_str(), name.as_str()))
            .collect();
        assert_eq!(names[0], ("struct", "A"));
        assert_eq!(names[1], ("type", "C"));
        assert_eq!(names[2], ("enum", "E"));
        assert_eq!(
            (names[3].0, names[4].0, names[5]),
            ("impl", "impl", ("mod", "error"))
        );
        assert!(token_items[4].mentions_path("error", "E") && token_items[4].mentions("E"));
        assert!(!token_items[3].mentions_path("error", "E"));
        assert!(token_items[3].is_of_trait() && !token_items[4].is_of_trait());
        assert!(token_items[3].mentions("mentioned") && !token_items[4].mentions("mentioned"));
        assert_eq!(token_items[5].body().to_string(), "struct O ;");
        for item in token_items {
            item.read::<Item>().unwrap();
        }
    }

    #[test]
    fn a_function_signature_is_parsed_without_its_body() {
        let function = token_items(quote! {
            #[doc = "A"]
            pub async fn f<'a>(&'a self, b: &'a str) -> Result<C, D> { no Rust at all }
        });
        let signature: Signature = function.into_iter().next().unwrap().read_header().unwrap();
        assert_eq!(signature.ident, "f");
    }
}
