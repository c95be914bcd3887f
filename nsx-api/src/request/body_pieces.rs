//! The pieces of a response body, with the HTTP library's errors converted to ours.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::Error;
use crate::call::{failure, receive};

/// The pieces of a response body, as they arrive.
pub(super) struct BodyPieces {
    pieces: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    /// The length that the headers announced.
    expected: Option<u64>,
    received: u64,
}

impl BodyPieces {
    pub(super) fn new(response: reqwest::Response, expected: Option<u64>) -> Self {
        Self {
            pieces: Box::pin(response.bytes_stream()),
            expected,
            received: 0,
        }
    }
}

impl Stream for BodyPieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.pieces.as_mut().poll_next(context)) {
            Some(Ok(piece)) => {
                self.received += piece.len() as u64;
                Some(Ok(piece))
            }
            Some(Err(error)) => Some(Err(failure::body(error).error)),
            None => {
                receive::cut_off(self.received, self.expected).map(|failure| Err(failure.error))
            }
        })
    }
}
