//! A document through read, upgrade, select, normalize and check.

#![no_main]

mod mutator;

libfuzzer_sys::fuzz_target!(|text: &[u8]| nsx_api_gen::fuzzing::document(text));
