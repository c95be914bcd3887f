//! The body of a response: in one piece, in chunks, with pauses, truncated or stalled.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::answer::{Delivery, Ending};
use super::close::{CloseMode, ConnectionCloser};

/// The time for written data to reach the socket before the connection is closed.
const FLUSH_DELAY: Duration = Duration::from_millis(20);

pub(super) struct ResponseBody {
    rest: Bytes,
    chunk: usize,
    pause: Duration,
    ending: Ending,
    length: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
    closer: ConnectionCloser,
}

impl ResponseBody {
    pub(super) fn empty(closer: ConnectionCloser) -> Self {
        Self::new(Bytes::new(), Delivery::default(), &HeaderMap::new(), closer)
    }

    pub(super) fn new(
        body: Bytes,
        delivery: Delivery,
        headers: &HeaderMap,
        closer: ConnectionCloser,
    ) -> Self {
        let announced = announced_length(headers);
        let ending = match announced {
            // If the body is shorter than announced, only closing the connection can end it.
            Some(length) if delivery.ending == Ending::Complete && length > body.len() => {
                Ending::TruncatedAt(body.len())
            }
            _ => delivery.ending,
        };
        // If hyper knows the length, it adds a `Content-Length`, and refuses a second one.
        let is_known =
            ending == Ending::Complete && delivery.chunk.is_none() && announced.is_none();
        Self {
            length: is_known.then_some(body.len() as u64),
            rest: body.slice(..delivery.sent_length(body.len())),
            chunk: delivery.chunk.unwrap_or(usize::MAX),
            pause: delivery.pause,
            ending,
            timer: None,
            closer,
        }
    }

    fn poll_timer(&mut self, duration: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(duration)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(())
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.ending {
            Ending::Complete => Poll::Ready(()),
            // No waker is needed: the task is dropped together with the connection.
            Ending::StalledAt(_) => Poll::Pending,
            Ending::TruncatedAt(_) => {
                ready!(self.poll_timer(FLUSH_DELAY, cx));
                self.closer.close(CloseMode::Drop);
                self.ending = Ending::StalledAt(0);
                Poll::Pending
            }
        }
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return self.poll_end(cx).map(|()| None);
        }
        if !self.pause.is_zero() {
            let pause = self.pause;
            ready!(self.poll_timer(pause, cx));
        }
        let size = self.chunk.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.ending == Ending::Complete
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}
