//! The meta of a call beside its value.

use http::{HeaderMap, StatusCode};

use super::headers::{misleading_header, request_id};
use crate::error::{CallInfo, ErrorResponse};

/// What there is to tell of a call beside its value.
#[derive(Clone)]
pub(crate) struct ResponseMeta {
    pub(crate) call: CallInfo,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The request's id, secrets taken out.
    pub(super) shown_id: Option<String>,
    /// The header that explains why a body is not JSON, secrets taken out.
    pub(super) misleading_header: Option<String>,
}

impl ResponseMeta {
    /// The meta, with what an error may show of the headers passed through `mask`.
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

    /// What an error about this response knows of it.
    pub(crate) fn error_response(&self) -> ErrorResponse {
        ErrorResponse {
            status: self.status,
            request_id: self.shown_id.clone(),
            ..ErrorResponse::default()
        }
    }
}
