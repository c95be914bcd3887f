//! Secrets taken out of what the other side says, should it echo them: in every form that an echo may have.
//!
//! The text is searched as it is, and again with each layer of escapes removed, for the secrets and for their base64. What is
//! found, by whichever mask, is cut out of the text that came in one go: nothing that one secret leaves is in the way of
//! another.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::Secret;
use super::escapes::Unescaped;

/// A shorter secret would be found in every text.
const SHORTEST: usize = 4;
/// How many times a text may be escaped: a URL within JSON within HTML.
const LAYERS: usize = 3;
/// What stands in the place of a secret.
const MASK: &str = "•••";

/// What is taken out of a text.
#[derive(Default)]
pub(crate) struct Mask {
    /// In the order of their bytes.
    needles: Vec<Needle>,
    /// One bit for each pair of bytes that a needle begins with: most places in a text need no other look.
    beginnings: Zeroizing<Vec<u64>>,
}

/// One form of a secret.
#[derive(PartialEq)]
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    /// Then what pads it belongs to it.
    is_base64: bool,
}

impl Mask {
    /// A mask of these secrets.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut mask = Self::default();
        for secret in secrets {
            mask.add(secret.expose_secret());
        }
        mask.needles
            .sort_unstable_by(|a, b| a.bytes.as_slice().cmp(b.bytes.as_slice()));
        mask.needles.dedup();
        if !mask.needles.is_empty() {
            mask.beginnings = Zeroizing::new(vec![0; 1024]);
        }
        for needle in &mask.needles {
            let pair = pair(&needle.bytes).unwrap_or_default();
            if let Some(bits) = mask.beginnings.get_mut(usize::from(pair / 64)) {
                *bits |= 1 << (pair % 64);
            }
        }
        mask
    }

    /// The secret as it is, in other character sets, and in base64.
    fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
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

    /// What becomes of a secret where one side writes UTF-8 and the other reads ISO 8859-1, or the other way round.
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

    /// A form as it is, and as it looks without what could be taken for escapes.
    fn add_form(&mut self, form: &[u8]) {
        let mut plain = Unescaped::new(form);
        self.push(&plain.bytes, false);
        for _ in 0..LAYERS {
            let Some(next) = plain.unescaped() else {
                break;
            };
            plain = next;
            self.push(&plain.bytes, false);
            // White space around an echo may be lost.
            self.push(plain.bytes.trim_ascii(), false);
        }
    }

    fn push(&mut self, bytes: &[u8], is_base64: bool) {
        if bytes.len() >= SHORTEST {
            let bytes = Zeroizing::new(bytes.to_vec());
            self.needles.push(Needle { bytes, is_base64 });
        }
    }

    /// `text` with `•••` in the place of each secret.
    pub(crate) fn apply(&self, text: String) -> String {
        mask(text, &[self])
    }

    /// Adds where in the text there are secrets.
    fn find(&self, plain: &Unescaped, found: &mut Vec<(usize, usize)>) {
        if self.needles.is_empty() {
            return;
        }
        let mut rest = plain.bytes.as_slice();
        while let Some(pair) = pair(rest) {
            if let Some(length) = self.longest_at(pair, rest) {
                let from = plain.bytes.len() - rest.len();
                found.push(plain.origin(from, from + length));
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    /// The length of the longest needle that `text` begins with.
    fn longest_at(&self, start: u16, text: &[u8]) -> Option<usize> {
        let bits = self.beginnings.get(usize::from(start / 64))?;
        if bits & (1 << (start % 64)) == 0 {
            return None;
        }
        let first = self
            .needles
            .partition_point(|needle| pair(&needle.bytes) < Some(start));
        self.needles
            .iter()
            .skip(first)
            .take_while(|needle| pair(&needle.bytes) == Some(start))
            .filter_map(|needle| {
                let after = text.strip_prefix(needle.bytes.as_slice())?;
                let padding = after.iter().take(2).take_while(|byte| **byte == b'=');
                Some(needle.bytes.len() + if needle.is_base64 { padding.count() } else { 0 })
            })
            .max()
    }
}

/// `text` with `•••` in the place of each secret of any of the masks.
pub(crate) fn mask(text: String, masks: &[&Mask]) -> String {
    let needles = masks.iter().flat_map(|mask| &mask.needles);
    let shortest = needles.map(|needle| needle.bytes.len()).min();
    if shortest.is_none_or(|shortest| text.len() < shortest) {
        return text;
    }
    let mut found = Vec::new();
    let mut plain = Some(Unescaped::new(text.as_bytes()));
    for _ in 0..=LAYERS {
        let Some(layer) = plain else {
            break;
        };
        masks.iter().for_each(|mask| mask.find(&layer, &mut found));
        plain = layer.unescaped();
    }
    match found.is_empty() {
        true => text,
        false => cut(text, found),
    }
}

/// `text` without these ranges, and with one mask for those that touch each other.
fn cut(mut text: String, mut ranges: Vec<(usize, usize)>) -> String {
    ranges.sort_unstable();
    let mut kept = String::with_capacity(text.len() + MASK.len());
    let mut end = None;
    for (from, to) in ranges {
        if end.is_none_or(|end| from > end) {
            kept.push_str(whole(&text, end.unwrap_or_default(), from));
            kept.push_str(MASK);
        }
        end = end.max(Some(to));
    }
    kept.push_str(whole(&text, end.unwrap_or_default(), text.len()));
    text.zeroize();
    kept
}

/// The whole characters between two places.
fn whole(text: &str, mut from: usize, mut to: usize) -> &str {
    while !text.is_char_boundary(from) {
        from += 1;
    }
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    text.get(from..to).unwrap_or_default()
}

fn pair(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [first, second, ..] => Some(u16::from_be_bytes([*first, *second])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
