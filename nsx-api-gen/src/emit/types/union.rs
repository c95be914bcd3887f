//! Discriminated unions: an enum with a variant for each type, and one for unknown discriminator
//! values.

use std::collections::BTreeMap;

use syn::Type;

use super::object::{DiscriminatorValue, Object};
use crate::document::markdown as docs;
use crate::emit::code::Code;
use crate::emit::encode_union::EncodedName;
use crate::emit::paths::{argument, text, type_ident};
use crate::model::rust_api::{self, RustType, UnionVariant};

/// A discriminated union.
pub(super) struct DiscriminatedUnion {
    pub(super) name: String,
    pub(super) docs: String,
    property: String,
    variants: Vec<Variant>,
    /// The type of unknown variants; `None` for a plain map of fields.
    fallback: Option<Type>,
}

struct Variant {
    name: String,
    /// The type, boxed if it would contain itself.
    ty: Type,
    values: Vec<String>,
}

impl DiscriminatedUnion {
    /// Decodes the union that an object represents; `None` for any other object.
    pub(super) fn decode(object: &Object) -> Option<Self> {
        let mut property = None;
        let mut variants = BTreeMap::new();
        let mut fallback = None;
        for member in &object.fields {
            match EncodedName::decode(&member.json)? {
                EncodedName::Property(name) => property = Some(name),
                EncodedName::Variant(index, values) => {
                    variants.insert(index, (member.ty.clone(), values));
                }
                EncodedName::Fallback => fallback = Some(member.ty.clone()),
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
            fallback,
        })
    }

    /// The discriminator value of each variant, with the name of the variant's type. `listed` has
    /// the values that a type's enum lists for a property. A variant that has several of them has
    /// no value of its own: the caller chooses.
    pub(super) fn discriminator_values(
        &self,
        listed: impl Fn(&str, &str) -> Vec<String>,
    ) -> impl Iterator<Item = (String, DiscriminatorValue)> {
        self.variants.iter().filter_map(move |variant| {
            let listed = listed(&variant.name, &self.property);
            let own = listed.iter().filter(|value| variant.values.contains(value));
            let value = variant.values.first().filter(|_| own.count() < 2)?;
            Some((variant.name.clone(), (self.property.clone(), value.clone())))
        })
    }

    /// Writes the enum and its table; `field` returns the field of a type for a property.
    pub(super) fn write<'a>(&self, field: impl Fn(&str, &str) -> Option<&'a str>, code: &mut Code) {
        let (name, property, fallback) = (&self.name, &self.property, self.fallback_name());
        let ty = self.fallback_type();
        code.docs(&self.docs);
        if !self.docs.is_empty() {
            code.docs("\n");
        }
        code.docs(&format!("{} determines the variant.", docs::code(property)));
        code.line("#[derive(Clone, Debug)]");
        code.line(
            "#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema), schemars(untagged))]",
        );
        code.line("#[non_exhaustive]");
        code.block(format!("pub enum {name}"), |code| {
            self.variants.iter().for_each(|variant| variant.write(code));
            code.docs("Any other value, with all its fields.");
            code.line(format!("{fallback}({ty}),"));
        });
        code.gap();
        code.block("discriminated_union!", |code| {
            code.line(format!("{name} by {property:?} or {fallback}({ty});"));
            for variant in &self.variants {
                let field = field(&variant.name, property).map(|field| format!(".{field}"));
                code.line(variant.row(&field.unwrap_or_default()));
            }
        });
    }

    /// The definition as plain data.
    pub(super) fn rust_api(&self) -> rust_api::DiscriminatedUnion {
        let variants = self.variants.iter().map(|variant| UnionVariant {
            rust: variant.name.clone(),
            ty: RustType::new(&text(&variant.ty)),
            values: variant.values.clone(),
        });
        rust_api::DiscriminatedUnion {
            property: self.property.clone(),
            variants: variants.collect(),
            fallback: self.fallback_name(),
            fallback_type: RustType::new(&self.fallback_type()),
        }
    }

    /// The type of unknown variants.
    fn fallback_type(&self) -> String {
        let ty = self.fallback.as_ref();
        ty.map_or_else(|| "crate::Extra".to_owned(), text)
    }

    /// The name of the variant for unknown values.
    fn fallback_name(&self) -> String {
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

    /// The row of the table.
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

/// The name of a type of the document, without a box.
pub(super) fn inner(ty: &Type) -> Option<String> {
    type_ident(argument(ty, "Box").unwrap_or(ty))
}
