//! Random scripts: the events of a test, in order.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::call::network::{self, DropMode};

pub(super) const OPERATIONS: usize = 2;

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) lifetime: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) one_at_a_time: bool,
    pub(super) events: Vec<Event>,
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Call(usize, DropMode, Duration),
    /// All sessions expire.
    ExpireSessions,
    /// The user gains or loses the privilege for an operation.
    Allow(usize, bool),
    /// The outcome and the duration of logins from now on.
    Logins(LoginOutcome, Duration),
    Close,
    Wait(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LoginOutcome {
    New,
    /// The same credentials again.
    Same,
    WrongPassword,
    NoAnswer,
    Hangs,
    Panics,
}

fn event() -> impl Strategy<Value = Event> {
    use LoginOutcome::{Hangs, New, NoAnswer, Panics, Same, WrongPassword};
    let outcome = select(vec![New, New, Same, WrongPassword, NoAnswer, Hangs, Panics]);
    let pause = select(vec![3, 6, 10, 90, 600]).prop_map(Duration::from_secs);
    prop_oneof![
        8 => (0..OPERATIONS, DropMode::any(), network::time())
            .prop_map(|(operation, drop_mode, takes)| Event::Call(operation, drop_mode, takes)),
        3 => Just(Event::ExpireSessions),
        2 => (0..OPERATIONS, any::<bool>()).prop_map(|(operation, may)| Event::Allow(operation, may)),
        1 => (outcome, network::time()).prop_map(|(outcome, takes)| Event::Logins(outcome, takes)),
        1 => Just(Event::Close),
        4 => network::time().prop_map(Event::Wait),
        2 => pause.prop_map(Event::Wait),
    ]
}

/// Many scripts lack some kinds of events, because then stricter properties can be checked.
pub(super) fn script() -> impl Strategy<Value = Script> {
    let some = |seconds| Just(Some(Duration::from_secs(seconds)));
    let time = || prop_oneof![3 => Just(None), 1 => some(8), 1 => some(120)];
    let kind = any::<(bool, bool, bool, bool)>();
    (time(), time(), kind, vec(event(), 1..80)).prop_map(
        |(lifetime, idle_timeout, kind, mut events)| {
            let (one_at_a_time, may_all, logins_succeed, is_quick) = kind;
            events.retain(|event| match event {
                Event::Allow(..) => !may_all,
                Event::Logins(outcome, _) => !logins_succeed || *outcome == LoginOutcome::New,
                Event::Wait(time) => !is_quick || *time < Duration::from_secs(1),
                _ => true,
            });
            Script {
                lifetime,
                idle_timeout,
                one_at_a_time,
                events,
            }
        },
    )
}

impl Script {
    pub(super) fn has(&self, is: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is)
    }

    pub(super) fn operations_missing(&self) -> usize {
        let is_missing = |one: &usize| {
            self.has(|event| matches!(event, Event::Allow(other, false) if other == one))
        };
        (0..OPERATIONS).filter(is_missing).count()
    }

    pub(super) fn logins_succeed(&self) -> bool {
        !self.has(
            |event| matches!(event, Event::Logins(outcome, _) if *outcome != LoginOutcome::New),
        )
    }

    /// The largest possible number of refreshes before expiry.
    pub(super) fn refreshes_in(&self, time: Duration) -> usize {
        self.lifetime
            .map_or(0, |lifetime| times(time, lifetime * 3 / 4))
    }
}

/// The largest possible number of events at this distance.
pub(super) fn times(time: Duration, distance: Duration) -> usize {
    1 + (time.as_millis() / distance.as_millis()) as usize
}
