//! What an attempt needs before it can begin: a manager, credentials there, and room within the client's own limits.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::{sleep, timeout};
use tracing::info;

use super::context::Course;
use crate::cluster::{Endpoint, InFlight};
use crate::error::Call;
use crate::{Error, ErrorKind};

/// How long a call waits before one manager until it looks for a better one.
const BETWEEN_CHOICES: Duration = Duration::from_secs(1);

/// What an attempt takes up at its manager, for as long as this is kept.
pub(super) struct Ready<'c>(
    #[expect(dead_code, reason = "it counts")] InFlight<'c>,
    #[expect(dead_code, reason = "it counts")] Option<SemaphorePermit<'c>>,
);

/// Why an attempt cannot begin where the call is.
enum Unready<'c> {
    /// This manager is to deal with the call.
    Better(&'c Endpoint),
    Failed(Error),
}

impl From<Error> for Unready<'_> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<'c> Course<'c> {
    /// Waits for all that an attempt needs.
    pub(super) async fn prepare(&mut self, call: &Call) -> Result<Ready<'c>, Error> {
        loop {
            let in_flight = self.endpoint.enter();
            let error = match self.credentials_and_room().await {
                Ok(room) => {
                    self.generation = self.client.core.connections.generation();
                    return Ok(Ready(in_flight, room));
                }
                Err(Unready::Better(next)) => {
                    self.go_to(next);
                    continue;
                }
                Err(Unready::Failed(error)) => error,
            };
            if !self.has_moved(&error) {
                let Some(wait) = self.other_login(&error) else {
                    if self.deadline.is_over() && self.client.core.cluster.has_others() {
                        self.endpoint.suspect();
                    }
                    return Err(error);
                };
                sleep(wait).await;
            }
            info!(operation = call.operation.as_deref(), %error, "another manager is to deal with the call");
        }
    }

    async fn credentials_and_room(&mut self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        self.fetch_credentials().await?;
        let room = self.room().await?;
        if self.has_current_credentials() {
            return Ok(room);
        }
        // They are fetched without taking room from others, and once: those of some schemes never hold for long.
        drop(room);
        self.fetch_credentials().await?;
        self.room().await
    }

    async fn room(&self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        let room = self
            .deadline
            .wait(pin!(self.room_here_or_elsewhere()))
            .await;
        room.unwrap_or_else(|within| {
            let message = format!("the client's own limits left no room {within}");
            Err(Error::new(ErrorKind::TooManyRequests, message).into())
        })
    }

    /// Waits for room at the manager, but no longer than until another one is better. One that the call was redirected to is the
    /// best there is.
    async fn room_here_or_elsewhere(&self) -> Result<Option<SemaphorePermit<'c>>, Unready<'c>> {
        let mut room = pin!(self.endpoint.limiter.enter());
        if self.is_bound || !self.client.core.cluster.has_others() {
            return Ok(room.await);
        }
        let was_up = self.endpoint.health.is_up();
        loop {
            let room = timeout(BETWEEN_CHOICES, room.as_mut()).await;
            let is_out = !self.endpoint.health.is_up();
            // One that was out already when the call came was the best that there was.
            if room.is_err() || (was_up && is_out) {
                let next = self.choose();
                if self.is_way_out(next) && (is_out || next.has_fewer_calls_than(self.endpoint)) {
                    return Err(Unready::Better(next));
                }
            }
            if let Ok(room) = room {
                return Ok(room);
            }
        }
    }
}
