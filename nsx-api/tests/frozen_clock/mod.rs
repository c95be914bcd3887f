//! A clock that stands still while a test uses sockets, so that time limits are exact and cost no
//! time.
//!
//! Tokio's paused clock alone is not enough. It jumps to the next timer whenever the runtime has
//! nothing else to do, and waiting for a socket counts as that: a slow machine would cause
//! timeouts.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{self, Instant};

/// Tokio's timers are exact to the millisecond.
const TICK: Duration = Duration::from_millis(1);

/// The clock of this test's runtime. Only its methods move it.
pub(crate) struct FrozenClock {
    runtime: Handle,
    /// The blocking task ends when this is dropped.
    _hold: mpsc::Sender<()>,
}

impl FrozenClock {
    /// Stops the clock until this is dropped. Then it goes on as usual, from the time that it
    /// shows.
    pub(crate) fn start() -> Self {
        time::pause();
        let (hold, end) = mpsc::channel::<()>();
        // While a blocking task runs, the paused clock does not move by itself.
        spawn_blocking(move || end.recv());
        Self {
            runtime: Handle::current(),
            _hold: hold,
        }
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
    #[track_caller]
    pub(crate) fn expires<T>(
        &self,
        limit: Duration,
        begun: impl Future<Output = ()>,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = T> {
        let caller = Location::caller();
        async move {
            let mut work = pin!(work);
            let until_the_limit = async {
                tokio::select! {
                    biased;
                    () = begun => {}
                    () = many_rounds() => panic!("{caller}: the work did not begin"),
                }
                self.pass(limit - TICK).await;
            };
            tokio::select! {
                biased;
                _ = &mut work => panic!("{caller}: the time limit is shorter than {limit:?}"),
                () = until_the_limit => {}
            }
            self.advance(2 * TICK).await;
            tokio::select! {
                biased;
                result = work => result,
                () = many_rounds() => panic!("{caller}: the time limit is longer than {limit:?}"),
            }
        }
    }

    /// The result of `work`, which must end while the clock stands still.
    #[track_caller]
    pub(crate) fn without_waiting<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = T> {
        let caller = Location::caller();
        async move {
            tokio::select! {
                biased;
                result = work => result,
                () = many_rounds() => panic!("{caller}: the work waits"),
            }
        }
    }

    /// The result of `work`, and how far the clock had to move until then, in steps of `step`.
    #[track_caller]
    pub(crate) fn measure<T>(
        &self,
        step: Duration,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = (T, Duration)> {
        let caller = Location::caller();
        async move {
            let (mut work, start) = (pin!(work), Instant::now());
            for _ in 0..ROUNDS {
                tokio::select! {
                    biased;
                    result = &mut work => return (result, start.elapsed()),
                    () = let_io_happen() => self.advance(step).await,
                }
            }
            panic!(
                "{caller}: the work did not end within {:?}",
                start.elapsed()
            );
        }
    }
}

impl Drop for FrozenClock {
    fn drop(&mut self) {
        // A paused clock that nothing holds would jump to the next timer.
        let _runtime = self.runtime.enter();
        time::resume();
    }
}

/// Waits until this is true.
#[track_caller]
pub(crate) fn until(is_true: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        for _ in 0..ROUNDS {
            if is_true() {
                return;
            }
            let_io_happen().await;
        }
        panic!("{caller}: what the test waits for did not happen");
    }
}

/// Takes longer than the other tasks need if the clock stands still, even on a busy machine.
async fn many_rounds() {
    for _ in 0..ROUNDS {
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

/// How often a test lets I/O happen before it fails instead of waiting forever. That takes more
/// than a minute. The clock moves for twenty minutes in steps of 20 ms.
const ROUNDS: usize = 60_000;
