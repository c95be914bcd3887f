//! What puts credentials on a request, one file for each scheme.

mod basic;

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use http::{HeaderMap, StatusCode};

pub(crate) use basic::Basic;

use crate::{ApiError, Error};

/// What a scheme may have to wait for.
pub(crate) type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A scheme of authentication. Its `Debug` shows no secret.
pub(crate) trait Authenticate: fmt::Debug + Send + Sync {
    /// Puts the credentials on the request that is about to be sent, with values marked as sensitive.
    fn apply<'a>(&'a self, headers: &'a mut HeaderMap) -> Waiting<'a, Result<(), Error>>;

    /// Sees a 401 or 403, and says whether the credentials are new since, so that the call is worth another attempt.
    fn refused<'a>(
        &'a self,
        _status: StatusCode,
        _error: Option<&'a ApiError>,
    ) -> Waiting<'a, bool> {
        Box::pin(ready(false))
    }

    /// `text` of the other side without the secrets of this scheme, should they be echoed in it.
    fn mask(&self, text: String) -> String;
}

/// No credentials.
#[derive(Debug)]
pub(crate) struct Anonymous;

impl Authenticate for Anonymous {
    fn apply<'a>(&'a self, _: &'a mut HeaderMap) -> Waiting<'a, Result<(), Error>> {
        Box::pin(ready(Ok(())))
    }

    fn mask(&self, text: String) -> String {
        text
    }
}
