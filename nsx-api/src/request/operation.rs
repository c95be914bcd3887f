//! An operation of the document: a row of the generated operation table.
//!
//! Requests use its method, path and idempotency, errors its name, and the mock manager its routes.

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
    /// The `operationId` of the document.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path from the root of the host, with parameters as `{name}`.
    pub path: &'static str,
    /// The fixed query of the operation, such as `action=restart`, if several operations share a
    /// path. Otherwise empty.
    pub query: &'static str,
    /// Whether the operation is safe to repeat: the document's `x-idempotent`, or the default of
    /// the method.
    ///
    /// An operation that is not idempotent is never retried after an attempt that may have taken
    /// effect.
    pub idempotent: bool,
    /// The media types of its responses, in the format of the `Accept` header.
    pub accept: &'static str,
    /// The responses that the document describes, by status.
    pub responses: &'static [DocumentedResponse],
}

/// A response that the document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedResponse {
    /// The status as in the document: `200`, `4XX`, `default`.
    pub status: &'static str,
    /// When the manager sends it.
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
