//! Random scripts: the events of a test, in order.

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
    /// Whether the first manager is always healthy.
    pub(super) is_steady: bool,
    /// Whether attempts have a timeout. Otherwise one attempt of a call ends at half of its
    /// deadline.
    pub(super) with_timeout: bool,
    pub(super) events: Vec<Event>,
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Call(Method, DropMode),
    Change(usize, Mode),
    /// The sessions of a manager expire.
    Restart(usize),
    Wait(Duration),
}

/// How a manager behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) behavior: Behavior,
    pub(super) takes: Duration,
    /// Whether its health check succeeds, if it responds at all.
    pub(super) reports_healthy: bool,
}

/// How a manager responds to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Behavior {
    Succeeds,
    /// No connection.
    Unreachable,
    /// It accepts the call, and never responds.
    Hangs,
    /// It accepts the call, and the connection is lost.
    LosesConnection,
    /// The connection is closed before the call is processed.
    ClosesConnection,
    /// A proxy responds, which may have forwarded the call.
    Proxy(u16),
    /// The manager itself returns an error, possibly with a `Retry-After` in seconds.
    Fails(u16, Option<u8>),
    /// It redirects to this manager, which may not exist.
    RedirectsTo(usize),
}

impl Behavior {
    /// Whether the client ejects the manager after such a call.
    pub(super) fn causes_ejection(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Hangs | Self::LosesConnection | Self::Proxy(_)
        )
    }

    /// Whether the call may take effect.
    pub(super) fn has_effect(self) -> bool {
        matches!(
            self,
            Self::Succeeds
                | Self::Hangs
                | Self::LosesConnection
                | Self::Proxy(_)
                | Self::Fails(500, _)
        )
    }
}

fn behavior() -> impl Strategy<Value = Behavior> {
    let fails = (
        select(vec![429, 500, 503]),
        select(vec![None, Some(1), Some(90)]),
    );
    prop_oneof![
        4 => Just(Behavior::Succeeds),
        2 => Just(Behavior::Unreachable),
        1 => Just(Behavior::Hangs),
        2 => Just(Behavior::LosesConnection),
        1 => Just(Behavior::ClosesConnection),
        2 => select(vec![502, 503, 504]).prop_map(Behavior::Proxy),
        2 => fails.prop_map(|(status, after)| Behavior::Fails(status, after)),
        4 => (0..4usize).prop_map(Behavior::RedirectsTo),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let mode = (behavior(), network::time(), any::<bool>());
    let mode = mode.prop_map(|(behavior, takes, reports_healthy)| Mode {
        behavior,
        takes,
        reports_healthy,
    });
    let method = select(vec![Method::GET, Method::PUT, Method::POST]);
    let pause = select(vec![3, 5, 12, 40]).prop_map(Duration::from_secs);
    prop_oneof![
        4 => (method, DropMode::any()).prop_map(|(method, manner)| Event::Call(method, manner)),
        3 => (0..3usize, mode).prop_map(|(manager, mode)| Event::Change(manager, mode)),
        1 => (0..3usize).prop_map(Event::Restart),
        2 => network::time().prop_map(Event::Wait),
        1 => pause.prop_map(Event::Wait),
    ]
}

pub(super) fn script() -> impl Strategy<Value = Script> {
    let kind = (2..=3usize, any::<(bool, bool, bool)>());
    (kind, vec(event(), 1..40)).prop_map(|((managers, kind), mut events)| {
        let (with_sessions, is_steady, with_timeout) = kind;
        // Only one attempt ends at half of the deadline. So a second hanging manager, or a redirect
        // back to the first one, takes the rest of the time.
        let takes_rest = |manager, behavior| match behavior {
            Behavior::Hangs => manager != 1,
            Behavior::RedirectsTo(other) => other == 1,
            _ => false,
        };
        events.retain(|event| match *event {
            Event::Change(manager, mode) => {
                let may = manager > 0 || !is_steady;
                manager < managers && may && (with_timeout || !takes_rest(manager, mode.behavior))
            }
            Event::Restart(manager) => manager < managers,
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
