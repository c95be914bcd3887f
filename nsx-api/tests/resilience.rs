//! Behavior under network faults: what the caller gets, how many requests the manager sees, and how
//! many tokens it creates.

use std::future::Future;
use std::time::Duration;

use http::{Method, Version};
use nsx_api::mock::Answer;
use nsx_api::{CallOptions, Client, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::common;
use crate::fault_proxy::fault_script::{
    DONE, DONE_ON_RETRY, Fixture, HALF, LARGE, Outcome, SMALL, THING, VERSIONS, call, failed,
    fast_retry, let_tasks_run, outcome,
};
use crate::fault_proxy::{Fault, Proxy, ScheduledFault};
use crate::frozen_clock::{FrozenClock, until};
use crate::own_process::in_own_process;

/// The timeout of cases that are expected to time out. All other cases use one minute.
const SHORT: Duration = Duration::from_secs(2);
const SLOW: Fault = Fault::Slow(MILLISECOND);
/// Timers may end this much later.
const MILLISECOND: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
enum Scenario {
    /// The port is closed.
    ConnectionRefused,
    /// The fault hits this many connections, counted from the first byte of the handshake.
    DuringConnect(ScheduledFault, usize),
    /// The fault hits the call on a reused connection.
    DuringCall(ScheduledFault),
    /// The connection ends while it is idle.
    WhileIdle(Fault),
    /// The manager rejects the call without carrying it out.
    RejectedByManager(Answer),
    /// A gateway answers with an error; it may have forwarded the request.
    ErrorFromGateway(Answer),
}

impl Scenario {
    /// Whether the manager may have carried out the failed call.
    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::DuringCall(_) | Self::ErrorFromGateway(_))
    }
}

/// The observed result: the outcome for the caller, the number of requests that the manager saw,
/// and the number of tokens that it created.
type Observed = (Outcome, usize, usize);

#[derive(Clone)]
struct Case {
    scenario: Scenario,
    size: usize,
    timeout: Duration,
    /// The expected result for POST, which is not idempotent.
    post: Observed,
    /// The expected result for GET and PUT.
    idempotent: Observed,
}

fn case(scenario: Scenario, (post, idempotent): (Observed, Observed)) -> Case {
    Case {
        scenario,
        size: LARGE,
        timeout: Duration::from_secs(60),
        post,
        idempotent,
    }
}

impl Case {
    fn small(self) -> Self {
        let size = SMALL;
        Self { size, ..self }
    }

    fn times_out(self) -> Self {
        let timeout = SHORT;
        Self { timeout, ..self }
    }

    /// Whether a second attempt reuses the connection of the failed first one.
    fn reuses_connection(&self, version: Version) -> bool {
        matches!(self.scenario, Scenario::DuringCall(fault) if reuses_connection(fault, version))
    }

    /// Adjusts the expectation for such an attempt.
    fn on(mut self, version: Version) -> Self {
        if self.reuses_connection(version) {
            let (_, seen, _) = self.post;
            self.idempotent = (failed(ErrorKind::Timeout, 2), seen, 0);
        }
        self
    }

    fn expected(&self, method: &Method) -> Observed {
        match *method == Method::POST {
            true => self.post,
            false => self.idempotent,
        }
    }
}

/// Whether a retry uses the faulty connection again. The HTTP library keeps sending calls on a
/// stalled HTTP/2 connection, retries included, until the connection is given up.
fn reuses_connection(scheduled: ScheduledFault, version: Version) -> bool {
    scheduled.fault == Fault::Stall && version == Version::HTTP_2
}

