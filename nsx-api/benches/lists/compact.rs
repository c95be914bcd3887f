//! The compact form, as the library's own source: it is private there.

#![allow(dead_code, unused_imports, reason = "a part of it is used")]

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
