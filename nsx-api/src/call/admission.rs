//! Admission of an attempt: waits for credentials and for a slot within the client's limits.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::context::CallContext;
use super::decision::better_manager;
use crate::cluster::managers::InFlight;
use crate::{Error, ErrorKind};

/// How long a call waits for a slot at one manager before another manager is considered.
const BETWEEN_CHOICES: Duration = Duration::from_secs(1);

/// A permit for one attempt. Dropping it releases the slot.
pub(super) struct Admission<'c> {
    #[expect(dead_code, reason = "counts the call until it is dropped")]
    in_flight: InFlight<'c>,
    #[expect(dead_code, reason = "takes a slot until it is dropped")]
    slot: Slot<'c>,
}

/// Why an attempt cannot start. The call counts as in flight at the manager until this is dropped.
pub(super) struct NotAdmitted<'c> {
    pub(super) error: Error,
    pub(super) in_flight: InFlight<'c>,
}

/// `None` without limits.
type Slot<'c> = Option<SemaphorePermit<'c>>;

/// Why a call stops waiting at a manager.
enum Stop {
    BetterManager(usize),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<'c> CallContext<'c> {
    /// Waits for everything that an attempt needs, at the current manager or at a better one.
    pub(super) async fn admit(&mut self) -> Result<Admission<'c>, NotAdmitted<'c>> {
        loop {
            let in_flight = self.endpoint().track_in_flight();
            match self.credentials_and_slot().await {
                Ok(slot) => {
                    self.generation = self.core.connections.generation();
                    return Ok(Admission { in_flight, slot });
                }
                Err(Stop::BetterManager(manager)) => self.go_to(manager, false),
                Err(Stop::Failed(error)) => return Err(NotAdmitted { error, in_flight }),
            }
        }
    }

    async fn credentials_and_slot(&mut self) -> Result<Slot<'c>, Stop> {
        self.fetch_credentials().await?;
        let slot = self.slot().await?;
        if self.take_current_credentials() {
            return Ok(slot);
        }
        // The credentials have expired during the wait. Obtain them again without occupying a slot,
        // but only once: some schemes only have short-lived credentials.
        drop(slot);
        self.fetch_credentials().await?;
        self.slot().await
    }

    async fn slot(&self) -> Result<Slot<'c>, Stop> {
        let slot = pin!(self.slot_or_better_manager());
        let slot = self.deadline.timeout(slot).await;
        slot.unwrap_or_else(|expired| {
            let message = format!("the client's own limits left no room {expired}");
            Err(Error::new(ErrorKind::TooManyRequests, message).into())
        })
    }

    /// Waits for a slot at the current manager until another manager is better. After a redirect,
    /// the call stays at the current one.
    async fn slot_or_better_manager(&self) -> Result<Slot<'c>, Stop> {
        let endpoint = self.endpoint();
        let mut slot = pin!(endpoint.limiter.acquire());
        if self.state.pinned_by_redirect || !self.core.cluster.has_others() {
            return Ok(slot.await);
        }
        // If the manager was down already when it was chosen, there was no better one.
        let was_up = endpoint.health.is_up();
        loop {
            let slot = timeout(BETWEEN_CHOICES, slot.as_mut()).await;
            let is_down = !endpoint.health.is_up();
            if (slot.is_err() || (was_up && is_down))
                && let Some(manager) =
                    better_manager(&self.state, &self.core.cluster.snapshot(), is_down)
            {
                return Err(Stop::BetterManager(manager));
            }
            if let Ok(slot) = slot {
                return Ok(slot);
            }
        }
    }
}
