//! Masks secrets in text from a server, in case the server echoes them.
//!
//! The text is searched for the secrets and for their base64 encoding: first as it is, then with
//! one layer of escapes after the other removed. The matches of all masks are collected before any
//! is replaced, so that masking one secret cannot hide the rest of an overlapping one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::Secret;
use super::escapes::Unescaped;

/// Shorter secrets are not masked: they would match by accident.
const MIN_SECRET_LENGTH: usize = 4;
/// The number of escape layers that are removed, for example a URL within JSON within HTML.
const MAX_LAYERS: usize = 3;
/// The replacement of a secret.
const MASK: &str = "•••";

/// Replaces a set of secrets in text.
#[derive(Default)]
pub(crate) struct Mask {
    /// Sorted by their bytes.
    needles: Vec<Needle>,
    /// A bit set of the first two bytes of all needles. It rules out most positions of a text
    /// without a search.
    first_pairs: Zeroizing<Vec<u64>>,
}

/// One form of a secret to search for.
#[derive(PartialEq)]
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    /// If so, padding after it is part of the match.
    is_base64: bool,
}

impl Mask {
    /// A mask for these secrets.
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

    /// Adds all forms of a secret: as it is, in other character sets, and in base64.
    fn add(&mut self, secret: &str) {
        if secret.len() < MIN_SECRET_LENGTH {
            return;
        }
        self.add_unescaped_forms(secret.as_bytes());
        if !secret.is_ascii() {
            self.add_latin_1_forms(secret);
        }
        for base64 in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let form = Zeroizing::new(base64.encode(secret));
            let form = Unescaped::new(form.as_bytes());
            self.push(&form.unescape().unwrap_or(form).bytes, true);
        }
    }

    /// Adds the forms that result if one side writes UTF-8 and the other reads ISO 8859-1, or the
    /// reverse.
    fn add_latin_1_forms(&mut self, secret: &str) {
        let mut misread = Zeroizing::new(String::with_capacity(2 * secret.len()));
        misread.extend(secret.bytes().map(char::from));
        self.add_unescaped_forms(misread.as_bytes());
        let mut written = Zeroizing::new(Vec::with_capacity(secret.len()));
        for character in secret.chars() {
            let Ok(byte) = u8::try_from(character) else {
                return;
            };
            written.push(byte);
        }
        self.add_unescaped_forms(&written);
        let mut lossy = Zeroizing::new(String::with_capacity(3 * written.len()));
        for chunk in written.utf8_chunks() {
            lossy.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                lossy.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.add_unescaped_forms(lossy.as_bytes());
    }

    /// Adds a form as it is, and with each layer of escapes removed: a secret may contain text that
    /// looks like an escape.
    fn add_unescaped_forms(&mut self, form: &[u8]) {
        let mut form = Unescaped::new(form);
        self.push(&form.bytes, false);
        for _ in 0..MAX_LAYERS {
            let Some(next) = form.unescape() else {
                break;
            };
            form = next;
            self.push(&form.bytes, false);
            // An echo may lose the white space around it.
            self.push(form.bytes.trim_ascii(), false);
        }
    }

    fn push(&mut self, bytes: &[u8], is_base64: bool) {
        if bytes.len() >= MIN_SECRET_LENGTH {
            let bytes = Zeroizing::new(bytes.to_vec());
            self.needles.push(Needle { bytes, is_base64 });
        }
    }

    /// Replaces each secret in `text` with `•••`.
    pub(crate) fn apply(&self, text: String) -> String {
        mask(text, &[self])
    }

    /// Adds the ranges of the original text that contain a secret.
    fn find(&self, text: &Unescaped, found: &mut Vec<(usize, usize)>) {
        if self.needles.is_empty() {
            return;
        }
        let mut rest = text.bytes.as_slice();
        while let Some(pair) = first_pair(rest) {
            if let Some(length) = self.longest_at(pair, rest) {
                let from = text.bytes.len() - rest.len();
                found.push(text.original_range(from, from + length));
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    /// The length of the longest needle that `text` starts with.
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

/// Replaces each secret of any mask in `text` with `•••`.
pub(crate) fn mask(text: String, masks: &[&Mask]) -> String {
    let needles = masks.iter().flat_map(|mask| &mask.needles);
    let shortest = needles.map(|needle| needle.bytes.len()).min();
    if shortest.is_none_or(|shortest| text.len() < shortest) {
        return text;
    }
    let mut found = Vec::new();
    let mut next = Some(Unescaped::new(text.as_bytes()));
    for _ in 0..=MAX_LAYERS {
        let Some(layer) = next else {
            break;
        };
        masks.iter().for_each(|mask| mask.find(&layer, &mut found));
        next = layer.unescape();
    }
    match found.is_empty() {
        true => text,
        false => replace_ranges(text, found),
    }
}

/// Replaces these ranges of `text` with `•••`. Ranges that touch each other share one replacement.
fn replace_ranges(mut text: String, mut ranges: Vec<(usize, usize)>) -> String {
    ranges.sort_unstable();
    let mut kept = String::with_capacity(text.len() + MASK.len());
    let mut end = None;
    for (from, to) in ranges {
        if end.is_none_or(|end| from > end) {
            kept.push_str(slice_within_chars(&text, end.unwrap_or_default(), from));
            kept.push_str(MASK);
        }
        end = end.max(Some(to));
    }
    kept.push_str(slice_within_chars(
        &text,
        end.unwrap_or_default(),
        text.len(),
    ));
    text.zeroize();
    kept
}

/// The slice between two byte positions, without partial characters at its ends.
fn slice_within_chars(text: &str, mut from: usize, mut to: usize) -> &str {
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
