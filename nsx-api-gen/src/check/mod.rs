//! Finds all that the next step cannot take, before it is asked to.
//!
//! progenitor stops at the first thing that it does not know, often by a panic. These checks look
//! through the whole document first and report everything together, each with its operation.

mod known;
mod merges;
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
    // What is in another file would look as if it were missing.
    let mut faults = Faults::default();
    references::other_files(root, &mut faults);
    faults.into_result(file)?;
    let mut faults = Faults::default();
    info(root, &mut faults);
    paths(root, &mut faults);
    known::check(root, &mut faults);
    references::check(root, &mut faults);
    schemas::check(root, &mut faults);
    operations::check(root, &mut faults);
    faults.name_parameters(root);
    faults.into_result(file)?;
    // What is in order by itself may not be together.
    let mut faults = Faults::default();
    merges::check(root, &mut faults);
    faults.into_result(file)
}

fn info(root: &Value, faults: &mut Faults) {
    for key in ["title", "version"] {
        let value = root.pointer(&format!("/info/{key}"));
        if !value.is_some_and(Value::is_string) {
            faults.at("#/info", format!("`{key}` must be given as a string"));
        }
    }
    if let Some(server) = document::items(root.get("servers")).next() {
        let fault = match document::text(server, "url") {
            None => Some("a server must have a `url`"),
            Some(url) => server_fault(url),
        };
        if let Some(message) = fault {
            faults.at("#/servers/0/url", message);
        }
    }
}

/// What is wrong with a server's URL: its path goes between the manager's host and the operation's path, and must not
/// be able to change the host.
fn server_fault(url: &str) -> Option<&'static str> {
    let path = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !matches!(scheme, "http" | "https") || host.is_empty() {
                return Some("a server's URL must be https://, or a path");
            }
            path
        }
        None => url,
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-._~".contains(letter);
    if !(path.is_empty() || path.starts_with('/')) {
        Some("a server's path must begin with `/`")
    } else if url.contains(['{', '?', '#']) {
        Some("variables, a query or a fragment in a server's URL are not supported")
    } else if !path.chars().all(plain)
        || path.contains("//")
        || path.split('/').any(|step| step == "." || step == "..")
    {
        Some("a server's path must be made of plain segments")
    } else {
        None
    }
}

fn paths(root: &Value, faults: &mut Faults) {
    if !root.get("paths").is_some_and(Value::is_object) {
        faults.at("#", "`paths` must be given as an object");
        return;
    }
    for (path, item) in document::paths(root) {
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
                "a path item that is a reference must lead to another one",
            );
        }
    }
    if document::operations(root).is_empty() {
        faults.at("#/paths", "the document has no operation");
    }
}
