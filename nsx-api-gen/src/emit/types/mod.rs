//! Rewrites progenitor's types for the SDK.
//!
//! A struct gets one `from_map` and one `serialize` instead of serde's derives. An enum of strings
//! becomes a table that keeps unknown values, and so does a discriminated union. Structs that are
//! both sent and received keep unknown fields. Other types are left unchanged.

mod attributes;
mod doc_field_access;
mod field_order;
mod files;
mod graph;
mod literals;
mod member;
mod object;
mod rust_api;
mod string_enum;
mod union;
mod untagged_union;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use syn::{Attribute, Fields, File, Ident, Item, ItemEnum, Type};

use super::code;
use super::paths::{named, shorten};
use super::token_items::TokenItem;
use attributes::{doc_attributes, docs_of_type, short_derive};
pub(super) use field_order::FieldOrder;
use graph::Graph;
pub(super) use object::DiscriminatorValue;
use object::Object;
use string_enum::is_string_enum;
use union::DiscriminatedUnion;

/// progenitor's types and their implementations, in order.
pub(super) struct Code(Vec<Part>);

enum Part {
    Type(Box<Item>),
    /// Parsed only if it is used.
    Impl(TokenItem),
}

impl Code {
    /// Parses the definitions of the types.
    pub(super) fn parse(items: Vec<TokenItem>) -> Result<Self, String> {
        let parts = items.into_iter().map(Part::parse);
        let parts = parts.filter_map(Result::transpose);
        Ok(Self(parts.collect::<Result<_, _>>()?))
    }

    /// The definitions of the types.
    pub(super) fn types(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().filter_map(|part| match part {
            Part::Type(item) => Some(&**item),
            Part::Impl(_) => None,
        })
    }
}

impl Part {
    fn parse(item: TokenItem) -> Result<Option<Self>, String> {
        Ok(match item.keyword().as_str() {
            "impl" => Some(Self::Impl(item)),
            "mod" if item.name() == "error" => None,
            "mod" => {
                return Err(format!(
                    "progenitor generated an unexpected module `{}`",
                    item.name()
                ));
            }
            _ => Some(Self::Type(Box::new(item.read().map_err(parse_error)?))),
        })
    }
}

fn parse_error(error: syn::Error) -> String {
    format!("progenitor's code: {error}")
}

/// The types of the document and the relations between them.
pub(super) struct Types {
    /// Sorted by name.
    defined: Vec<Defined>,
    /// The index of each type, by name.
    index: HashMap<String, usize>,
    graph: Graph,
    /// Types that are part of a request body.
    sent: BTreeSet<String>,
    /// Types that keep unknown fields: those that are both sent and received, and extensible ones.
    keeping_unknown: BTreeSet<String>,
    /// The discriminator values of union variants, by the names of their types.
    discriminator_values: HashMap<String, Vec<DiscriminatorValue>>,
}

/// A type, and the implementations that are kept from progenitor.
struct Defined {
    name: String,
    kind: TypeKind,
    implementations: Vec<Item>,
}

enum TypeKind {
    Object(Object),
    Union(DiscriminatedUnion),
    StringEnum(ItemEnum),
    /// A union without a discriminator.
    Untagged(ItemEnum),
    Other(Item),
}

impl Types {
    /// Converts progenitor's types. `order` is the order of fields, `extensible` are the types that
    /// can have unknown fields, `sent` and `received` are the types of the operations.
    pub(super) fn new(
        code: Code,
        order: &FieldOrder,
        extensible: &BTreeSet<String>,
        sent: &[Type],
        received: &[Type],
    ) -> Result<Self, String> {
        let graph = Graph::new(code.types());
        let sent = graph.reach(sent);
        let received = graph.reach(received);
        let mut keeping_unknown: BTreeSet<String> = sent.intersection(&received).cloned().collect();
        keeping_unknown.extend(extensible.iter().cloned());
        let duplicate_names = duplicate_names(code.types());
        if !duplicate_names.is_empty() {
            return Err(format!(
                "several types have the name {}",
                duplicate_names.join(", ")
            ));
        }
        let mut defined = defined(code, order)?;
        for defined in defined.iter_mut().filter(|one| sent.contains(&one.name)) {
            if let TypeKind::Object(object) = &mut defined.kind {
                object.keep_null();
            }
        }
        keeping_unknown.extend(untagged_union::variant_types(&defined));
        let mut discriminator_values: HashMap<String, Vec<DiscriminatorValue>> = HashMap::new();
        for union in defined.iter().filter_map(Defined::as_union) {
            for (variant, value) in
                union.discriminator_values(|ty, name| listed(&defined, ty, name))
            {
                discriminator_values.entry(variant).or_default().push(value);
            }
        }
        let names = defined.iter().map(|one| one.name.clone());
        Ok(Self {
            index: names.zip(0..).collect(),
            defined,
            graph,
            sent,
            keeping_unknown,
            discriminator_values,
        })
    }

