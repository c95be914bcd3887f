//! The colours of what is printed. `anstream` takes them away where nobody sees them or wants them: off a terminal and with
//! `NO_COLOR`, unless `CLICOLOR_FORCE` asks for them.

use anstyle::{AnsiColor, Style};
use nsx_api_gen::compare::Level;
use std::fmt::Display;

/// What is wrong.
pub(crate) fn error(text: impl Display) -> String {
    painted(AnsiColor::Red.on_default().bold(), text)
}

/// A level of a change, which is its own width or wider.
pub(crate) fn level(level: Level, width: usize) -> String {
    let style = match level {
        Level::Breaking => AnsiColor::Red.on_default(),
        Level::Compatible => AnsiColor::Green.on_default(),
        _ => AnsiColor::Cyan.on_default(),
    };
    painted(style, format_args!("{level:<width$}"))
}

/// A unified difference.
pub(crate) fn difference(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n")
}

fn line(text: &str) -> String {
    let style = match text.as_bytes() {
        [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Style::new().bold(),
        [b'-', ..] => AnsiColor::Red.on_default(),
        [b'+', ..] => AnsiColor::Green.on_default(),
        [b'@', ..] => AnsiColor::Cyan.on_default(),
        _ => return text.to_owned(),
    };
    painted(style, text)
}

fn painted(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
