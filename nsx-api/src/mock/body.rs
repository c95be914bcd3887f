//! A response's body on its way out: in pieces, slowly, cut off, or never ending, as the answer
//! says.

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
use super::server::{End, Switch};

/// Time for what has been written to reach the socket before the connection is cut.
const FLUSH: Duration = Duration::from_millis(20);

pub(super) struct AnswerBody {
    rest: Bytes,
    chunk: usize,
    pause: Duration,
    ending: Ending,
    length: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
    switch: Switch,
}

impl AnswerBody {
    pub(super) fn new(
        body: Bytes,
        delivery: Delivery,
        headers: &HeaderMap,
        switch: Switch,
    ) -> Self {
        let announced = announced_length(headers);
        let ending = match announced {
            // A body that falls short of what was announced ends with the connection.
            Some(length) if delivery.ending == Ending::Complete && length > body.len() => {
                Ending::TruncatedAt(body.len())
            }
            _ => delivery.ending,
        };
        // hyper writes a `Content-Length` of its own when it knows the length, and refuses a second
        // one.
        let known = ending == Ending::Complete && delivery.chunk.is_none() && announced.is_none();
        Self {
            length: known.then_some(body.len() as u64),
            rest: body.slice(..delivery.sent(body.len())),
            chunk: delivery.chunk.unwrap_or(usize::MAX),
            pause: delivery.pause,
            ending,
            timer: None,
            switch,
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
            // Nothing is left to wake for: the task is dropped with its connection.
            Ending::StalledAt(_) => Poll::Pending,
            Ending::TruncatedAt(_) => {
                ready!(self.poll_timer(FLUSH, cx));
                self.switch.end(End::Dropped);
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

impl Body for AnswerBody {
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
