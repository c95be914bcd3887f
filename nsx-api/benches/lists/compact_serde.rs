//! The serde helpers of the library, included as source because they are private there.

#![allow(dead_code, unused_imports, reason = "a part of it is used")]

#[path = "../../src/compact_serde/names.rs"]
mod names;
#[path = "../../src/compact_serde/object.rs"]
mod object;
#[path = "../../src/compact_serde/read.rs"]
mod read;
#[path = "../../src/compact_serde/string_enum.rs"]
mod string_enum;
#[path = "../../src/compact_serde/unknown.rs"]
mod unknown;

pub(crate) use object::*;
pub(crate) use read::*;
pub(crate) use string_enum::*;
