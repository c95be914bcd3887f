//! The credentials that all calls share. The cache obtains them once for all calls that wait,
//! refreshes them early, and replaces them when a manager refuses them.
//!
//! The scheme runs in its own task, so a call that is dropped or times out does not affect the
//! others. The lock is never held across an `await`.

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
use super::refusal_backoff::{RefusalBackoff, Refused};
use super::source::{CredentialSource, SourceError};
use crate::error::text::one_line;
use crate::secret::mask::{Mask, mask};
use crate::sync::lock;
use crate::{Error, ErrorKind};

/// The pause after a failed refresh, while calls can use the current credentials.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);
/// The pause if the login got no response, or a response that the manager failed.
const SHORT_REFRESH_PAUSE: Duration = Duration::from_secs(1);
/// How long a call waits for new credentials while the current ones were refused for another
/// operation. They may still be valid for this one.
const SUSPECT_WAIT: Duration = Duration::from_secs(2);
/// The heartbeat interval of a running refresh.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// An upper bound for `close`: sessions expire on the manager anyway.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);
/// The number of refreshes that refusals may start within [`REFRESH_PAUSE`].
const MAX_REFRESHES_AFTER_REFUSAL: usize = 8;
/// The maximum number of replaced credentials that `close` revokes.
const MAX_UNNEEDED: usize = 8;

/// The credentials of one manager, or of all managers of a cluster.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<CachedCredentials>>,
    /// The credentials before the current ones.
    previous: Option<Arc<CachedCredentials>>,
    /// Replaced credentials that are still valid on the manager, for `close` to revoke.
    unneeded: Vec<Arc<CachedCredentials>>,
    /// Whether a manager refused the current credentials. Calls then wait for the refresh.
    suspect: bool,
    refresh: Option<Refresh>,
    /// The last refresh, if it failed.
    failure: Option<FailedRefresh>,
    backoff: RefusalBackoff,
    /// The times of the last refreshes that refusals have started.
    refusals: Vec<Instant>,
    /// The number of refreshes so far.
    refreshes: u64,
}

/// A refresh that is running.
#[derive(Clone)]
struct Refresh {
    /// The last heartbeat of its task.
    heartbeat: Arc<Mutex<Instant>>,
    outcome: watch::Receiver<Option<SharedOutcome>>,
}

/// The outcome of a refresh, for every call that waits.
type SharedOutcome = Result<Arc<CachedCredentials>, Arc<Error>>;

struct FailedRefresh {
    when: Instant,
    error: Arc<Error>,
}

pub(crate) struct CachedCredentials {
    pub(crate) credentials: Credentials,
    pub(crate) mask: Mask,
    obtained: Instant,
    last_used: Mutex<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Freshness {
    Fresh,
    /// Still usable, but due for a refresh.
    RefreshDue,
    Expired,
}

impl CachedCredentials {
    pub(crate) fn new(credentials: Credentials) -> Self {
        let now = Instant::now();
        Self {
            mask: Mask::new(credentials.secrets()),
            credentials,
            obtained: now,
            last_used: Mutex::new(now),
        }
    }

    fn mark_used(&self, now: Instant) {
        *lock(&self.last_used) = now;
    }

