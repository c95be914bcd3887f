//! Authentication at the mock manager: each scheme, tested with a plain HTTP client.

use std::time::Duration;

use http::Request;
use http::request::Builder;
use nsx_api::mock::{Answer, Manager};
use serde_json::Value;

use crate::frozen_clock::FrozenClock;
use crate::mock_common::raw_client::{Reply, basic, encoded, send, send_as, token};
use crate::mock_common::transports;

const CREATE: &str = "/api/session/create";
const DESTROY: &str = "/api/session/destroy";
const FORM: &str = "application/x-www-form-urlencoded";

fn form(user: &str, password: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("j_username", user)
        .append_pair("j_password", password);
    form.finish()
}

/// Logs in with the right user name and password.
async fn log_in(manager: &Manager) -> Reply {
    let form = form(manager.username(), manager.password());
    let request = Request::post(CREATE).header("content-type", FORM);
    send(manager, request, &form).await
}

/// The session that a client gets from a login.
#[derive(Debug)]
struct Session {
    cookie: String,
    xsrf_token: String,
}

impl Session {
    async fn create(manager: &Manager) -> Self {
        let login = log_in(manager).await;
        assert_eq!(login.status, 200);
        let (cookie, _) = login.header("set-cookie").split_once(';').unwrap();
        Self {
            cookie: cookie.to_owned(),
            xsrf_token: login.header("x-xsrf-token").to_owned(),
        }
    }

    fn apply_to(&self, request: Builder) -> Builder {
        request
            .header("cookie", &self.cookie)
            .header("x-xsrf-token", &self.xsrf_token)
    }

    /// The outcome of a call with this session.
    async fn outcome(&self, manager: &Manager) -> (u16, u32) {
        send(manager, self.apply_to(token()), "").await.outcome()
    }
}

#[tokio::test]
async fn mock_manager_session_is_created_used_and_destroyed() {
    for (builder, version) in transports() {
        let manager = builder.without_basic_auth().start().await.unwrap();
        let login = log_in(&manager).await;
        assert_eq!(login.status, 200, "{version:?}");
        let cookie = login.header("set-cookie");
        assert!(
            cookie.starts_with("JSESSIONID=") && cookie.ends_with("; Path=/; Secure; HttpOnly"),
            "{cookie}"
        );
        let session = Session::create(&manager).await;
        assert!(
            !cookie.starts_with(&session.cookie),
            "each login has its own"
        );
        assert_eq!((manager.logins(), manager.sessions()), (2, 2));

        assert_eq!(session.outcome(&manager).await, (200, 0));
        let several = format!("lb=node-2; {}; theme=dark", session.cookie);
        let call = token()
            .header("cookie", several)
            .header("x-xsrf-token", &session.xsrf_token);
        assert_eq!(send(&manager, call, "").await.status, 200);

        let without = Request::post(DESTROY).header("cookie", &session.cookie);
        assert_eq!(send(&manager, without, "").await.outcome(), (403, 98));
        let destroyed = send(&manager, session.apply_to(Request::post(DESTROY)), "").await;
        assert_eq!(destroyed.status, 200);
        assert_eq!(session.outcome(&manager).await, (403, 403));
        let again = send(&manager, session.apply_to(Request::post(DESTROY)), "").await;
        assert_eq!(again.outcome(), (403, 403));
        assert_eq!((manager.logins(), manager.sessions()), (2, 1));
        let requests = manager.requests();
        assert_eq!(requests.len(), 8);
        assert!(requests.iter().all(|request| request.version == version));
    }
}

#[tokio::test]
async fn mock_manager_session_accepts_split_cookie_headers_over_http2() {
    let manager = Manager::start().await.unwrap();
    let session = Session::create(&manager).await;
    let call = session.apply_to(token().header("cookie", "lb=node-2"));
    assert_eq!(send(&manager, call, "").await.status, 200);
    assert_eq!(
        manager.requests()[1]
            .headers
            .get_all("cookie")
            .iter()
            .count(),
        2
    );
}

