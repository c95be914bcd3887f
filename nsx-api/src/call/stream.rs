//! The body of a response as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::time::Sleep;

use super::{failure, receive};
use crate::response::Facts;
use crate::{Error, ErrorKind};

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The body of a response as a stream of chunks.
///
/// The time limits of the call apply until its headers have arrived. After that no chunk may take longer than the time-out of an
/// attempt. Read the stream on a Tokio runtime with a timer, as for calls. Outside of a runtime it ends with an error.
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
/// while let Some(chunk) = body.next().await {
///     let chunk = chunk?;
///     println!("{} bytes", chunk.len());
/// #     bytes += chunk.len();
/// }
/// # assert_eq!(bytes, 7);
/// # Ok(())
/// # }
/// ```
pub struct ByteStream {
    chunks: Chunks,
    facts: Box<Facts>,
    chunk_timeout: Duration,
    /// The length of the body, if the headers say so.
    announced: Option<u64>,
    received: u64,
    /// Runs while the caller waits for a chunk, and not while it processes one.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl ByteStream {
    pub(crate) fn new(
        chunks: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
        facts: Facts,
        announced: Option<u64>,
        chunk_timeout: Duration,
    ) -> Self {
        Self {
            chunks: Box::pin(chunks),
            facts: Box::new(facts),
            chunk_timeout,
            announced,
            received: 0,
            timer: None,
            ended: false,
        }
    }

    /// The next chunk, of any size; `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] if no chunk arrives within the time-out of an [attempt](crate::CallOptions::attempt_timeout),
    /// [`ErrorKind::Connection`] if the connection is lost, [`ErrorKind::InvalidRequest`] outside of a Tokio runtime. The call is not
    /// retried, because the chunks before the error have been returned already.
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
        match self.chunks.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.timer = None;
                self.received += chunk.len() as u64;
                Poll::Ready(Some(Ok(chunk)))
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
                // Tokio panics if a timer is created outside of a runtime.
                if self.timer.is_none() && Handle::try_current().is_err() {
                    let reason = "the body is read outside of a Tokio runtime";
                    return self.failed(Error::new(ErrorKind::InvalidRequest, reason));
                }
                let chunk_timeout = self.chunk_timeout;
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(chunk_timeout)));
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
