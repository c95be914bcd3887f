//! What a document says about its operations but the SDK does not use, so that it is not in the
//! normalized document: further media types, and servers of their own.

use serde_json::Value;

use super::kinds::Kind;
use super::report::ChangeReporter;
use super::surface::Operation;
use crate::document::{
    self, OperationRef, is_success, items, members, resolve, sent_media_type, text,
};

/// What the SDK does not use of an operation.
#[derive(Debug, Default)]
pub(super) struct Unused {
    servers: String,
    body: Vec<String>,
    responses: Vec<String>,
}

impl Unused {
    /// Reads the operations of a document that is not normalized yet.
    pub(super) fn of_operations(root: &Value) -> Vec<Self> {
        let places = document::operations(root);
        places.iter().map(|place| Self::new(root, place)).collect()
    }

    fn new(root: &Value, place: &OperationRef<'_>) -> Self {
        let successes = place.responses().filter(|(status, ..)| is_success(status));
        let servers = place.node.get("servers").or(place.item.get("servers"));
        Self {
            servers: urls(servers),
            body: media_types(root, place.node.get("requestBody")),
            responses: successes
                .flat_map(|(.., node)| media_types(root, Some(node)))
                .collect(),
        }
    }
}

/// Adds the changes of what is not used.
pub(super) fn compare(old: &Operation, new: &Operation, report: &mut ChangeReporter<'_>) {
    let (before, after) = (&old.unused, &new.unused);
    if before.servers != after.servers {
        let kind = Kind::ServersChanged;
        report.changed(kind, "list of servers", &before.servers, &after.servers);
    }
    let body = |operation: &Operation| {
        let used = operation.model.body.as_ref().map(|body| body.media.clone());
        without(&operation.unused.body, &used.unwrap_or_default())
    };
    let response =
        |operation: &Operation| without(&operation.unused.responses, &operation.model.accept());
    for (place, old, new) in [
        ("request body", body(old), body(new)),
        ("response", response(old), response(new)),
    ] {
        if old != new {
            report.changed(Kind::MediaTypesChanged, place, &old, &new);
        }
    }
}

/// The media types that are not in a list of used ones.
fn without(all: &[String], used: &str) -> String {
    let is_used = |one: &String| used.split(", ").any(|used| used == one);
    let others = all.iter().filter(|one| !is_used(one));
    others.cloned().collect::<Vec<_>>().join(", ")
}

fn media_types(root: &Value, node: Option<&Value>) -> Vec<String> {
    let node = node.and_then(|node| resolve(root, node));
    let content = members(node.and_then(|node| node.get("content")));
    content.map(|(name, _)| sent_media_type(name)).collect()
}

/// The addresses in a list of servers.
pub(super) fn urls(servers: Option<&Value>) -> String {
    let urls = items(servers).filter_map(|server| text(server, "url"));
    urls.collect::<Vec<_>>().join(", ")
}
