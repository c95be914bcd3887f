//! The only caller of progenitor.
//!
//! Only the types and the signatures of the functions are used. The positional interface style is
//! used, because the other style also generates a builder for each type, which is half of the code
//! and not needed.

use std::collections::BTreeMap;

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use schemars08::schema::{InstanceType, SchemaObject};
use serde_json::Value;
use syn::Signature;

use super::token_items::{TokenItem, token_items};

/// The parts of progenitor's code that are used.
pub(super) struct Code {
    /// The items of the module `types`.
    pub(super) types: Vec<TokenItem>,
    /// The signatures of the operations' functions, by name.
    pub(super) functions: BTreeMap<String, Signature>,
}

/// Generates code for progenitor's input. It may panic: see [`super::isolation`].
pub(super) fn generate(input: Value) -> Result<Code, String> {
    let document: openapiv3::OpenAPI = serde_path_to_error::deserialize(input)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    let mut generator = Generator::new(&settings());
    let tokens = generator
        .generate_tokens(&document)
        .map_err(|error| error.to_string())?;
    let mut types = None;
    let mut functions = BTreeMap::new();
    for item in token_items(tokens) {
        match item.keyword().as_str() {
            "mod" if item.name() == "types" => types = Some(token_items(item.body())),
            // There are two: one for the constructors, followed by one for the operations. The
            // latter takes precedence if both have a function with the same name.
            "impl" if !item.is_of_trait() => {
                for function in token_items(item.body()) {
                    let signature: Signature = function
                        .read_header()
                        .map_err(|error| format!("progenitor's code: {error}"))?;
                    functions.insert(signature.ident.to_string(), signature);
                }
            }
            _ => {}
        }
    }
    Ok(Code {
        types: types.ok_or("progenitor's code has no `types`")?,
        functions,
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
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_map_type("::std::collections::BTreeMap")
        .with_conversion(password, "crate::Secret", std::iter::empty());
    settings
}
