//! The state change of each step.

use super::*;

/// The state after an event and its step.
fn after(mut state: CallState, event: impl Into<Event>, managers: &ClusterSnapshot) -> CallState {
    let event = event.into();
    let step = next(&state, event, managers, moment());
    state.apply(event, step);
    let by_redirect = matches!(step, Step::FollowRedirect { .. });
    if let Some(manager) = step.manager() {
        state.move_to(manager, by_redirect);
    }
    state
}

#[test]
fn a_retry_is_counted_and_a_refresh_a_reload_and_a_redirect_are_not() {
    let two = cluster([UP, UP]);
    let retries = |state: CallState| (state.retries, state.manager);
    assert_eq!(retries(after(call(), proxy(429), &one())), (1, 0));
    assert_eq!(retries(after(call(), redirect_to(1), &two)), (0, 1));
    let event = Event::RefreshEnded(manager(403, 403), RefreshOutcome::Refreshed);
    assert_eq!(retries(after(session_call(), event, &two)), (0, 0));
    let event = Event::ReloadEnded(tls(Cause::Untrusted), true);
    assert_eq!(retries(after(call(), event, &two)), (0, 0));
    let event = Event::RefreshFailed(UNREACHABLE);
    assert_eq!(retries(after(session_call(), event, &two)), (1, 1));
    assert_eq!(retries(after(session_call(), event, &one())), (1, 0));
}

#[test]
fn a_failed_login_counts_against_a_manager_only_with_sessions_per_manager() {
    let down = cluster([DOWN, DOWN]);
    let tried = |state| after(state, Event::AdmissionFailed(UNREACHABLE), &down).tried;
    assert_eq!(tried(session_call()), [visit(0)]);
    assert_eq!(tried(token_call()), []);
}

#[test]
fn failover_is_free_once_as_a_retry_or_as_a_redirect() {
    let two = cluster([UP, UP]);
    for (failure, expected) in [
        (proxy(502), true),
        (proxy(429), true),
        (redirect_to(1), true),
        (failure(Cause::NoConnection), false),
    ] {
        let state = after(idempotent_call(), failure, &two);
        assert_eq!((state.manager, state.used_free_failover), (1, expected));
    }
    assert!(!after(idempotent_call(), proxy(502), &one()).used_free_failover);
}

#[test]
fn resends_and_moves_after_a_failed_login_use_no_retry_budget() {
    let two = cluster([UP, UP]);
    let uses_budget = |state: CallState, event: Event, managers: &ClusterSnapshot| {
        next(&state, event, managers, moment()).uses_budget()
    };
    let refreshed = Event::RefreshEnded(manager(403, 403), RefreshOutcome::Refreshed);
    let reloaded = Event::ReloadEnded(tls(Cause::Untrusted), true);
    let failed = Event::RefreshFailed(UNREACHABLE);
    for (promise, state, event, expected) in [
        ("new credentials", session_call(), refreshed, false),
        ("new certificates", call(), reloaded, false),
        ("a login at another manager", session_call(), failed, false),
        ("another login at the same one", token_call(), failed, true),
        ("a retry", call(), proxy(429).into(), true),
    ] {
        assert_eq!(uses_budget(state, event, &two), expected, "{promise}");
    }
}

#[test]
fn a_refresh_is_remembered_at_its_manager_and_forgotten_at_another() {
    let event = Event::RefreshEnded(manager(403, 403), RefreshOutcome::Refreshed);
    let state = after(session_call(), event, &one());
    assert_eq!(state.refreshed, Some(RefreshOutcome::Refreshed));
    let mut state = after(session_call(), event, &cluster([UP, UP]));
    state.policy.idempotent = true;
    let state = after(state, proxy(502), &cluster([UP, UP]));
    assert_eq!((state.manager, state.refreshed), (1, None));
}

#[test]
fn a_redirect_pins_the_call_until_it_moves_on() {
    let managers = cluster([UP, UP, UP]);
    let state = after(idempotent_call(), redirect_to(1), &managers);
    assert!(state.pinned_by_redirect && state.was_redirected_by(0));
    let stays = after(state.clone(), proxy(502), &cluster([DOWN, UP, DOWN]));
    assert_eq!((stays.manager, stays.pinned_by_redirect), (1, true));
    let moves = after(state, proxy(502), &managers);
    assert_eq!((moves.manager, moves.pinned_by_redirect), (2, false));
}

#[test]
fn an_attempt_is_shortened_for_failover_once_and_only_if_it_can_be_retried() {
    for (promise, state, expected) in [
        (
            "the first attempt of an idempotent call",
            idempotent_call(),
            true,
        ),
        ("a call that is not idempotent", call(), false),
        (
            "once",
            after(idempotent_call(), failure(Cause::FailoverTimeout), &one()),
            false,
        ),
        (
            "no retry is left",
            with(idempotent_call(), |state| state.retries = 4),
            false,
        ),
        (
            "a stream body",
            with(idempotent_call(), |state| state.policy.repeatable = false),
            false,
        ),
        (
            "after a redirect no other manager is better",
            after(idempotent_call(), redirect_to(1), &cluster([UP, UP])),
            false,
        ),
        (
            "an attempt at another manager after a failure",
            after(idempotent_call(), proxy(502), &cluster([UP, UP])),
            true,
        ),
    ] {
        assert_eq!(state.may_shorten_attempt(), expected, "{promise}");
    }
}

#[test]
fn a_manager_is_left_after_a_failed_login_only_if_it_is_the_reason() {
    let minute = Some(seconds(60));
    for (promise, state, login, left, expected) in [
        (
            "a manager that is unreachable",
            session_call(),
            UNREACHABLE,
            minute,
            true,
        ),
        ("no deadline", session_call(), UNREACHABLE, None, true),
        (
            "a wrong password",
            session_call(),
            WRONG_PASSWORD,
            minute,
            false,
        ),
        (
            "credentials for all managers",
            token_call(),
            UNREACHABLE,
            minute,
            false,
        ),
        (
            "the deadline is over",
            session_call(),
            UNREACHABLE,
            Some(Duration::ZERO),
            false,
        ),
        (
            "no retry is left",
            with(session_call(), |state| state.retries = 4),
            UNREACHABLE,
            minute,
            false,
        ),
    ] {
        assert_eq!(state.should_leave(&login, left), expected, "{promise}");
    }
}
