//! Changes of documents: mostly of their tree, so that they remain documents, and now and then of their bytes.

use libfuzzer_sys::{fuzz_mutator, fuzzer_mutate};
use nsx_api_gen::fuzzing::changed;

const BYTES_ONE_IN: u32 = 8;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let is_of_bytes = seed.is_multiple_of(BYTES_ONE_IN);
    let tree = (!is_of_bytes).then(|| changed(&data[..size], seed));
    match tree.flatten().filter(|text| text.len() <= max_size) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
});
