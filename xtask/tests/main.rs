//! All tests of the commands, as modules of one program.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers fail at their line"
)]

mod cargo;
mod diff;
mod generate;
mod import;
mod packages;
mod readme;
mod support;
mod terminal;
