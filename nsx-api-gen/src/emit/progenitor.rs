//! The only place that calls progenitor.

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use schemars08::schema::{InstanceType, SchemaObject};
use serde_json::Value;
use syn::{File, Item, ItemMod};

/// The modules of progenitor's code that are used.
pub(super) struct Code {
    pub(super) types: ItemMod,
    pub(super) builder: ItemMod,
}

/// Generates the code of a private document. It may panic; see [`super::emit`].
pub(super) fn generate(private: Value) -> Result<Code, String> {
    let document: openapiv3::OpenAPI = serde_path_to_error::deserialize(private)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    let mut generator = Generator::new(&settings());
    let tokens = generator
        .generate_tokens(&document)
        .map_err(|error| error.to_string())?;
    let file: File = syn::parse2(tokens).map_err(|error| format!("progenitor's code: {error}"))?;
    let mut types = None;
    let mut builder = None;
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => types = Some(module),
            Item::Mod(module) if module.ident == "builder" => builder = Some(module),
            _ => {}
        }
    }
    let missing = || "progenitor's code has no `types` and `builder`".to_owned();
    Ok(Code {
        types: types.ok_or_else(missing)?,
        builder: builder.ok_or_else(missing)?,
    })
}

fn settings() -> GenerationSettings {
    let password = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        format: Some("password".to_owned()),
        ..SchemaObject::default()
    };
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        .with_map_type("::std::collections::BTreeMap")
        .with_conversion(password, "crate::Secret", std::iter::empty());
    settings
}
