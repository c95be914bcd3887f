//! How long things may take: an attempt, or the whole of a call.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::call::failure::Failure;
use crate::call::retry::Cause;
use crate::{CallOptions, Error, ErrorKind};

/// What an end is the end of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The call.
    Deadline,
    /// An attempt.
    Attempt,
    /// An attempt, for the sake of another.
    Share,
}

/// The end of an attempt or of a call, and which of the two it is.
#[derive(Clone, Copy)]
pub(crate) struct TimeLimit {
    until: Option<Instant>,
    kind: Kind,
    length: Duration,
}

impl TimeLimit {
    /// The end of a call that begins now.
    pub(super) fn of_call(options: &CallOptions) -> Self {
        let length = options.effective_deadline();
        Self {
            until: Instant::now().checked_add(length),
            kind: Kind::Deadline,
            length,
        }
    }

    /// The end of an attempt that begins now, which is no later than that of its call.
    pub(super) fn of_attempt(self, options: &CallOptions) -> Self {
        let length = options.effective_attempt_timeout();
        let attempt = Self {
            until: Instant::now().checked_add(length),
            kind: Kind::Attempt,
            length,
        };
        match (self.until, attempt.until) {
            (Some(deadline), until) if until.is_none_or(|until| deadline <= until) => self,
            _ => attempt,
        }
    }

    /// The same, or an end that is so far from now, whichever is sooner.
    pub(super) fn at_most(mut self, length: Duration) -> Self {
        if let Some(other) = Instant::now().checked_add(length)
            && self.until.is_none_or(|until| other < until)
        {
            (self.until, self.kind, self.length) = (Some(other), Kind::Share, length);
        }
        self
    }

    /// Whether there is nothing left.
    pub(super) fn is_over(self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// What is left until then; `None` if there is no end.
    pub(super) fn left(self) -> Option<Duration> {
        let until = self.until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Waits for `work`, but no longer than this; or says within what it did not end. It is pinned where it was made: what is handed
    /// on by value is copied, and makes the future of a call larger, at each step.
    pub(super) async fn wait<T>(
        self,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, String> {
        let Some(until) = self.until else {
            return Ok(work.await);
        };
        let name = match self.kind {
            Kind::Deadline => "the deadline",
            Kind::Attempt => "the attempt's time-out",
            Kind::Share => "half of the time left,",
        };
        let ended = timeout_at(until, work).await;
        ended.map_err(|_| format!("within {name} of {:?}", self.length))
    }

    /// Waits for what an attempt has sent, but no longer than this.
    pub(crate) async fn hold<T>(
        self,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Failure> {
        self.wait(work).await.map_err(|within| {
            let error = Error::new(ErrorKind::Timeout, format!("no whole answer {within}"));
            let cause = match self.kind {
                Kind::Deadline => Cause::OutOfTime,
                Kind::Attempt => Cause::TimedOut,
                Kind::Share => Cause::CutShort,
            };
            Failure::new(error, cause)
        })
    }
}
