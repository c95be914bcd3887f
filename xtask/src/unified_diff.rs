//! The difference between a file as it is and as it would be generated, for people to read: unified, and cut off
//! where it gets long.

use similar::TextDiff;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// Lines shown for one file. What matters of a longer one is that it differs.
const LINES: usize = 60;

/// How long the shortest difference is looked for. After that a longer one does as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// The unified difference of two texts, of at most [`LINES`] lines.
pub(crate) fn unified(path: &Path, old: &str, new: &str) -> String {
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let before = format!("{} (now)", path.display());
    let after = format!("{} (generated)", path.display());
    let text = difference
        .unified_diff()
        .header(&before, &after)
        .to_string();
    shorten(&text)
}

fn shorten(text: &str) -> String {
    let mut short: String = text
        .lines()
        .take(LINES)
        .flat_map(|line| [line, "\n"])
        .collect();
    let left_out = text.lines().count().saturating_sub(LINES);
    if left_out > 0 {
        let _ = writeln!(short, "… and {left_out} lines more");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_both_sides_and_the_file() {
        let shown = unified(Path::new("src/types.rs"), "one\ntwo\n", "one\n2\n");
        assert_eq!(
            shown,
            "--- src/types.rs (now)\n+++ src/types.rs (generated)\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
        );
    }

    #[test]
    fn a_long_difference_is_cut_off_and_says_so() {
        let shown = unified(Path::new("types.rs"), "", &"line\n".repeat(1000));
        assert_eq!(shown.lines().count(), LINES + 1);
        assert!(shown.ends_with("… and 943 lines more\n"), "{shown}");
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified(Path::new("types.rs"), "one\n", "one\n"), "");
    }
}