fn cases() -> Vec<Case> {
    use ErrorKind::{Connect, Connection, ServiceUnavailable, Timeout};
    use Fault::{Close, Reset, Stall};
    use Scenario::{
        ConnectionRefused, DuringCall, DuringConnect, ErrorFromGateway, RejectedByManager,
        WhileIdle,
    };
    let (request, answer) = (ScheduledFault::in_request, ScheduledFault::in_answer);
    let html = |status| Answer::status(status).body("<h1>Service Unavailable</h1>");

    // The expected results for POST and for idempotent methods.
    let well = ((DONE, 1, 1), (DONE, 1, 0));
    let none = ((failed(Connect, 2), 0, 0), (failed(Connect, 2), 0, 0));
    // The connection failed, so nothing was sent: every call is retried.
    let again = ((DONE_ON_RETRY, 1, 1), (DONE_ON_RETRY, 1, 0));
    let refused = ((DONE_ON_RETRY, 2, 1), (DONE_ON_RETRY, 2, 0));
    let unseen = |kind| ((failed(kind, 1), 0, 0), (DONE_ON_RETRY, 1, 0));
    let seen = |kind| ((failed(kind, 1), 1, 1), (DONE_ON_RETRY, 2, 0));
    let unknown = ((failed(ServiceUnavailable, 1), 1, 0), (DONE_ON_RETRY, 2, 0));
    vec![
        case(ConnectionRefused, none),
        case(DuringConnect(request(0, Reset), 1), again),
        case(DuringConnect(request(0, Reset), 2), none),
        case(DuringConnect(request(100, Close), 1), again),
        case(DuringConnect(request(0, Stall), 1), again).times_out(),
        case(DuringConnect(request(0, Stall), 2), none).times_out(),
        case(DuringConnect(answer(100, Reset), 1), again),
        case(DuringConnect(answer(100, Close), 1), again),
        case(DuringConnect(answer(100, Stall), 1), again).times_out(),
        case(DuringConnect(answer(0, SLOW), 1), well),
        case(DuringCall(request(0, Reset)), unseen(Connection)),
        case(DuringCall(request(10, Reset)), unseen(Connection)),
        case(DuringCall(request(10, Close)), unseen(Connection)),
        case(DuringCall(request(0, Stall)), unseen(Timeout)).times_out(),
        case(DuringCall(request(0, SLOW)), well),
        case(DuringCall(answer(0, Reset)), seen(Connection)),
        case(DuringCall(answer(0, Close)), seen(Connection)),
        case(DuringCall(answer(0, Stall)), seen(Timeout)).times_out(),
        case(DuringCall(answer(0, SLOW)), well).small(),
        case(DuringCall(answer(HALF, Reset)), seen(Connection)),
        case(DuringCall(answer(HALF, Close)), seen(Connection)),
        case(DuringCall(answer(HALF, Stall)), seen(Timeout)).times_out(),
        case(DuringCall(answer(HALF, SLOW)), seen(Timeout)).times_out(),
        case(WhileIdle(Reset), well),
        case(WhileIdle(Close), well),
        case(RejectedByManager(503.into()), refused),
        case(RejectedByManager(html(429)), refused),
        case(
            RejectedByManager(html(429).header("retry-after", "1")),
            refused,
        ),
        case(ErrorFromGateway(html(503)), unknown),
    ]
}

/// A row of the table with everything that its call needs.
struct Row {
    case: Case,
    version: Version,
    method: Method,
    reuses_connection: bool,
    fixture: Fixture,
    client: Client,
    _refusing: Proxy,
}

impl Row {
    async fn new(case: Case, version: Version, method: Method) -> Self {
        let fixture = Fixture::new(version, case.size).await;
        let refusing = Proxy::refusing(&fixture.manager);
        let client = match case.scenario {
            Scenario::ConnectionRefused => refusing.client().options(fast_retry()).build(),
            Scenario::DuringConnect(..) => fixture.basic().connect_timeout(case.timeout).build(),
            _ => fixture.basic().build(),
        };
        let client = client.unwrap();
        if matches!(
            case.scenario,
            Scenario::DuringCall(_) | Scenario::WhileIdle(_)
        ) {
            fixture.warm_up(&client).await;
        }
        Self {
            reuses_connection: case.reuses_connection(version),
            case,
            version,
            method,
            fixture,
            client,
            _refusing: refusing,
        }
    }

    async fn run(&self) -> Observed {
        let Fixture { manager, proxy, .. } = &self.fixture;
        let before = manager.count();
        let mut options = CallOptions::new();
        match &self.case.scenario {
            Scenario::ConnectionRefused => {}
            Scenario::DuringConnect(fault, times) => (0..*times).for_each(|_| proxy.inject(*fault)),
            Scenario::DuringCall(fault) => {
                proxy.inject(*fault);
                options = options.attempt_timeout(self.case.timeout);
            }
            Scenario::WhileIdle(fault) => {
                proxy.disconnect_all(*fault).await;
                let_tasks_run().await;
            }
            Scenario::RejectedByManager(answer) | Scenario::ErrorFromGateway(answer) => {
                manager.respond_with(answer.clone());
            }
        }
        let outcome = call(&self.client.with(options), &self.method).await;
        assert_eq!(proxy.pending(), 0, "not injected: {:?}", self.case.scenario);
        (
            outcome,
            manager.count() - before,
            self.fixture.tokens_created(),
        )
    }

