//! What `--skip-unsupported` left out of a document, as it is told: every operation with its reasons, and then how many there are.

use crate::{complain, say};
use nsx_api_gen::{Error, Skipped, generate_supported};
use std::path::Path;

/// Tells what was left out, and why.
pub(crate) fn tell(left_out: &[Skipped]) {
    for one in left_out {
        complain(format_args!("left out: {one}"));
    }
}

/// Says how many operations were left out, where some were; `kept` is how many were not.
pub(crate) fn sum_up(left_out: &[Skipped], kept: usize) {
    if left_out.is_empty() {
        return;
    }
    let count = operations(left_out);
    let all = count + kept;
    let others = match left_out.len().saturating_sub(count) {
        0 => String::new(),
        1 => ", and 1 other part of the document".to_owned(),
        others => format!(", and {others} other parts of the document"),
    };
    say(format_args!(
        "{count} of {all} operations left out (--skip-unsupported){others}"
    ));
}

fn operations(left_out: &[Skipped]) -> usize {
    left_out.iter().filter(|one| one.call.is_some()).count()
}

/// The error of a document, and where it helps to leave operations out, that it does.
pub(crate) fn hinted(error: &Error, spec: &Path) -> String {
    let hint = match error {
        Error::Document { .. } => hint(spec),
        _ => None,
    };
    match hint {
        Some(hint) => format!("{error}\n{hint}"),
        None => error.to_string(),
    }
}

fn hint(spec: &Path) -> Option<String> {
    let generated = generate_supported(spec).ok()?;
    let count = operations(&generated.skipped);
    let all = count + generated.operations;
    Some(match count {
        0 => format!(
            "No operation needs what has these faults: --skip-unsupported leaves it out, and none of the {all}."
        ),
        count => format!(
            "Code can be made without {count} of the {all} operations: --skip-unsupported leaves them out, and says which."
        ),
    })
}
