//! What the docs of `Config::manager` and the crate guide promise about several managers and
//! redirects.

use super::*;

fn tried_first() -> CallState {
    with(idempotent_call(), |state| {
        state.manager = 1;
        state.tried = vec![visit(0)];
    })
}

#[test]
fn failover_of_a_retry_to_a_manager_that_is_up_and_was_not_tried() {
    let minute = seconds(60);
    check([
        row(
            "a retry goes at once to a manager that is up",
            idempotent_call(),
            cluster([UP, UP]),
            failure(Cause::ConnectionLost),
            failover(1, IDEMPOTENT, false),
        ),
        row(
            "to the one with the fewest calls in flight",
            idempotent_call(),
            cluster([UP, busy(2), busy(1)]),
            failure(Cause::ConnectionLost),
            failover(2, IDEMPOTENT, false),
        ),
        row(
            "and that the call has not tried",
            tried_first(),
            cluster([UP, UP, busy(5)]),
            failure(Cause::ConnectionLost),
            failover(2, IDEMPOTENT, false),
        ),
        row(
            "regardless of the Retry-After of the first one",
            call(),
            cluster([UP, UP]),
            proxy(429).retry_after(minute * 2),
            Step::Retry {
                manager: 1,
                wait: Duration::ZERO,
                reason: NOT_PROCESSED,
                uses_budget: true,
                ends_free_failover: true,
                retry_after_until: Some(*NOW + minute * 2),
            },
        ),
        row(
            "whether there is a retry does not depend on the number of managers",
            call(),
            cluster([UP, UP]),
            failure(Cause::ConnectionLost),
            GIVE_UP,
        ),
        row(
            "no other manager is up: the retry stays, with a delay",
            idempotent_call(),
            cluster([UP, DOWN]),
            failure(Cause::ConnectionLost),
            retry(0, IDEMPOTENT),
        ),
        row(
            "all managers are down: they are all tried",
            idempotent_call(),
            cluster([DOWN, DOWN]),
            failure(Cause::ConnectionLost),
            retry(1, IDEMPOTENT),
        ),
        row(
            "all managers that are up were tried: back to one of them, with a delay",
            tried_first(),
            cluster([UP, DOWN]),
            failure(Cause::ConnectionLost),
            retry(0, IDEMPOTENT),
        ),
        row(
            "max_retries bounds the retries at other managers too",
            with(idempotent_call(), |state| state.retries = 4),
            cluster([UP, UP]),
            failure(Cause::NoConnection),
            GIVE_UP,
        ),
        row(
            "a body that is a stream is sent once",
            with(idempotent_call(), |state| state.policy.repeatable = false),
            cluster([UP, UP]),
            failure(Cause::NoConnection),
            GIVE_UP,
        ),
        row(
            "after the deadline there is no other manager",
            idempotent_call(),
            cluster([UP, UP]),
            failure(Cause::DeadlineExceeded),
            GIVE_UP,
        ),
        row(
            "a certificate that is not trusted: at another manager",
            call(),
            cluster([UP, UP]),
            Event::ReloadEnded(tls(Cause::Untrusted), false),
            Step::Retry {
                manager: 1,
                wait: Duration::ZERO,
                reason: NOT_PROCESSED,
                uses_budget: false,
                ends_free_failover: false,
                retry_after_until: None,
            },
        ),
        row(
            "a client certificate that was rejected late: at another manager, if idempotent",
            idempotent_call(),
            cluster([UP, UP]),
            Event::ReloadEnded(tls(Cause::CertificateRejected), false),
            failover(1, IDEMPOTENT, false),
        ),
        row(
            "a client certificate that was rejected late, not idempotent: never",
            call(),
            cluster([UP, UP]),
            Event::ReloadEnded(tls(Cause::CertificateRejected), false),
            GIVE_UP,
        ),
        row(
            "credentials of the request are sent to the first manager only",
            with(idempotent_call(), |state| state.auth.of_request = true),
            cluster([UP, UP]),
            failure(Cause::ConnectionLost),
            retry(0, IDEMPOTENT),
        ),
    ]);
}

#[test]
fn failover_uses_the_retry_budget_except_once_per_call() {
    let moved = |state| {
        with(state, |state: &mut CallState| {
            state.used_free_failover = true
        })
    };
    check([
        row(
            "a retry because a manager is down does not use the budget, once per call",
            idempotent_call(),
            cluster([UP, UP]),
            proxy(502),
            failover(1, IDEMPOTENT, false),
        ),
        row(
            "the second one does",
            moved(idempotent_call()),
            cluster([UP, UP]),
            proxy(502),
            failover(1, IDEMPOTENT, true),
        ),
        row(
            "one before anything was sent never uses it",
            moved(call()),
            cluster([UP, UP]),
            failure(Cause::NoConnection),
            Step::Retry {
                manager: 1,
                wait: Duration::ZERO,
                reason: NOT_PROCESSED,
                uses_budget: false,
                ends_free_failover: false,
                retry_after_until: None,
            },
        ),
        row(
            "a manager that returns 429 is up: the budget is used",
            call(),
            cluster([UP, UP]),
            proxy(429),
            failover(1, NOT_PROCESSED, true),
        ),
        row(
            "an attempt that hit the failover timeout: the budget is used",
            idempotent_call(),
            cluster([UP, UP]),
            failure(Cause::FailoverTimeout),
            failover(1, IDEMPOTENT, true),
        ),
        row(
            "a retry at the same manager uses the budget",
            idempotent_call(),
            one(),
            proxy(502),
            retry(0, IDEMPOTENT),
        ),
    ]);
}