#[tokio::test]
async fn mock_manager_session_login_accepts_only_the_exact_password() {
    let printable: String = (' '..='~').collect();
    for password in [printable.as_str(), "p+ q&r=%41\"'ü\u{1F511}", ""] {
        let builder = Manager::builder().credentials("ädmin@corp", password);
        let manager = builder.start().await.unwrap();
        assert_eq!(log_in(&manager).await.status, 200, "{password:?}");
        for (user, other) in [
            ("ädmin@corp", format!("{password} ")),
            ("ädmin@corp", password.to_lowercase() + "x"),
            ("admin@corp", password.to_owned()),
        ] {
            let request = Request::post(CREATE).header("content-type", FORM);
            let reply = send(&manager, request, &form(user, &other)).await;
            assert_eq!(reply.outcome(), (403, 403), "{user} {other:?}");
            assert!(!reply.headers.contains_key("set-cookie"));
        }
        assert_eq!(manager.logins(), 1);
    }
}

#[tokio::test]
async fn mock_manager_session_login_refuses_a_password_that_is_not_form_encoded() {
    let builder = Manager::builder().credentials("admin", "a+b%c");
    let manager = builder.start().await.unwrap();
    for (content_type, form, status) in [
        (FORM, "j_username=admin&j_password=a%2Bb%25c", 200),
        (FORM, "j_username=admin&j_password=a+b%25c", 403),
        (FORM, "j_username=admin&j_password=a%2Bb%c", 403),
        (FORM, "j_username=admin", 403),
        ("text/plain", "j_username=admin&j_password=a%2Bb%25c", 403),
    ] {
        let request = Request::post(CREATE).header("content-type", content_type);
        assert_eq!(send(&manager, request, form).await.status, status, "{form}");
    }
}

#[tokio::test]
async fn mock_manager_session_refusals_have_the_documented_status_and_error_code() {
    for (builder, unknown) in [
        (Manager::builder(), (403, 403)),
        (Manager::builder().behind_gateway(), (401, 401)),
    ] {
        let manager = builder.start().await.unwrap();
        let session = Session::create(&manager).await;
        let other = Session::create(&manager).await;
        let cookie = || token().header("cookie", &session.cookie);
        let wrong_login = Request::post(CREATE).header("content-type", FORM);
        for (request, expected) in [
            (session.apply_to(token()), (200, 0)),
            (cookie(), (403, 98)),
            (
                cookie().header("x-xsrf-token", &other.xsrf_token),
                (403, 98),
            ),
            (
                other.apply_to(token().header("cookie", "JSESSIONID=x")),
                (200, 0),
            ),
            (token().header("cookie", "JSESSIONID=x"), unknown),
            (token(), unknown),
            (token().header("authorization", "Basic eDp5"), unknown),
            (wrong_login, unknown),
            (
                session.apply_to(token().header("authorization", basic(&manager))),
                (200, 0),
            ),
            (
                session.apply_to(token().header("authorization", "Bearer x")),
                (200, 0),
            ),
            (cookie().header("authorization", basic(&manager)), (403, 98)),
        ] {
            let shown = format!("{request:?}");
            assert_eq!(
                send(&manager, request, "").await.outcome(),
                expected,
                "{shown}"
            );
        }

        manager.expire_sessions();
        assert_eq!((manager.sessions(), manager.logins()), (0, 2));
        assert_eq!(session.outcome(&manager).await, unknown);
        let fresh = Session::create(&manager).await;
        assert_eq!(fresh.outcome(&manager).await, (200, 0));
    }
}

#[tokio::test]
async fn mock_manager_session_expires_after_its_idle_timeout() {
    let clock = FrozenClock::start();
    let timeout = Duration::from_secs(1800);
    let manager = Manager::builder()
        .session_timeout(timeout)
        .start()
        .await
        .unwrap();
    let session = Session::create(&manager).await;
    clock.advance(timeout - Duration::from_millis(1)).await;
    assert_eq!(session.outcome(&manager).await, (200, 0));
    clock.advance(timeout).await;
    assert_eq!(session.outcome(&manager).await, (403, 403));
    assert_eq!((manager.sessions(), manager.logins()), (0, 1));
}

#[tokio::test]
async fn mock_manager_authorization_header_is_checked_by_scheme() {
    for (builder, basic_status) in [
        (Manager::builder(), 200),
        (Manager::builder().without_basic_auth(), 403),
        (Manager::builder().behind_gateway(), 401),
    ] {
        let manager = builder
            .credentials("vidm@corp", "p:ü+")
            .start()
            .await
            .unwrap();
        let remote = format!("Remote {}", encoded("vidm@corp", "p:ü+"));
        manager.accept_bearer("a.b.c");
        manager.accept_bearer("d.e.f");
        manager.reject_bearer("d.e.f");
        for (value, accepted) in [
            (remote, true),
            (format!("Remote {}", encoded("vidm@corp", "p:ü ")), false),
            ("Bearer a.b.c".to_owned(), true),
            ("Bearer d.e.f".to_owned(), false),
        ] {
            let call = token().header("authorization", &value);
            let status = send(&manager, call, "").await.status;
            assert_eq!(status == 200, accepted, "{value}");
        }
        let call = token().header("authorization", basic(&manager));
        assert_eq!(send(&manager, call, "").await.status, basic_status);
    }
}

