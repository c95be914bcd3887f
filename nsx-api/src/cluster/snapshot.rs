//! The state of the managers at one moment, as plain data, and the choice between them.

/// The state that the choice of a manager depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ManagerSnapshot {
    pub(crate) is_up: bool,
    pub(crate) in_flight: usize,
}

/// The managers of a cluster at one moment. They are identified by their index; 0 is the first
/// manager of the client.
#[derive(Clone, Debug)]
pub(crate) struct ClusterSnapshot {
    pub(crate) managers: Vec<ManagerSnapshot>,
    /// Where the choice begins, so that equal managers take turns.
    pub(crate) turn: usize,
}

/// The managers that a call has tried.
pub(crate) trait Tried {
    fn has_tried(&self, manager: usize) -> bool;
    /// The manager where the call failed last.
    fn last_tried(&self) -> Option<usize>;
}

/// A call that has not started.
pub(super) struct NoneTried;

impl Tried for NoneTried {
    fn has_tried(&self, _: usize) -> bool {
        false
    }

    fn last_tried(&self) -> Option<usize> {
        None
    }
}

impl ClusterSnapshot {
    /// The manager for a call that has already tried some. [`choose`] documents the order of
    /// preference.
    pub(crate) fn choose(&self, tried: &impl Tried) -> usize {
        choose(self.managers.len(), self.turn, tried, |manager| {
            self.manager(manager)
        })
    }

    /// Whether a call can leave the manager `current` for `other`.
    pub(crate) fn is_alternative(&self, current: usize, other: usize) -> bool {
        current != other && self.manager(other).is_up
    }

    /// Whether the manager `other` has so few calls in flight that a call that waits at `current`
    /// should move there.
    pub(crate) fn has_fewer_calls(&self, other: usize, current: usize) -> bool {
        let [other, current] = [other, current].map(|manager| self.manager(manager).in_flight);
        other.saturating_add(1) < current
    }

    pub(crate) fn manager(&self, manager: usize) -> ManagerSnapshot {
        let unknown = ManagerSnapshot {
            is_up: false,
            in_flight: usize::MAX,
        };
        self.managers.get(manager).copied().unwrap_or(unknown)
    }

    pub(crate) fn has_others(&self) -> bool {
        self.managers.len() > 1
    }
}

/// Chooses the manager for a call, out of `count`. The order of preference is:
///
/// 1. managers that are up and were not tried,
/// 2. managers that are up, except the one where the call has failed last,
/// 3. that one, if it is up,
/// 4. managers that are down, and at the end the one where the call has failed last.
///
/// Of managers with the same preference the one with the fewest calls in flight is chosen, and of
/// those the next in turn.
pub(super) fn choose(
    count: usize,
    turn: usize,
    tried: &impl Tried,
    manager: impl Fn(usize) -> ManagerSnapshot,
) -> usize {
    let count = count.max(1);
    let in_turn = (0..count).map(|offset| (turn % count + offset) % count);
    let rank = |index: &usize| {
        let ManagerSnapshot { is_up, in_flight } = manager(*index);
        let rank = match (is_up, tried.last_tried() == Some(*index)) {
            (true, false) if !tried.has_tried(*index) => 0,
            (true, false) => 1,
            (true, true) => 2,
            (false, false) => 3,
            (false, true) => 4,
        };
        (rank, in_flight)
    };
    in_turn.min_by_key(rank).unwrap_or_default()
}
