//! A request that is ready to be sent.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, Method};
use reqwest::Url;

use crate::Body;
use crate::credentials::credential_cache::CachedCredentials;

/// A request that is ready to be sent, as often as necessary.
pub(crate) struct PreparedRequest {
    pub(crate) method: Method,
    /// The URL at the manager of the next attempt, initially the client's first manager.
    pub(crate) url: Url,
    pub(crate) path_and_query: Cow<'static, str>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Credentials for this call alone, instead of the client's.
    pub(crate) credentials: Option<Arc<CachedCredentials>>,
    pub(crate) idempotent: bool,
}
