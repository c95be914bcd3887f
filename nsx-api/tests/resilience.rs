//! What a caller sees, what the manager sees and what it mints when the network does its worst.
#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

mod common;
mod fault_proxy;

use std::time::{Duration, Instant};

use http::{Method, Version};
use nsx_api::mock::Answer;
use nsx_api::{CallOptions, Client, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use fault_proxy::fault_script::{
    DONE, DONE_AGAIN, HALF, LARGE, Outcome, SMALL, Scene, THING, VERSIONS, call, failed, outcome,
    quick, rest,
};
use fault_proxy::{Deed, Fault, Proxy};

/// The time-out of what runs into it; otherwise it is a minute.
const SHORT: Duration = Duration::from_secs(2);
const SLOW: Deed = Deed::Slow(Duration::from_millis(1));

#[derive(Clone, Debug)]
enum Trouble {
    /// Nobody listens.
    Refused,
    /// Each of so many connections meets it, counted from the first byte of the handshake.
    Connecting(Fault, usize),
    /// The call meets it, on a connection in use.
    Calling(Fault),
    /// The connection ends while it is not used.
    Idle(Deed),
    /// The manager says that it did nothing.
    Answered(Answer),
    /// A gateway answers, which may have forwarded the request.
    Forwarded(Answer),
}

impl Trouble {
    /// Whether the manager may have carried out a call that failed like this.
    fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Calling(_) | Self::Forwarded(_))
    }
}

/// What comes of a call: for the caller, how many requests the manager saw, and how many tokens it minted.
type Found = (Outcome, usize, usize);

#[derive(Clone)]
struct Case {
    trouble: Trouble,
    size: usize,
    timeout: Duration,
    /// Of the token operation, which is not idempotent.
    post: Found,
    /// Of operations that are.
    others: Found,
}