    /// Adds variants of unions that are not in the document, each with its discriminator value.
    pub(super) fn add_variants(&mut self, variants: Vec<(String, DiscriminatorValue)>) {
        for (name, value) in variants {
            self.discriminator_values
                .entry(name)
                .or_default()
                .push(value);
        }
    }

    /// Adds the operations that use a type to its docs.
    pub(super) fn add_used_by(&mut self, uses: &BTreeMap<String, String>) {
        for defined in &mut self.defined {
            let docs = match &mut defined.kind {
                TypeKind::Object(object) => &mut object.docs,
                TypeKind::Union(union) => &mut union.docs,
                TypeKind::StringEnum(_) | TypeKind::Untagged(_) | TypeKind::Other(_) => continue,
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
            TypeKind::Object(object) => object.field(property),
            _ => None,
        }
    }

    /// Whether there is a type with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The struct with everything that depends on other types.
    fn completed(&self, object: &Object) -> Object {
        let values = self.discriminator_values.get(&object.name);
        let keeps_unknown = self.keeping_unknown.contains(&object.name);
        object.completed(keeps_unknown, values.map(Vec::as_slice).unwrap_or_default())
    }

    fn write(&self, defined: &Defined, code: &mut code::Code) {
        let name = &defined.name;
        match &defined.kind {
            TypeKind::Object(object) => {
                self.completed(object).write(self.sent.contains(name), code);
            }
            TypeKind::Union(union) => {
                union.write(|name, property| self.field(name, property), code)
            }
            TypeKind::StringEnum(item) => string_enum::write(item, code),
            TypeKind::Untagged(item) => {
                code.text(&printed(&Item::Enum(item.clone())));
                code.gap();
                untagged_union::write(item, code);
            }
            TypeKind::Other(item) => code.text(&printed(item)),
        }
        for item in &defined.implementations {
            code.gap();
            code.text(&printed(item));
        }
    }
}

impl Defined {
    fn as_union(&self) -> Option<&DiscriminatedUnion> {
        match &self.kind {
            TypeKind::Union(union) => Some(union),
            _ => None,
        }
    }