    /// The same for a case that times out: the clock moves by one timeout whenever the fault has
    /// stopped the connection of an attempt.
    async fn run_to_timeout(&self) -> Observed {
        let clock = FrozenClock::start();
        let proxy = &self.fixture.proxy;
        let before = proxy.stopped();
        let times_out = async {
            for stopped in before + 1.. {
                until(|| proxy.stopped() == stopped).await;
                clock.pass(self.case.timeout + MILLISECOND).await;
                while let Some(pause) = self.pause_of_next_attempt() {
                    clock.pass(pause).await;
                }
            }
        };
        tokio::select! {
            biased;
            found = self.run() => found,
            () = times_out => unreachable!("it never ends"),
        }
    }

    /// How far the clock must move for an attempt that uses the connection of the failed one.
    fn pause_of_next_attempt(&self) -> Option<Duration> {
        match self.case.scenario {
            _ if self.reuses_connection => Some(self.case.timeout + MILLISECOND),
            Scenario::DuringCall(scheduled) => match scheduled.fault {
                Fault::Slow(pause) => Some(pause),
                _ => None,
            },
            _ => None,
        }
    }

    async fn check(self) {
        let Self {
            case,
            version,
            method,
            ..
        } = &self;
        let row = format!("{method} {version:?} {:?}", case.scenario);
        let found = match case.timeout == SHORT {
            true => self.run_to_timeout().await,
            false => self.run().await,
        };
        assert_eq!(found, case.expected(method), "{row}");
        // These hold for every row.
        let ((result, attempts), saw, tokens_created) = found;
        assert!(saw <= attempts as usize && tokens_created <= 1, "{row}");
        if *method == Method::POST {
            assert!(result.is_err() || tokens_created == 1, "{row}");
            assert!(!case.scenario.is_ambiguous() || attempts == 1, "{row}");
        }
    }
}

/// The rows of these cases.
fn rows(cases: impl Iterator<Item = Case>) -> impl Iterator<Item = (Case, Version, Method)> {
    let cases = cases.flat_map(|case| VERSIONS.map(|version| (case.clone().on(version), version)));
    cases.flat_map(|(case, version)| {
        let methods = [Method::POST, Method::GET, Method::PUT];
        methods.map(|method| (case.clone(), version, method))
    })
}

#[tokio::test]
async fn network_fault_gets_a_retry_or_an_error_and_creates_no_token_twice() {
    let cases = cases().into_iter().filter(|case| case.timeout > SHORT);
    let checks = rows(cases).map(|(case, version, method)| async move {
        Row::new(case, version, method).await.check().await;
    });
    checks.collect::<JoinSet<()>>().join_all().await;
}

/// One after the other, because each moves the clock.
#[test]
fn network_fault_with_a_timeout_gets_a_retry_or_an_error_and_creates_no_token_twice() {
    let cases = cases().into_iter().filter(|case| case.timeout == SHORT);
    for (case, version, method) in rows(cases) {
        in_runtime(async { Row::new(case, version, method).await.check().await });
    }
}

/// Runs a check with a clock of its own.
fn in_runtime(check: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(check);
}

/// The state of the session before the call.
#[derive(Clone, Copy, Debug)]
enum SessionState {
    /// The client closed it, so the first request is the login.
    Closed,
    /// The manager expired it, so the first request is the call and the second the login.
    Expired,
}

#[derive(Clone, Debug)]
struct LoginCase {
    session: SessionState,
    /// The faults of the next requests.
    faults: Vec<Option<ScheduledFault>>,
    outcome: Outcome,
    logins: usize,
    tokens_created: usize,
}

impl LoginCase {
    fn stalls(&self) -> bool {
        let mut faults = self.faults.iter().flatten();
        faults.any(|scheduled| scheduled.fault == Fault::Stall)
    }
}

