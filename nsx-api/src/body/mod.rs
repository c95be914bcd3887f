//! Request bodies: bytes, streams, and concatenated bodies.

pub(crate) mod multipart;
pub(crate) mod stream;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use crate::sync::lock;
use crate::{Error, ErrorKind};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;

type ChunkStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The body of a request: bytes, or a stream.
///
/// Bytes can be sent again when a call is retried. A stream can be sent only once: its call is
/// never retried, and of several clones only the first one to be sent gets the stream.
///
/// ```
/// use nsx_api::Body;
///
/// let body = Body::from("plain text");
/// assert_eq!(format!("{body:?}"), "Body(10 bytes)");
/// ```
#[derive(Clone, Default)]
pub struct Body(Content);

#[derive(Clone, Default)]
enum Content {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(Arc<Mutex<Option<ChunkStream>>>),
}

impl Body {
    /// Creates a body from a stream, so that it does not have to fit into memory.
    ///
    /// If the stream returns an error, the call fails with [`ErrorKind::Connection`].
    pub fn from_stream(
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self(Content::Stream(Arc::new(Mutex::new(Some(Box::pin(
            stream,
        ))))))
    }

    /// Concatenates bodies. The result is a stream if one of them is.
    pub(crate) fn chain(bodies: Vec<Self>) -> Self {
        if !bodies.iter().all(Self::is_repeatable) {
            return Self::from_stream(Chain(bodies.into()));
        }
        let mut whole = BytesMut::with_capacity(bodies.iter().map(Self::length).sum());
        for body in &bodies {
            if let Content::Bytes(bytes) = &body.0 {
                whole.extend_from_slice(bytes);
            }
        }
        whole.freeze().into()
    }

    /// The length of the bytes; 0 for a stream.
    fn length(&self) -> usize {
        match &self.0 {
            Content::Bytes(bytes) => bytes.len(),
            Content::Empty | Content::Stream(_) => 0,
        }
    }

    /// Whether it can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self.0, Content::Stream(_))
    }

    /// Returns the body to send. Fails if a clone has taken the stream.
    pub(crate) fn take(&self) -> Result<Option<reqwest::Body>, Error> {
        match &self.0 {
            Content::Empty => Ok(None),
            Content::Bytes(bytes) => Ok(Some(bytes.clone().into())),
            Content::Stream(shared) => {
                let stream = lock(shared).take();
                let stream = stream.ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidRequest,
                        "the body stream was already sent",
                    )
                })?;
                Ok(Some(reqwest::Body::wrap_stream(stream)))
            }
        }
    }
}

/// Streams bodies one after the other.
struct Chain(VecDeque<Body>);

impl Stream for Chain {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while let Some(body) = self.0.front() {
            let piece = match &body.0 {
                Content::Empty => None,
                Content::Bytes(bytes) => {
                    let bytes = bytes.clone();
                    self.0.pop_front();
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Content::Stream(shared) => match &mut *lock(shared) {
                    Some(stream) => ready!(stream.as_mut().poll_next(context)),
                    None => Some(Err(std::io::Error::other(
                        "the stream of the part was already sent",
                    ))),
                },
            };
            if piece.is_some() {
                return Poll::Ready(piece);
            }
            self.0.pop_front();
        }
        Poll::Ready(None)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Empty => f.write_str("Body(empty)"),
            Content::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// A stream of these pieces, from last to first.
    struct Pieces(Vec<&'static str>);

    impl Stream for Pieces {
        type Item = std::io::Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop().map(|piece| Ok(piece.into())))
        }
    }

    #[tokio::test]
    async fn a_chain_of_bodies_is_repeatable_unless_one_of_them_is_a_stream() {
        let stream = || Body::from_stream(Pieces(vec!["d", "c"]));
        for (bodies, is_repeatable, expected) in [
            (vec![], true, ""),
            (vec![Body::from("ab"), Body::from("cd")], true, "abcd"),
            (vec![Body::from("ab"), stream()], false, "abcd"),
            (vec![stream(), Body::from("ef"), stream()], false, "cdefcd"),
        ] {
            let body = Body::chain(bodies);
            assert_eq!(body.is_repeatable(), is_repeatable, "{expected}");
            let sent = body.take().unwrap().unwrap();
            let sent = sent.collect().await.unwrap().to_bytes();
            assert_eq!(sent, expected);
            assert_eq!(body.take().is_ok(), is_repeatable, "{expected}");
        }
    }
}
