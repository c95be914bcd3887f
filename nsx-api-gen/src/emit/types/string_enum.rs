//! Enums of strings: a table of values and variants, which also keeps unknown values.

use syn::{Attribute, Fields, ItemEnum, Variant};

use super::attributes::{docs_of, docs_of_type};
use crate::document::markdown as docs;
use crate::emit::code::Code;
use crate::names::wire_value;

/// Writes an enum of strings and its table.
pub(super) fn write(item: &ItemEnum, code: &mut Code) {
    let name = &item.ident;
    let rows: Vec<_> = item.variants.iter().map(Row::new).collect();
    let other = unrecognized(item);
    code.docs(&docs_of_type(name, &item.attrs));
    code.line("#[derive(Clone, Debug, PartialEq, Eq, Hash)]");
    code.line("#[non_exhaustive]");
    code.block(format!("pub enum {name}"), |code| {
        rows.iter().for_each(|row| row.write(code));
        code.docs("A value that the document does not list.");
        code.line(format!("{other}(String),"));
    });
    code.gap();
    code.block(format!("impl StringEnum for {name}"), |code| {
        let table = rows
            .iter()
            .map(|row| format!("({:?}, Self::{})", row.text, row.ident));
        let table: Vec<String> = table.collect();
        code.line(format!("const NAME: &'static str = \"{name}\";"));
        code.list(
            "const TABLE: &'static [(&'static str, Self)] = &[",
            &table,
            "];",
        );
        code.gap();
        code.block("fn from_unrecognized(text: String) -> Self", |code| {
            code.line(format!("Self::{other}(text)"));
        });
        code.gap();
        code.block("fn unrecognized(&self) -> Option<&str>", |code| {
            code.block("match self", |code| {
                code.line(format!("Self::{other}(text) => Some(text),"));
                code.line("_ => None,");
            });
        });
    });
    code.gap();
    code.line(format!("string_enum!({name});"));
}

/// The variants, each with its value.
pub(super) fn variant_values(item: &ItemEnum) -> Vec<(String, String)> {
    let rows = item.variants.iter().map(Row::new);
    rows.map(|row| (row.ident, row.text)).collect()
}

/// A value that the document lists.
struct Row {
    ident: String,
    text: String,
    docs: String,
}

impl Row {
    fn new(variant: &Variant) -> Self {
        let ident = variant.ident.to_string();
        Self {
            docs: docs_of(&variant.attrs),
            text: match serde_rename(&variant.attrs) {
                Some(text) => wire_value(&text).to_owned(),
                None => ident.clone(),
            },
            ident,
        }
    }

    /// Writes the variant. Without a description, its docs are the value on the wire.
    fn write(&self, code: &mut Code) {
        match self.docs.is_empty() {
            true => code.docs(&docs::code(&self.text)),
            false => code.docs(&self.docs),
        }
        code.line(format!("{},", self.ident));
    }
}

/// The name of the variant for unknown values.
pub(super) fn unrecognized(item: &ItemEnum) -> String {
    let mut name = "Unrecognized".to_owned();
    while item.variants.iter().any(|variant| variant.ident == name) {
        name.push('_');
    }
    name
}

/// Whether all variants of an enum are strings.
pub(super) fn is_string_enum(item: &ItemEnum) -> bool {
    let untagged = item
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("serde"));
    let mut variants = item.variants.iter();
    !untagged && variants.all(|variant| matches!(variant.fields, Fields::Unit))
}

/// Checks that the values of all variants can be read: a missed one would silently change what is
/// sent.
pub(super) fn check_values(item: &ItemEnum) -> Result<(), String> {
    let attributes = item.variants.iter().flat_map(|variant| &variant.attrs);
    for attribute in attributes.filter(|one| one.path().is_ident("serde")) {
        let values = attribute.parse_nested_meta(|meta| {
            meta.value()?.parse::<syn::LitStr>()?;
            match meta.path.is_ident("rename") {
                true => Ok(()),
                false => Err(meta.error("unknown attribute")),
            }
        });
        values.map_err(|error| format!("progenitor's enum `{}`: {error}", item.ident))?;
    }
    Ok(())
}

fn serde_rename(attributes: &[Attribute]) -> Option<String> {
    let mut text = None;
    for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
        let read = attribute.parse_nested_meta(|meta| {
            let value = meta.value()?.parse::<syn::LitStr>()?;
            if meta.path.is_ident("rename") {
                text = Some(value.value());
            }
            Ok(())
        });
        read.ok()?;
    }
    text
}
