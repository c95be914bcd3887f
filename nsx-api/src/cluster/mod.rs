//! The managers of a cluster: where they are, how they are reached, how they are, and how much they are sent.

pub(crate) mod address;
pub(crate) mod connections;
pub(crate) mod health;
pub(crate) mod limits;
pub(crate) mod managers;
