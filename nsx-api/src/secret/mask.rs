//! Masks the secrets that a manager echoes, in every form that an echo may have.
//!
//! The text is searched for the secrets and for their base64, first as it is, and then again with
//! each layer of escapes removed. All matches of all masks are replaced at once, so the replacement
//! of one secret cannot hide another.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::Secret;
use super::escapes::Unescaped;

/// A shorter secret would match in every text.
const MIN_LENGTH: usize = 4;
/// The layers of escapes in a text, for example a URL in JSON in HTML.
const LAYERS: usize = 3;
const MASK: &str = "•••";

/// The secrets to mask.
#[derive(Default)]
pub(crate) struct Mask {
    /// Sorted by their bytes.
    needles: Vec<Needle>,
    /// A bit for each pair of bytes that a needle begins with. It rules out most positions of a text.
    first_pairs: Zeroizing<Vec<u64>>,
}

/// One form of a secret.
#[derive(PartialEq)]
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether padding behind a match belongs to it.
    is_base64: bool,
}

impl Mask {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut mask = Self::default();
        for secret in secrets {
            mask.add(secret.expose_secret());
        }
        mask.needles
            .sort_unstable_by(|a, b| a.bytes.as_slice().cmp(b.bytes.as_slice()));
        mask.needles.dedup();
        if !mask.needles.is_empty() {
            mask.first_pairs = Zeroizing::new(vec![0; 1024]);
        }
        for needle in &mask.needles {
            let pair = first_pair(&needle.bytes).unwrap_or_default();
            if let Some(bits) = mask.first_pairs.get_mut(usize::from(pair / 64)) {
                *bits |= 1 << (pair % 64);
            }
        }
        mask
    }

    /// Adds a secret as it is, in other character sets, and in base64.
    fn add(&mut self, secret: &str) {
        if secret.len() < MIN_LENGTH {
            return;
        }
        self.add_form(secret.as_bytes());
        if !secret.is_ascii() {
            self.add_in_latin_1(secret);
        }
        for base64 in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let form = Zeroizing::new(base64.encode(secret));
            let form = Unescaped::new(form.as_bytes());
            self.push(&form.unescaped().unwrap_or(form).bytes, true);
        }
    }

    /// Adds the forms of a secret when one side writes UTF-8 and the other reads ISO 8859-1, or the
    /// other way round.
    fn add_in_latin_1(&mut self, secret: &str) {
        let mut misread = Zeroizing::new(String::with_capacity(2 * secret.len()));
        misread.extend(secret.bytes().map(char::from));
        self.add_form(misread.as_bytes());
        let mut written = Zeroizing::new(Vec::with_capacity(secret.len()));
        for character in secret.chars() {
            let Ok(byte) = u8::try_from(character) else {
                return;
            };
            written.push(byte);
        }
        self.add_form(&written);
        let mut lossy = Zeroizing::new(String::with_capacity(3 * written.len()));
        for chunk in written.utf8_chunks() {
            lossy.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                lossy.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.add_form(lossy.as_bytes());
    }

    /// Adds a form as it is, and with everything removed that looks like an escape.
    fn add_form(&mut self, form: &[u8]) {
        let mut layer = Unescaped::new(form);
        self.push(&layer.bytes, false);
        for _ in 0..LAYERS {
            let Some(next) = layer.unescaped() else {
                break;
            };
            layer = next;
            self.push(&layer.bytes, false);
            // An echo may lose white space at its ends.
            self.push(layer.bytes.trim_ascii(), false);
        }
    }

    fn push(&mut self, bytes: &[u8], is_base64: bool) {
        if bytes.len() >= MIN_LENGTH {
            let bytes = Zeroizing::new(bytes.to_vec());
            self.needles.push(Needle { bytes, is_base64 });
        }
    }

    /// Replaces each secret in `text` by `•••`.
    pub(crate) fn apply(&self, text: String) -> String {
        mask(text, &[self])
    }

    /// Adds the ranges of the text that contain secrets.
    fn find(&self, layer: &Unescaped, found: &mut Vec<(usize, usize)>) {
        if self.needles.is_empty() {
            return;
        }
        let mut rest = layer.bytes.as_slice();
        while let Some(pair) = first_pair(rest) {
            if let Some(length) = self.longest_at(pair, rest) {
                let from = layer.bytes.len() - rest.len();
                found.push(layer.origin(from, from + length));
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    /// The length of the longest needle that `text` begins with.
    fn longest_at(&self, start: u16, text: &[u8]) -> Option<usize> {
        let bits = self.first_pairs.get(usize::from(start / 64))?;
        if bits & (1 << (start % 64)) == 0 {
            return None;
        }
        let first = self
            .needles
            .partition_point(|needle| first_pair(&needle.bytes) < Some(start));
        self.needles
            .iter()
            .skip(first)
            .take_while(|needle| first_pair(&needle.bytes) == Some(start))
            .filter_map(|needle| {
                let after = text.strip_prefix(needle.bytes.as_slice())?;
                let padding = after.iter().take(2).take_while(|byte| **byte == b'=');
                Some(needle.bytes.len() + if needle.is_base64 { padding.count() } else { 0 })
            })
            .max()
    }
}

/// Replaces each secret of any of the masks in `text` by `•••`.
pub(crate) fn mask(text: String, masks: &[&Mask]) -> String {
    let needles = masks.iter().flat_map(|mask| &mask.needles);
    let shortest = needles.map(|needle| needle.bytes.len()).min();
    if shortest.is_none_or(|shortest| text.len() < shortest) {
        return text;
    }
    let mut found = Vec::new();
    let mut layer = Some(Unescaped::new(text.as_bytes()));
    for _ in 0..=LAYERS {
        let Some(current) = layer else {
            break;
        };
        masks
            .iter()
            .for_each(|mask| mask.find(&current, &mut found));
        layer = current.unescaped();
    }
    match found.is_empty() {
        true => text,
        false => replace_ranges(text, found),
    }
}

/// Replaces the ranges by `•••`. Ranges that overlap or touch share one.
fn replace_ranges(mut text: String, mut ranges: Vec<(usize, usize)>) -> String {
    ranges.sort_unstable();
    let mut kept = String::with_capacity(text.len() + MASK.len());
    let mut end = None;
    for (from, to) in ranges {
        if end.is_none_or(|end| from > end) {
            kept.push_str(whole_characters(&text, end.unwrap_or_default(), from));
            kept.push_str(MASK);
        }
        end = end.max(Some(to));
    }
    kept.push_str(whole_characters(&text, end.unwrap_or_default(), text.len()));
    text.zeroize();
    kept
}

/// The characters that lie entirely between two byte positions.
fn whole_characters(text: &str, mut from: usize, mut to: usize) -> &str {
    while !text.is_char_boundary(from) {
        from += 1;
    }
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    text.get(from..to).unwrap_or_default()
}

fn first_pair(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [first, second, ..] => Some(u16::from_be_bytes([*first, *second])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