fn case(trouble: Trouble, (post, others): (Found, Found)) -> Case {
    Case {
        trouble,
        size: LARGE,
        timeout: Duration::from_secs(60),
        post,
        others,
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

    /// What comes of it where the second attempt is made on the connection that has failed the first.
    fn on(mut self, version: Version) -> Self {
        if matches!(self.trouble, Trouble::Calling(fault) if is_kept(fault, version)) {
            let (_, seen, _) = self.post;
            self.others = (failed(ErrorKind::Timeout, 2), seen, 0);
        }
        self
    }

    fn expected(&self, method: &Method) -> Found {
        match *method == Method::POST {
            true => self.post,
            false => self.others,
        }
    }
}

/// The HTTP library sends every call on a connection of HTTP/2 that stalls, a retry too, until the system gives it up.
fn is_kept(fault: Fault, version: Version) -> bool {
    fault.deed == Deed::Stall && version == Version::HTTP_2
}

fn cases() -> Vec<Case> {
    use Deed::{Close, Reset, Stall};
    use ErrorKind::{Connect, Connection, ServiceUnavailable, Timeout};
    use Trouble::{Answered, Calling, Connecting, Forwarded, Idle, Refused};
    let (request, answer) = (Fault::in_request, Fault::in_answer);
    let html = |status| Answer::status(status).body("<h1>Service Unavailable</h1>");

    // What comes of the token operation, and of the others.
    let well = ((DONE, 1, 1), (DONE, 1, 0));
    let none = ((failed(Connect, 2), 0, 0), (failed(Connect, 2), 0, 0));
    // There was no connection: every call is made again.
    let again = ((DONE_AGAIN, 1, 1), (DONE_AGAIN, 1, 0));
    let refused = ((DONE_AGAIN, 2, 1), (DONE_AGAIN, 2, 0));
    let unseen = |kind| ((failed(kind, 1), 0, 0), (DONE_AGAIN, 1, 0));
    let seen = |kind| ((failed(kind, 1), 1, 1), (DONE_AGAIN, 2, 0));
    let unknown = ((failed(ServiceUnavailable, 1), 1, 0), (DONE_AGAIN, 2, 0));
    vec![
        case(Refused, none),
        case(Connecting(request(0, Reset), 1), again),
        case(Connecting(request(0, Reset), 2), none),
        case(Connecting(request(100, Close), 1), again),
        case(Connecting(request(0, Stall), 1), again).times_out(),
        case(Connecting(request(0, Stall), 2), none).times_out(),
        case(Connecting(answer(100, Reset), 1), again),
        case(Connecting(answer(100, Close), 1), again),
        case(Connecting(answer(100, Stall), 1), again).times_out(),
        case(Connecting(answer(0, SLOW), 1), well),
        case(Calling(request(0, Reset)), unseen(Connection)),
        case(Calling(request(10, Reset)), unseen(Connection)),
        case(Calling(request(10, Close)), unseen(Connection)),
        case(Calling(request(0, Stall)), unseen(Timeout)).times_out(),
        case(Calling(request(0, SLOW)), well),
        case(Calling(answer(0, Reset)), seen(Connection)),
        case(Calling(answer(0, Close)), seen(Connection)),
        case(Calling(answer(0, Stall)), seen(Timeout)).times_out(),
        case(Calling(answer(0, SLOW)), well).small(),
        case(Calling(answer(HALF, Reset)), seen(Connection)),
        case(Calling(answer(HALF, Close)), seen(Connection)),
        case(Calling(answer(HALF, Stall)), seen(Timeout)).times_out(),
        case(Calling(answer(HALF, SLOW)), seen(Timeout)).times_out(),
        case(Idle(Reset), well),
        case(Idle(Close), well),
        case(Answered(503.into()), refused),
        case(Answered(html(429)), refused),
        case(Answered(html(429).header("retry-after", "1")), refused),
        case(Forwarded(html(503)), unknown),
    ]
}

/// A row of the table, with all that is needed to make its call.
struct Row {
    case: Case,
    version: Version,
    method: Method,
    scene: Scene,
    client: Client,
    _refusing: Proxy,
}

impl Row {
    async fn new(case: Case, version: Version, method: Method) -> Self {
        let scene = Scene::new(version, case.size).await;
        let refusing = Proxy::refusing(&scene.manager);
        let client = match case.trouble {
            Trouble::Refused => refusing.client().options(quick()).build(),
            Trouble::Connecting(..) => scene.basic().connect_timeout(case.timeout).build(),
            _ => scene.basic().build(),
        };
        let client = client.unwrap();
        if matches!(case.trouble, Trouble::Calling(_) | Trouble::Idle(_)) {
            scene.warm_up(&client).await;
        }
        Self {
            case,
            version,
            method,
            scene,
            client,
            _refusing: refusing,
        }
    }

    async fn found(&self) -> Found {
        let Scene { manager, proxy, .. } = &self.scene;
        let before = manager.count();
        let mut options = CallOptions::new();
        match &self.case.trouble {
            Trouble::Refused => {}
            Trouble::Connecting(fault, times) => (0..*times).for_each(|_| proxy.spoil(*fault)),
            Trouble::Calling(fault) => {
                proxy.spoil(*fault);
                options = options.attempt_timeout(self.case.timeout);
            }
            Trouble::Idle(deed) => {
                proxy.cut(*deed).await;
                rest().await;
            }
            Trouble::Answered(answer) | Trouble::Forwarded(answer) => {
                manager.respond_with(answer.clone());
            }
        }
        let outcome = call(&self.client.with(options), &self.method).await;
        assert_eq!(proxy.pending(), 0, "not met: {:?}", self.case.trouble);
        (outcome, manager.count() - before, self.scene.minted())
    }

    async fn check(self) {
        let Self {
            case,
            version,
            method,
            ..
        } = &self;
        let row = format!("{method} {version:?} {:?}", case.trouble);
        let found = self.found().await;
        assert_eq!(found, case.expected(method), "{row}");
        // Whatever the table says.
        let ((result, attempts), saw, minted) = found;
        assert!(saw <= attempts as usize && minted <= 1, "{row}");
        if *method == Method::POST {
            assert!(result.is_err() || minted == 1, "{row}");
            assert!(!case.trouble.is_ambiguous() || attempts == 1, "{row}");
        }
    }
}

/// Some rows at a time: those that run into a time-out have to get on in it, too.
async fn check(cases: impl Iterator<Item = Case>) {
    let cases: Vec<Case> = cases.collect();
    for cases in cases.chunks(8) {
        let mut rows = JoinSet::new();
        for case in cases {
            for version in VERSIONS {
                let case = case.clone().on(version);
                for method in [Method::POST, Method::GET, Method::PUT] {
                    rows.spawn(Row::new(case.clone(), version, method));
                }
            }
        }
        // Nothing is timed before everything is there.
        let rows = rows.join_all().await;
        let checks: JoinSet<()> = rows.into_iter().map(Row::check).collect();
        checks.join_all().await;
    }
}

#[tokio::test]
async fn network_faults_are_retried_or_reported_and_create_no_token_twice() {
    check(cases().into_iter().filter(|case| case.timeout > SHORT)).await;
}

#[tokio::test]
async fn network_faults_that_end_in_a_timeout_are_retried_or_reported_and_create_no_token_twice() {
    check(cases().into_iter().filter(|case| case.timeout == SHORT)).await;
}

/// What becomes of the session before the call.
#[derive(Clone, Copy, Debug)]
enum Session {
    /// It is given back, so that the first request is a login.
    Over,
    /// It expires, so that the first request is the call, and the second the login.
    Expired,
}

#[derive(Clone, Debug)]
struct LoginCase {
    session: Session,
    /// What the next requests meet.
    faults: Vec<Option<Fault>>,
    outcome: Outcome,
    logins: usize,
    minted: usize,
}

fn login_cases() -> Vec<LoginCase> {
    use Deed::{Close, Reset, Stall};
    use ErrorKind::{Connect, Connection};
    use Session::{Expired, Over};
    let request = |after, deed| Some(Fault::in_request(after, deed));
    let answer = |after, deed| Some(Fault::in_answer(after, deed));
    let (none, lost, lost_again) = (
        failed(Connect, 0),
        failed(Connection, 1),
        failed(Connection, 2),
    );
    let case = |session, faults, outcome, (logins, minted)| LoginCase {
        session,
        faults,
        outcome,
        logins,
        minted,
    };
    vec![
        case(Over, vec![request(0, Reset)], DONE, (1, 1)),
        case(Over, vec![request(0, SLOW)], DONE, (1, 1)),
        case(Over, vec![request(0, Stall)], DONE, (1, 1)),
        case(Over, vec![answer(0, Reset)], DONE, (2, 1)),
        case(Over, vec![answer(10, Reset)], DONE, (2, 1)),
        case(Over, vec![answer(0, Close)], DONE, (2, 1)),
        case(Over, vec![answer(0, SLOW)], DONE, (1, 1)),
        case(Over, vec![answer(0, Stall)], DONE, (2, 1)),
        case(
            Over,
            vec![request(0, Reset), request(0, Reset)],
            none,
            (0, 0),
        ),
        case(Over, vec![None, request(0, Reset)], lost, (1, 0)),
        case(Over, vec![None, answer(0, Reset)], lost, (1, 1)),
        case(Expired, vec![None, request(0, Close)], DONE_AGAIN, (1, 1)),
        case(Expired, vec![None, answer(0, Reset)], DONE_AGAIN, (2, 1)),
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
    let stalls = |fault: &Fault| fault.deed == Deed::Stall;
    let options = match case.faults.iter().flatten().any(stalls) {
        true => quick().attempt_timeout(SHORT),
        false => quick(),
    };
    let scene = Scene::new(version, SMALL).await;
    let Scene { manager, proxy, .. } = &scene;
    let client = scene.session().options(options).build().unwrap();
    scene.warm_up(&client).await;
    match case.session {
        Session::Over => client.close().await,
        Session::Expired => manager.expire_sessions(),
    }
    rest().await;
    for fault in case.faults {
        fault.map_or_else(|| proxy.skip(), |fault| proxy.spoil(fault));
    }
    assert_eq!(call(&client, &Method::POST).await, case.outcome, "{row}");
    let found = (manager.logins() - 1, scene.minted(), proxy.pending());
    assert_eq!(found, (case.logins, case.minted, 0), "{row}");
    assert_eq!(call(&client, &Method::POST).await.0, Ok(()), "{row}");
}

#[tokio::test]
async fn lost_session_login_is_retried_but_not_the_non_idempotent_call_after_it() {
    let mut rows = JoinSet::new();
    for case in login_cases() {
        for version in VERSIONS {
            let mut faults = case.faults.iter().flatten();
            if !faults.any(|fault| is_kept(*fault, version)) {
                rows.spawn(check_login(case.clone(), version));
            }
        }
    }
    rows.join_all().await;
}

/// Reads a thing piece by piece: how many bytes came, and the error at the end.
async fn read(client: &Client) -> (usize, Option<Error>) {
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

async fn check_stream(version: Version, deed: Deed, kind: ErrorKind) {
    let scene = Scene::new(version, LARGE).await;
    let client = scene.basic().build().unwrap();
    scene.warm_up(&client).await;
    let before = scene.manager.count();
    scene.proxy.spoil(Fault::in_answer(HALF, deed));
    let options = match deed {
        Deed::Stall => CallOptions::new().attempt_timeout(SHORT),
        _ => CallOptions::new(),
    };
    let (length, error) = read(&client.with(options)).await;
    let error = error.unwrap();
    let row = format!("{version:?} {deed:?}: {length} bytes, {error}");
    assert_eq!((error.kind(), error.attempts()), (kind, 1), "{row}");
    assert_eq!(error.status().unwrap().as_u16(), 200, "{row}");
    assert!((1..HALF).contains(&length), "{row}");
    assert_eq!(scene.manager.count(), before + 1, "{row}");
}

#[tokio::test]
async fn interrupted_response_stream_ends_in_an_error_without_retry() {
    let mut rows = JoinSet::new();
    for version in VERSIONS {
        rows.spawn(check_stream(version, Deed::Reset, ErrorKind::Connection));
        rows.spawn(check_stream(version, Deed::Close, ErrorKind::Connection));
        rows.spawn(check_stream(version, Deed::Stall, ErrorKind::Timeout));
    }
    rows.join_all().await;
}

#[tokio::test]
async fn attempt_timeout_of_a_response_stream_applies_between_pieces() {
    let scene = Scene::new(Version::HTTP_2, LARGE).await;
    let client = scene.basic().build().unwrap();
    let pieces = Answer::status(200).body("12345678").chunked(2);
    scene.manager.respond_with(pieces.pause(SHORT.mul_f64(0.4)));
    let begun = Instant::now();
    let options = CallOptions::new().attempt_timeout(SHORT);
    let (length, error) = read(&client.with(options)).await;
    assert!(error.is_none() && length == 8, "{length} bytes, {error:?}");
    assert!(begun.elapsed() > SHORT);
}

#[tokio::test]
async fn body_without_content_length_is_complete_only_after_tls_close_notify() {
    let scene = Scene::new(Version::HTTP_11, SMALL).await;
    let client = scene.basic().build().unwrap();
    let client = client.with(CallOptions::new().max_retries(0));
    let body = "x".repeat(LARGE);
    let unannounced = Answer::raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}"));
    scene.manager.respond_always(unannounced);
    let get = || client.request(Method::GET, THING).send();
    assert_eq!(get().await.unwrap().into_inner(), body);
    assert_eq!(read(&client).await.0, LARGE);

    for _ in 0..2 {
        // The handshake, and then the request.
        scene.proxy.skip();
        scene.proxy.spoil(Fault::in_answer(HALF, Deed::Close));
    }
    assert_eq!(get().await.unwrap_err().kind(), ErrorKind::Connection);
    let (length, error) = read(&client).await;
    assert!(length < HALF);
    assert_eq!(error.unwrap().kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn retry_after_up_to_a_minute_is_honored_and_a_longer_one_is_in_the_error() {
    let (manager, client) = common::things().await;
    let get = || client.request(Method::GET, THING).send();
    for (after, shortest) in [
        ("1", Duration::from_secs(1)),
        // What is over, and what cannot be read, ask for nothing.
        ("0", Duration::ZERO),
        ("Wed, 21 Oct 2015 07:28:00 GMT", Duration::ZERO),
        ("soon", Duration::ZERO),
        ("-1", Duration::ZERO),
        ("1.5", Duration::ZERO),
        ("", Duration::ZERO),
    ] {
        manager.respond_with(Answer::from(429).header("retry-after", after));
        let begun = Instant::now();
        assert_eq!(outcome(get().await), DONE_AGAIN, "{after}");
        assert!(begun.elapsed() >= shortest, "{after}");
    }
    for (after, said) in [
        ("61", "retry after 61 s"),
        ("3600", "retry after 3600 s"),
        ("99999999999999999999", "retry after more than a century"),
        (
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "retry after more than a century",
        ),
    ] {
        for status in [429, 503] {
            // Whatever time there would be.
            let client = client.with(CallOptions::new().deadline(Duration::MAX));
            manager.respond_with(Answer::from(status).header("retry-after", after));
            let begun = Instant::now();
            let error = client.request(Method::GET, THING).send().await.unwrap_err();
            assert_eq!(
                (error.status().unwrap().as_u16(), error.attempts()),
                (status, 1)
            );
            assert!(error.to_string().contains(said), "{error}");
            assert!(begun.elapsed() < Duration::from_secs(30));
        }
    }
}

/// More than a machine would hold beside the tests.
const HUGE: usize = 1 << 30;
const MEBIBYTE: usize = 1 << 20;

/// The memory that this process has, where the system tells.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes.map_or(0, |kibibytes| kibibytes.parse::<usize>().unwrap() << 10)
}

/// Answers one request with this head and then `x` after `x`, in chunks or without, for as long as anybody listens.
/// Gives how many bytes that were, and the most memory that was in use meanwhile.
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
        let begun = Instant::now();
        let token = client.create_registration_token();
        let ((sent, most), result) = tokio::join!(endless(&listener, &head), token.send());
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
        assert!(error.to_string().len() < 1000, "{error}");
        assert!(error.body().is_none_or(|body| body.len() <= 4 << 10));
        assert!(begun.elapsed() < Duration::from_secs(30));
        // What the system holds between the two is most of it.
        assert!(sent < 24 * MEBIBYTE, "{head}: {sent} bytes");
        // Other tests run beside this one.
        assert!(
            most - before.min(most) < 32 * MEBIBYTE,
            "{head}: {most} after {before}"
        );
    }
}

#[tokio::test]
async fn hung_http2_connection_fails_the_keep_alive_ping_and_the_call_is_retried() {
    let scene = Scene::new(Version::HTTP_2, SMALL).await;
    let client = scene.basic().build().unwrap();
    scene.warm_up(&client).await;
    scene.proxy.spoil(Fault::in_request(0, Deed::Stall));
    let (hung, accepted) = (Instant::now(), scene.proxy.accepted());
    // The connection is asked after five seconds of silence, and has five more to answer.
    let (result, attempts) = call(&client, &Method::GET).await;
    assert_eq!((result, attempts), (Ok(()), 2));
    assert!(
        hung.elapsed() < Duration::from_secs(30),
        "{:?}",
        hung.elapsed()
    );
    assert_eq!(scene.proxy.accepted(), accepted + 1);
}
