//! A clock that stands still while a test uses sockets, so that time limits are exact and cost no
//! time.
//!
//! Tokio's paused clock alone is not enough. It jumps to the next timer whenever the runtime has
//! nothing else to do, and waiting for a socket counts as that: a slow machine would cause
//! timeouts.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{self, Instant};

/// Tokio's timers are exact to the millisecond.
const TICK: Duration = Duration::from_millis(1);

/// The clock of this test's runtime. Only its methods move it.
pub(crate) struct FrozenClock {
    /// The blocking task ends when this is dropped.
    _hold: mpsc::Sender<()>,
}

impl FrozenClock {
    /// Stops the clock until the end of the test.
    pub(crate) fn start() -> Self {
        time::pause();
        let (hold, end) = mpsc::channel::<()>();
        // While a blocking task runs, the paused clock does not move by itself.
        spawn_blocking(move || end.recv());
        Self { _hold: hold }
    }

    pub(crate) async fn advance(&self, duration: Duration) {
        time::advance(duration).await;
    }

    /// Advances the clock, and lets the other tasks and the sockets make progress before and after
    /// that.
    pub(crate) async fn pass(&self, duration: Duration) {
        let_io_happen().await;
        self.advance(duration).await;
        let_io_happen().await;
    }

    /// The result of `work`, whose time limit must end `limit` from now, not earlier and not later.
    /// The clock moves once `begun` ends, which shows that the work has come as far as it can.
    pub(crate) async fn expires<T>(
        &self,
        limit: Duration,
        begun: impl Future<Output = ()>,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        let until_the_limit = async {
            begun.await;
            self.pass(limit - TICK).await;
        };
        tokio::select! {
            biased;
            _ = &mut work => panic!("the time limit is shorter than {limit:?}"),
            () = until_the_limit => {}
        }
        self.advance(2 * TICK).await;
        work.await
    }

    /// The result of `work`, and how far the clock had to move until then, in steps of `step`.
    pub(crate) async fn measure<T>(
        &self,
        step: Duration,
        work: impl Future<Output = T>,
    ) -> (T, Duration) {
        let (mut work, start) = (pin!(work), Instant::now());
        loop {
            tokio::select! {
                biased;
                result = &mut work => return (result, start.elapsed()),
                () = let_io_happen() => self.advance(step).await,
            }
        }
    }
}

/// Waits until this is true.
pub(crate) async fn until(is_true: impl Fn() -> bool) {
    while !is_true() {
        let_io_happen().await;
    }
}

/// Lets the other tasks and the sockets make progress. The clock may stand still meanwhile.
///
/// Each yield lets every task run once and handles the sockets. The blocking task gives time to the
/// other threads, which read files and resolve names.
async fn let_io_happen() {
    for _ in 0..YIELDS {
        yield_now().await;
    }
    spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)))
        .await
        .unwrap();
}

/// More than a message takes from one end to the other, through a proxy and TLS.
const YIELDS: usize = 32;
