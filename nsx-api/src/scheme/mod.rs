//! What a scheme of authentication is, and what it is handed.

pub(crate) mod auth_context;
