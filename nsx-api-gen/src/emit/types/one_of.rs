//! Choices by a discriminator: an enum with a variant for each type, and one for what the document does not know.

use std::collections::BTreeMap;

use syn::Type;

use super::object::Object;
use crate::document::markdown as docs;
use crate::emit::code::Code;
use crate::emit::paths::{argument, text, type_ident};
use crate::emit::unions::Name;

/// A choice.
pub(super) struct OneOf {
    pub(super) name: String,
    pub(super) docs: String,
    property: String,
    variants: Vec<Variant>,
    /// The type that keeps what the document does not know; an object as it came where it is none of the document's.
    other: Option<Type>,
}

struct Variant {
    name: String,
    /// The type, in a box where it would hold itself.
    ty: Type,
    values: Vec<String>,
}

/// What says in a variant's type which variant it is: the property's name, and the value to write.
pub(super) type Says = (String, String);

impl OneOf {
    /// The choice that an object stands for; `None` where it is an object.
    pub(super) fn read(object: &Object) -> Option<Self> {
        let mut property = None;
        let mut variants = BTreeMap::new();
        let mut other = None;
        for member in &object.fields {
            match Name::read(&member.json)? {
                Name::Property(name) => property = Some(name),
                Name::Variant(index, values) => {
                    variants.insert(index, (member.ty.clone(), values));
                }
                Name::Other => other = Some(member.ty.clone()),
            }
        }
        let variants = variants.into_values().map(|(ty, values)| {
            Some(Variant {
                name: inner(&ty)?,
                ty,
                values,
            })
        });
        Some(Self {
            name: object.name.clone(),
            docs: object.docs.clone(),
            property: property?,
            variants: variants.collect::<Option<_>>()?,
            other,
        })
    }

    /// The types of the variants, each with what says in it that it is that variant.
    pub(super) fn says(&self) -> impl Iterator<Item = (String, Says)> {
        self.variants.iter().filter_map(|variant| {
            let value = variant.values.first()?.clone();
            Some((variant.name.clone(), (self.property.clone(), value)))
        })
    }

    /// Writes the enum and its table; `field` finds a property's field in a type that has one.
    pub(super) fn write<'a>(&self, field: impl Fn(&str, &str) -> Option<&'a str>, code: &mut Code) {
        let (name, property, other) = (&self.name, &self.property, self.other_name());
        let ty = self
            .other
            .as_ref()
            .map_or_else(|| "crate::Extra".to_owned(), text);
        code.docs(&self.docs);
        if !self.docs.is_empty() {
            code.docs("\n");
        }
        code.docs(&format!(
            "{} says which of these it is.",
            docs::code(property)
        ));
        code.line("#[derive(Clone, Debug)]");
        code.line(
            "#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema), schemars(untagged))]",
        );
        code.line("#[non_exhaustive]");
        code.block(format!("pub enum {name}"), |code| {
            self.variants.iter().for_each(|variant| variant.write(code));
            code.docs("What the document does not know, whole.");
            code.line(format!("{other}({ty}),"));
        });
        code.gap();
        code.block("one_of!", |code| {
            code.line(format!("{name} by {property:?} or {other}({ty});"));
            for variant in &self.variants {
                let field = field(&variant.name, property).map(|field| format!(".{field}"));
                code.line(variant.row(&field.unwrap_or_default()));
            }
        });
    }

    /// A name for the variant that keeps what the document does not know.
    fn other_name(&self) -> String {
        let mut name = "Other".to_owned();
        while self.variants.iter().any(|variant| variant.name == name) {
            name.push('_');
        }
        name
    }
}

impl Variant {
    fn write(&self, code: &mut Code) {
        let values: Vec<String> = self.values.iter().map(|value| docs::code(value)).collect();
        code.docs(&values.join(", "));
        code.line(format!("{}({}),", self.name, text(&self.ty)));
    }

    /// The variant in the table.
    fn row(&self, field: &str) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|value| format!("{value:?}"))
            .collect();
        format!(
            "{}({}){field} = [{}];",
            self.name,
            text(&self.ty),
            values.join(", ")
        )
    }
}

/// The name of a type of the document, out of the box that it may be in.
fn inner(ty: &Type) -> Option<String> {
    type_ident(argument(ty, "Box").unwrap_or(ty))
}
