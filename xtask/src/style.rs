//! Colors of the output. `anstream` removes them unless the output is a terminal, and if `NO_COLOR`
//! is set; `CLICOLOR_FORCE` keeps them.

use anstyle::{AnsiColor, Style};
use nsx_api_gen::compare::Level;
use std::fmt::Display;

/// An error.
pub(crate) fn error(text: impl Display) -> String {
    with_style(AnsiColor::Red.on_default().bold(), text)
}

/// A warning.
pub(crate) fn warning(text: impl Display) -> String {
    with_style(AnsiColor::Yellow.on_default().bold(), text)
}

/// A level of a change, padded to the width.
pub(crate) fn level(level: Level, width: usize) -> String {
    in_level(level, format_args!("{level:<width$}"))
}

/// Text in the color of a level.
pub(crate) fn in_level(level: Level, text: impl Display) -> String {
    let style = match level {
        Level::Breaking => AnsiColor::Red.on_default(),
        Level::Compatible => AnsiColor::Green.on_default(),
        _ => AnsiColor::Cyan.on_default(),
    };
    with_style(style, text)
}

/// The heading of a section.
pub(crate) fn heading(text: impl Display) -> String {
    with_style(Style::new().bold(), text)
}

/// A unified diff.
pub(crate) fn unified_diff(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(diff_line).collect();
    lines.join("\n")
}

fn diff_line(text: &str) -> String {
    let style = match text.as_bytes() {
        [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Style::new().bold(),
        [b'-', ..] => AnsiColor::Red.on_default(),
        [b'+', ..] => AnsiColor::Green.on_default(),
        [b'@', ..] => AnsiColor::Cyan.on_default(),
        _ => return text.to_owned(),
    };
    with_style(style, text)
}

fn with_style(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
