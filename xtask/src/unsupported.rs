//! Messages about the unsupported operations that `--skip-unsupported` skips.

use crate::{eprint_line, print};
use nsx_api_gen::{Error, Skipped, generate_supported};
use std::path::Path;

/// Prints what was skipped and why.
pub(crate) fn print_skipped(skipped: &[Skipped]) {
    for one in skipped {
        eprint_line(format_args!("skipped: {one}"));
    }
}

/// Prints how many operations were skipped, if any. `kept` is the number of the others.
pub(crate) fn print_summary(skipped: &[Skipped], kept: usize) {
    if skipped.is_empty() {
        return;
    }
    let count = count_operations(skipped);
    let all = count + kept;
    let others = match skipped.len().saturating_sub(count) {
        0 => String::new(),
        1 => ", and 1 other part of the document".to_owned(),
        others => format!(", and {others} other parts of the document"),
    };
    print(format_args!(
        "skipped {count} of {all} operations (--skip-unsupported){others}"
    ));
}

fn count_operations(skipped: &[Skipped]) -> usize {
    skipped.iter().filter(|one| one.call.is_some()).count()
}

/// The text of an error. If `--skip-unsupported` would help, a hint says so.
pub(crate) fn with_hint(error: &Error, spec: &Path) -> String {
    let hint = match error {
        Error::Document { .. } => skip_hint(spec),
        _ => None,
    };
    match hint {
        Some(hint) => format!("{error}\n{hint}"),
        None => error.to_string(),
    }
}

fn skip_hint(spec: &Path) -> Option<String> {
    let generated = generate_supported(spec).ok()?;
    let count = count_operations(&generated.skipped);
    let all = count + generated.operations;
    Some(match count {
        0 => format!(
            "No operation uses the parts with these errors: --skip-unsupported skips them and keeps all {all} operations."
        ),
        count => format!(
            "To generate the other operations, use --skip-unsupported: it skips and lists the {count} of {all} operations with errors."
        ),
    })
}
