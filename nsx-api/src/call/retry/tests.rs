use super::*;
use proptest::prelude::*;

const POLICY: Policy = Policy {
    max_retries: 4,
    delay: (Duration::ZERO, Duration::from_secs(10)),
    idempotent: false,
    repeatable: true,
    retry_unavailable: true,
    by_certificate: false,
};
const INPUT: RetryInput = RetryInput {
    retries: 0,
    cause: Cause::NoConnection,
    retry_after: None,
    left: None,
    elsewhere: false,
};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn manager(status: u16, code: i64) -> Cause {
    Cause::Status(StatusCode::from_u16(status).unwrap(), Some(code))
}

fn proxy(status: u16) -> Cause {
    Cause::Status(StatusCode::from_u16(status).unwrap(), None)
}

/// When a call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Always,
    /// Only if it is idempotent.
    Idempotent,
    /// Only at another manager.
    Elsewhere,
    IdempotentElsewhere,
    Never,
}

/// Every cause of a failed attempt, and when it is retried.
fn causes() -> Vec<(Cause, Again)> {
    use Again::{Always, Elsewhere, Idempotent, IdempotentElsewhere, Never};
    let mut causes = vec![
        (Cause::NoConnection, Always),
        (Cause::Untrusted, Elsewhere),
        (Cause::CertificateRejected, IdempotentElsewhere),
        (Cause::FailoverTimeout, Idempotent),
        (Cause::NotProcessed, Always),
        (Cause::ConnectionLost, Idempotent),
        (Cause::AttemptTimeout, Idempotent),
        (Cause::DeadlineExceeded, Never),
        (Cause::CallerError, Never),
        (proxy(429), Always),
        (manager(429, 102), Always),
        (manager(503, 98), Always),
        (proxy(503), Idempotent),
        (proxy(500), Idempotent),
        (manager(500, 1), Idempotent),
        (manager(500, 98), Idempotent),
        (manager(500, 607), Idempotent),
        (manager(500, 610), Idempotent),
        (manager(500, 99), Idempotent),
        (manager(400, 99), Never),
        (manager(403, 98), Never),
    ];
    for status in [502, 504] {
        causes.extend([
            (proxy(status), Idempotent),
            (manager(status, 1), Idempotent),
        ]);
    }
    for status in [
        200, 301, 307, 400, 401, 403, 404, 408, 409, 412, 418, 501, 505, 507, 599,
    ] {
        causes.extend([(proxy(status), Never), (manager(status, 1), Never)]);
    }
    causes
}

#[test]
fn a_call_is_retried_only_if_that_is_safe_or_it_is_idempotent() {
    for (cause, again) in causes() {
        for (idempotent, elsewhere) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let policy = Policy {
                idempotent,
                ..POLICY
            };
            let input = RetryInput {
                cause,
                elsewhere,
                ..INPUT
            };
            let expected = match again {
                Again::Always => true,
                Again::Idempotent => idempotent,
                Again::Elsewhere => elsewhere,
                Again::IdempotentElsewhere => elsewhere && idempotent,
                Again::Never => false,
            };
            let row = format!("{cause:?} {idempotent} {elsewhere}");
            assert_eq!(policy.wait(input, 0.5).is_some(), expected, "{row}");
            let once = Policy {
                repeatable: false,
                ..policy
            };
            assert_eq!(once.wait(input, 0.5), None, "{row}");
        }
    }
}

#[test]
fn a_503_is_retried_only_if_idempotent_without_retry_unavailable() {
    for (idempotent, again) in [(false, false), (true, true)] {
        let policy = Policy {
            idempotent,
            retry_unavailable: false,
            ..POLICY
        };
        for cause in [proxy(503), manager(503, 98)] {
            let wait = policy.wait(RetryInput { cause, ..INPUT }, 0.5);
            assert_eq!(wait.is_some(), again, "{cause:?} {idempotent}");
        }
        // Other refusals are not affected.
        let refused = RetryInput {
            cause: manager(429, 102),
            ..INPUT
        };
        assert!(policy.wait(refused, 0.5).is_some());
    }
}

#[test]
fn a_500_for_an_unknown_client_certificate_is_always_retried() {
    for (cause, by_certificate, again) in [
        (manager(500, 99), true, true),
        (manager(500, 99), false, false),
        (manager(500, 98), true, false),
        (proxy(500), true, false),
        (manager(502, 99), true, false),
    ] {
        let policy = Policy {
            by_certificate,
            ..POLICY
        };
        let wait = policy.wait(RetryInput { cause, ..INPUT }, 0.5);
        assert_eq!(wait.is_some(), again, "{cause:?} {by_certificate}");
    }
}

#[test]
fn causes_that_eject_a_manager() {
    for (cause, is_of_manager) in [
        (Cause::NoConnection, true),
        (Cause::Untrusted, true),
        (Cause::CertificateRejected, true),
        (Cause::ConnectionLost, true),
        (Cause::AttemptTimeout, true),
        (proxy(502), true),
        (proxy(503), true),
        (manager(503, 98), true),
        (proxy(504), true),
        // A manager may close a connection without being down.
        (Cause::NotProcessed, false),
        (Cause::FailoverTimeout, false),
        (Cause::DeadlineExceeded, false),
        (Cause::CallerError, false),
        (manager(429, 102), false),
        (manager(500, 98), false),
        (manager(403, 403), false),
    ] {
        assert_eq!(cause.is_of_manager(), is_of_manager, "{cause:?}");
    }
}

