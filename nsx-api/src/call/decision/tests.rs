//! The decision, row by row: each row names a promise of the public docs, and has the state of a
//! call, an event, the managers, and the step that must follow.

mod credentials;
mod managers;
mod retries;
mod state;

use std::sync::LazyLock;

use http::StatusCode;

use super::super::retry::Policy;
use super::super::state::Auth;
use super::*;
use crate::cluster::snapshot::ManagerSnapshot;

/// The clock stands still.
static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

const NOT_PROCESSED: &str = "the request was not processed";
const IDEMPOTENT: &str = "the request may have been processed, and is idempotent";

/// One promise of the docs.
struct Row {
    promise: &'static str,
    state: CallState,
    cluster: ClusterSnapshot,
    event: Event,
    step: Step,
}

fn row(
    promise: &'static str,
    state: CallState,
    cluster: ClusterSnapshot,
    event: impl Into<Event>,
    step: Step,
) -> Row {
    Row {
        promise,
        state,
        cluster,
        event: event.into(),
        step,
    }
}

fn check(rows: impl IntoIterator<Item = Row>) {
    check_with(moment(), rows);
}

fn check_with(moment: Moment, rows: impl IntoIterator<Item = Row>) {
    for row in rows {
        let step = next(&row.state, row.event, &row.cluster, moment);
        assert_eq!(step, row.step, "{}", row.promise);
    }
}

/// With the longest possible delays: 250 ms for the first retry.
fn moment() -> Moment {
    Moment {
        now: *NOW,
        left: Some(seconds(300)),
        random: 1.0,
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A call that is not idempotent, to the first manager, after its first attempt.
fn call() -> CallState {
    let policy = Policy {
        max_retries: 4,
        delay: (Duration::ZERO, seconds(10)),
        idempotent: false,
        repeatable: true,
        retry_unavailable: true,
        by_certificate: false,
    };
    let auth = Auth {
        client: ClientCredentials::None,
        of_request: false,
    };
    let mut state = CallState::new(policy, auth);
    state.attempts = 1;
    state
}

fn idempotent_call() -> CallState {
    with(call(), |state| state.policy.idempotent = true)
}

/// A call of a client with one session for each manager.
fn session_call() -> CallState {
    with(call(), |state| {
        state.auth.client = ClientCredentials::PerManager;
    })
}

/// A call of a client with credentials for all managers, a token for example.
fn token_call() -> CallState {
    with(call(), |state| {
        state.auth.client = ClientCredentials::Shared;
    })
}

/// A call of a client with a certificate.
fn certificate_call() -> CallState {
    with(call(), |state| state.policy.by_certificate = true)
}

fn with(mut state: CallState, change: impl FnOnce(&mut CallState)) -> CallState {
    change(&mut state);
    state
}

fn visit(manager: usize) -> Visit {
    Visit {
        manager,
        retry_after_until: None,
        redirected: false,
    }
}

const UP: ManagerSnapshot = ManagerSnapshot {
    is_up: true,
    in_flight: 0,
};
const DOWN: ManagerSnapshot = ManagerSnapshot {
    is_up: false,
    in_flight: 0,
};

fn busy(in_flight: usize) -> ManagerSnapshot {
    ManagerSnapshot {
        is_up: true,
        in_flight,
    }
}

fn one() -> ClusterSnapshot {
    cluster([UP])
}

fn cluster<const N: usize>(managers: [ManagerSnapshot; N]) -> ClusterSnapshot {
    ClusterSnapshot {
        managers: managers.into(),
        turn: 0,
    }
}

fn failure(cause: Cause) -> AttemptFailure {
    AttemptFailure {
        cause,
        is_tls: false,
        retry_after: None,
        redirect_to: None,
    }
}

/// A response with an `error_code` of the manager.
fn manager(status: u16, code: i64) -> AttemptFailure {
    failure(Cause::Status(
        StatusCode::from_u16(status).unwrap(),
        Some(code),
    ))
}

/// A response without an `error_code`, which may be a proxy's.
fn proxy(status: u16) -> AttemptFailure {
    failure(Cause::Status(StatusCode::from_u16(status).unwrap(), None))
}

fn tls(cause: Cause) -> AttemptFailure {
    AttemptFailure {
        is_tls: true,
        ..failure(cause)
    }
}

fn redirect_to(manager: usize) -> AttemptFailure {
    AttemptFailure {
        redirect_to: Some(manager),
        ..proxy(307)
    }
}

impl AttemptFailure {
    fn retry_after(self, after: Duration) -> Self {
        let retry_after = Some(after);
        Self {
            retry_after,
            ..self
        }
    }
}

impl From<AttemptFailure> for Event {
    fn from(failure: AttemptFailure) -> Self {
        Self::AttemptFailed(failure)
    }
}

/// A login that failed because of the manager.
const UNREACHABLE: LoginFailure = LoginFailure {
    is_transient: true,
    is_rate_limited: false,
    retry_after: None,
};
/// A login with a wrong password.
const WRONG_PASSWORD: LoginFailure = LoginFailure {
    is_transient: false,
    ..UNREACHABLE
};

const GIVE_UP: Step = Step::GiveUp { note: None };

/// A retry that the retry budget pays for, with the first delay if it is at the first manager.
fn retry(manager: usize, reason: &'static str) -> Step {
    retry_after(manager, reason, Duration::ZERO, None)
}

/// The same, with the `Retry-After` of the manager of the next attempt, and that of the current
/// one.
fn retry_after(
    manager: usize,
    reason: &'static str,
    after: Duration,
    until: Option<Duration>,
) -> Step {
    Step::Retry {
        manager,
        wait: after + ms(250),
        reason,
        uses_budget: true,
        ends_free_failover: false,
        retry_after_until: until.map(|until| *NOW + until),
    }
}

/// A retry at another manager, which starts at once.
fn failover(manager: usize, reason: &'static str, uses_budget: bool) -> Step {
    Step::Retry {
        manager,
        wait: Duration::ZERO,
        reason,
        uses_budget,
        ends_free_failover: true,
        retry_after_until: None,
    }
}