    fn freshness(&self, now: Instant) -> Freshness {
        let idle = now.saturating_duration_since(*lock(&self.last_used));
        let is_idle = self
            .credentials
            .max_idle()
            .is_some_and(|max_idle| idle >= max_idle);
        match self.credentials.expiry() {
            _ if is_idle => Freshness::Expired,
            Some((expires, _)) if now >= expires => Freshness::Expired,
            Some((_, refresh_at)) if now >= refresh_at => Freshness::RefreshDue,
            _ => Freshness::Fresh,
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

    /// Returns the credentials for a call, after a login if there are none.
    pub(crate) async fn credentials(self: &Arc<Self>) -> Result<Arc<CachedCredentials>, Error> {
        let refresh = match self.fresh_or_refresh(Instant::now()) {
            Ok(cached) => return Ok(cached),
            Err(refresh) => refresh,
        };
        // The current credentials were refused for one operation, but may be valid for this one.
        if lock(&self.state).unexpired(Instant::now()).is_some() {
            let refreshed = timeout(SUSPECT_WAIT, self.wait_for(refresh.clone())).await;
            let refreshed = refreshed.ok().and_then(Result::ok);
            // They may have expired, or been revoked, during the wait.
            if let Some(cached) = refreshed.or_else(|| self.use_unexpired()) {
                return Ok(cached);
            }
        }
        self.wait_for(refresh).await.map_err(Error::login_failed)
    }

    /// The credentials that a call may use without waiting.
    pub(crate) fn current(&self) -> Option<Arc<CachedCredentials>> {
        let state = lock(&self.state);
        state.unexpired(Instant::now()).filter(|_| !state.suspect)
    }

    /// Whether the credentials belong to one manager, so that a failed login is that manager's
    /// failure.
    pub(crate) fn is_per_manager(&self) -> bool {
        self.source.is_per_manager()
    }

    /// The credentials, or the refresh to wait for.
    fn fresh_or_refresh(self: &Arc<Self>, now: Instant) -> Result<Arc<CachedCredentials>, Refresh> {
        let mut state = lock(&self.state);
        let current = state.current.clone().filter(|_| !state.suspect);
        let Some(cached) = current else {
            return Err(self.join_refresh(&mut state));
        };
        match cached.freshness(now) {
            Freshness::Expired => return Err(self.join_refresh(&mut state)),
            Freshness::RefreshDue if state.failure_within(REFRESH_PAUSE, now).is_none() => {
                self.join_refresh(&mut state);
            }
            Freshness::RefreshDue | Freshness::Fresh => {}
        }
        cached.mark_used(now);
        Ok(cached)
    }

    /// The current credentials unless they have expired, even if a manager has refused them.
    fn use_unexpired(&self) -> Option<Arc<CachedCredentials>> {
        let now = Instant::now();
        let cached = lock(&self.state).unexpired(now)?;
        cached.mark_used(now);
        Some(cached)
    }

    /// Replaces credentials that a manager has refused.
    pub(crate) async fn refresh(
        self: &Arc<Self>,
        cached: &Arc<CachedCredentials>,
        refused: Refused<'_>,
    ) -> Result<RefreshOutcome, Error> {
        let refresh = {
            let mut state = lock(&self.state);
            let now = Instant::now();
            if let Some(current) = &state.current {
                if !Arc::ptr_eq(current, cached) {
                    return Ok(RefreshOutcome::by_another_call(current, cached));
                }
                if state
                    .backoff
                    .suppresses_refresh(refused, current.obtained, now)
                {
                    return Ok(RefreshOutcome::Unchanged);
                }
                if let Some(error) = state.recent_failure(now) {
                    return Err(Error::login_failed(error));
                }
                if !state.allows_refresh_after_refusal(now) {
                    return Ok(RefreshOutcome::Unchanged);
                }
                state.suspect = true;
            }
            self.join_refresh(&mut state)
        };
        let new = self.wait_for(refresh).await.map_err(Error::login_failed)?;
        if new.credentials.has_same_headers_as(&cached.credentials) {
            lock(&self.state)
                .backoff
                .add(refused.operation, Instant::now());
            return Ok(RefreshOutcome::Unchanged);
        }
        Ok(RefreshOutcome::Refreshed)
    }

    /// Records that an operation was refused again after a refresh. The previous credentials were
    /// therefore still valid and have to be revoked.
    pub(crate) fn on_refused_after_refresh(
        &self,
        refused: &Arc<CachedCredentials>,
        operation: &str,
    ) {
        let mut state = lock(&self.state);
        let is_current = |current: &Arc<CachedCredentials>| Arc::ptr_eq(current, refused);
        if !state.current.as_ref().is_some_and(is_current) {
            return;
        }
        state.backoff.add(operation, Instant::now());
        if let Some(previous) = state.previous.take() {
            state.revoke_on_close(previous);
        }
    }

    /// Records that a manager has accepted the credentials for an operation.
    pub(crate) fn on_accepted(&self, operation: &str) {
        lock(&self.state).backoff.on_accepted(operation);
    }

    /// Revokes the credentials, within ten seconds. The next call obtains new ones.
    pub(crate) async fn close(self: Arc<Self>) {
        let work = async {
            self.revoke_all().await;
            let refresh = lock(&self.state).refresh.clone();
            if let Some(refresh) = refresh {
                let _ = refresh.outcome().await;
                self.revoke_all().await;
            }
        };
        if timeout(CLOSE_DEADLINE, work).await.is_err() {
            let manager = self.source.manager();
            warn!(
                manager,
                "credentials were not revoked within {CLOSE_DEADLINE:?}"
            );
        }
    }

    async fn revoke_all(self: &Arc<Self>) {
        let mut tasks = JoinSet::new();
        for cached in self.take_all() {
            let cache = self.clone();
            tasks.spawn(async move { cache.revoke(&cached).await });
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn revoke(&self, cached: &CachedCredentials) {
        let Err(error) = self.source.revoke(&cached.credentials).await else {
            return;
        };
        let error = self.convert_error(error);
        // The credentials have expired already.
        if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden) {
            return;
        }
        let error = one_line(&mask(error.to_string(), &[&cached.mask]), 300);
        warn!(manager = self.source.manager(), %error, "credentials were not revoked");
    }

    fn take_all(&self) -> Vec<Arc<CachedCredentials>> {
        let mut state = lock(&self.state);
        let mut all = std::mem::take(&mut state.unneeded);
        all.extend(state.current.take());
        all
    }

    /// The running refresh, or a new one.
    fn join_refresh(self: &Arc<Self>, state: &mut State) -> Refresh {
        match &state.refresh {
            Some(refresh) if refresh.is_alive() => refresh.clone(),
            _ => {
                state.refreshes += 1;
                let refresh = Arc::clone(self).spawn_refresh(state.refreshes);
                state.refresh = Some(refresh.clone());
                refresh
            }
        }
    }

    fn spawn_refresh(self: Arc<Self>, number: u64) -> Refresh {
        let (sender, outcome) = watch::channel(None);
        let heartbeat = Arc::new(Mutex::new(Instant::now()));
        let beating = heartbeat.clone();
        let cache = self.clone();
        let authenticate = async move {
            let mut authenticate = pin!(cache.authenticate());
            loop {
                match timeout(HEARTBEAT, &mut authenticate).await {
                    Ok(result) => break result,
                    Err(_) => *lock(&beating) = Instant::now(),
                }
            }
        };
        let task = async move {
            // Its own task turns a panic of the scheme into an error.
            let result = match tokio::spawn(authenticate.in_current_span()).await {
                Ok(result) => result,
                Err(error) if error.is_panic() => {
                    let message = "the authentication scheme panicked";
                    Err(Error::new(ErrorKind::Authentication, message))
                }
                // The runtime is shutting down.
                Err(_) => return,
            };
            let result = result.map(|credentials| CachedCredentials::new(credentials).into());
            sender.send_replace(Some(self.store(number, result)));
        };
        tokio::spawn(task.in_current_span());
        Refresh { heartbeat, outcome }
    }

    /// Waits for a refresh. If it ends without an outcome, because its runtime has shut down, a
    /// second one is started.
    async fn wait_for(self: &Arc<Self>, refresh: Refresh) -> SharedOutcome {
        if let Some(outcome) = refresh.outcome().await {
            return outcome;
        }
        let again = self.join_refresh(&mut lock(&self.state));
        again.outcome().await.unwrap_or_else(|| {
            let message =
                "the authentication task ended without a result because its runtime shut down";
            Err(Arc::new(Error::new(ErrorKind::Authentication, message)))
        })
    }

    async fn authenticate(&self) -> Result<Credentials, Error> {
        let deadline = self.source.deadline();
        match timeout(deadline, self.source.authenticate()).await {
            Ok(Ok(credentials)) => credentials
                .validated()
                .map_err(|error| Error::new(ErrorKind::Authentication, error)),
            Ok(Err(error)) => Err(self.convert_error(error)),
            Err(_) => {
                let message = format!("no credentials within the deadline of {deadline:?}");
                Err(Error::new(ErrorKind::Authentication, message))
            }
        }
    }

    /// Turns the error of a scheme into an [`Error`].
    fn convert_error(&self, error: SourceError) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => {
                let masked = self.source.mask(error.to_string());
                let converted = Error::new(ErrorKind::Authentication, masked);
                match self.is_safe_to_show(error.as_ref()) {
                    true => converted.with_source(error),
                    false => converted,
                }
            }
        }
    }

    /// Whether an error and its sources are free of the scheme's secrets.
    fn is_safe_to_show(&self, error: &(dyn StdError + 'static)) -> bool {
        iter::successors(Some(error), |&error| error.source()).all(|error| {
            let shown = format!("{error} {error:?}");
            self.source.mask(shown.clone()) == shown
        })
    }

    /// Stores the result of a refresh. After a failure the current credentials stay.
    fn store(&self, number: u64, result: Result<Arc<CachedCredentials>, Error>) -> SharedOutcome {
        let mut state = lock(&self.state);
        let (manager, scheme) = (self.source.manager(), self.source.scheme_name());
        // If this refresh was slow, another one may have replaced it.
        let is_latest = state.refreshes == number;
        let was_early = state.current.is_some() && !state.suspect;
        if is_latest {
            state.refresh = None;
            state.suspect = false;
        }
        match result {
            Ok(cached) => {
                debug!(manager, scheme, "credentials refreshed");
                if is_latest || state.current.is_none() {
                    state.failure = None;
                    state.previous = state.current.replace(cached.clone());
                } else {
                    state.revoke_on_close(cached.clone());
                }
                Ok(cached)
            }
            Err(error) => {
                match was_early {
                    true => {
                        warn!(manager, scheme, %error, "refresh failed, current credentials stay in use")
                    }
                    false => debug!(manager, scheme, %error, "refresh failed"),
                }
                let error = Arc::new(error);
                if is_latest {
                    state.failure = Some(FailedRefresh {
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
    /// Whether a refusal may start a refresh. The number of refreshes is limited, whatever the
    /// manager responds.
    fn allows_refresh_after_refusal(&mut self, now: Instant) -> bool {
        if self.suspect {
            return true;
        }
        self.refusals
            .retain(|when| now.saturating_duration_since(*when) < REFRESH_PAUSE);
        let is_allowed = self.refusals.len() < MAX_REFRESHES_AFTER_REFUSAL;
        if is_allowed {
            self.refusals.push(now);
        }
        is_allowed
    }

    fn revoke_on_close(&mut self, cached: Arc<CachedCredentials>) {
        if self.unneeded.len() < MAX_UNNEEDED {
            self.unneeded.push(cached);
        }
    }

    fn unexpired(&self, now: Instant) -> Option<Arc<CachedCredentials>> {
        let current = self.current.clone();
        current.filter(|cached| cached.freshness(now) != Freshness::Expired)
    }

    /// The error of the last refresh, during the pause after it. The pause is shorter if the
    /// manager was unreachable.
    fn recent_failure(&self, now: Instant) -> Option<Arc<Error>> {
        let error = &self.failure.as_ref()?.error;
        let has_response = error
            .status()
            .is_some_and(|status| status.is_client_error());
        let pause = match has_response {
            true => REFRESH_PAUSE,
            false => SHORT_REFRESH_PAUSE,
        };
        self.failure_within(pause, now)
    }

    /// The error of the last refresh, if it failed less than `time` ago.
    fn failure_within(&self, time: Duration, now: Instant) -> Option<Arc<Error>> {
        let failure = self.failure.as_ref()?;
        let is_recent = now.saturating_duration_since(failure.when) < time;
        is_recent.then(|| failure.error.clone())
    }
}

impl Refresh {
    /// Whether the task may still complete.
    ///
    /// If its runtime has shut down, the channel is closed. If its runtime is not polled, or the
    /// scheme blocks the thread, only the heartbeat stops.
    fn is_alive(&self) -> bool {
        self.outcome.has_changed().is_ok() && lock(&self.heartbeat).elapsed() <= HEARTBEAT * 4
    }

    /// Waits for the outcome; `None` if there will be none.
    async fn outcome(self) -> Option<SharedOutcome> {
        let mut outcome = self.outcome.clone();
        loop {
            if let Ok(outcome) = timeout(HEARTBEAT, outcome.wait_for(Option::is_some)).await {
                return outcome.ok()?.clone();
            }
            if !self.is_alive() {
                return None;
            }
        }
    }
}

/// The outcome of a refresh after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshOutcome {
    /// There are no other credentials, or they would be refused too.
    Unchanged,
    /// Another call had already refreshed them.
    ByAnotherCall,
    Refreshed,
}

impl RefreshOutcome {
    fn by_another_call(current: &CachedCredentials, refused: &CachedCredentials) -> Self {
        match current
            .credentials
            .has_same_headers_as(&refused.credentials)
        {
            true => Self::Unchanged,
            false => Self::ByAnotherCall,
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
