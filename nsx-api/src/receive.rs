//! Reading a response: whole up to a limit, or as far as it comes, or not yet.

use std::future::{Future, ready};

use bytes::{Bytes, BytesMut};

use crate::failure::{self, Failure};
use crate::retry::Outcome;
use crate::text;
use crate::transport::Limit;
use crate::{Error, ErrorKind};

/// The largest body of a success that is held: many times the largest page of a list that a manager answers.
const BODY_LIMIT: usize = 16 << 20;
/// What is read of the body of an error: a manager's, with all its related errors, has to fit.
const ERROR_BODY_LIMIT: usize = 1 << 20;
/// What is kept of it as text.
const KEPT: usize = 4 << 10;

/// What the body of a success is received as.
pub(crate) trait Receive: Sized {
    /// Takes the body, in as much time as `limit` leaves.
    fn receive(
        response: reqwest::Response,
        limit: Limit,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;
}

/// Whole, as long as it is not too large.
impl Receive for Bytes {
    async fn receive(mut response: reqwest::Response, limit: Limit) -> Result<Self, Failure> {
        if response
            .content_length()
            .is_some_and(|length| length > BODY_LIMIT as u64)
        {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(piece) = limit.hold(response.chunk()).await?.map_err(failure::body)? {
            if body.len() + piece.len() > BODY_LIMIT {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

/// Not yet: the caller reads it.
impl Receive for reqwest::Response {
    fn receive(
        response: reqwest::Response,
        _: Limit,
    ) -> impl Future<Output = Result<Self, Failure>> + Send {
        ready(Ok(response))
    }
}

/// The body of an error. What does not arrive costs only itself: the status is there already.
pub(crate) async fn as_far_as_it_comes(mut response: reqwest::Response, limit: Limit) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Ok(Some(piece))) = limit.hold(response.chunk()).await {
        body.extend_from_slice(&piece);
        if body.len() > ERROR_BODY_LIMIT {
            break;
        }
    }
    body
}

/// What is kept of the body of an error, secrets taken out by `mask`: before it is cut, so that none is cut in two.
pub(crate) fn kept(body: &[u8], mask: impl Fn(String) -> String) -> String {
    let text = mask(text::beginning(text::without_bom(body), 2 * KEPT));
    text::beginning(text.as_bytes(), KEPT)
}

fn too_large() -> Failure {
    let message = format!("the body is larger than {} MiB", BODY_LIMIT >> 20);
    Failure::new(Error::new(ErrorKind::BodyTooLarge, message), Outcome::Final)
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
    }
}
