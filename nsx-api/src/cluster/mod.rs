//! The managers of a cluster: addresses, connections, health and limits.

pub(crate) mod address;
pub(crate) mod connections;
pub(crate) mod health;
pub(crate) mod limits;
pub(crate) mod managers;
pub(crate) mod snapshot;
