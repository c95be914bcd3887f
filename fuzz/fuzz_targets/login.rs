//! Fuzzes the parser of login responses: cookies and headers, or a token.

#![no_main]

libfuzzer_sys::fuzz_target!(|response: &[u8]| nsx_api::fuzzing::login(response));
