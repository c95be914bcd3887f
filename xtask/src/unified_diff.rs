//! The unified diff between a file and the text that would be generated, with a limit on its
//! length.

use similar::TextDiff;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// The number of lines after which the diff of a file is truncated.
const MAX_LINES: usize = 60;

/// The time to search for the shortest diff. After that, the diff may be longer than necessary.
const DIFF_TIMEOUT: Duration = Duration::from_secs(2);

/// The unified diff of two texts, truncated to [`MAX_LINES`] lines.
pub(crate) fn unified_diff(path: &Path, old: &str, new: &str) -> String {
    let diff = TextDiff::configure()
        .timeout(DIFF_TIMEOUT)
        .diff_lines(old, new);
    let before = format!("{} (now)", path.display());
    let after = format!("{} (generated)", path.display());
    let text = diff.unified_diff().header(&before, &after).to_string();
    truncate(&text)
}

fn truncate(text: &str) -> String {
    let mut truncated: String = text
        .lines()
        .take(MAX_LINES)
        .flat_map(|line| [line, "\n"])
        .collect();
    let more = text.lines().count().saturating_sub(MAX_LINES);
    if more > 0 {
        let _ = writeln!(truncated, "… and {more} more lines");
    }
    truncated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unified_diff_names_the_file_and_shows_both_sides() {
        let diff = unified_diff(Path::new("src/types.rs"), "one\ntwo\n", "one\n2\n");
        assert_eq!(
            diff,
            "--- src/types.rs (now)\n+++ src/types.rs (generated)\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
        );
    }

    #[test]
    fn a_long_unified_diff_is_truncated() {
        let diff = unified_diff(Path::new("types.rs"), "", &"line\n".repeat(1000));
        assert_eq!(diff.lines().count(), MAX_LINES + 1);
        assert!(diff.ends_with("… and 943 more lines\n"), "{diff}");
    }

    #[test]
    fn the_unified_diff_of_equal_texts_is_empty() {
        assert_eq!(unified_diff(Path::new("types.rs"), "one\n", "one\n"), "");
    }
}
