//! Encodes values into paths, queries, headers and forms.

pub(crate) mod path;
pub(crate) mod value;