    /// The name of the type in a newtype.
    fn newtype_of(&self) -> Option<String> {
        match &self.kind {
            TypeKind::Other(Item::Struct(item)) => own_name(&item.fields.iter().next()?.ty),
            _ => None,
        }
    }
}

/// The values that the enum of a struct's property lists; none if it is not an enum.
fn listed(defined: &[Defined], name: &str, property: &str) -> Vec<String> {
    let kind = |name: &str| {
        let found = defined.iter().find(|one| one.name == name);
        found.map(|one| &one.kind)
    };
    let Some(TypeKind::Object(object)) = kind(name) else {
        return Vec::new();
    };
    let ty = object.fields.iter().find(|member| member.json == property);
    let ty = ty.and_then(|member| own_name(literals::inner(&member.ty)));
    match ty.as_deref().and_then(kind) {
        Some(TypeKind::StringEnum(item)) => {
            let values = string_enum::variant_values(item).into_iter();
            values.map(|(_, text)| text).collect()
        }
        _ => Vec::new(),
    }
}

/// The types with their implementations, which follow each type in progenitor's code.
fn defined(code: Code, order: &FieldOrder) -> Result<Vec<Defined>, String> {
    let mut list: Vec<Defined> = Vec::new();
    let mut without_conversions = HashSet::new();
    for part in code.0 {
        match (part, list.last_mut()) {
            (Part::Type(item), _) => list.push(Defined {
                name: name(&item).map(ToString::to_string).unwrap_or_default(),
                kind: type_kind(*item, order)?,
                implementations: Vec::new(),
            }),
            (Part::Impl(item), Some(defined)) => {
                if !item.mentions(&defined.name) {
                    let name = &defined.name;
                    return Err(format!(
                        "progenitor generated an `impl` after `{name}` that does not belong to it"
                    ));
                }
                let item = implementation(item, &defined.kind)?;
                if item.is_none()
                    && matches!(defined.kind, TypeKind::Untagged(_) | TypeKind::Other(_))
                {
                    without_conversions.insert(defined.name.clone());
                }
                defined.implementations.extend(item);
            }
            (Part::Impl(_), None) => {
                return Err("progenitor generated an `impl` without a type".to_owned());
            }
        }
    }
    drop_conversions(&mut list, without_conversions);
    Ok(list)
}

/// Drops the conversions from strings of newtypes around a type that has none.
fn drop_conversions(list: &mut [Defined], mut without: HashSet<String>) {
    loop {
        let before = without.len();
        for defined in list.iter_mut() {
            if defined
                .newtype_of()
                .is_some_and(|one| without.contains(&one))
            {
                defined.implementations.retain(|item| !is_conversion(item));
                without.insert(defined.name.clone());
            }
        }
        if without.len() == before {
            return;
        }
    }
}

/// Whether an item is one of the conversions from strings that progenitor generates for a newtype.
fn is_conversion(item: &Item) -> bool {
    let Item::Impl(item) = item else {
        return false;
    };
    let path = item.trait_.as_ref().map(|(path, _)| path);
    let name = path.and_then(|path| path.segments.last());
    name.is_some_and(|name| name.ident == "FromStr" || name.ident == "TryFrom")
}

fn printed(item: &Item) -> String {
    prettyplease::unparse(&File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item.clone()],
    })
}

/// The names that several items define, such as a component and the type of an inline schema.
fn duplicate_names<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<String> {
    let mut names = HashSet::new();
    let names = items
        .filter_map(name)
        .filter(|name| !names.insert(name.to_string()));
    names.map(|name| format!("`{name}`")).collect()
}

/// The name of a type of the document, with or without the module path.
fn own_name(ty: &Type) -> Option<String> {
    let alone = || match ty {
        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    named(ty).or_else(alone)
}

/// The name of the type that an item defines.
fn name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}

/// Converts one of progenitor's types.
fn type_kind(item: Item, order: &FieldOrder) -> Result<TypeKind, String> {
    Ok(match item {
        Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
            let object = Object::new(item, order)?;
            DiscriminatedUnion::decode(&object).map_or(TypeKind::Object(object), TypeKind::Union)
        }
        Item::Enum(item) if is_string_enum(&item) => {
            string_enum::check_values(&item)?;
            TypeKind::StringEnum(item)
        }
        Item::Struct(mut item) => {
            replace_attributes(&item.ident, &mut item.attrs);
            TypeKind::Other(shortened(Item::Struct(item)))
        }
        Item::Enum(mut item) => {
            replace_attributes(&item.ident, &mut item.attrs);
            let is_untagged = untagged_union::replace_derives(&mut item);
            match shortened(Item::Enum(item)) {
                Item::Enum(item) if is_untagged => TypeKind::Untagged(item),
                item => TypeKind::Other(item),
            }
        }
        other => TypeKind::Other(shortened(other)),
    })
}

/// An implementation, if it is kept. Those of objects, unions and string enums are generated here.
fn implementation(item: TokenItem, type_kind: &TypeKind) -> Result<Option<Item>, String> {
    let is_generated = match type_kind {
        TypeKind::Union(_) | TypeKind::StringEnum(_) => true,
        TypeKind::Object(_) => !item.is_of_trait(),
        TypeKind::Untagged(_) | TypeKind::Other(_) => false,
    };
    // progenitor's conversions from strings use its own error type. They are not needed.
    if is_generated || item.mentions_path("error", "ConversionError") {
        return Ok(None);
    }
    item.read()
        .map(|item| Some(shortened(item)))
        .map_err(parse_error)
}

fn shortened(mut item: Item) -> Item {
    shorten(&mut item);
    item
}

/// Replaces the attributes of a type that keeps serde's derives.
fn replace_attributes(name: &Ident, attributes: &mut Vec<Attribute>) {
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
