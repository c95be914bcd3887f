//! Converts descriptions of a document to rustdoc Markdown.
//!
//! Descriptions in OpenAPI are CommonMark, at least in theory. Rustdoc would treat brackets as
//! links to items, angle brackets as HTML, and indented lines as code to run, so all of them are
//! escaped outside of code. This also matters for security: documents come from third parties,
//! rustdoc would run code in them, and a browser would load their HTML.

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
            // Without a language, rustdoc would run the code block as Rust. An indented fence would
            // not be one.
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

/// The text without control characters and characters that change the writing direction.
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

/// A description on one line, for a table or a list.
pub(crate) fn one_line(description: &str) -> String {
    cell(&prose(&on_one_line(&without_html(description)), false))
}

/// Joins words in a sentence: a, b and c.
pub(crate) fn enumerated(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The first paragraph of a description, on one line.
pub(crate) fn first_paragraph(description: &str) -> String {
    let text = without_html(&visible(description));
    let first = text.trim().split("\n\n").next();
    prose(&on_one_line(first.unwrap_or_default()), false)
}

/// The HTML tags that descriptions use, with their Markdown equivalents.
const TAGS: [(&str, &str, &str); 5] = [
    ("<b>", "</b>", "**"),
    ("<strong>", "</strong>", "**"),
    ("<code>", "</code>", "`"),
    ("<tt>", "</tt>", "`"),
    ("<i>", "</i>", "*"),
];

/// The HTML tags that break a line, with their replacements.
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

/// Replaces HTML outside of code with Markdown. Unknown tags are kept as visible text.
fn without_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut open_tags: Vec<&str> = Vec::new();
    let mut code = false;
    let lower = text.to_ascii_lowercase();
    let ends = TAGS.map(|(_, close, _)| {
        count_searched(lower.len());
        (close, lower.rfind(close))
    });
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
        let ended = open_tags.last().copied().filter(|close| starts(close));
        let tag = TAGS
            .iter()
            .find(|(tag, close, _)| !code && starts(tag) && ends_later(close));
        let line = BREAKS.iter().find(|(tag, _)| !code && starts(tag));
        let length = if let Some(close) = ended {
            let mark = TAGS.iter().find(|(_, known, _)| *known == close);
            out.extend(mark.map(|(.., mark)| *mark));
            code &= !matches!(mark, Some((.., "`")));
            open_tags.pop();
            close.len()
        } else if let Some((tag, close, mark)) = tag {
            out.push_str(mark);
            code = *mark == "`";
            open_tags.push(close);
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

/// A text on one line.
pub(crate) fn on_one_line(text: &str) -> String {
    let text = visible(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a code span, escaped as in a Rust string.
pub(crate) fn code(text: &str) -> String {
    span(&text.escape_debug().to_string())
}

/// A text as a code span.
pub(crate) fn span(text: &str) -> String {
    let text = on_one_line(text);
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

/// Escapes a line outside of fences and code spans, and limits its indentation and that of list
/// items, so that it does not become a code block. If `in_table` is set, the line may be a table
/// row, in which a `|` ends a cell even in code.
fn prose(line: &str, in_table: bool) -> String {
    let text = line.trim_start();
    let indent = (line.len() - text.len()).min(3);
    let mut out = " ".repeat(indent);
    let text = skip_list_markers(text, &mut out);
    if text.starts_with("~~~") {
        // A `~~~` at the start of a line would open a fence.
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
                    // Escapes the backslash, so that it does not escape the code span.
                    out.push('\\');
                }
                let (url, taken) = url(rest);
                push_span(&mut out, &format!("`{url}`"), in_table);
                length = taken;
            }
            _ => {
                // A backslash would neutralize the escape of the next character.
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

/// The text after any list markers at the start of a line; the markers are written to `out`. A
/// block can start after a marker.
fn skip_list_markers<'t>(text: &'t str, out: &mut String) -> &'t str {
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
        // More than four spaces would start a code block.
        out.push_str(&" ".repeat(if spaces > 4 { 1 } else { spaces }));
        rest = text;
    }
}

/// The position of the last run of backticks of each length.
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
        count_searched(part.len() + ticks);
        ends.insert(ticks, start - ticks);
    }
    ends
}

/// The code span at the start of a text: from a run of backticks to the next run of the same
/// length.
fn span_of(text: &str, ticks: usize) -> Option<&str> {
    let mut end = ticks;
    loop {
        let rest = text.get(end..)?;
        let Some(next) = rest.find('`') else {
            count_searched(rest.len());
            return None;
        };
        end += next;
        let run = text.get(end..)?;
        let length = run.len() - run.trim_start_matches('`').len();
        count_searched(next + length);
        end += length;
        if length == ticks {
            return text.get(..end);
        }
    }
}

/// Appends a code span, separated from preceding backticks.
fn push_span(out: &mut String, span: &str, in_table: bool) {
    if out.ends_with('`') {
        out.push(' ');
    }
    match in_table {
        true => out.push_str(&cell(span)),
        false => out.push_str(span),
    }
}

/// Escapes a text for a table cell. Backslashes before a `|` are removed, because they would escape
/// each other.
pub(crate) fn cell(text: &str) -> String {
    let mut parts = text.split('|');
    let last = parts.next_back().unwrap_or_default();
    let parts = parts.map(|part| part.trim_end_matches('\\').to_owned() + "\\|");
    parts.collect::<String>() + last
}

/// Whether a line is the delimiter row of a table.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.chars().all(|letter| " |:->".contains(letter))
}

