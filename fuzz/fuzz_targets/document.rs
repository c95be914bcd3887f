//! Fuzzes the generator up to `check`: read, upgrade, select, normalize and check.

#![no_main]

mod mutator;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use nsx_api_gen::fuzzing::{changed, document};

fuzz_target!(|text: &[u8]| document(text));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::mutate(data, (size, max_size), seed, changed)
});
