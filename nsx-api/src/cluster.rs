//! The managers that a client calls: which of them is to deal with a call.

mod snapshot;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::address::Address;
use crate::auth::{Keeper, Login};
use crate::health::{self, Health};
use crate::limit::Limiter;
use crate::mask::Mask;
use reqwest::Url;
use snapshot::NoneTried;
pub(crate) use snapshot::{ClusterSnapshot, ManagerSnapshot, Tried};

/// The managers of one cluster, one at least.
pub(crate) struct Cluster {
    pub(crate) first: Endpoint,
    others: Vec<Endpoint>,
    /// Where the next choice begins, so that those who are equal take turns.
    turn: AtomicUsize,
}

/// A manager, and the way into it.
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// `None` where calls carry no credentials.
    pub(crate) keeper: Option<Arc<Keeper>>,
    /// The secrets of the scheme of authentication.
    pub(crate) mask: Arc<Mask>,
    /// Shared with the calls that log in.
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) health: Arc<Health>,
    /// For looks at its health, past the limits; `None` in the clients that log in.
    pub(crate) look: Option<Login>,
    in_flight: AtomicUsize,
}

/// A call that is under way, for as long as this is kept.
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl Endpoint {
    pub(crate) fn new(address: Address, mask: Arc<Mask>, limiter: Arc<Limiter>) -> Self {
        Self {
            address,
            keeper: None,
            mask,
            limiter,
            health: Arc::default(),
            look: None,
            in_flight: AtomicUsize::new(0),
        }
    }

    pub(crate) fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    /// Looks at it, as a call's deadline has passed while it was there.
    pub(crate) fn suspect(&self) {
        if let Some(look) = &self.look {
            health::look_if_suspect(&self.health, look);
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
            turn: AtomicUsize::new(0),
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
            .position(|endpoint| endpoint.address.has(url))
    }

    /// Whether a manager other than this one is up.
    pub(crate) fn has_alternative(&self, manager: usize) -> bool {
        let mut others = self.endpoints().enumerate();
        others.any(|(index, other)| index != manager && other.health.is_up())
    }

    /// Whether there is a choice.
    pub(crate) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Lets the next manager have the next turn, where several are as good.
    pub(crate) fn take_turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// The manager for a new call. [`ClusterSnapshot::choose`] chooses the one for its later attempts.
    pub(crate) fn choose(&self) -> usize {
        if !self.has_others() {
            return 0;
        }
        self.look();
        let turn = self.turn.load(Ordering::Relaxed);
        let manager = |index| self.endpoint(index).snapshot();
        snapshot::choose(self.others.len() + 1, turn, &NoneTried, manager)
    }

    /// The state of all managers at this moment. Ejected managers are probed if it is time.
    pub(crate) fn snapshot(&self) -> ClusterSnapshot {
        if self.has_others() {
            self.look();
        }
        ClusterSnapshot {
            managers: self.endpoints().map(Endpoint::snapshot).collect(),
            turn: self.turn.load(Ordering::Relaxed),
        }
    }

    /// Looks at those that are down, without waiting.
    fn look(&self) {
        for endpoint in self.endpoints() {
            if let Some(look) = &endpoint.look {
                health::look_if_due(&endpoint.health, look);
            }
        }
    }
}

#[cfg(test)]
mod model;
