//! Bodies that are more than a decoded value: what a caller sends as it is, and a response read piece by piece.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::time::Sleep;

use crate::call::{failure, receive};
use crate::response::Facts;
use crate::sync::lock;
use crate::{Error, ErrorKind};

type Outgoing = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;
type Incoming = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The body of a request.
///
/// Bytes can be sent again when a call is retried. A stream is sent once: a call with one is never retried, and of
/// its clones the first to be sent has the stream.
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
    Stream(Arc<Mutex<Option<Outgoing>>>),
}

impl Body {
    /// A body that is sent as it comes from `stream`, so it need not fit into memory.
    ///
    /// An error of the stream ends the call, with [`ErrorKind::Connection`].
    pub fn from_stream(
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self(Content::Stream(Arc::new(Mutex::new(Some(Box::pin(
            stream,
        ))))))
    }

    /// One after the other, as one body. It is a stream if one of them is.
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

    /// How long it is, as far as that is known.
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

    /// What is sent, if anything is; an error if a clone has taken the stream.
    pub(crate) fn take(&self) -> Result<Option<reqwest::Body>, Error> {
        match &self.0 {
            Content::Empty => Ok(None),
            Content::Bytes(bytes) => Ok(Some(bytes.clone().into())),
            Content::Stream(shared) => {
                let stream = lock(shared).take();
                let stream = stream.ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidRequest,
                        "the stream of the body was sent already",
                    )
                })?;
                Ok(Some(reqwest::Body::wrap_stream(stream)))
            }
        }
    }
}

/// Bodies one after the other.
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
                        "the stream of the part was sent already",
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

/// The body of a response, piece by piece as it arrives.
///
/// The time-outs of the call hold up to its headers; from then on no piece may take longer than an attempt. It is read
/// on a Tokio runtime with time, as calls are made; outside of one it ends in an error.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.on("GET /api/v1/node/support", |_| Answer::status(200).body("content").chunked(3));
/// # let client = manager.client()?;
/// use nsx_api::http::Method;
///
/// let response = client.request(Method::GET, "/api/v1/node/support").stream().await?;
/// let mut body = response.into_inner();
/// # let mut bytes = 0;
/// while let Some(piece) = body.next().await {
///     let piece = piece?;
///     println!("{} bytes", piece.len());
/// #     bytes += piece.len();
/// }
/// # assert_eq!(bytes, 7);
/// # Ok(())
/// # }
/// ```
pub struct ByteStream {
    pieces: Incoming,
    facts: Box<Facts>,
    patience: Duration,
    /// How long the body will be, if that was said.
    announced: Option<u64>,
    received: u64,
    /// Runs while the caller waits, and not while it deals with a piece.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl ByteStream {
    pub(crate) fn new(
        pieces: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
        facts: Facts,
        announced: Option<u64>,
        patience: Duration,
    ) -> Self {
        Self {
            pieces: Box::pin(pieces),
            facts: Box::new(facts),
            patience,
            announced,
            received: 0,
            timer: None,
            ended: false,
        }
    }

    /// The next piece, of as many bytes as came together; `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] when no piece comes in the time of an [attempt](crate::CallOptions::attempt_timeout),
    /// [`ErrorKind::Connection`] when the body breaks off, [`ErrorKind::InvalidRequest`] outside of a Tokio runtime. What came before has
    /// been given out, and the call is not made again.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn failed(&mut self, error: Error) -> Poll<Option<Result<Bytes, Error>>> {
        self.ended = true;
        let error = error
            .with_answer(self.facts.answer())
            .in_call(self.facts.call.clone());
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.pieces.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(piece))) => {
                self.timer = None;
                self.received += piece.len() as u64;
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Err(error))) => self.failed(failure::body(error).error),
            Poll::Ready(None) => {
                self.ended = true;
                match receive::cut_off(self.received, self.announced) {
                    Some(failure) => self.failed(failure.error),
                    None => Poll::Ready(None),
                }
            }
            Poll::Pending => {
                // Without a runtime there is no timer, and Tokio would panic.
                if self.timer.is_none() && Handle::try_current().is_err() {
                    let reason = "the body is read outside of a Tokio runtime";
                    return self.failed(Error::new(ErrorKind::InvalidRequest, reason));
                }
                let patience = self.patience;
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                ready!(timer.as_mut().poll(context));
                self.failed(Error::new(ErrorKind::Timeout, "the body stalled"))
            }
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").finish_non_exhaustive()
    }
}
