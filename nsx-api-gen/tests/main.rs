//! All integration tests of the generator, as modules of one program.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers fail at their line"
)]

mod broken;
mod documents;
mod golden;
mod handwritten;
mod hostile;
mod modules;
mod mutations;
mod parameters;
mod real_documents;
mod stable_names;
mod unsupported;
mod work;