fn login_cases() -> Vec<LoginCase> {
    use ErrorKind::{Connect, Connection};
    use Fault::{Close, Reset, Stall};
    use SessionState::{Closed, Expired};
    let request = |after, fault| Some(ScheduledFault::in_request(after, fault));
    let answer = |after, fault| Some(ScheduledFault::in_answer(after, fault));
    let (none, lost, lost_again) = (
        failed(Connect, 0),
        failed(Connection, 1),
        failed(Connection, 2),
    );
    let case = |session, faults, outcome, (logins, tokens_created)| LoginCase {
        session,
        faults,
        outcome,
        logins,
        tokens_created,
    };
    vec![
        case(Closed, vec![request(0, Reset)], DONE, (1, 1)),
        case(Closed, vec![request(0, SLOW)], DONE, (1, 1)),
        case(Closed, vec![request(0, Stall)], DONE, (1, 1)),
        case(Closed, vec![answer(0, Reset)], DONE, (2, 1)),
        case(Closed, vec![answer(10, Reset)], DONE, (2, 1)),
        case(Closed, vec![answer(0, Close)], DONE, (2, 1)),
        case(Closed, vec![answer(0, SLOW)], DONE, (1, 1)),
        case(Closed, vec![answer(0, Stall)], DONE, (2, 1)),
        case(
            Closed,
            vec![request(0, Reset), request(0, Reset)],
            none,
            (0, 0),
        ),
        case(Closed, vec![None, request(0, Reset)], lost, (1, 0)),
        case(Closed, vec![None, answer(0, Reset)], lost, (1, 1)),
        case(
            Expired,
            vec![None, request(0, Close)],
            DONE_ON_RETRY,
            (1, 1),
        ),
        case(Expired, vec![None, answer(0, Reset)], DONE_ON_RETRY, (2, 1)),
        case(
            Expired,
            vec![None, None, request(0, Reset)],
            lost_again,
            (1, 0),
        ),
        case(
            Expired,
            vec![None, None, answer(0, Reset)],
            lost_again,
            (1, 1),
        ),
    ]
}

async fn check_login(case: LoginCase, version: Version) {
    let row = format!("{version:?} {case:?}");
    let options = match case.stalls() {
        true => fast_retry().attempt_timeout(SHORT),
        false => fast_retry(),
    };
    let fixture = Fixture::new(version, SMALL).await;
    let Fixture { manager, proxy, .. } = &fixture;
    let client = fixture.session().options(options).build().unwrap();
    fixture.warm_up(&client).await;
    match case.session {
        SessionState::Closed => client.close().await,
        SessionState::Expired => manager.expire_sessions(),
    }
    let_tasks_run().await;
    for fault in &case.faults {
        fault.map_or_else(|| proxy.skip(), |fault| proxy.inject(fault));
    }
    let call_with_fault = call(&client, &Method::POST);
    // Until the end of the test, because the last call has the short timeout too.
    let mut frozen = None;
    let outcome = match case.stalls() {
        true => {
            let clock = frozen.insert(FrozenClock::start());
            let stopped = until(|| proxy.stopped() == 1);
            clock.expires(SHORT, stopped, call_with_fault).await
        }
        false => call_with_fault.await,
    };
    assert_eq!(outcome, case.outcome, "{row}");
    let found = (
        manager.logins() - 1,
        fixture.tokens_created(),
        proxy.pending(),
    );
    assert_eq!(found, (case.logins, case.tokens_created, 0), "{row}");
    assert_eq!(call(&client, &Method::POST).await.0, Ok(()), "{row}");
}

#[test]
fn lost_session_login_gets_a_retry_but_not_the_non_idempotent_call_after_it() {
    let cases = login_cases().into_iter();
    let rows = cases.flat_map(|case| VERSIONS.map(|version| (case.clone(), version)));
    let rows = rows.filter(|(case, version)| {
        let mut faults = case.faults.iter().flatten();
        !faults.any(|fault| reuses_connection(*fault, *version))
    });
    let (stalled, others): (Vec<_>, Vec<_>) = rows.partition(|(case, _)| case.stalls());
    for (case, version) in stalled {
        in_runtime(check_login(case, version));
    }
    in_runtime(async {
        let checks = others.into_iter();
        let checks = checks.map(|(case, version)| check_login(case, version));
        checks.collect::<JoinSet<()>>().join_all().await;
    });
}

/// Reads a response stream. Returns the number of bytes and the error at the end, if any.
async fn read_stream(client: &Client) -> (usize, Option<Error>) {
    let response = client.request(Method::GET, THING).stream().await.unwrap();
    assert_eq!(response.attempts(), 1);
    let (mut body, mut length) = (response.into_inner(), 0);
    while let Some(piece) = body.next().await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(error) => {
                assert!(body.next().await.is_none());
                return (length, Some(error));
            }
        }
    }
    (length, None)
}

