//! Finds all that the next step cannot take, before it is asked to.
//!
//! progenitor stops at the first thing that it does not know, often by a panic. These checks look
//! through the whole document first and report everything together, each with its operation.

mod operations;
mod references;
mod schemas;

use serde_json::Value;

use crate::document::{self, members};
use crate::error::{Error, Faults};

/// Reports every fault of the document.
pub(crate) fn check(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    info(root, &mut faults);
    paths(root, &mut faults);
    references::check(root, &mut faults);
    schemas::check(root, &mut faults);
    operations::check(root, &mut faults);
    faults.into_result(file)
}

fn info(root: &Value, faults: &mut Faults) {
    for key in ["title", "version"] {
        let value = root.pointer(&format!("/info/{key}"));
        if !value.is_some_and(Value::is_string) {
            faults.at("#/info", format!("`{key}` must be given as a string"));
        }
    }
    let server = document::items(root.get("servers")).next();
    if let Some(url) = server.and_then(|server| document::text(server, "url"))
        && url.contains(['{', '?', '#'])
    {
        faults.at(
            "#/servers/0/url",
            "variables, a query or a fragment in a server's URL are not supported",
        );
    }
}

fn paths(root: &Value, faults: &mut Faults) {
    if !root.get("paths").is_some_and(Value::is_object) {
        faults.at("#", "`paths` must be given as an object");
        return;
    }
    for (path, item) in members(root.get("paths")) {
        if !path.starts_with('/') {
            faults.at(
                document::join("#/paths", path),
                "a path must begin with `/`",
            );
        }
        if !item.is_object() {
            faults.at(
                document::join("#/paths", path),
                "a path item must be an object",
            );
        } else if document::reference(item).is_some() {
            faults.at(
                document::join("#/paths", path),
                "a path item that is a reference is not supported: write it out",
            );
        }
    }
    if document::operations(root).is_empty() {
        faults.at("#/paths", "the document has no operation");
    }
}
