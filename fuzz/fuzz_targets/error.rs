//! An answer that is not a success, to `nsx_api::Error`.

#![no_main]

libfuzzer_sys::fuzz_target!(|answer: &[u8]| nsx_api::fuzzing::error(answer));
