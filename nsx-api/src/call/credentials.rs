//! The credentials of a call: fetched before it, and others when the manager refuses them.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::context::Course;
use crate::auth::{Keeper, Kept, Refused, Renewed};
use crate::call::failure::Failure;
use crate::call::retry::{Cause, UNKNOWN_CERTIFICATE};
use crate::error::Call;
use crate::{Error, ErrorKind};

/// A login that is cut short for the sake of another manager has at least this.
const SHORTEST_LOGIN: Duration = Duration::from_millis(500);

impl<'c> Course<'c> {
    /// The client's credentials at this manager, unless the call has others or needs none.
    pub(super) fn keeper(&self) -> Option<&'c Arc<Keeper>> {
        let keeper = self.endpoint.keeper.as_ref();
        keeper.filter(|_| self.outgoing.credentials.is_none())
    }

    pub(super) async fn fetch_credentials(&mut self) -> Result<(), Error> {
        let Some(keeper) = self.keeper() else {
            return Ok(());
        };
        let kept = self.in_time(pin!(keeper.credentials())).await?;
        self.keep(kept);
        Ok(())
    }

    /// What is waited for of a scheme of authentication: for as long as the call has, or as an attempt has where there is another
    /// manager to go to.
    async fn in_time<T>(
        &self,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let keeper = self.keeper();
        let is_of_manager = keeper.is_some_and(|keeper| keeper.is_of_one_manager());
        let limit = match is_of_manager && self.has_way_out() {
            true => self.half_at_most(SHORTEST_LOGIN),
            false => self.deadline,
        };
        limit.wait(work).await.unwrap_or_else(|within| {
            let message = format!("no credentials {within}");
            Err(Error::new(ErrorKind::Authentication, message))
        })
    }

    /// Takes the credentials of this moment, if there are any: those of before the wait for room may not be good any more.
    pub(super) fn has_current_credentials(&mut self) -> bool {
        let Some(keeper) = self.keeper() else {
            return true;
        };
        match keeper.current() {
            Some(current) => {
                self.keep(current);
                true
            }
            None => false,
        }
    }

    fn keep(&mut self, kept: Arc<Kept>) {
        if !self
            .kept
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(last, &kept))
        {
            self.replaced.extend(self.kept.replace(kept));
        }
    }

    /// Whether the credentials were refused, and there are others to send the call again with: once with those that another
    /// call has got, and once with new ones.
    pub(super) async fn is_renewed(&mut self, error: &Error, call: &Call) -> Result<bool, Error> {
        let (Some(keeper), Some(kept)) = (self.keeper(), &self.kept) else {
            return Ok(false);
        };
        let operation = call.operation.as_deref().unwrap_or_default();
        let Some(status) = error.status().filter(|_| is_refusal(error)) else {
            return Ok(false);
        };
        if self.renewed == Some(Renewed::Now) {
            keeper.were_no_use(kept, operation);
            return Ok(false);
        }
        let renewal = keeper.renew(kept, Refused { operation, status });
        let renewed = self.in_time(pin!(renewal)).await?;
        let again = renewed != Renewed::No && self.renewed != Some(renewed);
        self.renewed = Some(renewed);
        Ok(again && self.policy.repeatable)
    }

    /// Whether a call that failed for its certificates is to be sent again, with others that are in the files by now.
    pub(super) async fn is_reloaded(&mut self, failure: &Failure) -> bool {
        let error = &failure.error;
        let is_of_identity =
            self.endpoint.keeper.is_none() && (is_refusal(error) || is_unknown_certificate(error));
        let may_be_done = failure.cause == Cause::Refused && !self.policy.idempotent;
        if !(is_of_identity || error.kind() == ErrorKind::Tls)
            || self.reloaded
            || !self.policy.repeatable
        {
            return false;
        }
        let reload = self.client.core.connections.reload(self.generation);
        self.reloaded = self.deadline.wait(pin!(reload)).await.unwrap_or(false);
        self.reloaded && !may_be_done
    }
}

/// Whether an answer may mean that the manager does not know the credentials, or not any more. A missing licence, which is
/// answered 403 too, has a code of its own.
fn is_refusal(error: &Error) -> bool {
    match error.status() {
        Some(StatusCode::UNAUTHORIZED) => true,
        Some(StatusCode::FORBIDDEN) => error.error_code() != Some(505),
        _ => false,
    }
}

/// Whether a manager says that it does not trust the client's certificate yet. It has looked no further.
fn is_unknown_certificate(error: &Error) -> bool {
    error.status() == Some(StatusCode::INTERNAL_SERVER_ERROR)
        && error.error_code() == Some(UNKNOWN_CERTIFICATE)
}
