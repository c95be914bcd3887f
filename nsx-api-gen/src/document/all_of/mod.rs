//! `allOf`: the parts of a schema, which components inherit from which, and one schema that says
//! what all parts say.

mod children;
mod merge;
mod narrowing;
pub(super) mod parts;

pub(crate) use children::Children;
pub(crate) use merge::{merge, needs_merge};
pub(crate) use narrowing::has_no_type;
pub(crate) use parts::{parts, property_names};
