//! A response body that the caller reads piece by piece.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::time::Sleep;

use crate::response::metadata::ResponseMeta;
use crate::{Error, ErrorKind};

type Incoming = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// The body of a response, in pieces as they arrive.
///
/// The timeouts of the call apply until the headers have arrived. From then on, each piece may take
/// as long as an [attempt](crate::CallOptions::attempt_timeout). It must be read on a Tokio runtime
/// with time.
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
    meta: Box<ResponseMeta>,
    stall_timeout: Duration,
    /// Runs only while the caller waits for a piece.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl ByteStream {
    pub(crate) fn new(
        pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
        meta: ResponseMeta,
        stall_timeout: Duration,
    ) -> Self {
        Self {
            pieces: Box::pin(pieces),
            meta: Box::new(meta),
            stall_timeout,
            timer: None,
            ended: false,
        }
    }

    /// Returns the next piece, or `None` at the end and after an error. A piece is as large as it
    /// arrived.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] if no piece arrives within the [attempt
    /// timeout](crate::CallOptions::attempt_timeout), [`ErrorKind::Connection`] if the body is cut
    /// off, [`ErrorKind::InvalidRequest`] outside of a Tokio runtime. The pieces before have
    /// already been returned, and the call is not retried.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn failed(&mut self, error: Error) -> Poll<Option<Result<Bytes, Error>>> {
        self.ended = true;
        let error = error
            .with_response(self.meta.error_response())
            .in_call(self.meta.call.clone());
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
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Err(error))) => self.failed(error),
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                // Outside of a runtime, Tokio's timer panics.
                if self.timer.is_none() && Handle::try_current().is_err() {
                    let reason = "the body is read outside of a Tokio runtime";
                    return self.failed(Error::new(ErrorKind::InvalidRequest, reason));
                }
                let stall_timeout = self.stall_timeout;
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(stall_timeout)));
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