/// `&amp;` must be last, so that its result is not decoded again.
const ENTITIES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// The URL at the start of `rest`, and its length there.
fn url(rest: &str) -> (String, usize) {
    let end = rest
        .find(|letter: char| letter.is_whitespace() || "<>()[]\"'`,".contains(letter))
        .unwrap_or(rest.len());
    count_searched(end);
    // Entities are not decoded in code spans.
    let whole = rest.get(..end).unwrap_or(rest).to_owned();
    let whole = ENTITIES
        .iter()
        .fold(whole, |url, (entity, letter)| url.replace(entity, letter));
    let url = whole.trim_end_matches(['.', ';', ':']);
    (url.to_owned(), end - (whole.len() - url.len()))
}

/// Counts the bytes of a search that looks further than the next letter. A test checks that a
/// description is searched only a few times.
#[cfg(not(test))]
fn count_searched(_: usize) {}

#[cfg(test)]
use tests::count_searched;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

    /// Fragments that are special to rustdoc, browsers or Markdown.
    const FRAGMENTS: [&str; 44] = [
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

    /// Everything in the docs that rustdoc would not treat as plain text.
    fn markup_in(docs: &str) -> Vec<String> {
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
        fn any_description_becomes_plain_text_in_rustdoc(parts in prop::collection::vec(prop::sample::select(&FRAGMENTS[..]), 1..24)) {
            let said = parts.concat();
            let (long, short) = (markdown(&said), one_line(&said));
            prop_assert_eq!(markup_in(&long), Vec::<String>::new(), "{}", long);
            let places = [
                short.clone(),
                format!("Begins: {short}."),
                format!("- `name`: {short}"),
                format!("| a | b | c |\n| --- | --- | --- |\n| x | {short} | `y` |"),
            ];
            for place in places {
                prop_assert_eq!(markup_in(&place), Vec::<String>::new(), "{}", place);
            }
        }
    }

    #[test]
    fn rustdoc_markup_is_escaped_outside_of_code() {
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
    fn descriptions_cannot_inject_code_html_or_images() {
        for (text, docs) in [
            // Fences and code after a list marker.
            ("- ~~~\n  run()\n  ~~~", "- \\~~~\n  run()\n~~~text\n~~~"),
            ("- ````\n  run()", "- \\`\\`\\`\\`\n  run()"),
            ("1. - ~~~", r"1. - \~~~"),
            ("-      run()", "- run()"),
            ("1.\t\trun()", "1. run()"),
            // Unmatched backticks.
            (
                "x ``` ![a](b) <img> ` ``",
                r"x \`\`\` !\[a\](b) \<img\> \` \`\`",
            ),
            (r"\`` <b `", r"\` ` <b `"),
            ("`` ` <b> ``", "`` ` <b> ``"),
            (r"\https://&lt;img&gt;", r"\\`https://<img>`"),
            ("``a``https://&lt;b&gt;", "``a`` `https://<b>`"),
            ("https://&lt;b&gt;``a``", "`https://<b>` ``a``"),
            // Cells of a table end a code span too.
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

    thread_local! {
        static SEARCHED: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count_searched(bytes: usize) {
        SEARCHED.set(SEARCHED.get() + bytes);
    }

    #[test]
    fn a_long_description_is_searched_only_a_few_times() {
        let parts = [
            "https://a.b ",
            "<b>",
            "<code>",
            "a<br>",
            "`",
            "` ``",
            "- ",
            "|",
        ];
        let repeated = parts.map(|part| part.repeat(30_000 / part.len()));
        // Runs of backticks that are never closed, because each is longer than the one before.
        let longer: String = (1..250).map(|ticks| "`".repeat(ticks) + " ").collect();
        for text in repeated.iter().chain([&longer]) {
            for convert in [markdown, one_line] {
                SEARCHED.set(0);
                assert!(!convert(text).is_empty());
                let searched = SEARCHED.get();
                assert!(searched < 10 * text.len(), "{text:.20}: {searched}");
            }
        }
    }
}
