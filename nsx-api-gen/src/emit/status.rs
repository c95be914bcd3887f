//! Response statuses: the error kind of each, and whether a success is documented.

use crate::document::is_success;
use crate::model::Operation;

/// The variant of the hand-written `ErrorKind` for a status.
pub(super) fn error_kind(status: &str) -> Option<&'static str> {
    Some(match status {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "412" => "PreconditionFailed",
        "429" => "TooManyRequests",
        "500" => "InternalServerError",
        "503" => "ServiceUnavailable",
        _ => return None,
    })
}

/// Whether an operation documents a success status.
pub(super) fn documents_success(operation: &Operation) -> bool {
    operation
        .responses
        .iter()
        .any(|response| is_success(&response.status))
}
