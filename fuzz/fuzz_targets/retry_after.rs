//! Fuzzes the parser of `Retry-After`.

#![no_main]

libfuzzer_sys::fuzz_target!(|value: &[u8]| nsx_api::fuzzing::retry_after(value));
