//! Credentials kept for all calls: fetched once for all that wait, renewed early, and given up when a manager refuses them.
//!
//! A scheme is asked in a task of its own, so that a call that is dropped or runs out of time takes nothing from the
//! others. The lock is held for moments only, never across an `await`.

use std::error::Error as StdError;
use std::fmt;
use std::iter;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, debug, warn};

use super::Credentials;
use super::refusal_backoff::{Forbidden, Refused};
use super::source::{CredentialSource, SourceError};
use crate::error::text::one_line;
use crate::secret::mask::{Mask, mask};
use crate::sync::lock;
use crate::{Error, ErrorKind};

/// How long after a failed renewal the next one is begun, where calls can go on or have been refused anyway.
const PAUSE: Duration = Duration::from_secs(10);
/// The same after a login that got no answer, or that a manager could not deal with.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
/// How long a call waits for others than credentials that an operation was refused with, and that may be good.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a renewal shows that it goes on.
const BEAT: Duration = Duration::from_secs(1);
/// Who closes a client does not wait longer for managers to forget what they forget by themselves in time.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);
/// In ten seconds.
const MOST_REFUSALS: usize = 8;
/// More credentials than that are not worth the calls that give them back.
const MOST_UNNEEDED: usize = 8;

/// The credentials of one manager, or of all of them.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<CachedCredentials>>,
    /// Those that the current ones have replaced.
    previous: Option<Arc<CachedCredentials>>,
    /// Replaced ones that the manager still knows: to be given back.
    unneeded: Vec<Arc<CachedCredentials>>,
    /// A manager refused the current ones: calls wait for what comes of the renewal.
    suspect: bool,
    renewal: Option<Renewal>,
    /// The last renewal, if it failed while there were credentials.
    failure: Option<Failed>,
    forbidden: Forbidden,
    /// When refusals began the last renewals.
    refusals: Vec<Instant>,
    renewals: u64,
}

/// A question to the scheme that is under way.
#[derive(Clone)]
struct Renewal {
    /// When its task last showed that it goes on.
    beat: Arc<Mutex<Instant>>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// What came of it, for each call that waits.
type Outcome = Result<Arc<CachedCredentials>, Arc<Error>>;

struct Failed {
    when: Instant,
    error: Arc<Error>,
}

/// Credentials, and what is known of their life.
pub(crate) struct CachedCredentials {
    pub(crate) credentials: Credentials,
    pub(crate) mask: Mask,
    fetched: Instant,
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

impl CachedCredentials {
    pub(crate) fn new(credentials: Credentials) -> Self {
        let now = Instant::now();
        Self {
            mask: Mask::of(credentials.secrets()),
            credentials,
            fetched: now,
            last_used: Mutex::new(now),
        }
    }

