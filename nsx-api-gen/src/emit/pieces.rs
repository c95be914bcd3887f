//! progenitor's code in pieces: the tokens of each item, of which only those that are used are read as Rust.
//!
//! Most of what progenitor writes is thrown away (the bodies of its functions, and what its types implement), and to
//! read that would take longer than all else.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parse;

/// The tokens of an item, with its attributes.
pub(super) struct Piece(Vec<TokenTree>);

/// The items among tokens: each ends with a semicolon or with what stands in braces.
pub(super) fn pieces(tokens: TokenStream) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open = Vec::new();
    for token in tokens {
        let ends = braces(&token).is_some() || is_punct(&token, ';');
        open.push(token);
        if ends {
            pieces.push(Piece(std::mem::take(&mut open)));
        }
    }
    pieces
}

impl Piece {
    /// The word that says what the item is: `struct`, say.
    pub(super) fn keyword(&self) -> String {
        self.word(0)
    }

    /// The name of what is neither an `impl` nor async.
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

    /// What stands in the item's braces.
    pub(super) fn body(&self) -> TokenStream {
        let group = self.0.last().and_then(braces);
        group.map(Group::stream).unwrap_or_default()
    }

    /// Whether it is the `impl` of a trait.
    pub(super) fn is_of_trait(&self) -> bool {
        let is_for = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "for");
        self.0.iter().any(is_for)
    }

    /// Whether an identifier is anywhere in the item.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|token| mentions(token, name))
    }

    /// The item as Rust.
    pub(super) fn read<T: Parse>(self) -> syn::Result<T> {
        syn::parse2(self.0.into_iter().collect())
    }

    /// What stands before the item's braces, without attributes and `pub`, as Rust.
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

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::{Item, Signature};

    #[test]
    fn items_are_told_apart_and_known_by_what_they_begin_with() {
        let pieces = pieces(quote! {
            #[doc = "for {braces};"]
            #[derive(::serde::Serialize)]
            pub struct A(pub Vec<B>);
            pub type C = ::std::collections::BTreeMap<String, D>;
            enum E { F { g: u8 }, H }
            impl<'de> ::serde::Deserialize<'de> for types::I<J> { fn k() { mentioned } }
            impl L<M, N> {}
            mod error { struct O; }
        });
        let names: Vec<_> = pieces
            .iter()
            .map(|piece| (piece.keyword(), piece.name()))
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
        assert!(pieces[3].is_of_trait() && !pieces[4].is_of_trait());
        assert!(pieces[3].mentions("mentioned") && !pieces[4].mentions("mentioned"));
        assert_eq!(pieces[5].body().to_string(), "struct O ;");
        for piece in pieces {
            piece.read::<Item>().unwrap();
        }
    }

    #[test]
    fn a_functions_header_is_read_without_its_body() {
        let function = pieces(quote! {
            #[doc = "A"]
            pub async fn f<'a>(&'a self, b: &'a str) -> Result<C, D> { no Rust at all }
        });
        let signature: Signature = function.into_iter().next().unwrap().read_header().unwrap();
        assert_eq!(signature.ident, "f");
    }
}
