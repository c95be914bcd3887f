//! From tokens to the text of a file.

use proc_macro2::TokenStream;

use crate::HEADER_MARK;

/// The text of a file: its header, and its groups of items with a blank line between them.
pub(super) fn file(about: &str, groups: &[TokenStream]) -> Result<String, String> {
    let mut text = format!("// {HEADER_MARK} Do not edit.\n");
    for line in about.lines() {
        text += &format!("// {line}\n");
    }
    for group in groups.iter().filter(|group| !group.is_empty()) {
        text += "\n";
        text += &items(group)?;
    }
    Ok(text)
}

fn items(tokens: &TokenStream) -> Result<String, String> {
    let file: syn::File = syn::parse2(tokens.clone())
        .map_err(|error| format!("the code `{}` is no Rust: {error}", excerpt(tokens)))?;
    Ok(spaced(&prettyplease::unparse(&file)))
}

/// Enough of the code to know where it comes from.
fn excerpt(tokens: &TokenStream) -> String {
    tokens.to_string().chars().take(120).collect()
}

/// A blank line behind each function of an `impl`, and behind its constants.
fn spaced(code: &str) -> String {
    let mut text = String::new();
    let mut constant = false;
    let mut lines = code.lines().peekable();
    while let Some(line) = lines.next() {
        text += line;
        text += "\n";
        let next = lines.peek().copied().unwrap_or("}");
        if ends_item(line, constant) && next.starts_with("    ") && next != "    }" {
            text += "\n";
        }
        constant = (constant || line.starts_with("    const ")) && !line.ends_with(';');
    }
    text
}

/// Whether an item of an `impl` ends with this line; `constant` says that it is within one.
fn ends_item(line: &str, constant: bool) -> bool {
    let fields = line.starts_with("    const FIELDS") || constant;
    line == "    }" || (fields && line.ends_with(';') && !line.starts_with("    const NAME"))
}
