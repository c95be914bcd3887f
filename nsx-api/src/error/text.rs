//! Makes text from a manager safe to show: one line, no control characters, of limited length.
//!
//! The message of a manager, or the page of a proxy, ends up in logs and on terminals. There it
//! must not start a new line, move the cursor or change the writing direction.

/// The longest field name that is shown, in characters. The name may come from the manager.
pub(crate) const FIELD_NAME_LIMIT: usize = 64;

/// Turns `text` into one line of at most `limit` characters, and marks a truncated one with `…`.
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
        line.push(replace_control(character));
        length += 1;
    }
    line
}

/// The first `limit` bytes as text, without a character that the limit would cut in two.
pub(crate) fn beginning(bytes: &[u8], limit: usize) -> String {
    let kept = bytes.get(..limit).unwrap_or(bytes);
    let text = String::from_utf8_lossy(kept);
    // Only the limit makes the last character invalid.
    let cut = kept.len() < bytes.len()
        && std::str::from_utf8(kept).is_err_and(|e| e.error_len().is_none());
    match text.strip_suffix(char::REPLACEMENT_CHARACTER) {
        Some(whole) if cut => whole.to_owned(),
        _ => text.into_owned(),
    }
}

/// Removes the byte order mark that some servers put in front of UTF-8.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

fn replace_control(character: char) -> char {
    if character.is_control() || is_format(character) {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

/// Invisible characters that change how others are shown.
fn is_format(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_one_line_without_control_characters() {
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
    fn invisible_format_characters_are_replaced() {
        for (first, last) in [
            ('\u{00AD}', '\u{00AD}'),
            ('\u{061C}', '\u{061C}'),
            ('\u{180E}', '\u{180E}'),
            ('\u{200B}', '\u{200F}'),
            ('\u{202A}', '\u{202E}'),
            ('\u{2060}', '\u{206F}'),
            ('\u{FEFF}', '\u{FEFF}'),
            ('\u{FFF9}', '\u{FFFB}'),
            ('\u{E0000}', '\u{E007F}'),
        ] {
            for character in first..=last {
                let line = one_line(&format!("a{character}b"), 10);
                assert_eq!(line, "a\u{FFFD}b", "{character:?}");
            }
        }
        // These change how others are shown too, but text needs them.
        for text in ["e\u{301}", "a\u{A0}b", "\u{2764}\u{FE0F}"] {
            assert!(!one_line(text, 10).contains('\u{FFFD}'), "{text:?}");
        }
    }

    #[test]
    fn truncation_never_cuts_a_character() {
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
