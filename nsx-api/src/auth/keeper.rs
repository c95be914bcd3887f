//! Credentials kept for all calls: fetched once for all that wait, renewed early, and given up when a manager refuses them.
//!
//! A scheme is asked in a task of its own, so that a call that is dropped or runs out of time takes nothing from the
//! others. The lock is held for moments only, never across an `await`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, debug, warn};

use super::forbidden::Forbidden;
use super::{BoxError, Credentials, Login, Scheme};
use crate::mask::Mask;
use crate::text::one_line;
use crate::{Error, ErrorKind};

/// How long after a renewal ahead of time has failed the next one is tried.
const PAUSE: Duration = Duration::from_secs(10);

/// By itself a manager forgets sessions soon enough: more are not worth the calls.
const MOST_UNNEEDED: usize = 8;

/// The credentials of one manager, or of all of them.
pub(crate) struct Keeper {
    scheme: Arc<dyn Scheme>,
    login: Login,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Kept>>,
    /// Those that the current ones have replaced.
    previous: Option<Arc<Kept>>,
    /// Replaced ones that the manager still knows: to be given back.
    unneeded: Vec<Arc<Kept>>,
    /// A manager refused them: calls wait for what comes of the renewal.
    suspect: bool,
    renewal: Option<Renewal>,
    /// When the next renewal ahead of time may begin.
    next_early: Option<Instant>,
    forbidden: Forbidden,
}

/// What comes of asking the scheme, for each call that waits.
type Renewal = watch::Receiver<Option<Result<Arc<Kept>, Arc<Error>>>>;

/// Credentials, and what is known of their life.
pub(crate) struct Kept {
    pub(crate) credentials: Credentials,
    pub(crate) mask: Mask,
    last_used: Mutex<Instant>,
}

/// Whether credentials can be used.
#[derive(Debug, PartialEq, Eq)]
enum Life {
    Holds,
    /// It is time to look for others.
    Ends,
    Over,
}

impl Kept {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            mask: Mask::of(credentials.secrets()),
            credentials,
            last_used: Mutex::new(Instant::now()),
        }
    }

    fn life(&self, now: Instant) -> Life {
        let idle = now.saturating_duration_since(*lock(&self.last_used));
        let idled_out = self
            .credentials
            .patience()
            .is_some_and(|patience| idle >= patience);
        match self.credentials.expiry() {
            _ if idled_out => Life::Over,
            Some((expires, _)) if now >= expires => Life::Over,
            Some((_, early)) if now >= early => Life::Ends,
            _ => Life::Holds,
        }
    }
}

impl Keeper {
    pub(crate) fn new(scheme: Arc<dyn Scheme>, login: Login) -> Self {
        Self {
            scheme,
            login,
            state: Mutex::default(),
        }
    }

    /// Credentials for a call that is about to be sent.
    pub(crate) async fn credentials(self: &Arc<Self>) -> Result<Arc<Kept>, Error> {
        let renewal = match self.look(Instant::now()) {
            Ok(kept) => return Ok(kept),
            Err(renewal) => renewal,
        };
        outcome(renewal).await
    }

    /// The credentials, or the renewal to wait for.
    fn look(self: &Arc<Self>, now: Instant) -> Result<Arc<Kept>, Renewal> {
        let mut state = lock(&self.state);
        let current = state.current.clone().filter(|_| !state.suspect);
        let Some(kept) = current else {
            return Err(self.renewal(&mut state));
        };
        match kept.life(now) {
            Life::Over => return Err(self.renewal(&mut state)),
            Life::Ends if state.next_early.is_none_or(|next| now >= next) => {
                self.renewal(&mut state);
            }
            Life::Ends | Life::Holds => {}
        }
        *lock(&kept.last_used) = now;
        Ok(kept)
    }

    /// Whether there are others than those that a manager has `refused` for an operation, so that it is worth another attempt.
    pub(crate) async fn renew(
        self: &Arc<Self>,
        refused: &Arc<Kept>,
        operation: &str,
    ) -> Result<bool, Error> {
        let renewal = {
            let mut state = lock(&self.state);
            match &state.current {
                Some(current) if !Arc::ptr_eq(current, refused) => return Ok(true),
                Some(_) if state.forbidden.covers(operation, Instant::now()) => return Ok(false),
                Some(_) => state.suspect = true,
                None => {}
            }
            self.renewal(&mut state)
        };
        let kept = outcome(renewal).await?;
        let is_new = !kept.credentials.are_those_of(&refused.credentials);
        if !is_new {
            lock(&self.state).forbidden.add(operation, Instant::now());
        }
        Ok(is_new)
    }

