//! Mends what a document may lawfully say and the later steps cannot take, and what real documents say in spite of it, one named
//! pass for each.
//!
//! A pass says what it changed and where; nothing is changed silently. What cannot be mended is left
//! for [`check`](crate::check) to report.

mod apart;
mod component_names;
mod content;
mod enums;
mod fits;
mod ids;
mod info;
mod nullable;
mod operations;
mod parameters;
mod redeclared;
mod required;
mod schemas;
mod variants;

use serde_json::Value;

use crate::document::change::Change;
pub(crate) use component_names::{names_of_whole, new_names};
pub(crate) use ids::{name_beside, operation_ids};

/// Runs every pass over the document and tells what they did.
pub(crate) fn normalize(root: &mut Value) -> Vec<Change> {
    let mut changes = Vec::new();
    variants::strip_marks(root);
    info::mend(root, &mut changes);
    operations::mend(root, &mut changes);
    operation_ids(root, &mut changes);
    schemas::mend_each(root, &mut changes);
    content::mend(root, &mut changes);
    parameters::mend(root, &mut changes);
    schemas::mend(root, &mut changes);
    apart::tell(root, &mut changes);
    changes
}
