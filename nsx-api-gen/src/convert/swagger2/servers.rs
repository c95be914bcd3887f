//! Host, base path and schemes: the one server that an SDK needs is the path.

use serde_json::{Map, Value, json};

use super::Upgrade;
use super::place::At;

impl Upgrade {
    /// The server with the document's base path. The host is one that the document was written on or a placeholder
    /// (`nsxmanager.your.domain`), and which manager is called, and how, is said by the SDK's user.
    pub(super) fn servers(&mut self, root: &Map<String, Value>) -> Option<Value> {
        for key in ["host", "schemes"] {
            if let Some(value) = root.get(key) {
                let message =
                    format!("{value} is not kept: whoever calls gives the manager's address");
                self.tell("server", At::ROOT.member(key), message);
            }
        }
        let path = root.get("basePath")?;
        let Some(text) = path.as_str() else {
            return Some(json!([{"url": path}]));
        };
        let trimmed = text.trim_matches('/');
        if trimmed.is_empty() {
            // What OpenAPI takes for granted.
            return None;
        }
        let mended = format!("/{trimmed}");
        if mended != text {
            let message = format!("the base path `{text}` is read as `{mended}`");
            self.tell("server", At::ROOT.member("basePath"), message);
        }
        Some(json!([{"url": mended}]))
    }
}
