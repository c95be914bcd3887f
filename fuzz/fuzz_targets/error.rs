//! Fuzzes the conversion of an error response to `nsx_api::Error`.

#![no_main]

libfuzzer_sys::fuzz_target!(|response: &[u8]| nsx_api::fuzzing::error(response));
