//! progenitor's types, written the way that the SDK has them: the pass `compact serde`, and the
//! pruning of what nobody uses.
//!
//! A struct gets one `from_map` and one `serialize` in place of serde's derive; an enum of strings
//! becomes one table that keeps what it does not know, and so does a choice by a discriminator. What is read and written back
//! keeps the fields that the document does not have. Other types stay as they came.

mod attributes;
mod files;
mod graph;
mod object;
mod one_of;
mod order;
mod sample;
mod shown;
mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use syn::{Attribute, Fields, File, Ident, Item, ItemEnum, Type};

use super::code;
use super::method::named;
use super::paths::shorten;
use super::pieces::Piece;
use attributes::{doc_attributes, docs_of_type, short_derive};
use graph::Graph;
use object::Object;
use one_of::{OneOf, Says};
pub(super) use order::Order;
use texts::is_texts;

/// What progenitor wrote of the types, in its order.
pub(super) struct Code(Vec<Part>);

enum Part {
    Type(Box<Item>),
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
            Part::Type(item) => Some(&**item),
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
            _ => Some(Self::Type(Box::new(piece.read().map_err(no_rust)?))),
        })
    }
}

fn no_rust(error: syn::Error) -> String {
    format!("progenitor's code: {error}")
}

/// The types of the document, and how they hang together.
pub(super) struct Types {
    /// In the order of their names.
    defined: Vec<Defined>,
    /// Where each is among them, by its name.
    index: HashMap<String, usize>,
    graph: Graph,
    /// Types that a request body is made of.
    sent: BTreeSet<String>,
    /// Types that are read and written back, and those that stand for what the document does not know.
    kept: BTreeSet<String>,
    /// What says in a variant of a choice that it is that variant.
    says: HashMap<String, Vec<Says>>,
}

/// A type, and what it implements beside what is written here.
struct Defined {
    name: String,
    kind: Kind,
    implementations: Vec<Item>,
}

enum Kind {
    Object(Object),
    OneOf(OneOf),
    Texts(ItemEnum),
    Other(Item),
}

impl Types {
    /// Makes the SDK's types of progenitor's; `order` is that of their fields, `open` are those that stand for what the document
    /// does not know, `sent` and `received` are the types of the operations.
    pub(super) fn new(
        code: Code,
        order: &Order,
        open: &BTreeSet<String>,
        sent: &[Type],
        received: &[Type],
    ) -> Result<Self, String> {
        let graph = Graph::new(code.types());
        let sent = graph.reach(sent);
        let received = graph.reach(received);
        let mut kept: BTreeSet<String> = sent.intersection(&received).cloned().collect();
        kept.extend(open.iter().cloned());
        let twice = twice(code.types());
        if !twice.is_empty() {
            return Err(format!("two types would be called {}", twice.join(", ")));
        }
        let defined = defined(code, order)?;
        let mut says: HashMap<String, Vec<Says>> = HashMap::new();
        for union in defined.iter().filter_map(Defined::one_of) {
            for (variant, value) in union.says() {
                says.entry(variant).or_default().push(value);
            }
        }
        let names = defined.iter().map(|one| one.name.clone());
        Ok(Self {
            index: names.zip(0..).collect(),
            defined,
            graph,
            sent,
            kept,
            says,
        })
    }

    /// Adds to the docs of each type which operations have to do with it.
    pub(super) fn tell_uses(&mut self, uses: &BTreeMap<String, String>) {
        for defined in &mut self.defined {
            let docs = match &mut defined.kind {
                Kind::Object(object) => &mut object.docs,
                Kind::OneOf(union) => &mut union.docs,
                Kind::Texts(_) | Kind::Other(_) => continue,
            };
            if let Some(line) = uses.get(&defined.name) {
                if !docs.is_empty() {
                    docs.push_str("\n\n");
                }
                docs.push_str(line);
            }
        }
    }

    /// The field of a struct for a property.
    fn field(&self, name: &str, property: &str) -> Option<&str> {
        match &self.defined.get(*self.index.get(name)?)?.kind {
            Kind::Object(object) => object.field(property),
            _ => None,
        }
    }

    /// Whether there is a type of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    fn write(&self, defined: &Defined, code: &mut code::Code) {
        let name = &defined.name;
        match &defined.kind {
            Kind::Object(object) => {
                let says = self.says.get(name).map(Vec::as_slice);
                let (sent, kept) = (self.sent.contains(name), self.kept.contains(name));
                object.write(sent, kept, says.unwrap_or_default(), code);
            }
            Kind::OneOf(union) => union.write(|name, property| self.field(name, property), code),
            Kind::Texts(item) => texts::write(item, code),
            Kind::Other(item) => code.text(&printed(item)),
        }
        for item in &defined.implementations {
            code.gap();
            code.text(&printed(item));
        }
    }
}

impl Defined {
    fn one_of(&self) -> Option<&OneOf> {
        match &self.kind {
            Kind::OneOf(union) => Some(union),
            _ => None,
        }
    }
}

/// The types with what they implement, which progenitor writes behind each.
fn defined(code: Code, order: &Order) -> Result<Vec<Defined>, String> {
    let mut list: Vec<Defined> = Vec::new();
    for part in code.0 {
        match (part, list.last_mut()) {
            (Part::Type(item), _) => list.push(Defined {
                name: name(&item).map(ToString::to_string).unwrap_or_default(),
                kind: kind(*item, order)?,
                implementations: Vec::new(),
            }),
            (Part::Impl(piece), Some(defined)) => {
                if !piece.mentions(&defined.name) {
                    let name = &defined.name;
                    return Err(format!(
                        "progenitor wrote an `impl` behind `{name}` that is not of it"
                    ));
                }
                let item = implementation(piece, &defined.kind)?;
                defined.implementations.extend(item);
            }
            (Part::Impl(_), None) => {
                return Err("progenitor implements what it has not defined".to_owned());
            }
        }
    }
    Ok(list)
}

fn printed(item: &Item) -> String {
    prettyplease::unparse(&File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item.clone()],
    })
}

/// The names that more than one item defines: a component's, say, and that of a property's own type.
fn twice<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    let mut names = HashSet::new();
    let names = items
        .filter_map(name)
        .filter(|name| !names.insert(name.to_string()));
    names.map(|name| format!("`{name}`")).collect()
}

/// The name of a type of the document, as operations name it or as the types name one another.
fn own_name(ty: &Type) -> Option<String> {
    let alone = || match ty {
        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    named(ty).or_else(alone)
}

/// The type that an item defines.
fn name(item: &Item) -> Option<&Ident> {
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
fn implementation(piece: Piece, kind: &Kind) -> Result<Option<Item>, String> {
    let ours = match kind {
        Kind::OneOf(_) | Kind::Texts(_) => true,
        Kind::Object(_) => !piece.is_of_trait(),
        Kind::Other(_) => false,
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
    let docs: Vec<Attribute> = doc_attributes(&docs_of_type(name, attributes)).collect();
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
