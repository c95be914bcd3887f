//! progenitor's types, written the way that the SDK has them: the pass `compact serde`, and the
//! pruning of what nobody uses.
//!
//! A struct gets one `from_map` and one `serialize` in place of serde's derive; an enum of strings
//! becomes one table that keeps what it does not know, and so does a choice by a discriminator. What is read and written back
//! keeps the fields that the document does not have. Other types stay as they came.

mod attributes;
mod graph;
mod object;
mod one_of;
mod order;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::{Attribute, Fields, Ident, Item, ItemEnum, ItemImpl, ItemMod, Type};

use super::paths::{shorten, type_ident};
use attributes::{docs_of_type, short_derive};
use graph::Graph;
use object::Object;
use one_of::{OneOf, Says};
pub(super) use order::Order;
use texts::{is_texts, texts};

/// The types of the document, and how they hang together.
pub(super) struct Types {
    kinds: Vec<Kind>,
    /// Types that a request body is made of.
    sent: BTreeSet<String>,
    /// Types that are read and written back, and those that keep what a choice does not know.
    kept: BTreeSet<String>,
    /// What says in a variant of a choice that it is that variant.
    says: BTreeMap<String, Vec<Says>>,
}

/// Which shapes there are among the types.
pub(super) struct Uses {
    pub(super) objects: bool,
    pub(super) texts: bool,
    pub(super) unions: bool,
}

enum Kind {
    Object(Object),
    OneOf(OneOf),
    Texts(ItemEnum),
    Other(Item),
}

impl Types {
    /// Takes the types out of progenitor's module; ``order` is that of their
    /// fields, `sent` and `received` are the types of the operations.
    pub(super) fn new(
        module: ItemMod,
        order: &Order,
        sent: &[Type],
        received: &[Type],
    ) -> Result<Self, String> {
        let items = module.content.map(|(_, items)| items).unwrap_or_default();
        let graph = Graph::new(&items);
        let sent = graph.reach(sent);
        let received = graph.reach(received);
        let mut kept: BTreeSet<String> = sent.intersection(&received).cloned().collect();
        let twice = twice(&items);
        if !twice.is_empty() {
            return Err(format!("two types would be called {}", twice.join(", ")));
        }
        let mut kinds = Vec::new();
        for item in items {
            kinds.extend(kind(item, order, &kinds)?);
        }
        let mut says: BTreeMap<String, Vec<Says>> = BTreeMap::new();
        for union in kinds.iter().filter_map(Kind::one_of) {
            kept.extend(union.other());
            for (variant, value) in union.says() {
                says.entry(variant).or_default().push(value);
            }
        }
        Ok(Self {
            kinds,
            sent,
            kept,
            says,
        })
    }

    /// The field of a struct for a property.
    fn field(&self, name: &str, property: &str) -> Option<Ident> {
        let mut objects = self.kinds.iter().filter_map(|kind| match kind {
            Kind::Object(object) => Some(object),
            _ => None,
        });
        let object = objects.find(|object| object.name == name)?;
        object.field(property)
    }

    /// The items of `types.rs`.
    pub(super) fn items(&self) -> Vec<TokenStream> {
        self.kinds
            .iter()
            .flat_map(|kind| match kind {
                Kind::Object(object) => {
                    let name = object.name.to_string();
                    let says = self.says.get(&name).map(Vec::as_slice);
                    let (sent, kept) = (self.sent.contains(&name), self.kept.contains(&name));
                    object.items(sent, kept, says.unwrap_or_default())
                }
                Kind::OneOf(union) => union.items(|name, property| self.field(name, property)),
                Kind::Texts(item) => texts(item),
                Kind::Other(item) => vec![quote!(#item)],
            })
            .collect()
    }

    /// Whether there is a type of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.kinds.iter().any(|kind| match kind {
            Kind::Object(object) => object.name == name,
            Kind::OneOf(union) => union.name == name,
            Kind::Texts(item) => item.ident == name,
            Kind::Other(item) => defined(item).is_some_and(|ident| ident == name),
        })
    }

    /// What the types use of the code that they share.
    pub(super) fn uses(&self) -> Uses {
        let any = |is: fn(&Kind) -> bool| self.kinds.iter().any(is);
        Uses {
            objects: any(|kind| matches!(kind, Kind::Object(_))),
            texts: any(|kind| matches!(kind, Kind::Texts(_))),
            unions: any(|kind| matches!(kind, Kind::OneOf(_))),
        }
    }
}

