//! What happens, one event after another.

use std::time::Duration;

use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::call::network::{self, DropMode};

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) managers: usize,
    pub(super) with_sessions: bool,
    /// Whether the first manager is well all the time.
    pub(super) is_steady: bool,
    /// Whether an attempt has a time-out. Otherwise calls are cut short, once, at half of their time.
    pub(super) with_timeout: bool,
    pub(super) events: Vec<Event>,
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Call(Method, DropMode),
    Changes(usize, Mode),
    /// A manager forgets its sessions.
    Restarts(usize),
    Wait(Duration),
}

/// What a manager is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) does: Does,
    pub(super) takes: Duration,
    /// By its own word it is well, as long as it says anything.
    pub(super) lies: bool,
}

/// What a manager does with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Does {
    All,
    /// Nobody is there.
    Nothing,
    /// It takes the call, and never answers.
    Hangs,
    /// It takes the call, and the connection breaks.
    Breaks,
    /// The connection ends before the call has begun.
    Closes,
    /// A proxy answers, which may have handed the call on.
    Proxy(u16),
    /// It answers with an error of its own, and may ask to be left alone for so many seconds.
    Fails(u16, Option<u8>),
    /// Another manager is to deal with it, or somebody who is none.
    SendsTo(usize),
}

impl Does {
    /// Whether the manager is taken out when a call finds that.
    pub(super) fn is_out(self) -> bool {
        matches!(
            self,
            Self::Nothing | Self::Hangs | Self::Breaks | Self::Proxy(_)
        )
    }

    /// Whether the call may take effect.
    pub(super) fn has_effect(self) -> bool {
        matches!(
            self,
            Self::All | Self::Hangs | Self::Breaks | Self::Proxy(_) | Self::Fails(500, _)
        )
    }
}

fn does() -> impl Strategy<Value = Does> {
    let fails = (
        select(vec![429, 500, 503]),
        select(vec![None, Some(1), Some(90)]),
    );
    prop_oneof![
        4 => Just(Does::All),
        2 => Just(Does::Nothing),
        1 => Just(Does::Hangs),
        2 => Just(Does::Breaks),
        1 => Just(Does::Closes),
        2 => select(vec![502, 503, 504]).prop_map(Does::Proxy),
        2 => fails.prop_map(|(status, after)| Does::Fails(status, after)),
        4 => (0..4usize).prop_map(Does::SendsTo),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let mode = (does(), network::time(), any::<bool>());
    let mode = mode.prop_map(|(does, takes, lies)| Mode { does, takes, lies });
    let method = select(vec![Method::GET, Method::PUT, Method::POST]);
    let pause = select(vec![3, 5, 12, 40]).prop_map(Duration::from_secs);
    prop_oneof![
        4 => (method, DropMode::any()).prop_map(|(method, drop_mode)| Event::Call(method, drop_mode)),
        3 => (0..3usize, mode).prop_map(|(manager, mode)| Event::Changes(manager, mode)),
        1 => (0..3usize).prop_map(Event::Restarts),
        2 => network::time().prop_map(Event::Wait),
        1 => pause.prop_map(Event::Wait),
    ]
}

pub(super) fn script() -> impl Strategy<Value = Script> {
    let kind = (2..=3usize, any::<(bool, bool, bool)>());
    (kind, vec(event(), 1..40)).prop_map(|((managers, kind), mut events)| {
        let (with_sessions, is_steady, with_timeout) = kind;
        // As a call is cut short once, a second manager that hangs takes all of its time, and so does being sent back to the first.
        let takes_all = |manager, does| match does {
            Does::Hangs => manager != 1,
            Does::SendsTo(other) => other == 1,
            _ => false,
        };
        events.retain(|event| match *event {
            Event::Changes(manager, mode) => {
                let may = manager > 0 || !is_steady;
                manager < managers && may && (with_timeout || !takes_all(manager, mode.does))
            }
            Event::Restarts(manager) => manager < managers,
            _ => true,
        });
        Script {
            managers,
            with_sessions,
            is_steady,
            with_timeout,
            events,
        }
    })
}
