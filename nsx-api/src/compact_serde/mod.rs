//! Serde helpers of the generated types: the part of serde's derives that does not depend on the
//! type.
//!
//! A generated struct has a [`FromMap`] and a `Serialize` implementation with one line per field. A
//! generated string enum or discriminated union has one table. Everything else is implemented here
//! once, so that a document with thousands of types still compiles in seconds. The format is that
//! of serde's derives, with two exceptions: an array is not accepted as an object, and a field that
//! was null may occur again.

#![allow(
    dead_code,
    unused_imports,
    reason = "the document determines which of these are used"
)]

mod discriminated_union;
mod extra;
mod names;
mod object;
mod read;
mod string_enum;
#[cfg(test)]
mod tests;
mod unknown;
mod untagged_union;

pub(crate) use discriminated_union::{
    DecodeError, DecodeVariant, DiscriminatedUnion, Discriminator, Fields, decode_fields,
    deserialize_union, discriminated_union, discriminator_is, set_discriminator,
};
pub use extra::Extra;
pub(crate) use object::Object;
pub(crate) use read::{
    FromMap, deserialize, next_field, next_field_or_keep, present, required, set, set_optional,
};
#[cfg(feature = "schemars")]
pub(crate) use string_enum::schema;
pub(crate) use string_enum::{
    StringEnum, deserialize_text, serialize_text, string_enum, text, variant,
};
pub(crate) use untagged_union::{TryVariant, decode_value, deserialize_best_fit, untagged_union};
