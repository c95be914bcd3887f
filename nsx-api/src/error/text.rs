//! Text of the other side made fit to show: one line, no control characters, bounded.
//!
//! A manager's message, or a proxy's page, ends up in logs and on terminals. It must not be able to begin
//! a new line there, move the cursor or turn the direction of writing.

/// The longest field name that is shown, in characters. The name may come from the manager.
pub(crate) const FIELD_NAME_LIMIT: usize = 64;

/// `text` as one line of at most `limit` characters; what was cut off shows as `…`.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0_usize;
    let mut space = false;
    for character in text.chars() {
        if character.is_whitespace() {
            space = length > 0;
            continue;
        }
        if length + usize::from(space) >= limit {
            line.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            line.push(' ');
            length += 1;
        }
        line.push(harmless(character));
        length += 1;
    }
    line
}

/// The longest beginning of `bytes` that is at most `limit` bytes long, as text.
pub(crate) fn beginning(bytes: &[u8], limit: usize) -> String {
    let kept = bytes.get(..limit).unwrap_or(bytes);
    let text = String::from_utf8_lossy(kept);
    // A character that the limit cut in two is no fault of the text.
    let cut = kept.len() < bytes.len()
        && std::str::from_utf8(kept).is_err_and(|e| e.error_len().is_none());
    match text.strip_suffix(char::REPLACEMENT_CHARACTER) {
        Some(whole) if cut => whole.to_owned(),
        _ => text.into_owned(),
    }
}

/// `bytes` without the mark of the byte order that some servers put before UTF-8.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

fn harmless(character: char) -> char {
    if character.is_control() || is_format(character) {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

/// Characters without a shape that change how others are shown.
fn is_format(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_one_harmless_bounded_line() {
        for (text, line) in [
            ("", ""),
            ("plain", "plain"),
            ("  two\r\n\tlines \n", "two lines"),
            ("\u{1b}[31mred", "\u{FFFD}[31mred"),
            ("a\0b", "a\u{FFFD}b"),
            ("left\u{202E}right", "left\u{FFFD}right"),
            ("a\u{2028}b", "a b"),
            ("1234567890", "1234567890"),
            ("12345678901", "1234567890…"),
            ("123456789 1", "123456789…"),
            ("ääääääääää", "ääääääääää"),
        ] {
            assert_eq!(one_line(text, 10), line, "{text:?}");
        }
    }

    #[test]
    fn a_beginning_never_cuts_a_character() {
        for (bytes, text) in [
            (&b"abc"[..], "abc"),
            (b"abcdef", "abcd"),
            ("abcäx".as_bytes(), "abc"),
            (b"ab\xFF", "ab\u{FFFD}"),
            (b"abc\xFFdef", "abc\u{FFFD}"),
        ] {
            assert_eq!(beginning(bytes, 4), text, "{bytes:?}");
        }
    }
}
