//! Descriptions of a document as Rust docs.
//!
//! OpenAPI's descriptions are CommonMark, or what a vendor takes for it. Rustdoc would take brackets
//! for links to items, angle brackets for HTML and indented lines for code to run: outside of code
//! they are written so that a reader sees what the document says.

/// A description as the lines of a doc comment.
pub(super) fn markdown(description: &str) -> String {
    let text = without_html(&visible(description));
    let mut fence: Option<&str> = None;
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines() {
        let line = line.trim_end();
        let marker = ["```", "~~~"]
            .into_iter()
            .find(|marker| line.trim_start().starts_with(marker));
        match (fence, marker) {
            // A fence without a language would be taken for Rust, one that is indented for something else.
            (None, Some(marker)) => {
                lines.push(format!("{marker}text"));
                fence = Some(marker);
            }
            (Some(open), Some(marker)) if open == marker => {
                lines.push(marker.to_owned());
                fence = None;
            }
            (Some(_), _) => lines.push(line.to_owned()),
            (None, None) => lines.push(prose(line)),
        }
    }
    lines.extend(fence.map(str::to_owned));
    lines.join("\n")
}

/// The text without what is not seen or seen elsewhere: control characters, and those that turn the direction of writing.
pub(super) fn visible(text: &str) -> String {
    let unseen = |letter: char| {
        letter.is_control() && letter != '\n'
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ");
    text.chars().filter(|letter| !unseen(*letter)).collect()
}

/// A description in one line, as in a table or a list.
pub(super) fn one_line(description: &str) -> String {
    prose(&joined(&without_html(description))).replace('|', "\\|")
}

/// Words in a sentence: a, b and c.
pub(super) fn enumerated(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The first paragraph of a description, in one line.
pub(super) fn first_paragraph(description: &str) -> String {
    let text = without_html(&visible(description));
    let first = text.trim().split("\n\n").next();
    prose(&joined(first.unwrap_or_default()))
}

/// The few tags of HTML that descriptions have, and what they are in Markdown.
const TAGS: [(&str, &str, &str); 5] = [
    ("<b>", "</b>", "**"),
    ("<strong>", "</strong>", "**"),
    ("<code>", "</code>", "`"),
    ("<tt>", "</tt>", "`"),
    ("<i>", "</i>", "*"),
];

/// Those that end a line, and what follows then.
const BREAKS: [(&str, &str); 10] = [
    ("<br>", "\n\n"),
    ("<br/>", "\n\n"),
    ("<br />", "\n\n"),
    ("<p>", "\n\n"),
    ("</p>", "\n\n"),
    ("<ul>", "\n\n"),
    ("</ul>", "\n\n"),
    ("<ol>", "\n\n"),
    ("</ol>", "\n\n"),
    ("<li>", "\n- "),
];

/// A text with Markdown for the HTML outside of its code. Other tags stay, and are shown.
fn without_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut open: Vec<&str> = Vec::new();
    let mut code = false;
    while let Some(letter) = rest.chars().next() {
        let starts = |tag: &str| {
            letter == '<'
                && rest
                    .get(..tag.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        };
        let ends_later = |close: &str| rest.to_ascii_lowercase().contains(close);
        let ended = open.last().copied().filter(|close| starts(close));
        let tag = TAGS
            .iter()
            .find(|(tag, close, _)| !code && starts(tag) && ends_later(close));
        let line = BREAKS.iter().find(|(tag, _)| !code && starts(tag));
        let length = if let Some(close) = ended {
            let mark = TAGS.iter().find(|(_, known, _)| *known == close);
            out.extend(mark.map(|(.., mark)| *mark));
            code &= !matches!(mark, Some((.., "`")));
            open.pop();
            close.len()
        } else if let Some((tag, close, mark)) = tag {
            out.push_str(mark);
            code = *mark == "`";
            open.push(close);
            tag.len()
        } else if let Some((tag, line)) = line {
            out.truncate(out.trim_end().len());
            out.push_str(line);
            tag.len()
                + rest
                    .get(tag.len()..)
                    .map_or(0, |rest| rest.len() - rest.trim_start().len())
        } else if !code && starts("</li>") {
            "</li>".len()
        } else {
            code ^= letter == '`';
            out.push(letter);
            letter.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// A text in one line.
pub(super) fn joined(text: &str) -> String {
    let text = visible(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a code span, whatever is in it, escaped as in Rust.
pub(super) fn code(text: &str) -> String {
    span(&text.escape_debug().to_string())
}

/// A text as a code span.
pub(crate) fn span(text: &str) -> String {
    let text = joined(text);
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.is_empty() || text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} \"{text}\" {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A line outside of fences: escapes outside of code spans, and never four spaces before it.
fn prose(line: &str) -> String {
    let text = line.trim_start();
    let indent = (line.len() - text.len()).min(3);
    let mut out = " ".repeat(indent);
    if text.starts_with("~~~") {
        // No fence, since it stands in a line of its own.
        out.push('\\');
    }
    let escaped_ticks = text.matches("\\`").count();
    let whole_spans = text.matches('`').count().saturating_sub(escaped_ticks) / 2 * 2;
    let mut ticks = 0;
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        let code = ticks % 2 == 1;
        let was_escaped = std::mem::take(&mut escaped);
        match letter {
            // A backslash would take the escape that is put before the next letter for its own.
            '\\' if !code => escaped = !was_escaped,
            '`' | '[' | ']' | '<' | '>' if was_escaped => {}
            '`' if ticks < whole_spans => ticks += 1,
            '`' => out.push('\\'),
            '[' | ']' | '<' | '>' if !code => out.push('\\'),
            'h' if !code && starts_url(text, index) => {
                let rest = text.get(index..).unwrap_or_default();
                return out + &url(rest);
            }
            _ => {}
        }
        out.push(letter);
    }
    out
}

/// Whether a bare URL begins here.
fn starts_url(text: &str, index: usize) -> bool {
    let rest = text.get(index..).unwrap_or_default();
    rest.starts_with("http://") || rest.starts_with("https://")
}

/// `&amp;` comes last: what it is part of is no entity.
const ENTITIES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// The URL at the start of `rest` as code, and what comes behind it.
fn url(rest: &str) -> String {
    let end = rest
        .find(|letter: char| letter.is_whitespace() || "<>()[]\"'`,".contains(letter))
        .unwrap_or(rest.len());
    let (url, behind) = rest.split_at(end);
    // In code an entity would be shown as it is.
    let url = ENTITIES
        .iter()
        .fold(url.to_owned(), |url, (entity, letter)| {
            url.replace(entity, letter)
        });
    let trimmed = url.trim_end_matches(['.', ';', ':']);
    let punctuation = url.get(trimmed.len()..).unwrap_or_default();
    format!("`{trimmed}`{punctuation}{}", prose_behind(behind))
}

/// What comes behind a URL keeps its leading space.
fn prose_behind(text: &str) -> String {
    let rest = text.trim_start();
    let space = if rest.len() < text.len() { " " } else { "" };
    format!("{space}{}", prose(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rustdoc_would_misread_is_escaped_outside_of_code() {
        for (text, docs) in [
            ("plain, with `code[0] <b>`", "plain, with `code[0] <b>`"),
            ("a [link] and <tag>", r"a \[link\] and \<tag\>"),
            ("a lone ` tick [x]", r"a lone \` tick \[x\]"),
            ("see https://a.b/c?d=[1].", r"see `https://a.b/c?d=`\[1\]."),
            (
                "see https://a.b/c. Then <x>",
                r"see `https://a.b/c`. Then \<x\>",
            ),
            ("one\n        eight before", "one\n   eight before"),
            ("```\nlet x = [1];\n```", "```text\nlet x = [1];\n```"),
            ("```\nopen [x]", "```text\nopen [x]\n```"),
            (
                "~~~\nlet x;\n```\n~~~\n[x]",
                "~~~text\nlet x;\n```\n~~~\n\\[x\\]",
            ),
            (
                "- a\n\n      ```\n      x\n      ```\nb",
                "- a\n\n```text\n      x\n```\nb",
            ),
            (r"\`[Foo]\` \[x]", r"\`\[Foo\]\` \[x\]"),
            (
                "at https://&lt;manager&gt;/a?b&amp;c.",
                "at `https://<manager>/a?b&c`.",
            ),
            (
                "<b>Bold</b>, <code>a<b></code> and `<b>`<br>next<ul><li>one</li> <LI>two</LI></ul>end",
                "**Bold**, `a<b>` and `<b>`\n\nnext\n- one\n- two\n\nend",
            ),
            ("an open <b> and a <tag>", r"an open \<b\> and a \<tag\>"),
            ("a\rb\tc\u{202e}d", "a\nb    cd"),
        ] {
            assert_eq!(markdown(text), docs);
        }
        assert_eq!((code("a"), code("")), ("`a`".into(), "` \"\" `".into()));
        assert_eq!(code("a``b`"), "``` \"a``b`\" ```");
        assert_eq!(one_line("~~~ x"), r"\~~~ x");
        assert_eq!(one_line("two\n  lines | bar"), r"two lines \| bar");
    }
}
