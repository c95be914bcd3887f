//! An operation of the document: a row of the table that the generator writes.
//!
//! Requests take the method, the path and the idempotency from it, errors the name of the operation,
//! and the mock manager its routes.

use http::Method;

/// One operation of the OpenAPI document.
///
/// ```
/// for operation in nsx_api::operations::ALL {
///     println!("{}: {} {}", operation.id, operation.method, operation.path);
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The document's `operationId`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path from the host's root, with the parameters as `{name}`.
    pub path: &'static str,
    /// The query that the operation goes by, such as `action=restart`, where several share a path; empty where none does.
    pub query: &'static str,
    /// Whether sending it twice is the same as sending it once: by the document's `x-idempotent`, and without that by
    /// the method.
    ///
    /// An operation that is not is never sent again when an earlier attempt may have taken effect.
    pub idempotent: bool,
    /// The media types it can read, as the `Accept` header writes them.
    pub accept: &'static str,
    /// The responses that the document describes, by their statuses.
    pub responses: &'static [DocumentedResponse],
}

/// A response that the document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedResponse {
    /// The status as the document writes it: `200`, `4XX`, `default`.
    pub status: &'static str,
    /// When it comes.
    pub description: &'static str,
}

impl DocumentedResponse {
    /// A row of the generated table.
    pub(crate) const fn new(status: &'static str, description: &'static str) -> Self {
        Self {
            status,
            description,
        }
    }
}
