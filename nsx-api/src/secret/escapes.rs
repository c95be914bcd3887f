//! Removes the escapes of URLs, forms, JSON and HTML from text.
//!
//! The result is only for searching: each run of white space becomes one blank, and so does `+`,
//! which stands for a blank in a form. The original position of each byte is kept, so that a match
//! can be replaced in the original text.

use zeroize::Zeroizing;

/// Text with escapes removed, and the original position of each byte.
pub(super) struct Unescaped {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The original start of each byte, followed by the end of the original text.
    starts: Vec<usize>,
}

impl Unescaped {
    /// Text before any escapes are removed.
    pub(super) fn new(text: &[u8]) -> Self {
        Self {
            bytes: Zeroizing::new(text.to_vec()),
            starts: (0..=text.len()).collect(),
        }
    }

    /// Removes one layer of escapes. Returns `None` if there is none.
    pub(super) fn unescape(&self) -> Option<Self> {
        if !self.bytes.iter().copied().any(may_start_escape) {
            return None;
        }
        // An escape is never shorter than its value, so the buffer never grows, which would leave
        // a copy of a secret in memory.
        let mut unescaped = Self {
            bytes: Zeroizing::new(Vec::with_capacity(self.bytes.len())),
            starts: Vec::with_capacity(self.starts.len()),
        };
        let mut rest = self.bytes.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let start = self.start(self.bytes.len() - rest.len());
            let (value, after) = parse_escape(rest).unwrap_or((Value::Byte(*first), after));
            unescaped.push(value, start);
            rest = after;
        }
        unescaped.starts.push(self.start(self.bytes.len()));
        (unescaped.bytes != self.bytes).then_some(unescaped)
    }

    /// The range of the original text that a range of bytes comes from.
    pub(super) fn original_range(&self, from: usize, to: usize) -> (usize, usize) {
        let last = self.start(to.saturating_sub(1));
        // One escape may produce several bytes.
        let mut ends = self.starts.iter().skip(to);
        let end = ends.find(|start| **start > last);
        (self.start(from), end.copied().unwrap_or(last))
    }

    fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or_default()
    }

    fn push(&mut self, value: Value, start: usize) {
        let mut buffer = [0; 4];
        let bytes = match &value {
            Value::Byte(b'+' | b' ' | b'\t'..=b'\r') => b" ",
            Value::Char(character) if character.is_whitespace() || *character == '+' => b" ",
            Value::Byte(byte) => std::slice::from_ref(byte),
            Value::Char(character) => character.encode_utf8(&mut buffer).as_bytes(),
        };
        if bytes == b" " && self.bytes.last() == Some(&b' ') {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.starts.extend(bytes.iter().map(|_| start));
    }
}

/// The value of an escape.
enum Value {
    /// One byte of UTF-8 text.
    Byte(u8),
    Char(char),
}

/// Whether an escape or white space may start with this byte.
fn may_start_escape(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | b'+' | b' ' | b'\t'..=b'\r')
        || may_start_unicode_space(byte)
}

/// Whether a white space character beyond ASCII may start with this byte.
fn may_start_unicode_space(byte: u8) -> bool {
    matches!(byte, 0xC2 | 0xE1..=0xE3)
}

/// Parses an escape. Returns its value and the text after it, or `None` if `text` does not start
/// with an escape.
fn parse_escape(text: &[u8]) -> Option<(Value, &[u8])> {
    match text {
        [b'%', rest @ ..] => {
            let (byte, rest) = hex_number(rest, 2)?;
            Some((Value::Byte(u8::try_from(byte).ok()?), rest))
        }
        [b'\\', rest @ ..] => backslash_escape(rest),
        [b'&', rest @ ..] => html_entity(rest),
        [first, ..] if may_start_unicode_space(*first) => {
            let length = if *first == 0xC2 { 2 } else { 3 };
            let (character, rest) = text.split_at_checked(length)?;
            let character = std::str::from_utf8(character).ok()?.chars().next()?;
            character
                .is_whitespace()
                .then_some((Value::Char(character), rest))
        }
        _ => None,
    }
}

fn backslash_escape(text: &[u8]) -> Option<(Value, &[u8])> {
    let (kind, rest) = text.split_first()?;
    let byte = match kind {
        b'"' | b'\'' | b'\\' | b'/' => *kind,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0C,
        // One byte, as in the logs of some servers.
        b'x' => {
            let (byte, rest) = hex_number(rest, 2)?;
            return Some((Value::Byte(u8::try_from(byte).ok()?), rest));
        }
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((Value::Byte(byte), rest))
}

/// The part after `\u`: `00e4`, a surrogate pair, or `{e4}`.
fn unicode_escape(text: &[u8]) -> Option<(Value, &[u8])> {
    if let [b'{', rest @ ..] = text {
        return code_point(rest, 16, b'}');
    }
    let (unit, rest) = hex_number(text, 4)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((Value::Char(character), rest));
    }
    let (low, rest) = hex_number(rest.strip_prefix(b"\\u")?, 4)?;
    let units = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((Value::Char(character), rest))
}

