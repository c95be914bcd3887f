//! An answer to a login: cookies and headers, or a token.

#![no_main]

libfuzzer_sys::fuzz_target!(|answer: &[u8]| nsx_api::fuzzing::login(answer));
