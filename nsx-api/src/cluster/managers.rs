//! The managers that a client calls: which of them is to deal with a call.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::auth::Login;
use crate::cluster::address::Address;
use crate::cluster::health::{self, Health};
use crate::cluster::limits::Limiter;
use crate::credentials::credential_cache::Keeper;
use crate::secret::mask::Mask;
use reqwest::Url;

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

    /// Whether a call that goes from the other here is better off.
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
            turn: AtomicUsize::new(0),
        }
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The manager that a URL is of, if it is one of these.
    pub(crate) fn endpoint_of(&self, url: &Url) -> Option<&Endpoint> {
        self.endpoints().find(|endpoint| endpoint.address.has(url))
    }

    /// Whether there is a choice.
    pub(crate) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Lets the next manager have the next turn, where several are as good.
    pub(crate) fn take_turn(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// The manager for a call that has been at these, at the last one just now: of those that are up the one with the fewest calls
    /// under way, and rather one that the call has not been at. When none is up they are all tried.
    pub(crate) fn choose<'a>(&'a self, been: &[&'a Endpoint]) -> &'a Endpoint {
        if !self.has_others() {
            return &self.first;
        }
        self.look();
        let turn = self.turn.load(Ordering::Relaxed);
        let count = self.others.len() + 1;
        let in_turn = self.endpoints().cycle().skip(turn % count).take(count);
        let rank = |endpoint: &&Endpoint| {
            let is = |other: &&Endpoint| ptr::eq(*other, *endpoint);
            let rank = match (endpoint.health.is_up(), been.last().is_some_and(is)) {
                (true, false) if !been.iter().any(is) => 0,
                (true, false) => 1,
                (true, true) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            (rank, endpoint.in_flight.load(Ordering::Relaxed))
        };
        in_turn.min_by_key(rank).unwrap_or(&self.first)
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
