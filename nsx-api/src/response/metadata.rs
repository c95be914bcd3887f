//! The metadata of a response: status, headers, and the call that it belongs to.

use http::{HeaderMap, StatusCode};

use super::headers::{misleading_header, request_id};
use crate::error::{CallInfo, ErrorResponse};

#[derive(Clone)]
pub(crate) struct ResponseMeta {
    pub(crate) call: CallInfo,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The request id, masked.
    pub(super) shown_id: Option<String>,
    /// The header that explains why a body is not JSON, masked.
    pub(super) misleading_header: Option<String>,
}

impl ResponseMeta {
    /// Applies `mask` to all parts of the headers that an error may show.
    pub(crate) fn new(
        call: CallInfo,
        status: StatusCode,
        headers: HeaderMap,
        mask: impl Fn(String) -> String,
    ) -> Self {
        Self {
            shown_id: request_id(&headers).map(|id| mask(id.to_owned())),
            misleading_header: misleading_header(&headers, &mask),
            call,
            status,
            headers,
        }
    }

    /// The part of the metadata that an error about this response shows.
    pub(crate) fn error_response(&self) -> ErrorResponse {
        ErrorResponse {
            status: self.status,
            request_id: self.shown_id.clone(),
            ..ErrorResponse::default()
        }
    }
}
