//! What the docs of `CallOptions::max_retries` and the crate guide's tables of errors and retries
//! promise, with one manager.

use super::*;

#[test]
fn retry_always_if_the_request_was_not_processed() {
    check([
        row(
            "no connection: always",
            call(),
            one(),
            failure(Cause::NoConnection),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "TLS failed: always, after a check of the TLS files",
            call(),
            one(),
            Event::ReloadEnded(tls(Cause::NoConnection), false),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "HTTP/2, the stream was refused or a GOAWAY arrived before it: always",
            call(),
            one(),
            failure(Cause::NotProcessed),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "429: always",
            call(),
            one(),
            proxy(429),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "429 with an error_code: always",
            call(),
            one(),
            manager(429, 102),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "503 with an error_code: always",
            call(),
            one(),
            manager(503, 98),
            retry(0, NOT_PROCESSED),
        ),
        row(
            "500 with the code 99, to a client with a certificate: always",
            certificate_call(),
            one(),
            Event::ReloadEnded(manager(500, 99), false),
            retry(0, NOT_PROCESSED),
        ),
    ]);
}

/// A failure that is retried only if the call is idempotent.
fn rows_if_idempotent(promise: &'static str, failure: AttemptFailure) -> [Row; 2] {
    [
        row(
            promise,
            idempotent_call(),
            one(),
            failure,
            retry(0, IDEMPOTENT),
        ),
        row(promise, call(), one(), failure, GIVE_UP),
    ]
}

#[test]
fn retry_only_if_idempotent_when_the_request_may_have_been_processed() {
    for (promise, failure) in [
        ("503 without an error_code: if idempotent", proxy(503)),
        ("500: if idempotent", proxy(500)),
        ("500 with an error_code: if idempotent", manager(500, 607)),
        (
            "500 with the code 99, without a certificate: if idempotent",
            manager(500, 99),
        ),
        ("502: if idempotent", proxy(502)),
        ("504: if idempotent", proxy(504)),
        (
            "an attempt timeout: if idempotent",
            failure(Cause::AttemptTimeout),
        ),
        (
            "a failover timeout: if idempotent",
            failure(Cause::FailoverTimeout),
        ),
        (
            "a lost connection, half a response: if idempotent",
            failure(Cause::ConnectionLost),
        ),
    ] {
        // Without a certificate, a 500 with the code 99 makes the client check its TLS files first.
        check(
            rows_if_idempotent(promise, failure)
                .into_iter()
                .map(|mut row| {
                    row.event = Event::ReloadEnded(failure, false);
                    row
                }),
        );
    }
    let without_retry_unavailable = |mut row: Row| {
        row.state.policy.retry_unavailable = false;
        row
    };
    let promise = "503 with an error_code, without retry_unavailable: if idempotent";
    check(rows_if_idempotent(promise, manager(503, 98)).map(without_retry_unavailable));
}

