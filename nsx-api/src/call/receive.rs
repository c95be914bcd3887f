//! Reading a response: whole up to a limit, or as far as it comes, or not yet.

use std::future::{Future, ready};
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};

use crate::call::TimeLimit;
use crate::call::failure::{self, Failure};
use crate::call::retry::Cause;
use crate::text;
use crate::{Error, ErrorKind};

/// What is read of the body of an error: a manager's, with all its related errors, has to fit.
const ERROR_BODY_LIMIT: usize = 1 << 20;
/// What is kept of it as text.
const KEPT: usize = 4 << 10;

/// What the body of a success is received as.
pub(crate) trait Receive: Sized {
    /// Takes the body, of the length that was announced if one was, in as much time as `limit` leaves, and no more than `most`
    /// bytes of one that is held.
    fn receive(
        response: reqwest::Response,
        announced: Option<u64>,
        limit: TimeLimit,
        most: usize,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;
}

/// Whole, as long as it is not too large.
impl Receive for Bytes {
    async fn receive(
        mut response: reqwest::Response,
        announced: Option<u64>,
        limit: TimeLimit,
        most: usize,
    ) -> Result<Self, Failure> {
        if announced
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most))
        {
            return Err(too_large(most));
        }
        // Most bodies come in one piece, which is not copied.
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(piece) = limit
            .hold(pin!(response.chunk()))
            .await?
            .map_err(failure::body)?
        {
            let length = first.len() + all.len();
            if length + piece.len() > most {
                return Err(too_large(most));
            }
            if length == 0 {
                first = piece;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&piece);
            }
        }
        let body = if all.is_empty() { first } else { all.freeze() };
        match cut_off(body.len() as u64, announced) {
            Some(failure) => Err(failure),
            None => Ok(body),
        }
    }
}

/// Not yet: the caller reads it.
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

/// The length that the body will have by its header; `None` where that announces no body of this answer.
pub(crate) fn announced(method: &Method, status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    // There it tells of a body that is not sent; chunks have no length beforehand.
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

/// The failure of a body that ended before its announced length.
///
/// HTTP/2 can end a body by a reset without an error, which the HTTP library takes for the end.
pub(crate) fn cut_off(received: u64, announced: Option<u64>) -> Option<Failure> {
    let announced = announced.filter(|announced| received < *announced)?;
    Some(failure::cut_off(received, announced))
}

/// The body of an error. What does not arrive costs only itself: the status is there already.
pub(crate) async fn as_far_as_it_comes(
    mut response: reqwest::Response,
    limit: TimeLimit,
) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Ok(Some(piece))) = limit.hold(pin!(response.chunk())).await {
        body.extend_from_slice(&piece);
        if body.len() > ERROR_BODY_LIMIT {
            break;
        }
    }
    body
}

/// What is kept of the body of an error, secrets taken out of all of it by `mask` before it is cut: none is cut in two.
pub(crate) fn kept(body: &[u8], mask: impl Fn(String) -> String) -> String {
    let text = mask(String::from_utf8_lossy(text::without_bom(body)).into_owned());
    text::beginning(text.as_bytes(), KEPT)
}

fn too_large(most: usize) -> Failure {
    let message = match most % (1 << 20) {
        0 => format!("the body is larger than {} MiB", most >> 20),
        _ => format!("the body is larger than {most} bytes"),
    };
    Failure::new(Error::new(ErrorKind::BodyTooLarge, message), Cause::Callers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_at_the_limit_is_masked_whole() {
        let mask = |text: String| text.replace("SECRET", "•••");
        for before in KEPT - 7..KEPT + 2 {
            let body = format!("{}SECRET{}", "x".repeat(before), "y".repeat(KEPT));
            let kept = kept(body.as_bytes(), mask);
            assert!(kept.len() <= KEPT && !kept.contains('S'), "{before}");
        }
        // What is taken out brings what stood far behind into what is kept.
        let many = "SECRET".repeat(20_000);
        let kept = kept(many.as_bytes(), |text| text.replace("SECRET", ""));
        assert_eq!(kept, "");
    }

    #[test]
    fn a_length_is_announced_where_a_body_follows() {
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