#[tokio::test]
async fn mock_manager_forbidden_operation_is_403_with_valid_credentials() {
    let manager = Manager::start().await.unwrap();
    manager.on("GET /api/v1/things/{id}", |_| Answer::json(200, "seen"));
    manager.forbid("CreateRegistrationToken");
    manager.forbid("GET /api/v1/things/{id}");
    let basic = basic(&manager);
    let with = |request: Builder| request.header("authorization", &basic);
    for (request, expected) in [
        (with(token()), (403, 289)),
        (with(Request::get("/api/v1/things/7")), (403, 289)),
        (with(Request::put("/api/v1/things/7")), (404, 404)),
        (token(), (403, 403)),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(
            send(&manager, request, "").await.outcome(),
            expected,
            "{shown}"
        );
    }
    let reply = send(&manager, with(token()), "").await;
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        body["error_message"],
        "The user does not have permission to perform this operation."
    );
    manager.reset();
    assert_eq!(send(&manager, with(token()), "").await.status, 200);
}

#[tokio::test]
async fn mock_manager_that_accepts_anyone_ignores_credentials() {
    let manager = Manager::builder().accept_anyone().start().await.unwrap();
    for request in [
        token(),
        token().header("authorization", "Bearer x"),
        token()
            .header("cookie", "JSESSIONID=x")
            .header("authorization", "x"),
    ] {
        assert_eq!(send(&manager, request, "").await.status, 200);
    }
    manager.forbid("CreateRegistrationToken");
    assert_eq!(send(&manager, token(), "").await.outcome(), (403, 289));
}

#[tokio::test]
async fn mock_manager_session_logins_do_not_consume_queued_answers() {
    let manager = Manager::start().await.unwrap();
    manager.respond_with(503);
    manager.respond_always(500);
    let session = Session::create(&manager).await;
    assert_eq!(session.outcome(&manager).await.0, 503);
    assert_eq!(session.outcome(&manager).await.0, 500);
    let destroyed = send(&manager, session.apply_to(Request::post(DESTROY)), "").await;
    assert_eq!(destroyed.status, 200);
    assert_eq!(manager.count(), 4);
}

#[tokio::test]
async fn mock_manager_session_login_can_be_answered_with_anything() {
    let manager = Manager::start().await.unwrap();
    let login = |answer: Answer| answer.only_for("POST /api/session/create");
    let html = Answer::status(200)
        .header("content-type", "text/html")
        .body("<h1>?</h1>");
    for (answer, expected) in [
        (Answer::documented(500), (500, 500)),
        (Answer::documented(503), (503, 503)),
        (Answer::status(429), (429, 0)),
        (html, (200, 0)),
    ] {
        manager.respond_with(login(answer));
        let reply = log_in(&manager).await;
        assert_eq!(reply.outcome(), expected);
        assert!(!reply.headers.contains_key("set-cookie"));
    }
    manager.respond_with(login(Answer::dropped()));
    let request = Request::post(CREATE).header("content-type", FORM);
    assert!(send_as(&manager, None, request, "").await.is_err());
    assert_eq!((manager.logins(), manager.count()), (0, 5));

    manager.on("POST /api/session/create", |_| 418);
    assert_eq!(log_in(&manager).await.status, 418);
    manager.reset();
    assert_eq!(log_in(&manager).await.status, 200);
    assert_eq!((manager.logins(), manager.count()), (1, 1));
}

#[tokio::test]
async fn mock_manager_reset_keeps_sessions_and_bearer_tokens() {
    let manager = Manager::start().await.unwrap();
    let session = Session::create(&manager).await;
    manager.accept_bearer("a.b.c");
    manager.reset();
    assert_eq!(session.outcome(&manager).await, (200, 0));
    let bearer = token().header("authorization", "Bearer a.b.c");
    assert_eq!(send(&manager, bearer, "").await.status, 200);
    assert_eq!((manager.sessions(), manager.logins()), (1, 1));
}
