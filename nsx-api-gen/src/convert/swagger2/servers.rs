//! Host, base path and schemes. The SDK only needs the path of the server.

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;

impl Converter {
    /// The server with the base path of the document. The host is a placeholder
    /// (`nsxmanager.your.domain`) or the host that generated the document. The user of the SDK
    /// configures the real one.
    pub(super) fn servers(&mut self, root: &Map<String, Value>) -> Option<Value> {
        for key in ["host", "schemes"] {
            if let Some(value) = root.get(key) {
                let message = format!(
                    "dropped {value}: the user of the SDK configures the address of the manager"
                );
                self.record("server", Location::ROOT.member(key), message);
            }
        }
        let path = root.get("basePath")?;
        let Some(text) = path.as_str() else {
            return Some(json!([{"url": path}]));
        };
        let trimmed = text.trim_matches('/');
        if trimmed.is_empty() {
            // This is the default.
            return None;
        }
        let fixed = format!("/{trimmed}");
        if fixed != text {
            let message = format!("changed the base path `{text}` to `{fixed}`");
            self.record("server", Location::ROOT.member("basePath"), message);
        }
        Some(json!([{"url": fixed}]))
    }
}
