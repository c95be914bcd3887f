//! Time limits of attempts and calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::CallOptions;

/// Which limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitKind {
    /// The deadline of the call.
    Deadline,
    /// The attempt timeout.
    Attempt,
    /// Half of the call's remaining time, which leaves the other half for another manager.
    FailoverShare,
}

/// The end of an attempt or of a call.
#[derive(Clone, Copy)]
pub(crate) struct TimeLimit {
    /// `None` if it cannot be represented.
    until: Option<Instant>,
    kind: LimitKind,
    length: Duration,
}

/// Work did not finish within this limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expired {
    pub(super) kind: LimitKind,
    length: Duration,
}

impl TimeLimit {
    /// The deadline of a call that starts now.
    pub(super) fn of_call(options: &CallOptions) -> Self {
        Self::new(LimitKind::Deadline, options.effective_deadline())
    }

    /// The limit of an attempt that starts now: its timeout or this deadline, whichever is earlier.
    pub(super) fn of_attempt(self, options: &CallOptions) -> Self {
        let attempt = Self::new(LimitKind::Attempt, options.effective_attempt_timeout());
        match (self.until, attempt.until) {
            (Some(deadline), until) if until.is_none_or(|until| deadline <= until) => self,
            _ => attempt,
        }
    }

    fn new(kind: LimitKind, length: Duration) -> Self {
        Self {
            until: Instant::now().checked_add(length),
            kind,
            length,
        }
    }

    /// The earlier of this limit and half of the time until `deadline`. A half that is shorter than
    /// `shortest` is not applied.
    pub(super) fn cap_at_half_of_remaining(self, deadline: Self, shortest: Duration) -> Self {
        let half = deadline.left().map(|left| left / 2);
        match half.filter(|half| *half >= shortest) {
            Some(half) => self.at_most(half),
            None => self,
        }
    }

    /// The earlier of this limit and one that ends after `length` from now.
    pub(super) fn at_most(self, length: Duration) -> Self {
        let other = Self::new(LimitKind::FailoverShare, length);
        match (self.until, other.until) {
            (until, Some(sooner)) if until.is_none_or(|until| sooner < until) => other,
            _ => self,
        }
    }

    pub(super) fn is_over(self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// The remaining time; `None` if there is no end.
    pub(super) fn left(self) -> Option<Duration> {
        let until = self.until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Waits for `work` until this limit.
    ///
    /// The caller pins `work`: passing a future by value copies it and makes the future of the call
    /// larger at each step.
    pub(super) async fn timeout<T>(
        self,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Expired> {
        let Some(until) = self.until else {
            return Ok(work.await);
        };
        timeout_at(until, work).await.map_err(|_| Expired {
            kind: self.kind,
            length: self.length,
        })
    }
}

/// Shows the limit as the end of a sentence: `within the deadline of 5s`.
impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self.kind {
            LimitKind::Deadline => "the deadline",
            LimitKind::Attempt => "the attempt timeout",
            LimitKind::FailoverShare => "half of the remaining time,",
        };
        write!(f, "within {limit} of {:?}", self.length)
    }
}