    fn touch(&self, now: Instant) {
        *lock(&self.last_used) = now;
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

impl CredentialCache {
    pub(crate) fn new(source: impl CredentialSource + 'static) -> Self {
        Self {
            source: Box::new(source),
            state: Mutex::default(),
        }
    }

    /// Credentials for a call that is about to be sent.
    pub(crate) async fn credentials(self: &Arc<Self>) -> Result<Arc<CachedCredentials>, Error> {
        let renewal = match self.look(Instant::now()) {
            Ok(kept) => return Ok(kept),
            Err(renewal) => renewal,
        };
        // Those that one operation was refused with may still be good for another.
        if lock(&self.state).holding(Instant::now()).is_some() {
            let renewed = timeout(PATIENCE, self.outcome(renewal.clone())).await;
            let renewed = renewed.ok().and_then(Result::ok);
            // By now they may be over, or given back.
            if let Some(kept) = renewed.or_else(|| self.holding()) {
                return Ok(kept);
            }
        }
        self.outcome(renewal).await.map_err(Error::of_login)
    }

    /// The credentials that a call may use at once, if there are any.
    pub(crate) fn current(&self) -> Option<Arc<CachedCredentials>> {
        let state = lock(&self.state);
        state.holding(Instant::now()).filter(|_| !state.suspect)
    }

    /// Whether the credentials are of one manager alone, so that it is that manager's doing if there are none.
    pub(crate) fn is_of_one_manager(&self) -> bool {
        self.source.is_per_manager()
    }

    /// The credentials, or the renewal to wait for.
    fn look(self: &Arc<Self>, now: Instant) -> Result<Arc<CachedCredentials>, Renewal> {
        let mut state = lock(&self.state);
        let current = state.current.clone().filter(|_| !state.suspect);
        let Some(kept) = current else {
            return Err(self.renewal(&mut state));
        };
        match kept.life(now) {
            Life::Over => return Err(self.renewal(&mut state)),
            Life::Ends if state.failure_within(PAUSE, now).is_none() => {
                self.renewal(&mut state);
            }
            Life::Ends | Life::Holds => {}
        }
        kept.touch(now);
        Ok(kept)
    }

    /// The current credentials for a call, if they are not over; also those that a manager has just refused.
    fn holding(&self) -> Option<Arc<CachedCredentials>> {
        let now = Instant::now();
        let kept = lock(&self.state).holding(now)?;
        kept.touch(now);
        Some(kept)
    }

    /// Gets others than those that a manager has refused.
    pub(crate) async fn renew(
        self: &Arc<Self>,
        kept: &Arc<CachedCredentials>,
        refused: Refused<'_>,
    ) -> Result<Renewed, Error> {
        let renewal = {
            let mut state = lock(&self.state);
            let now = Instant::now();
            if let Some(current) = &state.current {
                if !Arc::ptr_eq(current, kept) {
                    return Ok(Renewed::by_others(current, kept));
                }
                if state.forbidden.covers(refused, current.fetched, now) {
                    return Ok(Renewed::No);
                }
                if let Some(error) = state.recent_failure(now) {
                    return Err(Error::of_login(error));
                }
                if !state.has_renewal_left(now) {
                    return Ok(Renewed::No);
                }
                state.suspect = true;
            }
            self.renewal(&mut state)
        };
        let new = self.outcome(renewal).await.map_err(Error::of_login)?;
        if new.credentials.are_those_of(&kept.credentials) {
            lock(&self.state)
                .forbidden
                .add(refused.operation, Instant::now());
            return Ok(Renewed::No);
        }
        Ok(Renewed::Now)
    }

    /// Remembers an operation that new credentials, `refused` too, did not help. So the old ones were good.
    pub(crate) fn were_no_use(&self, refused: &Arc<CachedCredentials>, operation: &str) {
        let mut state = lock(&self.state);
        let is_current = |current: &Arc<CachedCredentials>| Arc::ptr_eq(current, refused);
        if !state.current.as_ref().is_some_and(is_current) {
            return;
        }
        state.forbidden.add(operation, Instant::now());
        if let Some(previous) = state.previous.take() {
            state.give_back_later(previous);
        }
    }

    /// An operation that may have been refused before was answered.
    pub(crate) fn were_good(&self, operation: &str) {
        lock(&self.state).forbidden.was_answered(operation);
    }

    /// Gives the credentials back, in no more than ten seconds. The next call fetches others.
    pub(crate) async fn close(self: Arc<Self>) {
        let work = async {
            self.give_all_back().await;
            let renewal = lock(&self.state).renewal.clone();
            if let Some(renewal) = renewal {
                let _ = renewal.outcome().await;
                self.give_all_back().await;
            }
        };
        if timeout(CLOSE_DEADLINE, work).await.is_err() {
            let manager = self.source.manager();
            warn!(
                manager,
                "credentials were not given back within {CLOSE_DEADLINE:?}"
            );
        }
    }

    async fn give_all_back(self: &Arc<Self>) {
        let mut tasks = JoinSet::new();
        for kept in self.take_all() {
            let keeper = self.clone();
            tasks.spawn(async move { keeper.give_back(&kept).await });
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn give_back(&self, kept: &CachedCredentials) {
        let Err(error) = self.source.revoke(&kept.credentials).await else {
            return;
        };
        let error = self.failed(error);
        // To end what has ended already is no failure.
        if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden) {
            return;
        }
        let error = one_line(&mask(error.to_string(), &[&kept.mask]), 300);
        warn!(manager = self.source.manager(), %error, "credentials were not given back");
    }

    fn take_all(&self) -> Vec<Arc<CachedCredentials>> {
        let mut state = lock(&self.state);
        let mut all = std::mem::take(&mut state.unneeded);
        all.extend(state.current.take());
        all
    }

    /// The renewal that is under way, or one that begins now.
    fn renewal(self: &Arc<Self>, state: &mut State) -> Renewal {
        match &state.renewal {
            Some(renewal) if renewal.is_live() => renewal.clone(),
            _ => {
                state.renewals += 1;
                let renewal = Arc::clone(self).begin(state.renewals);
                state.renewal = Some(renewal.clone());
                renewal
            }
        }
    }

    fn begin(self: Arc<Self>, number: u64) -> Renewal {
        let (sender, outcome) = watch::channel(None);
        let beat = Arc::new(Mutex::new(Instant::now()));
        let beating = beat.clone();
        let keeper = self.clone();
        let fetch = async move {
            let mut fetch = pin!(keeper.fetch());
            loop {
                match timeout(BEAT, &mut fetch).await {
                    Ok(fetched) => break fetched,
                    Err(_) => *lock(&beating) = Instant::now(),
                }
            }
        };
        let task = async move {
            // In a task of its own, so that one that panics is one that has failed.
            let fetched = match tokio::spawn(fetch.in_current_span()).await {
                Ok(fetched) => fetched,
                Err(error) if error.is_panic() => {
                    let message = "the scheme of authentication panicked";
                    Err(Error::new(ErrorKind::Authentication, message))
                }
                // The runtime ends.
                Err(_) => return,
            };
            let outcome = self.settle(
                number,
                fetched.map(|fetched| CachedCredentials::new(fetched).into()),
            );
            sender.send_replace(Some(outcome));
        };
        tokio::spawn(task.in_current_span());
        Renewal { beat, outcome }
    }

    /// What comes of a renewal. One that ended without a word, with its runtime for one, is begun once more.
    async fn outcome(self: &Arc<Self>, renewal: Renewal) -> Outcome {
        if let Some(outcome) = renewal.outcome().await {
            return outcome;
        }
        let again = self.renewal(&mut lock(&self.state));
        again.outcome().await.unwrap_or_else(|| {
            let message = "the authentication task ended without a result, as its runtime did";
            Err(Arc::new(Error::new(ErrorKind::Authentication, message)))
        })
    }

    async fn fetch(&self) -> Result<Credentials, Error> {
        let deadline = self.source.deadline();
        match timeout(deadline, self.source.authenticate()).await {
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
    fn failed(&self, error: SourceError) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => {
                let masked = self.source.mask(error.to_string());
                let failed = Error::new(ErrorKind::Authentication, masked);
                match self.is_discreet(error.as_ref()) {
                    true => failed.with_source(error),
                    false => failed,
                }
            }
        }
    }

    /// Whether an error and its causes show none of the scheme's secrets.
    fn is_discreet(&self, error: &(dyn StdError + 'static)) -> bool {
        iter::successors(Some(error), |&error| error.source()).all(|error| {
            let shown = format!("{error} {error:?}");
            self.source.mask(shown.clone()) == shown
        })
    }

    /// Keeps what was fetched, or what there was before if nothing was.
    fn settle(&self, number: u64, fetched: Result<Arc<CachedCredentials>, Error>) -> Outcome {
        let mut state = lock(&self.state);
        let (manager, scheme) = (self.source.manager(), self.source.scheme_name());
        // Another has taken the place of one that took too long.
        let is_last = state.renewals == number;
        let was_early = state.current.is_some() && !state.suspect;
        if is_last {
            state.renewal = None;
            state.suspect = false;
        }
        match fetched {
            Ok(kept) => {
                debug!(manager, scheme, "new credentials");
                if is_last || state.current.is_none() {
                    state.failure = None;
                    state.previous = state.current.replace(kept.clone());
                } else {
                    state.give_back_later(kept.clone());
                }
                Ok(kept)
            }
            Err(error) => {
                match was_early {
                    true => {
                        warn!(manager, scheme, %error, "no new credentials, the old ones are kept")
                    }
                    false => debug!(manager, scheme, %error, "no new credentials"),
                }
                let error = Arc::new(error);
                if is_last {
                    state.failure = Some(Failed {
                        when: Instant::now(),
                        error: error.clone(),
                    });
                }
                Err(error)
            }
        }
    }
}

impl State {
    /// Whether a refusal may begin a renewal. Whatever a manager answers, there are no more than that.
    fn has_renewal_left(&mut self, now: Instant) -> bool {
        if self.suspect {
            return true;
        }
        self.refusals
            .retain(|began| now.saturating_duration_since(*began) < PAUSE);
        let has_left = self.refusals.len() < MOST_REFUSALS;
        if has_left {
            self.refusals.push(now);
        }
        has_left
    }

    /// Keeps what the manager still knows, and nobody will use, until the client is closed.
    fn give_back_later(&mut self, kept: Arc<CachedCredentials>) {
        if self.unneeded.len() < MOST_UNNEEDED {
            self.unneeded.push(kept);
        }
    }

    /// The current credentials, if they are not over.
    fn holding(&self, now: Instant) -> Option<Arc<CachedCredentials>> {
        let current = self.current.clone();
        current.filter(|kept| kept.life(now) != Life::Over)
    }

    /// Why the last renewal failed, if another would fail like it: a manager that was not there may be by now.
    fn recent_failure(&self, now: Instant) -> Option<Arc<Error>> {
        let error = &self.failure.as_ref()?.error;
        let is_answer = error
            .status()
            .is_some_and(|status| status.is_client_error());
        self.failure_within(if is_answer { PAUSE } else { SHORT_PAUSE }, now)
    }

    /// Why the last renewal failed, if it was no longer ago than that.
    fn failure_within(&self, time: Duration, now: Instant) -> Option<Arc<Error>> {
        let failed = self.failure.as_ref()?;
        let is_recent = now.saturating_duration_since(failed.when) < time;
        is_recent.then(|| failed.error.clone())
    }
}

impl Renewal {
    /// Whether something may still come of it. The task of one whose runtime has ended has closed the channel; one that stands
    /// still, with its runtime or in a scheme that blocks its thread, has not, but does not show that it goes on.
    fn is_live(&self) -> bool {
        self.outcome.has_changed().is_ok() && lock(&self.beat).elapsed() <= BEAT * 4
    }

    /// What comes of it; `None` if nothing will.
    async fn outcome(self) -> Option<Outcome> {
        let mut outcome = self.outcome.clone();
        loop {
            if let Ok(outcome) = timeout(BEAT, outcome.wait_for(Option::is_some)).await {
                return outcome.ok()?.clone();
            }
            if !self.is_live() {
                return None;
            }
        }
    }
}

/// Whether there are others than credentials that were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// There are none, or they would be of no use.
    No,
    /// Another call had got them already.
    ByOthers,
    Now,
}

impl Renewed {
    fn by_others(current: &CachedCredentials, refused: &CachedCredentials) -> Self {
        match current.credentials.are_those_of(&refused.credentials) {
            true => Self::No,
            false => Self::ByOthers,
        }
    }
}

/// Shows the name of the scheme.
impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.scheme_name())
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
