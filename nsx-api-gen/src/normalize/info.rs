//! What a document says of itself.

use serde_json::{Value, json};

use crate::document::change::Change;

/// `version_text`: a version without quotes is a number to YAML, and means a text.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    if let Some(version) = root.pointer_mut("/info/version")
        && version.is_number()
    {
        let message = format!("{version} is read as \"{version}\": it must be quoted");
        changes.push(Change::of_document(
            "version_text",
            "#/info/version",
            message,
        ));
        *version = json!(version.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_a_number_is_a_text() {
        let mut root = json!({"info": {"version": 1.0}});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        assert_eq!(root, json!({"info": {"version": "1.0"}}));
        assert_eq!(changes.len(), 1);
    }
}
