//! Authentication schemes: the trait, the context for its implementations, and the trait object.

pub(crate) mod auth_context;
pub(crate) mod authenticate;
pub(crate) mod dyn_scheme;
