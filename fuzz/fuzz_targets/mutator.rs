//! Mutates documents. Most mutations change the tree, so that the result is still a valid document.
//! Some change bytes.

use libfuzzer_sys::fuzzer_mutate;

/// One in this many mutations changes bytes.
const BYTE_MUTATION_INTERVAL: u32 = 8;

/// Mutates the first `size` bytes of `data` and returns the new size.
///
/// Uses `mutate_tree` if it returns a document, and libFuzzer's mutation of bytes otherwise.
pub fn mutate(
    data: &mut [u8],
    (size, max_size): (usize, usize),
    seed: u32,
    mutate_tree: fn(&[u8], u32) -> Option<String>,
) -> usize {
    let mutates_bytes = seed.is_multiple_of(BYTE_MUTATION_INTERVAL);
    let document = (!mutates_bytes).then(|| mutate_tree(&data[..size], seed));
    match document.flatten().filter(|text| text.len() <= max_size) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}
