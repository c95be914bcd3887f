//! Rewrites valid constructs that the later steps do not support, and fixes known errors of real
//! documents. There is one named pass for each.
//!
//! Every change is reported with its location. What cannot be fixed is left for
//! [`check`](crate::check) to report.

mod component_names;
mod content;
mod discriminated_unions;
mod encoding;
mod enums;
mod ids;
mod info;
mod name_collisions;
mod nullable;
mod operations;
mod overridden_properties;
mod parameters;
mod required;
mod schemas;
mod secrets;

use serde_json::Value;

use crate::document::change::Change;
pub(crate) use component_names::{apply_component_names, new_component_names};
pub(crate) use ids::{assign_operation_ids, operation_ids};
pub(crate) use secrets::{X_SECRET, mark_secrets};

/// Runs every pass over the document and returns the changes.
pub(crate) fn normalize(root: &mut Value) -> Vec<Change> {
    let mut changes = Vec::new();
    discriminated_unions::strip_marks(root);
    info::normalize(root, &mut changes);
    operations::normalize(root, &mut changes);
    operation_ids(root, &mut changes);
    mark_secrets(root, &mut changes);
    schemas::normalize_each(root, &mut changes);
    content::normalize(root, &mut changes);
    parameters::normalize(root, &mut changes);
    schemas::normalize(root, &mut changes);
    name_collisions::report(root, &mut changes);
    changes
}
