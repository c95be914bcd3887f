//! Descriptions of a document as Rust docs.
//!
//! OpenAPI's descriptions are CommonMark, or what a vendor takes for it. Rustdoc would take brackets
//! for links to items, angle brackets for HTML and indented lines for code to run: outside of code
//! they are written so that a reader sees what the document says. A document comes from others: what rustdoc took for code it would
//! run, and what a browser took for HTML it would fetch.

use std::collections::BTreeMap;

/// A description as the lines of a doc comment.
pub(crate) fn markdown(description: &str) -> String {
    let text = without_html(&visible(description));
    let in_table = text.lines().any(is_rule);
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
            (None, None) => lines.push(prose(line, in_table)),
        }
    }
    lines.extend(fence.map(str::to_owned));
    lines.join("\n")
}

/// The text without what is not seen or seen elsewhere: control characters, and those that turn the direction of writing.
pub(crate) fn visible(text: &str) -> String {
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
pub(crate) fn one_line(description: &str) -> String {
    cell(&prose(&joined(&without_html(description)), false))
}

/// Words in a sentence: a, b and c.
pub(crate) fn enumerated(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The first paragraph of a description, in one line.
pub(crate) fn first_paragraph(description: &str) -> String {
    let text = without_html(&visible(description));
    let first = text.trim().split("\n\n").next();
    prose(&joined(first.unwrap_or_default()), false)
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
    let lower = text.to_ascii_lowercase();
    let ends = TAGS.map(|(_, close, _)| (close, lower.rfind(close)));
    while let Some(letter) = rest.chars().next() {
        let starts = |tag: &str| {
            letter == '<'
                && rest
                    .get(..tag.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        };
        let place = text.len() - rest.len();
        let ends_later = |close: &str| {
            ends.iter()
                .any(|(known, last)| *known == close && *last > Some(place))
        };
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
pub(crate) fn joined(text: &str) -> String {
    let text = visible(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a code span, whatever is in it, escaped as in Rust.
pub(crate) fn code(text: &str) -> String {
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

/// A line outside of fences: escapes outside of code spans, and never four spaces before it or behind the mark of a list. `in_table`
/// says that the line may be a row of one, which a sign in code divides too.
fn prose(line: &str, in_table: bool) -> String {
    let text = line.trim_start();
    let indent = (line.len() - text.len()).min(3);
    let mut out = " ".repeat(indent);
    let text = behind_marks(text, &mut out);
    if text.starts_with("~~~") {
        // No fence, since it stands in a line of its own.
        out.push('\\');
    }
    let ends = last_ticks(text);
    let mut escaped = false;
    let mut index = 0;
    while let Some(letter) = text.get(index..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(index..).unwrap_or_default();
        let was_escaped = std::mem::take(&mut escaped);
        let mut length = letter.len_utf8();
        match letter {
            '`' | '[' | ']' | '<' | '>' if was_escaped => out.push(letter),
            '`' => {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                let closed = ends.get(&ticks).is_some_and(|last| *last > index);
                let span = closed.then(|| span_of(rest, ticks)).flatten();
                length = span.map_or(ticks, str::len);
                match span {
                    Some(span) => push_span(&mut out, span, in_table),
                    None => out.push_str(&"\\`".repeat(ticks)),
                }
            }
            'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
                if was_escaped {
                    // The backslash before it is one, and not the end of a code span.
                    out.push('\\');
                }
                let (url, taken) = url(rest);
                push_span(&mut out, &format!("`{url}`"), in_table);
                length = taken;
            }
            _ => {
                // A backslash would take the escape that is put before the next letter for its own.
                escaped = letter == '\\' && !was_escaped;
                if matches!(letter, '[' | ']' | '<' | '>') {
                    out.push('\\');
                }
                out.push(letter);
            }
        }
        index += length;
    }
    out
}

/// What is behind the marks of lists at the start of a line, which are put into `out`. Behind a mark stands what may begin a block.
fn behind_marks<'t>(text: &'t str, out: &mut String) -> &'t str {
    let mut rest = text;
    loop {
        let digits = rest.len()
            - rest
                .trim_start_matches(|one: char| one.is_ascii_digit())
                .len();
        let sign = rest.get(digits..).and_then(|rest| rest.chars().next());
        let is_mark = match sign {
            Some('-' | '*' | '+') => digits == 0,
            Some('.' | ')') => digits > 0,
            _ => false,
        };
        let (mark, behind) = rest.split_at_checked(digits + 1).unwrap_or((rest, ""));
        let text = behind.trim_start();
        if !is_mark || text.len() == behind.len() {
            return rest;
        }
        let spaces = behind.len() - text.len();
        out.push_str(mark);
        // With more of them it would be code.
        out.push_str(&" ".repeat(if spaces > 4 { 1 } else { spaces }));
        rest = text;
    }
}

/// Where the last run of so many backticks is.
fn last_ticks(text: &str) -> BTreeMap<usize, usize> {
    let mut ends = BTreeMap::new();
    let mut start = 0;
    for part in text.split_inclusive('`') {
        start += part.len();
        let behind = text.get(start..).unwrap_or_default();
        if behind.starts_with('`') {
            continue;
        }
        let before = text.get(..start).unwrap_or_default();
        let ticks = before.len() - before.trim_end_matches('`').len();
        ends.insert(ticks, start - ticks);
    }
    ends
}

/// The code span at the start of a text: from a run of backticks to the next run of as many.
fn span_of(text: &str, ticks: usize) -> Option<&str> {
    let mut end = ticks;
    loop {
        end += text.get(end..)?.find('`')?;
        let run = text.get(end..)?;
        let length = run.len() - run.trim_start_matches('`').len();
        end += length;
        if length == ticks {
            return text.get(..end);
        }
    }
}

/// Adds a code span, apart from another's backticks.
fn push_span(out: &mut String, span: &str, in_table: bool) {
    if out.ends_with('`') {
        out.push(' ');
    }
    match in_table {
        true => out.push_str(&cell(span)),
        false => out.push_str(span),
    }
}

/// A text for a cell of a table. Backslashes before the sign that divides cells would escape each other.
pub(crate) fn cell(text: &str) -> String {
    let mut parts = text.split('|');
    let last = parts.next_back().unwrap_or_default();
    let parts = parts.map(|part| part.trim_end_matches('\\').to_owned() + "\\|");
    parts.collect::<String>() + last
}

/// Whether a line is the one below the head of a table.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.chars().all(|letter| " |:->".contains(letter))
}

/// `&amp;` comes last: what it is part of is no entity.
const ENTITIES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// The URL at the start of `rest`, and how much of that it takes.
fn url(rest: &str) -> (String, usize) {
    let end = rest
        .find(|letter: char| letter.is_whitespace() || "<>()[]\"'`,".contains(letter))
        .unwrap_or(rest.len());
    // In code an entity would be shown as it is.
    let whole = rest.get(..end).unwrap_or(rest).to_owned();
    let whole = ENTITIES
        .iter()
        .fold(whole, |url, (entity, letter)| url.replace(entity, letter));
    let url = whole.trim_end_matches(['.', ';', ':']);
    (url.to_owned(), end - (whole.len() - url.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

    /// What a document may say that means something to rustdoc, to a browser, or to a line of either.
    const SAID: [&str; 44] = [
        "`",
        "``",
        "```",
        "````",
        "\\",
        "|",
        "\\|",
        "\n",
        "\n\n",
        "\n  ",
        "\n      ",
        "- ",
        "-      ",
        "1. ",
        "~~~",
        "~~~\n",
        "> ",
        " ",
        "a",
        "<img src=z>",
        "![a](//e.x/i)",
        "[No::x](No::y)",
        "[No::z]",
        "[^1]",
        "[a]: //e.x",
        "https://a|&lt;img&gt;",
        "http://b.c",
        "<b>",
        "</b>",
        "<code>",
        "</code>",
        "<br>",
        "<li>",
        "\n| a | b |\n| --- | --- |\n| ",
        "\n|a|\n|-|\n",
        "---\n",
        "# ",
        "let x = 1;\n",
        "\t",
        "* ",
        "\u{a0}",
        "&#96;",
        "*",
        "<!--",
    ];

    /// What of the docs is more than words, as rustdoc reads them.
    fn more_than_words(docs: &str) -> Vec<String> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_SMART_PUNCTUATION;
        let is_more = |event: &Event<'_>| match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => true,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => &**language != "text",
            Event::Start(tag) => matches!(
                tag,
                Tag::CodeBlock(_)
                    | Tag::Link { .. }
                    | Tag::Image { .. }
                    | Tag::HtmlBlock
                    | Tag::FootnoteDefinition(_)
            ),
            _ => false,
        };
        Parser::new_ext(docs, options)
            .filter(is_more)
            .map(|event| format!("{event:?}"))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_said_rustdoc_reads_words(parts in prop::collection::vec(prop::sample::select(&SAID[..]), 1..24)) {
            let said = parts.concat();
            let (long, short) = (markdown(&said), one_line(&said));
            prop_assert_eq!(more_than_words(&long), Vec::<String>::new(), "{}", long);
            let places = [
                short.clone(),
                format!("Begins: {short}."),
                format!("- `name`: {short}"),
                format!("| a | b | c |\n| --- | --- | --- |\n| x | {short} | `y` |"),
            ];
            for place in places {
                prop_assert_eq!(more_than_words(&place), Vec::<String>::new(), "{}", place);
            }
        }
    }

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

    #[test]
    fn nothing_that_a_document_says_is_code_to_run_or_html_or_a_picture() {
        for (text, docs) in [
            // Fences and code behind the mark of a list.
            ("- ~~~\n  run()\n  ~~~", "- \\~~~\n  run()\n~~~text\n~~~"),
            ("- ````\n  run()", "- \\`\\`\\`\\`\n  run()"),
            ("1. - ~~~", r"1. - \~~~"),
            ("-      run()", "- run()"),
            ("1.\t\trun()", "1. run()"),
            // Backticks that end no span, which is one of as many.
            (
                "x ``` ![a](b) <img> ` ``",
                r"x \`\`\` !\[a\](b) \<img\> \` \`\`",
            ),
            (r"\`` <b `", r"\` ` <b `"),
            ("`` ` <b> ``", "`` ` <b> ``"),
            (r"\https://&lt;img&gt;", r"\\`https://<img>`"),
            ("``a``https://&lt;b&gt;", "``a`` `https://<b>`"),
            ("https://&lt;b&gt;``a``", "`https://<b>` ``a``"),
            // The cells of a table end a span too.
            ("|a|b|\n|-|-|\n|`x|<img>`|", "|a|b|\n|-|-|\n|`x\\|<img>`|"),
            (
                "a | b\n- | -\nhttps://a|&lt;img&gt;",
                "a | b\n- | -\n`https://a\\|<img>`",
            ),
        ] {
            assert_eq!(markdown(text), docs, "{text}");
        }
        assert_eq!(one_line(r"`a\|<img>`"), r"`a\|<img>`");
        assert_eq!(one_line("- ~~~"), r"- \~~~");
    }

    #[test]
    fn a_long_description_takes_no_longer_than_its_letters() {
        let start = std::time::Instant::now();
        for part in [
            "https://a.b ",
            "<b>",
            "<code>",
            "a<br>",
            "`",
            "` ``",
            "- ",
            "|",
        ] {
            let text = part.repeat(300_000 / part.len());
            assert!(!markdown(&text).is_empty());
            assert!(!one_line(&text).is_empty());
        }
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }
}