impl Kind {
    fn one_of(&self) -> Option<&OneOf> {
        match self {
            Self::OneOf(union) => Some(union),
            _ => None,
        }
    }
}

/// The names that more than one item defines: a component's, say, and that of a property's own type.
fn twice(items: &[Item]) -> Vec<String> {
    let mut names = BTreeSet::new();
    let names = items
        .iter()
        .filter_map(defined)
        .filter(|name| !names.insert(name.to_string()));
    names.map(|name| format!("`{name}`")).collect()
}

/// The type that an item defines.
fn defined(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}

/// What becomes of one of progenitor's items; `None` for what is pruned.
fn kind(item: Item, order: &Order, before: &[Kind]) -> Result<Option<Kind>, String> {
    Ok(match item {
        Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
            let object = Object::new(item, order)?;
            Some(OneOf::read(&object).map_or(Kind::Object(object), Kind::OneOf))
        }
        Item::Enum(item) if is_texts(&item) => Some(Kind::Texts(item)),
        Item::Impl(item) => implementation(item, before).map(Kind::Other),
        Item::Mod(module) if module.ident == "builder" || module.ident == "error" => None,
        Item::Mod(module) => return Err(format!("progenitor made a module `{}`", module.ident)),
        Item::Struct(mut item) => {
            tidy(&item.ident, &mut item.attrs);
            Some(Kind::Other(plain(Item::Struct(item))))
        }
        Item::Enum(mut item) => {
            tidy(&item.ident, &mut item.attrs);
            Some(Kind::Other(plain(Item::Enum(item))))
        }
        other => Some(Kind::Other(plain(other))),
    })
}

/// An `impl` is kept where its type is: not for a struct's builder, nor for what the table of an
/// enum of strings gives.
fn implementation(item: ItemImpl, before: &[Kind]) -> Option<Item> {
    let name = type_ident(&item.self_ty);
    let same = |ident: &Ident| Some(ident.to_string()) == name;
    let ours = before.iter().any(|kind| match kind {
        Kind::Object(object) => same(&object.name) && item.trait_.is_none(),
        Kind::OneOf(union) => same(&union.name),
        Kind::Texts(texts) => same(&texts.ident),
        Kind::Other(_) => false,
    });
    // progenitor turns text into a type by way of its own error type; the field's type does it too.
    let fallible = mentions(&item, "ConversionError");
    (!ours && !fallible).then(|| plain(Item::Impl(item)))
}

fn mentions(item: &ItemImpl, name: &str) -> bool {
    struct Look<'a>(&'a str, bool);
    impl<'ast> Visit<'ast> for Look<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.1 |= ident == self.0;
        }
    }
    let mut look = Look(name, false);
    look.visit_item_impl(item);
    look.1
}

fn plain(mut item: Item) -> Item {
    shorten(&mut item);
    item
}

/// The attributes of a type that keeps serde's derive: docs, derives, serde's own.
fn tidy(name: &Ident, attributes: &mut Vec<Attribute>) {
    let docs = docs_of_type(name, attributes);
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    for attribute in attributes.iter_mut() {
        short_derive(attribute);
    }
    let schema: Attribute =
        syn::parse_quote!(#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]);
    let place = attributes
        .iter()
        .position(|one| one.path().is_ident("serde"));
    attributes.insert(place.unwrap_or(attributes.len()), schema);
    attributes.splice(0..0, docs);
}