#[test]
fn retry_delays_double_up_to_ten_seconds() {
    let policy = Policy {
        max_retries: u32::MAX,
        ..POLICY
    };
    for (retries, longest) in [
        (0, 250),
        (1, 500),
        (2, 1000),
        (3, 2000),
        (5, 8000),
        (6, 10_000),
        (31, 10_000),
        (4_000_000, 10_000),
    ] {
        let input = RetryInput { retries, ..INPUT };
        assert_eq!(policy.wait(input, 1.0), Some(ms(longest)), "{retries}");
        assert_eq!(policy.wait(input, 0.5), Some(ms(longest / 2)), "{retries}");
        assert_eq!(policy.wait(input, 0.0), Some(Duration::ZERO), "{retries}");
    }
}

#[test]
fn retry_delays_stay_within_min_and_max_retry_delay() {
    for (delay, retries, shortest, longest) in [
        ((500, 5000), 0, 500, 500),
        ((500, 5000), 2, 500, 1000),
        ((500, 5000), 9, 500, 5000),
        ((0, 500), 9, 0, 500),
        ((700, 700), 3, 700, 700),
        ((0, 0), 3, 0, 0),
    ] {
        let policy = Policy {
            max_retries: u32::MAX,
            delay: (ms(delay.0), ms(delay.1)),
            ..POLICY
        };
        let input = RetryInput { retries, ..INPUT };
        assert_eq!(policy.wait(input, 0.0), Some(ms(shortest)), "{delay:?}");
        assert_eq!(policy.wait(input, 1.0), Some(ms(longest)), "{delay:?}");
    }
}

#[test]
fn max_retries_bounds_the_retries() {
    for (max_retries, retries, again) in [
        (4, 3, true),
        (4, 4, false),
        (4, u32::MAX, false),
        (0, 0, false),
    ] {
        for elsewhere in [false, true] {
            let policy = Policy {
                max_retries,
                ..POLICY
            };
            let wait = policy.wait(
                RetryInput {
                    retries,
                    elsewhere,
                    ..INPUT
                },
                0.0,
            );
            assert_eq!(wait.is_some(), again, "{retries} of {max_retries}");
        }
    }
}

#[test]
fn a_retry_delay_past_the_deadline_is_not_started() {
    let input = RetryInput {
        left: Some(ms(200)),
        ..INPUT
    };
    assert_eq!(POLICY.wait(input, 0.5), Some(ms(125)));
    assert_eq!(POLICY.wait(input, 1.0), None);
    let input = RetryInput {
        retry_after: Some(ms(300)),
        ..input
    };
    assert_eq!(POLICY.wait(input, 0.0), None);
}

#[test]
fn the_jitter_of_a_retry_is_added_to_retry_after() {
    let input = RetryInput {
        retry_after: Some(ms(3000)),
        ..INPUT
    };
    assert_eq!(POLICY.wait(input, 1.0), Some(ms(3250)));
    for (asked, obeyed) in [
        (LONGEST_OBEYED, true),
        (LONGEST_OBEYED + ms(1), false),
        (Duration::MAX, false),
    ] {
        let input = RetryInput {
            retry_after: Some(asked),
            ..INPUT
        };
        assert_eq!(POLICY.wait(input, 1.0).is_some(), obeyed, "{asked:?}");
    }
}

#[test]
fn failover_ignores_retry_after_and_starts_at_once() {
    let input = RetryInput {
        cause: manager(503, 98),
        retry_after: Some(Duration::MAX),
        left: Some(ms(1)),
        elsewhere: true,
        ..INPUT
    };
    assert_eq!(POLICY.wait(input, 1.0), Some(Duration::ZERO));
}

#[test]
fn retry_after_is_parsed_as_seconds_and_as_a_date() {
    let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
    for (text, expected) in [
        ("7", Some(7_000)),
        (" 0 ", Some(0)),
        ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
        assert_eq!(retry_after(&headers, now), expected.map(ms), "{text:?}");
    }
    for text in ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
        assert!(
            retry_after(&headers, now).unwrap() > LONGEST_OBEYED,
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn no_retry_delay_reaches_the_deadline_whatever_the_input(
        retries: u32, max_retries: u32, random: f64, after: Option<u64>, left: Option<u64>,
        shortest: u64, longest: u64, idempotent: bool, elsewhere: bool, which: prop::sample::Index,
    ) {
        let input = RetryInput {
            retries,
            cause: which.get(&causes()).0,
            retry_after: after.map(Duration::from_secs),
            left: left.map(ms),
            elsewhere,
        };
        // NaN does not occur, but must not panic.
        let random = if random.is_nan() { 0.0 } else { random };
        let delay = (ms(shortest), ms(longest));
        let wait = Policy { max_retries, delay, idempotent, ..POLICY }.wait(input, random);
        if let (Some(wait), Some(left)) = (wait, input.left) {
            prop_assert!(wait < left || (elsewhere && wait.is_zero()));
        }
        prop_assert!(wait.is_none() || retries < max_retries);
    }
}
