//! Receives the body of a 2xx response: completely, up to a limit, or as a stream for the caller.

use std::future::{Future, ready};
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};

use super::failure::{self, Failure};
use super::retry::Cause;
use super::time_limit::TimeLimit;
use crate::{Error, ErrorKind};

/// How the body of a 2xx response is received.
pub(crate) trait Receive: Sized {
    /// Reads the body within `limit`. `announced` is its length according to the headers, if known.
    /// A body in memory has at most `max_length` bytes.
    fn receive(
        response: reqwest::Response,
        announced: Option<u64>,
        limit: TimeLimit,
        max_length: usize,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;
}

/// The whole body in memory.
impl Receive for Bytes {
    async fn receive(
        mut response: reqwest::Response,
        announced: Option<u64>,
        limit: TimeLimit,
        max_length: usize,
    ) -> Result<Self, Failure> {
        if announced.is_some_and(|length| {
            usize::try_from(length).map_or(true, |length| length > max_length)
        }) {
            return Err(too_large(max_length));
        }
        // Most bodies arrive in one chunk, which is not copied.
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(chunk) = limit
            .timeout(pin!(response.chunk()))
            .await?
            .map_err(failure::body)?
        {
            let length = first.len() + all.len();
            if length + chunk.len() > max_length {
                return Err(too_large(max_length));
            }
            if length == 0 {
                first = chunk;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&chunk);
            }
        }
        let body = if all.is_empty() { first } else { all.freeze() };
        match cut_off(body.len() as u64, announced) {
            Some(failure) => Err(failure),
            None => Ok(body),
        }
    }
}

/// Nothing is read yet: the caller streams the body.
impl Receive for reqwest::Response {
    fn receive(
        response: reqwest::Response,
        _: Option<u64>,
        _: TimeLimit,
        _: usize,
    ) -> impl Future<Output = Result<Self, Failure>> + Send {
        ready(Ok(response))
    }
}

/// The length of the body according to `Content-Length`; `None` if the header is missing or does
/// not apply.
pub(crate) fn announced(method: &Method, status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    // A response to HEAD and a 204 have no body. The length of a chunked body is unknown.
    if *method == Method::HEAD
        || status == StatusCode::NO_CONTENT
        || headers.contains_key(header::TRANSFER_ENCODING)
    {
        return None;
    }
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The failure if a body ended before its announced length; `None` if it is complete.
///
/// In HTTP/2, a reset without an error can end a body, and the HTTP library reports it as a regular
/// end.
pub(crate) fn cut_off(received: u64, announced: Option<u64>) -> Option<Failure> {
    let announced = announced.filter(|announced| received < *announced)?;
    Some(failure::cut_off(received, announced))
}

fn too_large(max_length: usize) -> Failure {
    let message = match max_length % (1 << 20) {
        0 => format!("the body is larger than {} MiB", max_length >> 20),
        _ => format!("the body is larger than {max_length} bytes"),
    };
    Failure::new(
        Error::new(ErrorKind::BodyTooLarge, message),
        Cause::CallerError,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_length_counts_only_where_a_body_follows() {
        for (method, status, headers, expected) in [
            (Method::GET, 200, &[("content-length", "7")][..], Some(7)),
            (Method::HEAD, 200, &[("content-length", "7")], None),
            (Method::GET, 204, &[("content-length", "7")], None),
            (
                Method::GET,
                200,
                &[("content-length", "7"), ("transfer-encoding", "chunked")],
                None,
            ),
            (Method::GET, 200, &[("content-length", "many")], None),
            (Method::GET, 200, &[], None),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<Vec<(header::HeaderName, header::HeaderValue)>>()
                .into_iter()
                .collect();
            let status = StatusCode::from_u16(status).unwrap();
            let found = announced(&method, status, &headers);
            assert_eq!(found, expected, "{method} {status} {headers:?}");
        }
    }
}
