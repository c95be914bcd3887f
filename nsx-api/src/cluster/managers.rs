//! The managers that a client calls, and the choice of the manager for each call.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;

use super::address::Address;
use super::health::{self, Health, HealthProbe};
use super::limits::Limiter;
use crate::credentials::credential_cache::CredentialCache;
use crate::secret::mask::Mask;

/// The managers of one cluster, one at least.
pub(crate) struct Cluster {
    pub(crate) first: Endpoint,
    others: Vec<Endpoint>,
    /// Where the next choice begins, so that equally good managers take turns.
    next_start: AtomicUsize,
}

/// A manager, and all that the client keeps for it.
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// `None` if calls carry no credentials.
    pub(crate) credential_cache: Option<Arc<CredentialCache>>,
    /// The secrets of the scheme of authentication.
    pub(crate) mask: Arc<Mask>,
    /// Shared with the requests of the scheme.
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) health: Arc<Health>,
    /// Bypasses the limits. `None` if there is no other manager to use instead.
    pub(crate) probe: Option<HealthProbe>,
    in_flight: AtomicUsize,
}

/// Counts a call as in flight until it is dropped.
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl Endpoint {
    pub(crate) fn new(address: Address, mask: Arc<Mask>, limiter: Arc<Limiter>) -> Self {
        Self {
            address,
            credential_cache: None,
            mask,
            limiter,
            health: Arc::default(),
            probe: None,
            in_flight: AtomicUsize::new(0),
        }
    }

    pub(crate) fn track_in_flight(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    /// Probes the manager after the deadline of a call has passed there.
    pub(crate) fn probe_if_suspect(&self) {
        if let Some(probe) = &self.probe {
            health::probe_if_suspect(&self.health, &self.address.manager, probe);
        }
    }

    /// Whether this manager still has fewer calls than `other` after one has moved here.
    pub(crate) fn has_fewer_calls_than(&self, other: &Self) -> bool {
        let [here, there] = [self, other].map(|one| one.in_flight.load(Ordering::Relaxed));
        here.saturating_add(1) < there
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Cluster {
    pub(crate) fn new(first: Endpoint, others: Vec<Endpoint>) -> Self {
        Self {
            first,
            others,
            next_start: AtomicUsize::new(0),
        }
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The manager that serves a URL.
    pub(crate) fn endpoint_of(&self, url: &Url) -> Option<&Endpoint> {
        self.endpoints()
            .find(|endpoint| endpoint.address.contains(url))
    }

    /// Whether there is more than one manager.
    pub(crate) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Advances the round robin among equally good managers.
    pub(crate) fn advance_round_robin(&self) {
        self.next_start.fetch_add(1, Ordering::Relaxed);
    }

    /// Chooses the manager for an attempt of a call that has already tried `tried`, the last one
    /// most recently.
    ///
    /// A manager that is up and not tried yet comes first, then one that is up, then one that is
    /// ejected. Among equals the one with the fewest calls in flight wins.
    pub(crate) fn choose<'a>(&'a self, tried: &[&'a Endpoint]) -> &'a Endpoint {
        if !self.has_others() {
            return &self.first;
        }
        self.probe_ejected();
        let start = self.next_start.load(Ordering::Relaxed);
        let count = self.others.len() + 1;
        let candidates = self.endpoints().cycle().skip(start % count).take(count);
        let rank = |endpoint: &&Endpoint| {
            let is = |other: &&Endpoint| ptr::eq(*other, *endpoint);
            let rank = match (endpoint.health.is_up(), tried.last().is_some_and(is)) {
                (true, false) if !tried.iter().any(is) => 0,
                (true, false) => 1,
                (true, true) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            (rank, endpoint.in_flight.load(Ordering::Relaxed))
        };
        candidates.min_by_key(rank).unwrap_or(&self.first)
    }

    /// Starts the probes that are due, without waiting for them.
    fn probe_ejected(&self) {
        for endpoint in self.endpoints() {
            if let Some(probe) = &endpoint.probe {
                health::probe_if_due(&endpoint.health, &endpoint.address.manager, probe);
            }
        }
    }
}

#[cfg(test)]
mod model;
