//! Fuzzes the whole generator, from a document to the code.

#![no_main]

mod mutator;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use nsx_api_gen::fuzzing::{changed_well, generate};

fuzz_target!(|text: &[u8]| generate(text));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::mutate(data, (size, max_size), seed, changed_well)
});
