//! The managers that a client calls, and the choice of the manager for each call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;

use super::address::Address;
use super::health::{self, Health, HealthProbe};
use super::limits::Limiter;
use super::snapshot::{self, ClusterSnapshot, ManagerSnapshot, NoneTried};
use crate::credentials::credential_cache::CredentialCache;
use crate::secret::mask::Mask;

/// The managers of one cluster, at least one.
pub(crate) struct Cluster {
    pub(crate) first: Endpoint,
    others: Vec<Endpoint>,
    /// Where the next choice begins, so that equally good managers take turns.
    next_start: AtomicUsize,
}

/// A manager and its state in the client.
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// `None` if calls carry no credentials.
    pub(crate) credential_cache: Option<Arc<CredentialCache>>,
    /// The secrets of the authentication scheme.
    pub(crate) mask: Arc<Mask>,
    /// Shared with the requests of the scheme.
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) health: Arc<Health>,
    /// Bypasses the limits. `None` if there is no other manager.
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

    fn snapshot(&self) -> ManagerSnapshot {
        ManagerSnapshot {
            is_up: self.health.is_up(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
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

    /// The manager with this index. An index outside of the cluster means the first.
    pub(crate) fn endpoint(&self, index: usize) -> &Endpoint {
        let other = index
            .checked_sub(1)
            .and_then(|index| self.others.get(index));
        other.unwrap_or(&self.first)
    }

    /// The index of the manager that a URL belongs to, if it is one of the cluster.
    pub(crate) fn index_of(&self, url: &Url) -> Option<usize> {
        self.endpoints()
            .position(|endpoint| endpoint.address.contains(url))
    }

    /// Whether a manager other than this one is up.
    pub(crate) fn has_alternative(&self, manager: usize) -> bool {
        let mut others = self.endpoints().enumerate();
        others.any(|(index, other)| index != manager && other.health.is_up())
    }

    /// Whether there is more than one manager.
    pub(crate) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Advances the round robin among equally good managers.
    pub(crate) fn advance_round_robin(&self) {
        self.next_start.fetch_add(1, Ordering::Relaxed);
    }

    /// The manager for a new call. [`ClusterSnapshot::choose`] chooses the one for its later
    /// attempts.
    pub(crate) fn choose(&self) -> usize {
        if !self.has_others() {
            return 0;
        }
        self.probe_ejected();
        let start = self.next_start.load(Ordering::Relaxed);
        let manager = |index| self.endpoint(index).snapshot();
        snapshot::choose(self.others.len() + 1, start, &NoneTried, manager)
    }

    /// The state of all managers at this moment. Ejected managers are probed if it is time.
    pub(crate) fn snapshot(&self) -> ClusterSnapshot {
        if self.has_others() {
            self.probe_ejected();
        }
        ClusterSnapshot {
            managers: self.endpoints().map(Endpoint::snapshot).collect(),
            turn: self.next_start.load(Ordering::Relaxed),
        }
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
