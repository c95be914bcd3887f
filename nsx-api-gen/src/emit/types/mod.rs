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

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Ident, Item, ItemEnum, Type};

use super::paths::shorten;
use super::pieces::Piece;
use attributes::{docs_of_type, short_derive};
use graph::Graph;
use object::Object;
use one_of::{OneOf, Says};
pub(super) use order::Order;
use texts::{is_texts, texts};

/// What progenitor wrote of the types, in its order.
pub(super) struct Code(Vec<Part>);

enum Part {
    Type(Item),
    /// It is read only where it is used.
    Impl(Piece),
}

impl Code {
    /// Reads what defines a type.
    pub(super) fn read(pieces: Vec<Piece>) -> Result<Self, String> {
        let parts = pieces.into_iter().map(Part::read);
        let parts = parts.filter_map(Result::transpose);
        Ok(Self(parts.collect::<Result<_, _>>()?))
    }

    /// The types themselves.
    pub(super) fn types(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().filter_map(|part| match part {
            Part::Type(item) => Some(item),
            Part::Impl(_) => None,
        })
    }
}

impl Part {
    fn read(piece: Piece) -> Result<Option<Self>, String> {
        Ok(match piece.keyword().as_str() {
            "impl" => Some(Self::Impl(piece)),
            "mod" if piece.name() == "error" => None,
            "mod" => return Err(format!("progenitor made a module `{}`", piece.name())),
            _ => Some(Self::Type(piece.read().map_err(no_rust)?)),
        })
    }
}

fn no_rust(error: syn::Error) -> String {
    format!("progenitor's code: {error}")
}

/// The types of the document, and how they hang together.
pub(super) struct Types {
    kinds: Vec<Kind>,
    /// Where each type is among them.
    known: HashMap<String, usize>,
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
    /// Makes the SDK's types of progenitor's; `order` is that of their fields, `sent` and `received` are the types of
    /// the operations.
    pub(super) fn new(
        code: Code,
        order: &Order,
        sent: &[Type],
        received: &[Type],
    ) -> Result<Self, String> {
        let graph = Graph::new(code.types());
        let sent = graph.reach(sent);
        let received = graph.reach(received);
        let mut kept: BTreeSet<String> = sent.intersection(&received).cloned().collect();
        let twice = twice(code.types());
        if !twice.is_empty() {
            return Err(format!("two types would be called {}", twice.join(", ")));
        }
        let mut kinds = Vec::new();
        let mut known = HashMap::new();
        for part in code.0 {
            let kind = match part {
                Part::Type(item) => Some(kind(item, order)?),
                Part::Impl(piece) => implementation(piece, &kinds, &known)?.map(Kind::Other),
            };
            let Some(kind) = kind else { continue };
            known.extend(kind.name().map(|name| (name.to_string(), kinds.len())));
            kinds.push(kind);
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
            known,
            sent,
            kept,
            says,
        })
    }

    /// The field of a struct for a property.
    fn field(&self, name: &str, property: &str) -> Option<Ident> {
        match self.kinds.get(*self.known.get(name)?)? {
            Kind::Object(object) => object.field(property),
            _ => None,
        }
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
        self.known.contains_key(name)
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
    /// The type that it defines.
    fn name(&self) -> Option<&Ident> {
        match self {
            Self::Object(object) => Some(&object.name),
            Self::OneOf(union) => Some(&union.name),
            Self::Texts(item) => Some(&item.ident),
            Self::Other(item) => defined(item),
        }
    }

    fn one_of(&self) -> Option<&OneOf> {
        match self {
            Self::OneOf(union) => Some(union),
            _ => None,
        }
    }
}

/// The names that more than one item defines: a component's, say, and that of a property's own type.
fn twice<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    let mut names = HashSet::new();
    let names = items
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

/// What becomes of one of progenitor's types.
fn kind(item: Item, order: &Order) -> Result<Kind, String> {
    Ok(match item {
        Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
            let object = Object::new(item, order)?;
            OneOf::read(&object).map_or(Kind::Object(object), Kind::OneOf)
        }
        Item::Enum(item) if is_texts(&item) => Kind::Texts(item),
        Item::Struct(mut item) => {
            tidy(&item.ident, &mut item.attrs);
            Kind::Other(plain(Item::Struct(item)))
        }
        Item::Enum(mut item) => {
            tidy(&item.ident, &mut item.attrs);
            Kind::Other(plain(Item::Enum(item)))
        }
        other => Kind::Other(plain(other)),
    })
}

/// What a type implements, where that is kept: what is written here for objects, choices and enums of strings is not.
fn implementation(
    piece: Piece,
    kinds: &[Kind],
    known: &HashMap<String, usize>,
) -> Result<Option<Item>, String> {
    let header = piece.header();
    let kind = known.get(&header.ty).and_then(|index| kinds.get(*index));
    let ours = match kind {
        Some(Kind::OneOf(_) | Kind::Texts(_)) => true,
        Some(Kind::Object(_)) => !header.is_of_trait,
        Some(Kind::Other(_)) | None => false,
    };
    // progenitor turns text into a type by way of its own error type; the field's type does it too.
    if ours || piece.mentions("ConversionError") {
        return Ok(None);
    }
    piece.read().map(|item| Some(plain(item))).map_err(no_rust)
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
