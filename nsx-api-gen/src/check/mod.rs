//! Reports everything that the code generation does not support.
//!
//! progenitor stops at the first construct that it does not support, often with a panic. These
//! checks run over the whole document first and report all problems together, each with its
//! operation.

mod known;
mod operations;
pub(crate) mod prune;
mod references;
mod schemas;

pub(crate) use references::{is_data, section_of};
use serde_json::Value;

use crate::document;
use crate::error::{Error, Faults};

/// Reports every fault of the document.
pub(crate) fn check(file: &str, root: &Value) -> Result<(), Error> {
    // Parts in other files would otherwise be reported as missing.
    let mut faults = Faults::default();
    references::external_references(root, &mut faults);
    faults.into_result(file)?;
    let mut faults = Faults::default();
    first_server(root, &mut faults);
    paths(root, &mut faults);
    known::check(root, &mut faults);
    references::check(root, &mut faults);
    schemas::check(root, &mut faults);
    operations::check(root, &mut faults);
    faults.name_parameters(root);
    faults.into_result(file)
}

fn first_server(root: &Value, faults: &mut Faults) {
    if let Some(server) = document::items(root.get("servers")).next() {
        let fault = match document::text(server, "url") {
            None => Some("a server must have a `url`"),
            Some(url) => server_fault(url),
        };
        if let Some(message) = fault {
            faults.add("#/servers/0/url", message);
        }
    }
}

/// What is wrong with a server's URL. Its path is inserted between the manager's host and the path
/// of the operation, and must not be able to change the host.
fn server_fault(url: &str) -> Option<&'static str> {
    let path = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !matches!(scheme, "http" | "https") || host.is_empty() {
                return Some("a server URL must be an https:// URL or a path");
            }
            path
        }
        None => url,
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-._~".contains(letter);
    if !(path.is_empty() || path.starts_with('/')) {
        Some("the path of a server URL must start with `/`")
    } else if url.contains(['{', '?', '#']) {
        Some("variables, queries and fragments in a server URL are not supported")
    } else if !path.chars().all(plain)
        || path.contains("//")
        || path.split('/').any(|step| step == "." || step == "..")
    {
        Some("the path of a server URL must not contain special characters or empty segments")
    } else {
        None
    }
}

fn paths(root: &Value, faults: &mut Faults) {
    if !root.get("paths").is_some_and(Value::is_object) {
        faults.add("#", "`paths` is required and must be an object");
        return;
    }
    for (path, item) in document::paths(root) {
        if !path.starts_with('/') {
            faults.add(
                document::join("#/paths", path),
                "a path must start with `/`",
            );
        }
        if !item.is_object() {
            faults.add(
                document::join("#/paths", path),
                "a path item must be an object",
            );
        } else if document::reference(item).is_some() {
            faults.add(
                document::join("#/paths", path),
                "the reference does not point to a path item",
            );
        }
    }
    if document::operations(root).is_empty() {
        faults.add("#/paths", "the document has no operations");
    }
}