#[test]
fn no_retry_of_what_would_fail_again_even_if_idempotent() {
    for (promise, failure) in [
        ("400: never", manager(400, 1)),
        ("404: never", manager(404, 600)),
        ("409: never", manager(409, 1)),
        ("412: never", manager(412, 604)),
        ("418, any other 4xx: never", proxy(418)),
        ("501, any other 5xx: never", proxy(501)),
        ("302: never", proxy(302)),
        ("303: never", proxy(303)),
        ("401 without credentials to refresh: never", proxy(401)),
        (
            "a body that is too large: never",
            failure(Cause::CallerError),
        ),
        ("invalid arguments: never", failure(Cause::CallerError)),
        (
            "the deadline of the call: never",
            failure(Cause::DeadlineExceeded),
        ),
        ("403 for a missing licence: never", manager(403, 505)),
    ] {
        // Without credentials, a refusal makes the client look at its TLS files first.
        let event = match failure.cause.is_credential_refusal() {
            true => Event::ReloadEnded(failure, false),
            false => failure.into(),
        };
        check([row(promise, idempotent_call(), one(), event, GIVE_UP)]);
    }
    check([
        row(
            "403 to a client certificate that has not changed: never",
            certificate_call(),
            one(),
            Event::ReloadEnded(manager(403, 403), false),
            GIVE_UP,
        ),
        row(
            "a certificate that is not trusted: only at another manager",
            idempotent_call(),
            one(),
            Event::ReloadEnded(tls(Cause::Untrusted), false),
            GIVE_UP,
        ),
        row(
            "a rejected client certificate: only at another manager",
            idempotent_call(),
            one(),
            Event::ReloadEnded(tls(Cause::CertificateRejected), false),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn max_retries_bounds_the_retries_and_a_stream_is_sent_once() {
    check([
        row(
            "max_retries 0 disables retries",
            with(call(), |state| state.policy.max_retries = 0),
            one(),
            proxy(429),
            GIVE_UP,
        ),
        row(
            "the last of the 4 retries",
            with(call(), |state| state.retries = 3),
            one(),
            proxy(429),
            retry_after(0, NOT_PROCESSED, ms(1750), None),
        ),
        row(
            "no more than 4 retries",
            with(call(), |state| state.retries = 4),
            one(),
            proxy(429),
            GIVE_UP,
        ),
        row(
            "a stream body is sent only once",
            with(call(), |state| state.policy.repeatable = false),
            one(),
            proxy(429),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn retry_after_is_obeyed_up_to_a_minute() {
    let minute = seconds(60);
    check([
        row(
            "a Retry-After of up to a minute is obeyed, and the jitter is added",
            call(),
            one(),
            proxy(429).retry_after(minute),
            retry_after(0, NOT_PROCESSED, minute, Some(minute)),
        ),
        row(
            "after a longer one there is no retry, and the error shows it",
            call(),
            one(),
            proxy(429).retry_after(seconds(61)),
            Step::GiveUp {
                note: Some(TOO_LONG),
            },
        ),
        row(
            "one that cannot be represented is too long",
            call(),
            one(),
            proxy(429).retry_after(Duration::MAX),
            Step::GiveUp {
                note: Some(TOO_LONG),
            },
        ),
        row(
            "a Retry-After does not make an error retryable",
            call(),
            one(),
            proxy(503).retry_after(seconds(61)),
            GIVE_UP,
        ),
        row(
            "one in the past has no effect",
            call(),
            one(),
            proxy(429).retry_after(Duration::ZERO),
            retry_after(0, NOT_PROCESSED, Duration::ZERO, Some(Duration::ZERO)),
        ),
    ]);
}

#[test]
fn no_retry_starts_that_would_reach_the_deadline() {
    let left = |left| Moment {
        left: Some(left),
        ..moment()
    };
    check_with(
        left(ms(250)),
        [row(
            "there is no delay that reaches the deadline",
            call(),
            one(),
            failure(Cause::NoConnection),
            // It would have been in time with less jitter.
            Step::GiveUp {
                note: Some(TOO_LONG),
            },
        )],
    );
    check_with(
        left(ms(251)),
        [row(
            "a delay that ends before the deadline",
            call(),
            one(),
            failure(Cause::NoConnection),
            retry(0, NOT_PROCESSED),
        )],
    );
    check_with(
        left(seconds(10)),
        [row(
            "a Retry-After is obeyed if the deadline allows",
            call(),
            one(),
            proxy(429).retry_after(seconds(10)),
            Step::GiveUp {
                note: Some(TOO_LONG),
            },
        )],
    );
    check_with(
        Moment {
            left: None,
            ..moment()
        },
        [row(
            "without a deadline",
            call(),
            one(),
            proxy(429).retry_after(seconds(10)),
            retry_after(0, NOT_PROCESSED, seconds(10), Some(seconds(10))),
        )],
    );
}

#[test]
fn retry_delays_are_those_of_the_options() {
    for (promise, delay, expected) in [
        (
            "min_retry_delay is the shortest wait",
            (ms(500), seconds(10)),
            ms(500),
        ),
        (
            "max_retry_delay is the longest wait",
            (Duration::ZERO, ms(5)),
            ms(5),
        ),
        (
            "min_retry_delay takes precedence over max_retry_delay",
            (ms(7), ms(5)),
            ms(7),
        ),
    ] {
        let state = with(call(), |state| state.policy.delay = delay);
        let step = next(&state, proxy(429).into(), &one(), moment());
        assert_eq!(step.wait(), expected, "{promise}");
    }
}

#[test]
fn a_spent_retry_budget_ends_the_call_with_a_note() {
    let redirect = Step::FollowRedirect {
        manager: 1,
        wait: Duration::ZERO,
        uses_budget: true,
    };
    let login = Step::RetryLogin {
        manager: 0,
        wait: ms(250),
    };
    check([
        row(
            "when the budget is spent the error of the last attempt shows it",
            call(),
            one(),
            Event::BudgetSpent(retry(0, NOT_PROCESSED)),
            Step::GiveUp {
                note: Some(BUDGET_SPENT),
            },
        ),
        row(
            "a redirect without budget left is an error",
            call(),
            cluster([UP, UP]),
            Event::BudgetSpent(redirect),
            GIVE_UP,
        ),
        row(
            "another login without budget left is not attempted",
            session_call(),
            one(),
            Event::BudgetSpent(login),
            GIVE_UP,
        ),
    ]);
}

#[test]
fn tls_files_are_reloaded_after_a_tls_failure() {
    let resend = Step::Resend {
        reason: "the TLS files were reloaded",
    };
    let reloaded = |state| with(state, |state: &mut CallState| state.reloaded_tls = true);
    let reload = |failure| Event::ReloadEnded(failure, true);
    let (untrusted, rejected) = (tls(Cause::Untrusted), tls(Cause::CertificateRejected));
    check([
        row(
            "at once when a manager's certificate is not trusted",
            call(),
            one(),
            untrusted,
            Step::ReloadTls(untrusted),
        ),
        row(
            "before a retry of any TLS failure",
            call(),
            one(),
            tls(Cause::NoConnection),
            Step::ReloadTls(tls(Cause::NoConnection)),
        ),
        row(
            "before the call goes to another manager",
            call(),
            cluster([UP, UP]),
            untrusted,
            Step::ReloadTls(untrusted),
        ),
        row(
            "the call is resent with new certificates, even without retries",
            with(call(), |state| state.policy.max_retries = 0),
            one(),
            reload(untrusted),
            resend,
        ),
        row("once", reloaded(call()), one(), untrusted, GIVE_UP),
        row(
            "a client certificate that was rejected during the handshake",
            certificate_call(),
            one(),
            reload(untrusted),
            resend,
        ),
        row(
            "one that was rejected after the request was sent: only if idempotent",
            certificate_call(),
            one(),
            reload(rejected),
            GIVE_UP,
        ),
        row(
            "one that was rejected after the request was sent, and it is idempotent",
            idempotent_call(),
            one(),
            reload(rejected),
            resend,
        ),
        row(
            "a manager that returns 403 for a client certificate",
            certificate_call(),
            one(),
            manager(403, 403),
            Step::ReloadTls(manager(403, 403)),
        ),
        row(
            "a manager that does not know the client certificate yet",
            certificate_call(),
            one(),
            manager(500, 99),
            Step::ReloadTls(manager(500, 99)),
        ),
        row(
            "a stream body is sent only once",
            with(call(), |state| state.policy.repeatable = false),
            one(),
            untrusted,
            GIVE_UP,
        ),
    ]);
}
