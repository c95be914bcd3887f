//! An in-memory network for the model tests. Time is paused while there is work, so each
//! interleaving can be reproduced from its script.
//!
//! All code of the client is real; only the HTTP library, which needs sockets, is replaced. The
//! client holds no `std` lock across an `await`, so only the interleavings of tasks at their
//! `await`s matter, and the scripts cover those. `loom` checks the interleavings of threads, which
//! is not needed here.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::failure::Failure;
use super::retry::Cause;
use crate::{Error, ErrorKind};

type Responding = Pin<Box<dyn Future<Output = Result<reqwest::Response, Failure>> + Send>>;
type Network = Arc<dyn Fn(reqwest::Request) -> Responding + Send + Sync>;

thread_local! {
    static NETWORK: RefCell<Option<Network>> = const { RefCell::new(None) };
}

/// The function that responds to the requests of this thread instead of the HTTP library.
pub(super) fn network() -> Option<Network> {
    NETWORK.with_borrow(Clone::clone)
}

/// Runs a test on a runtime without sockets. `answer` responds to all requests.
pub(crate) fn run<F>(
    answer: impl Fn(reqwest::Request) -> F + Send + Sync + 'static,
    test: impl Future<Output = ()>,
) where
    F: Future<Output = Result<reqwest::Response, Failure>> + Send + 'static,
{
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            NETWORK.set(None);
        }
    }
    let _reset = Reset;
    NETWORK.set(Some(Arc::new(move |request| Box::pin(answer(request)))));
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: &'static str,
) -> reqwest::Response {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body).unwrap().into()
}

/// An attempt without a response.
pub(crate) fn no_response(kind: ErrorKind, cause: Cause) -> Failure {
    Failure::new(Error::new(kind, "no answer"), cause)
}

/// How a call is polled among others, and when it is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropMode {
    /// One bit for each poll: if it is set, all other tasks are polled first.
    late: u16,
    dropped: Option<Dropped>,
}

#[derive(Clone, Copy, Debug)]
enum Dropped {
    /// Right after this number of polls.
    Polled(u8),
    After(Duration),
}

impl DropMode {
    pub(crate) const PLAIN: Self = Self {
        late: 0,
        dropped: None,
    };

    /// Half of the calls run to their end.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let dropped = prop_oneof![
            2 => Just(None),
            1 => (1..12u8).prop_map(|polls| Some(Dropped::Polled(polls))),
            1 => time().prop_map(|time| Some(Dropped::After(time))),
        ];
        (any::<u16>(), dropped).prop_map(|(late, dropped)| Self { late, dropped })
    }

    pub(crate) fn to_its_end(self) -> Self {
        let dropped = None;
        Self { dropped, ..self }
    }

    /// The result of the call; `None` if it was dropped.
    pub(crate) async fn run<T>(self, call: impl Future<Output = T>) -> Option<T> {
        let (mut late, mut polls) = (self.late, 0);
        let mut call = pin!(call);
        let call = poll_fn(|context| {
            let is_late = late & 1 == 1;
            late >>= 1;
            if is_late {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            polls += 1;
            match call.as_mut().poll(context) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending => match self.dropped {
                    Some(Dropped::Polled(most)) if polls >= most => Poll::Ready(None),
                    _ => Poll::Pending,
                },
            }
        });
        match self.dropped {
            Some(Dropped::After(time)) => timeout(time, call).await.ok().flatten(),
            _ => call.await,
        }
    }
}

/// A delay, out of a few values, so that many events happen at the same moment.
pub(crate) fn time() -> impl Strategy<Value = Duration> {
    select(vec![0, 0, 1, 10, 10, 100, 1000, 2000]).prop_map(Duration::from_millis)
}
