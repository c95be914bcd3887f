//! A document through to the code of its API.

#![no_main]

mod mutator;

libfuzzer_sys::fuzz_target!(|text: &[u8]| nsx_api_gen::fuzzing::generate(text));