    /// Remembers an operation that is refused with new credentials too. So the old ones were good.
    pub(crate) fn were_no_use(&self, operation: &str) {
        let mut state = lock(&self.state);
        state.forbidden.add(operation, Instant::now());
        if let Some(previous) = state.previous.take()
            && state.unneeded.len() < MOST_UNNEEDED
        {
            state.unneeded.push(previous);
        }
    }

    /// Gives the credentials back. The next call fetches others.
    pub(crate) async fn close(&self) {
        let renewal = lock(&self.state).renewal.clone();
        if let Some(renewal) = renewal {
            let _ = outcome(renewal).await;
        }
        for kept in self.take_all() {
            if let Err(error) = self.scheme.end(&self.login, &kept.credentials).await {
                let error = self.login.mask(kept.mask.apply(error.to_string()));
                let error = one_line(&error, 300);
                warn!(manager = self.login.manager(), %error, "the credentials were not given back");
            }
        }
    }

    fn take_all(&self) -> Vec<Arc<Kept>> {
        let mut state = lock(&self.state);
        let mut all = std::mem::take(&mut state.unneeded);
        all.extend(state.current.take());
        all
    }

    /// The renewal that is under way, or one that begins now.
    fn renewal(self: &Arc<Self>, state: &mut MutexGuard<'_, State>) -> Renewal {
        // One whose task ended without a word has closed its channel: it panicked, or its runtime is gone.
        match &state.renewal {
            Some(renewal) if renewal.has_changed().is_ok() => renewal.clone(),
            _ => {
                let renewal = Arc::clone(self).begin();
                state.renewal = Some(renewal.clone());
                renewal
            }
        }
    }

    fn begin(self: Arc<Self>) -> Renewal {
        let (sender, renewal) = watch::channel(None);
        let task = async move {
            let fetched = self.fetch().await;
            let outcome = self.settle(fetched.map(|fetched| Arc::new(Kept::new(fetched))));
            sender.send_replace(Some(outcome));
        };
        tokio::spawn(task.in_current_span());
        renewal
    }

    async fn fetch(&self) -> Result<Credentials, Error> {
        let deadline = self.login.deadline();
        match timeout(deadline, self.scheme.begin(&self.login)).await {
            Ok(Ok(credentials)) => credentials
                .checked()
                .map_err(|fault| Error::new(ErrorKind::Authentication, fault)),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => {
                let message = format!("no credentials within the deadline of {deadline:?}");
                Err(Error::new(ErrorKind::Authentication, message))
            }
        }
    }

    /// The error of a scheme as one of ours.
    fn failed(&self, error: BoxError) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => {
                let message = self.login.mask(error.to_string());
                Error::new(ErrorKind::Authentication, message).with_source(error)
            }
        }
    }

    /// Keeps what was fetched, or what there was before if nothing was.
    fn settle(&self, fetched: Result<Arc<Kept>, Error>) -> Result<Arc<Kept>, Arc<Error>> {
        let mut state = lock(&self.state);
        state.renewal = None;
        state.suspect = false;
        let manager = self.login.manager();
        match fetched {
            Ok(kept) => {
                debug!(manager, scheme = self.scheme.name(), "new credentials");
                state.next_early = None;
                state.previous = state.current.replace(kept.clone());
                Ok(kept)
            }
            Err(error) => {
                let now = Instant::now();
                let holds = |kept: &Arc<Kept>| kept.life(now) != Life::Over;
                match state.current.as_ref().is_some_and(holds) {
                    true => {
                        warn!(manager, scheme = self.scheme.name(), %error, "no new credentials, the old ones are kept")
                    }
                    false => debug!(manager, scheme = self.scheme.name(), %error, "no credentials"),
                }
                state.next_early = now.checked_add(PAUSE);
                Err(Arc::new(error))
            }
        }
    }
}

/// Shows the name of the scheme.
impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.name())
    }
}

/// Waits for what comes of a renewal.
async fn outcome(mut renewal: Renewal) -> Result<Arc<Kept>, Error> {
    let outcome = match renewal.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone(),
        Err(_) => None,
    };
    match outcome {
        Some(Ok(kept)) => Ok(kept),
        Some(Err(error)) => Err(Error::of_login(error)),
        None => {
            let message =
                "the scheme of authentication broke off: it panicked, or its runtime ended";
            Err(Error::new(ErrorKind::Authentication, message))
        }
    }
}

/// What a panic left behind is whole: no change under a lock is made in more than one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
