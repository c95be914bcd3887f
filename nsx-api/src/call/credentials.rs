//! The credentials of a call: obtained before an attempt, and refreshed when the manager refuses
//! them.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::context::CallContext;
use super::decision::{AttemptFailure, LoginFailure};
use super::retry::Cause;
use crate::credentials::credential_cache::{CachedCredentials, RefreshOutcome};
use crate::credentials::refusal_backoff::Refused;
use crate::secret::mask::{Mask, mask};
use crate::{Error, ErrorKind};

/// The shortest time limit of a login if another manager could be tried.
const SHORTEST_LOGIN: Duration = Duration::from_millis(500);

/// The credentials that a call has used.
pub(super) struct CallCredentials {
    /// Those of the current or the next attempt.
    pub(super) current: Option<Arc<CachedCredentials>>,
    /// Those of earlier attempts, which are masked too if they are echoed.
    replaced: Vec<Arc<CachedCredentials>>,
}

impl CallCredentials {
    pub(super) fn new(of_request: Option<Arc<CachedCredentials>>) -> Self {
        Self {
            current: of_request,
            replaced: Vec::new(),
        }
    }

    fn set(&mut self, credentials: Arc<CachedCredentials>) {
        let is_current = |current: &Arc<CachedCredentials>| Arc::ptr_eq(current, &credentials);
        if !self.current.as_ref().is_some_and(is_current) {
            self.replaced.extend(self.current.replace(credentials));
        }
    }

    /// Adds the headers that authenticate a request.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        if let Some(current) = &self.current {
            current.credentials.apply(headers);
        }
    }

    /// Masks these credentials and the secrets of the scheme in a text.
    pub(super) fn mask(&self, text: String, scheme: &Mask) -> String {
        let used = self.replaced.iter().chain(&self.current);
        let used = used.map(|credentials| &credentials.mask);
        let masks: Vec<&Mask> = used.chain([scheme]).collect();
        mask(text, &masks)
    }
}

impl CallContext<'_> {
    pub(super) async fn fetch_credentials(&mut self) -> Result<(), Error> {
        let Some(cache) = self.cache() else {
            return Ok(());
        };
        let credentials = self.within_login_limit(pin!(cache.credentials())).await?;
        self.credentials.set(credentials);
        Ok(())
    }

    /// Switches to the current credentials, if there are any: those from before the wait for a slot
    /// may have expired.
    pub(super) fn take_current_credentials(&mut self) -> bool {
        let Some(cache) = self.cache() else {
            return true;
        };
        let current = cache.current();
        let has_current = current.is_some();
        if let Some(current) = current {
            self.credentials.set(current);
        }
        has_current
    }

    /// Obtains new credentials after the manager refused the current ones.
    pub(super) async fn refresh_credentials(
        &self,
        failure: &AttemptFailure,
    ) -> Result<RefreshOutcome, Error> {
        let operation = self.operation();
        match (self.cache(), &self.credentials.current, failure.cause) {
            (Some(cache), Some(refused), Cause::Status(status, _)) => {
                let refresh = cache.refresh(refused, Refused { operation, status });
                self.within_login_limit(pin!(refresh)).await
            }
            _ => Ok(RefreshOutcome::Unchanged),
        }
    }

    /// Waits for an authentication scheme until the call's deadline. If another manager could be
    /// tried, it waits no longer than the attempt timeout or half of the remaining time.
    async fn within_login_limit<T>(
        &self,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let limit = match self.state.uses_credentials_per_manager() && self.has_alternative() {
            true => self
                .deadline
                .of_attempt(self.options)
                .cap_at_half_of_remaining(self.deadline, SHORTEST_LOGIN),
            false => self.deadline,
        };
        limit.timeout(work).await.unwrap_or_else(|expired| {
            let message = format!("no credentials {expired}");
            Err(Error::new(ErrorKind::Authentication, message))
        })
    }

    /// The facts about a failed login. If the manager caused the failure, it is ejected, unless it
    /// returned 429, which shows that it is up.
    pub(super) fn login_failed(&self, error: &Error) -> LoginFailure {
        let login = LoginFailure::of(error);
        if self.state.should_leave(&login, self.deadline.left()) && !login.is_rate_limited {
            let endpoint = self.endpoint();
            let manager = &endpoint.address.manager;
            endpoint.health.on_failure(manager, Instant::now());
        }
        login
    }
}

impl LoginFailure {
    /// The facts about `login`: the error of a login, or of waiting for one.
    fn of(login: &Error) -> Self {
        Self {
            is_transient: is_transient(login),
            is_rate_limited: login.kind() == ErrorKind::TooManyRequests,
            retry_after: login.retry_after(),
        }
    }
}

/// Whether a login failed because of the manager, so that it may succeed at another manager or
/// later. If the scheme itself failed, it would fail again.
fn is_transient(login: &Error) -> bool {
    let is_of_manager = |error: &Error| {
        matches!(
            error.kind(),
            ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Timeout
                | ErrorKind::Connection
                | ErrorKind::TooManyRequests
        ) || error
            .status()
            .is_some_and(|status| status.is_server_error())
    };
    match login.login_error() {
        // The call stopped waiting for the login.
        None => login.kind() == ErrorKind::Authentication || is_of_manager(login),
        Some(login) => is_of_manager(login),
    }
}
