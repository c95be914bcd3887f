//! Changes of documents: mostly of their tree, so that they remain documents, and now and then of their bytes.

use libfuzzer_sys::fuzzer_mutate;

const BYTES_ONE_IN: u32 = 8;

/// Changes the first `size` bytes of `data`, by `changed` if it can, and gives how many there are then.
pub fn mutate(
    data: &mut [u8],
    (size, max_size): (usize, usize),
    seed: u32,
    changed: fn(&[u8], u32) -> Option<String>,
) -> usize {
    let is_of_bytes = seed.is_multiple_of(BYTES_ONE_IN);
    let tree = (!is_of_bytes).then(|| changed(&data[..size], seed));
    match tree.flatten().filter(|text| text.len() <= max_size) {
        Some(text) => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}