#[test]
fn retry_after_of_each_manager_is_kept_when_all_were_tried() {
    let asked = |manager, after| {
        with(call(), |state| {
            state.manager = 1 - manager;
            state.tried = vec![Visit {
                retry_after_until: Some(*NOW + seconds(after)),
                ..visit(manager)
            }];
        })
    };
    check([
        row(
            "the call goes to the manager that accepts it earlier: the other one",
            asked(0, 3),
            cluster([UP, UP]),
            proxy(429).retry_after(seconds(10)),
            retry_after(0, NOT_PROCESSED, seconds(3), Some(seconds(10))),
        ),
        row(
            "the call goes to the manager that accepts it earlier: the current one",
            asked(0, 10),
            cluster([UP, UP]),
            proxy(429).retry_after(seconds(3)),
            retry_after(1, NOT_PROCESSED, seconds(3), Some(seconds(3))),
        ),
        row(
            "a manager without a Retry-After accepts it earlier",
            asked(0, 10),
            cluster([UP, UP]),
            proxy(429),
            retry(1, NOT_PROCESSED),
        ),
        row(
            "when both `Retry-After` exceed a minute there is no retry",
            asked(0, 90),
            cluster([UP, UP]),
            proxy(429).retry_after(seconds(120)),
            Step::GiveUp {
                note: Some(TOO_LONG),
            },
        ),
    ]);
}

#[test]
fn redirect_to_another_manager_of_the_cluster() {
    let follow = |uses_budget| Step::FollowRedirect {
        manager: 1,
        wait: Duration::ZERO,
        uses_budget,
    };
    let redirected_by_second = with(call(), |state| {
        state.tried = vec![Visit {
            redirected: true,
            ..visit(1)
        }];
    });
    check([
        row(
            "301, 307 or 308 to the same path at a manager that was added: the call is made there",
            call(),
            cluster([UP, UP]),
            redirect_to(1),
            follow(false),
        ),
        row(
            "a redirect does not count as a retry",
            with(call(), |state| state.policy.max_retries = 0),
            cluster([UP, UP]),
            redirect_to(1),
            follow(false),
        ),
        row(
            "also to a manager that was ejected",
            call(),
            cluster([UP, DOWN]),
            redirect_to(1),
            follow(false),
        ),
        row(
            "once without the retry budget",
            with(call(), |state| state.used_free_failover = true),
            cluster([UP, UP]),
            redirect_to(1),
            follow(true),
        ),
        row(
            "a redirect to any other host is not followed",
            call(),
            cluster([UP, UP]),
            proxy(307),
            GIVE_UP,
        ),
        row(
            "a redirect to the same manager is not followed",
            call(),
            cluster([UP, UP]),
            redirect_to(0),
            GIVE_UP,
        ),
        row(
            "a redirect back is not followed",
            redirected_by_second,
            cluster([UP, UP]),
            redirect_to(1),
            GIVE_UP,
        ),
        row(
            "a stream body is sent only once",
            with(call(), |state| state.policy.repeatable = false),
            cluster([UP, UP]),
            redirect_to(1),
            GIVE_UP,
        ),
        row(
            "credentials of the request are sent to the first manager only",
            with(call(), |state| state.auth.of_request = true),
            cluster([UP, UP]),
            redirect_to(1),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn a_redirect_obeys_the_retry_after_of_its_target() {
    let asked = |after| {
        with(call(), |state| {
            state.tried = vec![Visit {
                retry_after_until: Some(*NOW + after),
                ..visit(1)
            }];
        })
    };
    let follow = Step::FollowRedirect {
        manager: 1,
        wait: seconds(5),
        uses_budget: false,
    };
    let (both, target) = (cluster([UP, UP]), redirect_to(1));
    check([
        row("a wait", asked(seconds(5)), both.clone(), target, follow),
        row(
            "too long",
            asked(seconds(61)),
            both.clone(),
            target,
            GIVE_UP,
        ),
    ]);
    let five_left = Moment {
        left: Some(seconds(5)),
        ..moment()
    };
    check_with(
        five_left,
        [row(
            "the deadline",
            asked(seconds(5)),
            both,
            target,
            GIVE_UP,
        )],
    );
}

#[test]
fn a_call_that_waits_for_a_slot_moves_to_a_better_manager() {
    let of_request = with(call(), |state| state.auth.of_request = true);
    for (promise, state, managers, is_ejected, expected) in [
        (
            "to another that has fewer calls",
            call(),
            [busy(5), busy(3)],
            false,
            Some(1),
        ),
        (
            "not for a difference of one call: both would be equal then",
            call(),
            [busy(5), busy(4)],
            false,
            None,
        ),
        (
            "its manager was ejected in the meantime",
            call(),
            [DOWN, busy(40)],
            true,
            Some(1),
        ),
        (
            "not to one that is down",
            call(),
            [busy(40), DOWN],
            false,
            None,
        ),
        (
            "not with credentials of the request",
            of_request,
            [busy(5), UP],
            false,
            None,
        ),
    ] {
        let found = better_manager(&state, &cluster(managers), is_ejected);
        assert_eq!(found, expected, "{promise}");
    }
}
