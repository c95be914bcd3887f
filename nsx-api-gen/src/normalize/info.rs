//! The `info` object.

use serde_json::{Value, json};

use crate::document::change::Change;

/// `version_text`: an unquoted version, which is a number in YAML, becomes a string.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    if let Some(version) = root.pointer_mut("/info/version")
        && version.is_number()
    {
        let message = format!("{version} is interpreted as \"{version}\", which should be quoted");
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
    fn an_unquoted_info_version_becomes_a_string() {
        let mut root = json!({"info": {"version": 1.0}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        assert_eq!(root, json!({"info": {"version": "1.0"}}));
        assert_eq!(changes.len(), 1);
    }
}