/// The HTML names of U+00A0 to U+00FF, in order.
const LATIN_1: &str = "\
    nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
    acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml \
    Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde \
    Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig \
    ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide \
    oslash ugrave uacute ucirc uuml yacute thorn yuml";

fn html_entity(text: &[u8]) -> Option<(Value, &[u8])> {
    match text {
        [b'#', b'x' | b'X', rest @ ..] => return code_point(rest, 16, b';'),
        [b'#', rest @ ..] => return code_point(rest, 10, b';'),
        _ => {}
    }
    let named: [(&[u8], u8); 5] = [
        (b"amp;", b'&'),
        (b"lt;", b'<'),
        (b"gt;", b'>'),
        (b"quot;", b'"'),
        (b"apos;", b'\''),
    ];
    named
        .into_iter()
        .find_map(|(name, byte)| Some((Value::Byte(byte), text.strip_prefix(name)?)))
        .or_else(|| latin_1_entity(text))
}

fn latin_1_entity(text: &[u8]) -> Option<(Value, &[u8])> {
    let (number, rest) = LATIN_1.split(' ').zip(0xA0..).find_map(|(name, number)| {
        let rest = text.strip_prefix(name.as_bytes())?;
        Some((number, rest.strip_prefix(b";")?))
    })?;
    Some((Value::Char(char::from_u32(number)?), rest))
}

/// A code point of up to eight digits, terminated by `end`.
fn code_point(text: &[u8], radix: u32, end: u8) -> Option<(Value, &[u8])> {
    let length = text.iter().take(9).position(|byte| *byte == end)?;
    let (digits, rest) = text.split_at_checked(length)?;
    let character = char::from_u32(parse_number(digits, radix)?)?;
    Some((Value::Char(character), rest.get(1..)?))
}

fn hex_number(text: &[u8], length: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(length)?;
    Some((parse_number(digits, 16)?, rest))
}

fn parse_number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unescaped(text: &str) -> String {
        let text = Unescaped::new(text.as_bytes());
        let text = text.unescape().unwrap_or(text);
        String::from_utf8_lossy(&text.bytes).into_owned()
    }

    #[test]
    fn every_common_escape_is_removed_and_other_text_stays() {
        for (text, plain) in [
            ("", ""),
            ("plain ä", "plain ä"),
            ("%41%c3%A4%2525", "Aä%25"),
            ("a+b", "a b"),
            ("a \r\n\t\u{A0}\u{2028}+b", "a b"),
            (
                r#"\"\\\/\'\u00e4\u003d\ud83d\ude00\u{e4}\x41"#,
                "\"\\/'ä=😀äA",
            ),
            (r"a\n\tb", "a b"),
            (
                "&amp;&lt;&gt;&quot;&apos;&#39;&#x3D;&#X3d;&#228;&auml;&yuml;&frac12;",
                "&<>\"''==ääÿ½",
            ),
        ] {
            assert_eq!(unescaped(text), plain, "{text}");
        }
        for text in [
            "100%",
            "%4",
            "%4g",
            "%+4",
            r"\",
            r"\q",
            r"\u12",
            r"\ud83d",
            r"\ud83d\q",
            r"\u{}",
            r"\u{110000}",
            r"\u{41",
            "&",
            "&amp",
            "&nope;",
            "&#;",
            "&#x;",
            "&#99999999;",
            "&#+1;",
        ] {
            assert_eq!(unescaped(text), text.replace('+', " "), "{text}");
        }
    }

    #[test]
    fn the_original_range_of_a_byte_is_its_whole_escape() {
        let text = r"a%41\u00e4 +z";
        let unescaped = Unescaped::new(text.as_bytes()).unescape().unwrap();
        for (from, to, origin) in [
            (0, 1, "a"),
            (1, 2, "%41"),
            (2, 4, r"\u00e4"),
            (2, 3, r"\u00e4"),
            (4, 5, " +"),
            (5, 6, "z"),
            (0, 6, text),
        ] {
            let (start, end) = unescaped.original_range(from, to);
            assert_eq!(text.get(start..end), Some(origin));
        }
    }

    proptest! {
        #[test]
        fn removing_escapes_never_panics_or_makes_text_longer(text in r#"([%\\&#xu;+ {}0-9a-f]|\PC)*"#) {
            let mut layer = Unescaped::new(text.as_bytes());
            while let Some(next) = layer.unescape() {
                prop_assert!(next.bytes.len() <= layer.bytes.len());
                prop_assert_eq!(next.starts.len(), next.bytes.len() + 1);
                layer = next;
            }
        }
    }
}
