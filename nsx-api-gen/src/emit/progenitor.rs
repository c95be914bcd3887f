//! The only place that calls progenitor.
//!
//! Of its code the types are used, and what the functions take and return. Of its two styles the one with positional arguments
//! is asked for: that of builders makes a builder of each type as well, which is half of the code and not wanted.

use std::collections::BTreeMap;

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use schemars08::schema::{InstanceType, SchemaObject};
use serde_json::Value;
use syn::Signature;

use super::pieces::{Piece, pieces};

/// What is used of progenitor's code.
pub(super) struct Code {
    /// The items of the module of types.
    pub(super) types: Vec<Piece>,
    /// The functions of the operations by their names.
    pub(super) functions: BTreeMap<String, Signature>,
}

/// Generates the code of a private document. It may panic; see [`super::emit`].
pub(super) fn generate(private: Value) -> Result<Code, String> {
    let document: openapiv3::OpenAPI = serde_path_to_error::deserialize(private)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    let mut generator = Generator::new(&settings());
    let tokens = generator
        .generate_tokens(&document)
        .map_err(|error| error.to_string())?;
    let mut types = None;
    let mut functions = BTreeMap::new();
    for piece in pieces(tokens) {
        match piece.keyword().as_str() {
            "mod" if piece.name() == "types" => types = Some(pieces(piece.body())),
            // There are two: the constructors', and behind it that of the operations, which wins
            // where both have a function of the same name.
            "impl" if !piece.is_of_trait() => {
                for function in pieces(piece.body()) {
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
