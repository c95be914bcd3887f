//! Schemes of authentication: the trait, what an implementation is given, and the trait object.

pub(crate) mod auth_context;
pub(crate) mod authenticate;
pub(crate) mod dyn_scheme;
