//! The health of each manager of a cluster. A manager is ejected if it cannot be reached, does not
//! respond, or is missing behind its proxy. It is probed while there are calls.
//!
//! A call spawns a probe and does not wait for it. A probe ends within seconds, even if the client
//! has been dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, debug_span, info};

use crate::sync::lock;

const PROBE_DEADLINE: Duration = Duration::from_secs(5);
/// The same for a manager that is not ejected.
const SUSPECT_PROBE_DEADLINE: Duration = Duration::from_secs(2);
/// The time between two probes. The first one comes soon, because most failures are short.
const MIN_PROBE_INTERVAL: Duration = Duration::from_secs(1);
const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// A manager that fails again within this time after its return was not healthy yet.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// Checks whether a manager is healthy, within the given time.
pub(crate) type HealthProbe =
    Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ejected: Option<Ejected>,
    /// When the manager last returned, and the probe interval at that time.
    returned: Option<(Instant, Duration)>,
    /// When the last probe began while the manager was not ejected.
    suspect_probe: Option<Instant>,
}

#[derive(Debug)]
struct Ejected {
    since: Instant,
    next_probe: Instant,
    interval: Duration,
}

impl Health {
    pub(crate) fn is_up(&self) -> bool {
        lock(&self.0).ejected.is_none()
    }

    /// Ejects the manager after a failed connection, a missing response, or a 502, 503 or 504.
    pub(crate) fn on_failure(&self, manager: &str, now: Instant) {
        let mut state = lock(&self.0);
        if state.ejected.is_some() {
            return;
        }
        // A manager that fails soon after its return is probed less often, whatever its health
        // check says.
        let interval = match state.returned {
            Some((when, interval)) if now.saturating_duration_since(when) < STABLE_AFTER => {
                interval * 2
            }
            _ => MIN_PROBE_INTERVAL,
        };
        let interval = interval.min(MAX_PROBE_INTERVAL);
        info!(
            manager,
            ?interval,
            "manager ejected: no connection, no response, or 502, 503 or 504"
        );
        state.ejected = Some(Ejected {
            since: now,
            next_probe: now + interval,
            interval,
        });
    }

    /// Ends an ejection, unless the request was sent before it.
    pub(crate) fn on_response(&self, manager: &str, sent: Instant) {
        let mut state = lock(&self.0);
        if let Some(ejected) = state.ejected.take_if(|ejected| ejected.since <= sent) {
            info!(manager, "manager returned");
            state.returned = Some((Instant::now(), ejected.interval));
        }
    }

    /// Whether an ejected manager is due for a probe: true for one caller at a time.
    fn is_due(&self, now: Instant) -> bool {
        match &mut lock(&self.0).ejected {
            Some(ejected) if now >= ejected.next_probe => {
                // If the runtime ends during the probe, it reports nothing: probe again then.
                ejected.next_probe = now + PROBE_DEADLINE + ejected.interval;
                true
            }
            _ => false,
        }
    }

    /// Whether a manager that is not ejected may be probed: true for one caller a second.
    fn is_probe_allowed(&self, now: Instant) -> bool {
        let mut state = lock(&self.0);
        let is_recent = |when: Instant| now.saturating_duration_since(when) < MIN_PROBE_INTERVAL;
        if state.ejected.is_some() || state.suspect_probe.is_some_and(is_recent) {
            return false;
        }
        state.suspect_probe = Some(now);
        true
    }

    fn on_probe(&self, manager: &str, began: Instant, is_healthy: bool) {
        match is_healthy {
            true => self.on_response(manager, began),
            false => {
                let now = Instant::now();
                self.on_failure(manager, now);
                if let Some(ejected) = &mut lock(&self.0).ejected
                    && ejected.since < began
                {
                    ejected.interval = (ejected.interval * 2).min(MAX_PROBE_INTERVAL);
                    ejected.next_probe = now + ejected.interval;
                }
            }
        }
    }
}

/// Probes an ejected manager, if it is time.
pub(crate) fn probe_if_due(health: &Arc<Health>, manager: &Arc<str>, probe: &HealthProbe) {
    if health.is_due(Instant::now()) {
        spawn_probe(health, manager, probe, PROBE_DEADLINE);
    }
}

/// Probes a manager at which a call exceeded its deadline. The call itself may have been slow.
pub(crate) fn probe_if_suspect(health: &Arc<Health>, manager: &Arc<str>, probe: &HealthProbe) {
    if health.is_probe_allowed(Instant::now()) {
        spawn_probe(health, manager, probe, SUSPECT_PROBE_DEADLINE);
    }
}

fn spawn_probe(health: &Arc<Health>, manager: &Arc<str>, probe: &HealthProbe, deadline: Duration) {
    let (health, manager, probe) = (health.clone(), manager.clone(), probe.clone());
    let task = async move {
        let began = Instant::now();
        let is_healthy = probe(deadline).await;
        health.on_probe(&manager, began, is_healthy);
    };
    // With a parent, the span of the call would stay open until the probe ends.
    tokio::spawn(task.instrument(debug_span!(parent: None, "nsx_health_probe")));
}
