//! The Rust API that a document becomes, as plain data: what users can name, call and match, and
//! the texts that it writes to the wire.
//!
//! `emit` reads it from the code that it generates, so that there is one answer to the question
//! which code that is.

use std::collections::{BTreeMap, BTreeSet};

use super::In;
use crate::document::parameter_style::Style;

/// The methods and types of a document.
#[derive(Clone, Debug)]
pub(crate) struct RustApi {
    /// In the order of [`Api::operations`](super::Api::operations).
    pub(crate) methods: Vec<Method>,
    /// By name.
    pub(crate) types: BTreeMap<String, TypeDefinition>,
}

/// The method, the builder and the entry in the operation table of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// The name of the client's method.
    pub(crate) name: String,
    /// The name of the builder.
    pub(crate) builder: String,
    /// The name of the entry in the operation table.
    pub(crate) table_entry: String,
    /// In the order of the method's arguments, the optional ones among them.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) body: Option<BodyArgument>,
    pub(crate) success: Success,
    /// Whether the builder has `stream` and `pages`.
    pub(crate) is_list: bool,
}

/// An argument of a method, or a setter of its builder if it is optional.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) rust: String,
    pub(crate) place: In,
    pub(crate) required: bool,
    pub(crate) style: Style,
    pub(crate) ty: RustType,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(crate) struct BodyArgument {
    pub(crate) required: bool,
    pub(crate) ty: RustType,
}

/// The result of `send`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    Nothing,
    Stream,
    Value(RustType),
}

/// A type in Rust, as code: `Option<Vec<Node>>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RustType(String);

/// The definition of a type of the document.
#[derive(Clone, Debug)]
pub(crate) struct TypeDefinition {
    pub(crate) kind: TypeKind,
    /// The traits that it derives or implements, if they depend on the document: `Clone`,
    /// `From<i64> for Number`.
    pub(crate) traits: BTreeSet<RustType>,
}

#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    Struct(Struct),
    StringEnum(StringEnum),
    Union(DiscriminatedUnion),
    /// An enum whose first variant that fits is the value.
    UntaggedUnion(Vec<UntaggedVariant>),
    /// A tuple struct with one field, or an alias.
    Wrapper(RustType),
    /// Any other definition, as code.
    Other(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<Field>,
    pub(crate) constructor: Constructor,
}

/// How code creates a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constructor {
    /// Only with a literal: it is never sent.
    None,
    /// `Default`.
    Default,
    /// `new`, with the fields that [`Field::is_argument`].
    New,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) rust: String,
    /// The property; empty for the field that keeps unlisted properties.
    pub(crate) json: String,
    pub(crate) ty: RustType,
    /// Whether it is omitted if it is empty.
    pub(crate) optional: bool,
    /// Whether it keeps unlisted properties.
    pub(crate) is_rest: bool,
    /// Its value in a new struct, if it is a discriminator.
    pub(crate) discriminator_value: Option<String>,
}

/// An enum of texts.
#[derive(Clone, Debug)]
pub(crate) struct StringEnum {
    pub(crate) variants: Vec<StringVariant>,
    /// The variant for unlisted texts.
    pub(crate) fallback: String,
}

#[derive(Clone, Debug)]
pub(crate) struct StringVariant {
    pub(crate) rust: String,
    pub(crate) text: String,
}

/// An enum of types, distinguished by the value of a property.
#[derive(Clone, Debug)]
pub(crate) struct DiscriminatedUnion {
    pub(crate) property: String,
    pub(crate) variants: Vec<UnionVariant>,
    /// The variant for unlisted values.
    pub(crate) fallback: String,
    pub(crate) fallback_type: RustType,
}

#[derive(Clone, Debug)]
pub(crate) struct UnionVariant {
    pub(crate) rust: String,
    pub(crate) ty: RustType,
    /// The first one is written.
    pub(crate) values: Vec<String>,
}

/// A variant of an untagged union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UntaggedVariant {
    pub(crate) rust: String,
    /// Its content and its attributes, as code.
    pub(crate) content: RustType,
}

impl Struct {
    /// The fields for properties.
    pub(crate) fn properties(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.is_rest)
    }

    /// The field that keeps unlisted properties.
    pub(crate) fn rest(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_rest)
    }

    /// The arguments of `new`.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_argument())
    }
}

impl Field {
    /// Whether `new` takes it.
    pub(crate) fn is_argument(&self) -> bool {
        !self.optional && self.discriminator_value.is_none()
    }
}

impl TypeDefinition {
    /// The types that it consists of.
    pub(crate) fn inner(&self) -> Vec<&RustType> {
        match &self.kind {
            TypeKind::Struct(object) => object.fields.iter().map(|field| &field.ty).collect(),
            TypeKind::StringEnum(_) | TypeKind::Other(_) => Vec::new(),
            TypeKind::Union(union) => {
                let variants = union.variants.iter().map(|variant| &variant.ty);
                variants.chain([&union.fallback_type]).collect()
            }
            TypeKind::UntaggedUnion(variants) => {
                variants.iter().map(|variant| &variant.content).collect()
            }
            TypeKind::Wrapper(ty) => vec![ty],
        }
    }
}

impl RustType {
    /// A type, from its code without spaces except after commas.
    pub(crate) fn new(code: &str) -> Self {
        Self(code.replace("types::", ""))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The `T` of an `Option<T>`.
    pub(crate) fn option(&self) -> Option<Self> {
        let inner = self.0.strip_prefix("Option<")?.strip_suffix('>')?;
        Some(Self(inner.to_owned()))
    }

    /// The names in it that can be types of the document. A name behind `::` is in another module.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let pieces = self.pieces();
        pieces.filter_map(|(is_name, text)| is_name.then_some(text))
    }

    /// The type, with other names.
    pub(crate) fn renamed<'a>(&'a self, rename: impl Fn(&'a str) -> &'a str) -> Self {
        let pieces = self.pieces().map(|(is_name, text)| match is_name {
            true => rename(text),
            false => text,
        });
        Self(pieces.collect())
    }

    /// Its parts in order, each with whether it can be the name of a type of the document.
    fn pieces(&self) -> impl Iterator<Item = (bool, &str)> {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut rest = self.0.as_str();
        let mut in_module = false;
        std::iter::from_fn(move || {
            let is_name = rest.starts_with(is_part);
            let end = rest.find(|letter| is_part(letter) != is_name);
            let (text, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            let own = is_name && !in_module && !behind.starts_with("::");
            (rest, in_module) = (behind, text.ends_with("::"));
            (!text.is_empty()).then_some((own, text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_modules_are_not_names_of_the_document() {
        for (code, names) in [
            ("types::Node", &["Node"][..]),
            ("Option<Vec<types::Node>>", &["Option", "Vec", "Node"]),
            ("serde_json::Value", &[]),
            ("BTreeMap<String, crate::Extra>", &["BTreeMap", "String"]),
            ("(Größe, Box<A_2>)", &["Größe", "Box", "A_2"]),
            ("()", &[]),
            ("", &[]),
        ] {
            let ty = RustType::new(code);
            assert_eq!(ty.names().collect::<Vec<_>>(), names, "{code}");
        }
        let ty = RustType::new("Option<(serde_json::Value, Value)>");
        let renamed = ty.renamed(|name| if name == "Value" { "Other" } else { name });
        assert_eq!(renamed.as_str(), "Option<(serde_json::Value, Other)>");
        assert_eq!(ty.option().unwrap().as_str(), "(serde_json::Value, Value)");
    }
}
