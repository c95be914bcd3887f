//! What generated types share to be read and written: the part of serde's derive that does not depend on the type.
//!
//! A generated struct has one [`FromMap`] and one `Serialize`, of one line a field; a generated enum of strings
//! has one table, and so has a choice by a discriminator. Everything else is here, once, so that a document of thousands of types still compiles in seconds.
//! The forms read and written are those of serde's derive, but for two: an array is not taken for an object, and a field that was
//! null may come again.

#![allow(
    dead_code,
    unused_imports,
    reason = "which of these are used is up to the document"
)]

mod names;
mod object;
mod one_of;
mod read;
mod string_enum;
#[cfg(test)]
mod tests;

pub(crate) use object::Object;
pub(crate) use one_of::{
    Fields, Misfit, OneOf, Read, Tag, deserialize_one_of, one_of, read, say, says,
};
pub(crate) use read::{
    FromMap, deserialize, next_field, next_field_or_keep, present, required, set, set_optional,
};
#[cfg(feature = "schemars")]
pub(crate) use string_enum::schema;
pub(crate) use string_enum::{
    StringEnum, deserialize_text, serialize_text, string_enum, text, variant,
};
