//! What the docs of `auth` promise about refused credentials, and those of
//! `CallOptions::max_retries` about failed logins.

use super::*;

const RESEND: Step = Step::Resend {
    reason: "the credentials were refreshed",
};

fn refused() -> AttemptFailure {
    manager(403, 403)
}

fn refresh_ended(outcome: RefreshOutcome) -> Event {
    Event::RefreshEnded(refused(), outcome)
}

fn refreshed(outcome: RefreshOutcome) -> CallState {
    with(session_call(), |state| state.refreshed = Some(outcome))
}

/// A call that waits for its first attempt.
fn unsent(state: CallState) -> CallState {
    with(state, |state| state.attempts = 0)
}

fn login_later(manager: usize) -> Step {
    Step::RetryLogin {
        manager,
        wait: ms(250),
    }
}

#[test]
fn refresh_of_credentials_after_401_and_403() {
    let no_retries = |state| with(state, |state: &mut CallState| state.policy.max_retries = 0);
    check([
        row(
            "401: with new credentials",
            session_call(),
            one(),
            proxy(401),
            Step::RefreshCredentials(proxy(401)),
        ),
        row(
            "403: with new credentials",
            token_call(),
            one(),
            refused(),
            Step::RefreshCredentials(refused()),
        ),
        row(
            "403 with the code 505 is a missing licence",
            session_call(),
            one(),
            manager(403, 505),
            GIVE_UP,
        ),
        row(
            "a resend after a refresh does not count as a retry",
            no_retries(session_call()),
            one(),
            refresh_ended(RefreshOutcome::Refreshed),
            RESEND,
        ),
        row(
            "concurrent calls share one refresh and its result",
            session_call(),
            one(),
            refresh_ended(RefreshOutcome::ByAnotherCall),
            RESEND,
        ),
        row(
            "credentials that another call obtained may be refused as well",
            refreshed(RefreshOutcome::ByAnotherCall),
            one(),
            refresh_ended(RefreshOutcome::Refreshed),
            RESEND,
        ),
        row(
            "those of other calls are used once",
            refreshed(RefreshOutcome::ByAnotherCall),
            one(),
            refresh_ended(RefreshOutcome::ByAnotherCall),
            GIVE_UP,
        ),
        row(
            "a missing privilege: new credentials were refused too",
            refreshed(RefreshOutcome::Refreshed),
            one(),
            refused(),
            GIVE_UP,
        ),
        row(
            "a refusal is returned if a refresh finds no other credentials",
            session_call(),
            one(),
            refresh_ended(RefreshOutcome::Unchanged),
            GIVE_UP,
        ),
        row(
            "a stream body is sent only once",
            with(session_call(), |state| state.policy.repeatable = false),
            one(),
            refresh_ended(RefreshOutcome::Refreshed),
            GIVE_UP,
        ),
        row(
            "credentials of the request are not refreshed",
            with(session_call(), |state| state.auth.of_request = true),
            one(),
            refused(),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn a_failed_refresh_moves_the_call_or_retries_the_login() {
    let failed = Event::RefreshFailed;
    let late = LoginFailure {
        retry_after: Some(seconds(2)),
        ..UNREACHABLE
    };
    check([
        row(
            "a login that failed because of the manager: another manager",
            session_call(),
            cluster([UP, UP]),
            failed(UNREACHABLE),
            Step::TryOtherManager { manager: 1 },
        ),
        row(
            "credentials for all managers are no better at another one",
            token_call(),
            cluster([UP, UP]),
            failed(UNREACHABLE),
            login_later(0),
        ),
        row(
            "waiting for another login counts as a retry",
            session_call(),
            one(),
            failed(UNREACHABLE),
            login_later(0),
        ),
        row(
            "with the Retry-After of the login",
            session_call(),
            one(),
            failed(late),
            Step::RetryLogin {
                manager: 0,
                wait: ms(2250),
            },
        ),
        row(
            "a Retry-After of the login of more than a minute is not obeyed",
            session_call(),
            one(),
            failed(LoginFailure {
                retry_after: Some(seconds(61)),
                ..UNREACHABLE
            }),
            GIVE_UP,
        ),
        row(
            "a login that the scheme itself failed is not retried: a wrong password",
            session_call(),
            cluster([UP, UP]),
            failed(WRONG_PASSWORD),
            GIVE_UP,
        ),
        row(
            "max_retries bounds it",
            with(session_call(), |state| state.retries = 4),
            cluster([UP, UP]),
            failed(UNREACHABLE),
            GIVE_UP,
        ),
        row(
            "a stream body is sent only once",
            with(session_call(), |state| state.policy.repeatable = false),
            cluster([UP, UP]),
            failed(UNREACHABLE),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn a_login_that_fails_before_an_attempt_moves_the_call_or_is_retried() {
    let failed = Event::AdmissionFailed;
    let tried_both = with(unsent(session_call()), |state| {
        state.tried = vec![visit(1), visit(0)];
        state.manager = 1;
    });
    check([
        row(
            "no credentials, if transient: another manager",
            unsent(session_call()),
            cluster([DOWN, UP]),
            failed(UNREACHABLE),
            Step::TryOtherManager { manager: 1 },
        ),
        row(
            "a manager that answers 429 to a login: another manager",
            unsent(session_call()),
            cluster([UP, UP]),
            failed(LoginFailure {
                is_rate_limited: true,
                ..UNREACHABLE
            }),
            Step::TryOtherManager { manager: 1 },
        ),
        row(
            "a stream body was not sent yet",
            with(unsent(session_call()), |state| {
                state.policy.repeatable = false;
            }),
            cluster([DOWN, UP]),
            failed(UNREACHABLE),
            Step::TryOtherManager { manager: 1 },
        ),
        row(
            "a login may go back to a manager that was tried and is up",
            tried_both,
            cluster([UP, DOWN]),
            failed(UNREACHABLE),
            Step::TryOtherManager { manager: 0 },
        ),
        row(
            "all managers are down: wait, and log in at another one",
            unsent(session_call()),
            cluster([DOWN, DOWN]),
            failed(UNREACHABLE),
            login_later(1),
        ),
        row(
            "also with a stream body that was not sent yet",
            with(unsent(session_call()), |state| {
                state.policy.repeatable = false;
            }),
            cluster([DOWN, DOWN]),
            failed(UNREACHABLE),
            login_later(1),
        ),
        row(
            "a manager that returns 429 for a login is up: wait, and log in there",
            unsent(session_call()),
            cluster([UP, DOWN]),
            failed(LoginFailure {
                is_rate_limited: true,
                ..UNREACHABLE
            }),
            login_later(0),
        ),
        row(
            "credentials for all managers: wait, and take the best manager",
            unsent(token_call()),
            cluster([busy(1), UP]),
            failed(UNREACHABLE),
            login_later(1),
        ),
        row(
            "with one manager the login itself is retried",
            unsent(session_call()),
            one(),
            failed(UNREACHABLE),
            GIVE_UP,
        ),
        row(
            "a wrong password is an error at once",
            unsent(session_call()),
            cluster([UP, UP]),
            failed(WRONG_PASSWORD),
            GIVE_UP,
        ),
    ]);
    let at_the_deadline = Moment {
        left: Some(Duration::ZERO),
        ..moment()
    };
    check_with(
        at_the_deadline,
        [row(
            "no slot, or no credentials, before the deadline",
            unsent(session_call()),
            cluster([UP, UP]),
            failed(UNREACHABLE),
            GIVE_UP,
        )],
    );
}
