//! The library's compact serde implementation, included from its source because it is private.

#![allow(dead_code, unused_imports, reason = "the benchmark uses a part of it")]

#[path = "../../src/compact/names.rs"]
mod names;
#[path = "../../src/compact/object.rs"]
mod object;
#[path = "../../src/compact/read.rs"]
mod read;
#[path = "../../src/compact/string_enum.rs"]
mod string_enum;

pub(crate) use object::*;
pub(crate) use read::*;
pub(crate) use string_enum::*;