async fn check_stream(version: Version, fault: Fault, kind: ErrorKind) {
    let fixture = Fixture::new(version, LARGE).await;
    let client = fixture.basic().build().unwrap();
    fixture.warm_up(&client).await;
    let before = fixture.manager.count();
    fixture.proxy.inject(ScheduledFault::in_answer(HALF, fault));
    let options = match fault {
        Fault::Stall => CallOptions::new().attempt_timeout(SHORT),
        _ => CallOptions::new(),
    };
    let client = client.with(options);
    let read = read_stream(&client);
    let (length, error) = match fault {
        Fault::Stall => {
            let clock = FrozenClock::start();
            let stopped = until(|| fixture.proxy.stopped() == 1);
            clock.expires(SHORT, stopped, read).await
        }
        _ => read.await,
    };
    let error = error.unwrap();
    let row = format!("{version:?} {fault:?}: {length} bytes, {error}");
    assert_eq!((error.kind(), error.attempts()), (kind, 1), "{row}");
    assert_eq!(error.status().unwrap().as_u16(), 200, "{row}");
    assert!((1..HALF).contains(&length), "{row}");
    assert_eq!(fixture.manager.count(), before + 1, "{row}");
}

#[test]
fn interrupted_response_stream_ends_in_an_error_without_retry() {
    for version in VERSIONS {
        for (fault, kind) in [
            (Fault::Reset, ErrorKind::Connection),
            (Fault::Close, ErrorKind::Connection),
            (Fault::Stall, ErrorKind::Timeout),
        ] {
            in_runtime(check_stream(version, fault, kind));
        }
    }
}

#[tokio::test]
async fn attempt_timeout_of_a_response_stream_applies_between_pieces() {
    let fixture = Fixture::new(Version::HTTP_2, LARGE).await;
    let client = fixture.basic().build().unwrap();
    let pieces = Answer::status(200).body("12345678").chunked(2);
    fixture
        .manager
        .respond_with(pieces.pause(SHORT.mul_f64(0.4)));
    let clock = FrozenClock::start();
    let client = client.with(CallOptions::new().attempt_timeout(SHORT));
    let step = SHORT.mul_f64(0.1);
    let ((length, error), took) = clock.measure(step, read_stream(&client)).await;
    assert!(error.is_none() && length == 8, "{length} bytes, {error:?}");
    assert!(took > SHORT, "{took:?}");
}

#[tokio::test]
async fn body_without_content_length_is_complete_only_after_tls_close_notify() {
    let fixture = Fixture::new(Version::HTTP_11, SMALL).await;
    let client = fixture.basic().build().unwrap();
    let client = client.with(CallOptions::new().max_retries(0));
    let body = "x".repeat(LARGE);
    let unannounced = Answer::raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}"));
    fixture.manager.respond_always(unannounced);
    let get = || client.request(Method::GET, THING).send();
    assert_eq!(get().await.unwrap().into_inner(), body);
    assert_eq!(read_stream(&client).await.0, LARGE);

    for _ in 0..2 {
        // The first entry is for the handshake, the second for the request.
        fixture.proxy.skip();
        fixture
            .proxy
            .inject(ScheduledFault::in_answer(HALF, Fault::Close));
    }
    assert_eq!(get().await.unwrap_err().kind(), ErrorKind::Connection);
    let (length, error) = read_stream(&client).await;
    assert!(length < HALF);
    assert_eq!(error.unwrap().kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn retry_after_up_to_a_minute_is_honored_and_a_longer_one_is_in_the_error() {
    let (manager, client) = common::manager_with_things().await;
    let clock = FrozenClock::start();
    let get = || client.request(Method::GET, THING).send();
    // The random delay is added to the one that the manager wants.
    let (step, random) = (Duration::from_millis(10), Duration::from_millis(250));
    // The clock moves a step for each timer, and while a request, a TLS handshake or the limits of
    // the client delay the call.
    let slack = 10 * step;
    for (after, shortest) in [
        ("1", Duration::from_secs(1)),
        // A time in the past or an invalid value adds no delay.
        ("0", Duration::ZERO),
        ("Wed, 21 Oct 2015 07:28:00 GMT", Duration::ZERO),
        ("soon", Duration::ZERO),
        ("-1", Duration::ZERO),
        ("1.5", Duration::ZERO),
        ("", Duration::ZERO),
    ] {
        manager.respond_with(Answer::from(429).header("retry-after", after));
        let (result, took) = clock.measure(step, get()).await;
        assert_eq!(outcome(result), DONE_ON_RETRY, "{after}");
        let longest = shortest + random + slack;
        assert!((shortest..=longest).contains(&took), "{after}: {took:?}");
    }
    for (after, message) in [
        ("61", "retry after 61 s"),
        ("3600", "retry after 3600 s"),
        ("99999999999999999999", "retry after more than a century"),
        (
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "retry after more than a century",
        ),
    ] {
        for status in [429, 503] {
            // Even without a deadline.
            let client = client.with(CallOptions::new().deadline(Duration::MAX));
            manager.respond_with(Answer::from(status).header("retry-after", after));
            let call = client.request(Method::GET, THING).send();
            let (result, took) = clock.measure(step, call).await;
            let error = result.unwrap_err();
            // Only the limits of the client may wait.
            assert!(took < Duration::from_secs(10), "{took:?}");
            assert_eq!(
                (error.status().unwrap().as_u16(), error.attempts()),
                (status, 1)
            );
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}

/// More memory than the test process may use.
const HUGE: usize = 1 << 30;
const MEBIBYTE: usize = 1 << 20;

/// The resident memory of this process, or 0 where `/proc` does not exist.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes.map_or(0, |kibibytes| kibibytes.parse::<usize>().unwrap() << 10)
}

/// Answers one request with this head and an endless body of `x`, chunked or not, until the client
/// closes the connection. Returns the number of bytes sent and the peak memory in use.
async fn endless(listener: &TcpListener, head: &str) -> (usize, usize) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut request).await.unwrap() > 0);
    }
    stream
        .write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let data = "x".repeat(64 << 10);
    let piece = match head.contains("chunked") {
        true => format!("{:x}\r\n{data}\r\n", data.len()),
        false => data,
    };
    let (mut sent, mut most) = (0, resident());
    while sent < HUGE && stream.write_all(piece.as_bytes()).await.is_ok() {
        sent += piece.len();
        most = most.max(resident());
    }
    (sent, most)
}

#[tokio::test]
async fn endless_error_body_is_read_only_up_to_a_limit() {
    // It measures the memory of the process.
    if !in_own_process(endless_error_body_is_read_only_up_to_a_limit, []) {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(format!("http://{}", listener.local_addr().unwrap()));
    let client = client.build().unwrap();
    for (head, kind) in [
        (
            format!("500 Failed\r\nContent-Length: {HUGE}"),
            ErrorKind::InternalServerError,
        ),
        (
            "500 Failed\r\nTransfer-Encoding: chunked".to_owned(),
            ErrorKind::InternalServerError,
        ),
        (
            "403 No\r\nContent-Type: application/json".to_owned(),
            ErrorKind::Forbidden,
        ),
        (
            "307 There\r\nLocation: /there".to_owned(),
            ErrorKind::Redirect,
        ),
        (
            format!("200 OK\r\nContent-Length: {HUGE}"),
            ErrorKind::BodyTooLarge,
        ),
    ] {
        let before = resident();
        let token = client.create_registration_token();
        let ((sent, most), result) = tokio::join!(endless(&listener, &head), token.send());
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
        assert!(error.to_string().len() < 1000, "{error}");
        assert!(error.body().is_none_or(|body| body.len() <= 4 << 10));
        // Most of these bytes are in the socket buffers of the system.
        assert!(sent < 24 * MEBIBYTE, "{head}: {sent} bytes");
        assert!(
            most - before.min(most) < 32 * MEBIBYTE,
            "{head}: {most} after {before}"
        );
    }
}

#[tokio::test]
async fn hung_http2_connection_is_closed_after_a_ping_timeout_and_the_call_gets_a_retry() {
    let fixture = Fixture::new(Version::HTTP_2, SMALL).await;
    let client = fixture.basic().build().unwrap();
    fixture.warm_up(&client).await;
    fixture
        .proxy
        .inject(ScheduledFault::in_request(0, Fault::Stall));
    let (clock, accepted) = (FrozenClock::start(), fixture.proxy.accepted());
    // The client sends a PING after five idle seconds and waits five more for the reply.
    let step = Duration::from_millis(500);
    let (outcome, took) = clock.measure(step, call(&client, &Method::GET)).await;
    assert_eq!(outcome, DONE_ON_RETRY);
    let ten = Duration::from_secs(10);
    assert!((ten..ten + 10 * step).contains(&took), "{took:?}");
    assert_eq!(fixture.proxy.accepted(), accepted + 1);
}
