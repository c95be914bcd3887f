//! Sessions: created once, refreshed automatically, and kept when an error has another cause.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager, ManagerBuilder};
use nsx_api::{CallOptions, Client, Config, Error, ErrorKind};
use tokio::task::JoinSet;

use crate::frozen_clock::{FrozenClock, until};

const CREATE: &str = "POST /api/session/create";
const DESTROY: &str = "POST /api/session/destroy";

/// The configuration of a client that uses a session.
fn config(manager: &Manager) -> Config {
    let config =
        Client::builder(manager.url()).auth(Session::new(manager.username(), manager.password()));
    match manager.ca_pem() {
        "" => config,
        ca => config.ca_pem(ca),
    }
}

async fn start(builder: ManagerBuilder) -> (Manager, Client) {
    let manager = builder.start().await.unwrap();
    let client = config(&manager).build().unwrap();
    (manager, client)
}

/// Two managers with different passwords, and a client of both that has the first one's password.
async fn managers_with_different_passwords() -> (Manager, Manager, Client) {
    let first = Manager::start().await.unwrap();
    let second = Manager::start().await.unwrap();
    let client = config(&first)
        .ca_pem(second.ca_pem())
        .manager(second.url())
        .build()
        .unwrap();
    (first, second, client)
}

/// Creates a token and returns the number of attempts.
async fn create_token(client: &Client) -> Result<u32, Error> {
    let token = client.create_registration_token().send().await?;
    Ok(token.attempts())
}

#[tokio::test]
async fn session_is_created_by_the_first_call_and_sent_with_every_call() {
    for builder in [
        Manager::builder(),
        Manager::builder().http1_only(),
        Manager::builder().plain_http(),
        Manager::builder().without_basic_auth(),
        Manager::builder().behind_gateway(),
    ] {
        let (manager, client) = start(builder).await;
        assert_eq!(manager.count(), 0);
        for _ in 0..3 {
            assert_eq!(create_token(&client).await.unwrap(), 1);
        }
        assert_eq!(manager.logins(), 1);
        let requests = manager.requests();
        let (login, calls) = requests.split_first().unwrap();
        assert_eq!(login.path, "/api/session/create");
        assert_eq!(
            login.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        for call in calls {
            assert!(call.header("cookie").unwrap().starts_with("JSESSIONID="));
            assert!(call.header("x-xsrf-token").is_some());
        }
        assert!(
            requests
                .iter()
                .all(|call| call.header("authorization").is_none())
        );
    }
}

#[tokio::test]
async fn concurrent_calls_share_one_session_login() {
    let (manager, client) = start(Manager::builder()).await;
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        calls.spawn(async move { create_token(&client).await });
    }
    for result in calls.join_all().await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!((manager.logins(), manager.sessions()), (1, 1));
}

/// Records each created token by the number that the test gave its call.
fn count_tokens(manager: &Manager) -> Arc<Mutex<Vec<String>>> {
    let tokens_created = Arc::new(Mutex::new(Vec::new()));
    let numbers = tokens_created.clone();
    manager.on("CreateRegistrationToken", move |call| {
        let number = call.header("x-number").unwrap_or_default().to_owned();
        numbers.lock().unwrap().push(number);
        Answer::success()
    });
    tokens_created
}

#[tokio::test]
async fn expired_session_under_a_thousand_calls_causes_one_refresh_and_one_token_per_call() {
    for builder in [Manager::builder(), Manager::builder().behind_gateway()] {
        let (manager, client) = start(builder).await;
        create_token(&client).await.unwrap();
        let tokens_created = count_tokens(&manager);
        manager.expire_sessions();
        let mut calls = JoinSet::new();
        for number in 0..1000 {
            let options = CallOptions::new().header("x-number", &number.to_string());
            let client = client.with(options);
            calls.spawn(async move { create_token(&client).await });
        }
        for result in calls.join_all().await {
            assert!(matches!(result, Ok(1 | 2)), "{result:?}");
        }
        assert_eq!((manager.logins(), manager.sessions()), (2, 1));
        let tokens_created = tokens_created.lock().unwrap();
        assert_eq!(tokens_created.len(), 1000);
        assert_eq!(tokens_created.iter().collect::<HashSet<_>>().len(), 1000);
    }
}

#[tokio::test]
async fn session_that_expires_with_calls_in_flight_is_refreshed_once() {
    let (manager, client) = start(Manager::builder()).await;
    create_token(&client).await.unwrap();
    for round in 1..=5 {
        let mut calls = JoinSet::new();
        for _ in 0..100 {
            let client = client.clone();
            calls.spawn(async move { create_token(&client).await });
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
        manager.expire_sessions();
        for result in calls.join_all().await {
            result.unwrap();
        }
        create_token(&client).await.unwrap();
        assert_eq!(manager.logins(), 1 + round);
    }
}

#[tokio::test]
async fn invalid_xsrf_token_triggers_a_session_refresh() {
    let (manager, client) = start(Manager::builder()).await;
    manager.respond_with(
        Answer::status(200)
            .header("set-cookie", "JSESSIONID=stale; Path=/; Secure; HttpOnly")
            .header("x-xsrf-token", "stale")
            .only_for(CREATE),
    );
    assert_eq!(create_token(&client).await.unwrap(), 2);
    // The same without an XSRF token.
    manager.expire_sessions();
    manager.respond_with(
        Answer::status(200)
            .header("set-cookie", "other=1")
            .header("set-cookie", "JSESSIONID=stale")
            .only_for(CREATE),
    );
    let error = create_token(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 2));
    assert_eq!(
        create_token(&client).await.map_err(|error| error.kind()),
        Err(ErrorKind::Forbidden)
    );
    let other = client.request(Method::GET, "/api/v1/other");
    assert_eq!(other.send().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(create_token(&client).await.unwrap(), 1);
}

#[tokio::test]
async fn missing_privilege_is_forbidden_and_costs_one_session_refresh() {
    let (manager, client) = start(Manager::builder()).await;
    manager.forbid("CreateRegistrationToken");
    let number = |call: u32| CallOptions::new().header("x-number", &call.to_string());
    for call in 0..100 {
        let error = create_token(&client.with(number(call))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.attempts(), if call == 0 { 2 } else { 1 });
        let message = error.api_error().unwrap().error_message.as_deref().unwrap();
        assert!(message.contains("permission"), "{message}");
    }
    assert_eq!(manager.logins(), 2);
    // Both sessions are alive, and `close` ends both.
    assert_eq!(manager.sessions(), 2);
    client.close().await;
    assert_eq!(manager.sessions(), 0);
    create_token(&client).await.unwrap_err();
    assert_eq!(manager.logins(), 3);
    // Other operations are not affected: their session is refreshed as usual.
    manager.expire_sessions();
    let other = client.request(Method::GET, "/api/v1/other").send().await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(manager.logins(), 4);
}

#[tokio::test]
async fn session_refresh_is_limited_to_five_logins_when_every_operation_is_forbidden() {
    let (manager, client) = start(Manager::builder()).await;
    for number in 0..100 {
        manager.forbid(&format!("GET /api/v1/things/{number}"));
        let path = format!("/api/v1/things/{number}");
        let error = client.request(Method::GET, path).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
    assert_eq!(manager.logins(), 5);
}

#[tokio::test]
async fn missing_privilege_under_a_hundred_concurrent_calls_causes_one_session_refresh() {
    let (manager, client) = start(Manager::builder()).await;
    manager.forbid("CreateRegistrationToken");
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        calls.spawn(async move { create_token(&client).await });
    }
    for result in calls.join_all().await {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    assert_eq!(manager.logins(), 2);
}

#[tokio::test]
async fn missing_license_triggers_no_session_refresh() {
    let (manager, client) = start(Manager::builder()).await;
    create_token(&client).await.unwrap();
    manager.respond_always(Answer::api_error(403, 505, "The licence is missing."));
    let error = create_token(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
    assert_eq!(manager.logins(), 1);
}

#[tokio::test]
async fn failed_session_login_gets_a_retry_or_a_clear_error() {
    let html = || {
        Answer::status(200)
            .header("content-type", "text/html; charset=utf-8")
            .body("<html>Log in</html>")
    };
    let busy = || {
        Answer::status(503)
            .header("content-type", "text/html")
            .body("<h1>busy</h1>")
    };
    for (answer, result, line) in [
        // These are retried: repeating a login is safe.
        (Answer::api_error(500, 500, "Failed."), Ok(()), ""),
        (Answer::api_error(503, 503, "Starting."), Ok(()), ""),
        (busy(), Ok(()), ""),
        (Answer::api_error(429, 102, "Too many."), Ok(()), ""),
        (Answer::dropped(), Ok(()), ""),
        (
            Answer::status(200).body("cut off").truncated_at(3),
            Ok(()),
            "",
        ),
        (
            Answer::api_error(500, 500, "Failed.").times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 500 Internal Server Error: Failed. (error_code 500, module common-services, 5 attempts)",
        ),
        (
            busy().times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 503 Service Unavailable: <h1>busy</h1> (5 attempts)",
        ),
        (
            Answer::api_error(429, 102, "Too many.").times(99),
            Err(ErrorKind::TooManyRequests),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 429 Too Many Requests: Too many. (error_code 102, module common-services, 5 attempts)",
        ),
        (
            Answer::api_error(403, 403, "Locked.").times(99),
            Err(ErrorKind::Forbidden),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 403 Forbidden: Locked. (error_code 403, module common-services)",
        ),
        (
            Answer::status(401).times(99),
            Err(ErrorKind::Unauthorized),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 401 Unauthorized",
        ),
        (
            Answer::status(404).times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 404 Not Found",
        ),
        (
            html().times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: the login response sets no cookie JSESSIONID (content-type: text/html): is this an NSX Manager?",
        ),
        (
            Answer::status(200).header("x-xsrf-token", "x").times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: the login response sets no cookie JSESSIONID: is this an NSX Manager?",
        ),
        (
            Answer::status(302)
                .header("location", "/login.jsp")
                .times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 302 Found: the redirect to another path is not followed",
        ),
        (
            Answer::dropped().times(99),
            Err(ErrorKind::Authentication),
            "CreateRegistrationToken: the login failed: POST /api/session/create: 127.0.0.1:",
        ),
    ] {
        let manager = Manager::start().await.unwrap();
        manager.respond_with(answer.only_for(CREATE));
        let quick = CallOptions::new().max_retry_delay(Duration::from_millis(5));
        let client = config(&manager).options(quick).build().unwrap();
        match create_token(&client).await {
            Ok(attempts) => assert_eq!((result, attempts), (Ok(()), 1)),
            Err(error) => {
                assert_eq!(Err(error.kind()), result, "{error}");
                assert!(error.to_string().starts_with(line), "{error}");
                assert_eq!(error.attempts(), 0, "the call was not sent: {error}");
                let is_of_call = |call: &nsx_api::mock::RecordedRequest| call.operation.is_some();
                assert!(!manager.requests().iter().any(is_of_call));
                assert!(manager.count() <= 5);
            }
        }
    }
}

#[tokio::test]
async fn wait_for_a_session_login_ends_at_the_deadline_of_the_call() {
    let (manager, client) = start(Manager::builder()).await;
    manager.respond_always(
        Answer::status(200)
            .delay(Duration::from_secs(60))
            .only_for(CREATE),
    );
    let clock = FrozenClock::start();
    let limit = Duration::from_secs(1);
    let short_deadline = client.with(CallOptions::new().deadline(limit));
    let token = create_token(&short_deadline);
    let arrived = until(|| manager.count() == 1);
    let error = clock.expires(limit, arrived, token).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Authentication, 0)
    );
    assert_eq!(
        error.to_string(),
        "CreateRegistrationToken: no credentials within the deadline of 1s"
    );
    // The login continues for calls that have more time.
    assert_eq!(manager.count(), 1);
    let token = create_token(&short_deadline);
    let waiting = async {};
    let error = clock.expires(limit, waiting, token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(manager.count(), 1);
}

#[tokio::test]
async fn failed_session_login_exposes_status_error_code_and_source() {
    let (manager, client) = start(Manager::builder()).await;
    manager.respond_with(
        Answer::api_error(403, 98, "No.")
            .header("x-nsx-requestid", "id-7")
            .only_for(CREATE),
    );
    let error = create_token(&client).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert_eq!(error.error_code(), Some(98));
    assert_eq!(error.request_id(), Some("id-7"));
    assert_eq!(error.operation(), Some("CreateRegistrationToken"));
    let source = std::error::Error::source(&error).unwrap();
    let login = source.downcast_ref::<Error>().unwrap();
    assert_eq!(login.operation(), Some(CREATE));
    // The failure is not cached.
    assert_eq!(create_token(&client).await.unwrap(), 1);
}

#[tokio::test]
async fn session_login_accepts_any_characters_in_user_name_and_password() {
    let printable: String = (' '..='~').collect();
    for password in [
        printable.as_str(),
        "+",
        "&j_username=root",
        "%41%",
        "\"'`",
        "pässwörd €😀",
        "a b",
        " ",
        "\t\n",
    ] {
        for user in [
            "admin",
            "ann@example.com",
            "DOMAIN\\ann+x & co",
            "üser:name",
        ] {
            let (manager, client) = start(Manager::builder().credentials(user, password)).await;
            assert_eq!(create_token(&client).await.unwrap(), 1, "{user} {password}");
            assert_eq!(manager.logins(), 1);
        }
    }
}

#[tokio::test]
async fn close_destroys_the_session_and_the_next_call_creates_another() {
    let (manager, client) = start(Manager::builder()).await;
    client.close().await;
    assert_eq!(manager.count(), 0);
    create_token(&client).await.unwrap();
    let clone = client.clone();
    client.close().await;
    assert_eq!(manager.sessions(), 0);
    let requests = manager.requests();
    assert_eq!(requests.last().unwrap().path, "/api/session/destroy");
    assert!(requests.last().unwrap().header("x-xsrf-token").is_some());
    clone.close().await;
    assert_eq!(manager.count(), requests.len());
    assert_eq!(create_token(&clone).await.unwrap(), 1);
    assert_eq!(manager.logins(), 2);
}

#[tokio::test]
async fn failed_session_destroy_is_ignored_and_gets_no_retry() {
    for answer in [
        Answer::status(500),
        Answer::dropped(),
        Answer::api_error(403, 403, "No."),
    ] {
        let (manager, client) = start(Manager::builder()).await;
        create_token(&client).await.unwrap();
        manager.respond_always(answer.only_for(DESTROY));
        client.close().await;
        assert_eq!(manager.count(), 3);
        assert_eq!(create_token(&client).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn each_manager_has_its_own_session_even_after_a_redirect() {
    let first = Manager::start().await.unwrap();
    let second = Manager::builder()
        .credentials(first.username(), first.password())
        .start()
        .await
        .unwrap();
    let third = Manager::start().await.unwrap();
    let client = config(&first)
        .ca_pem(second.ca_pem())
        .ca_pem(third.ca_pem())
        .manager(second.url())
        .build()
        .unwrap();
    let to = |manager: &Manager| {
        let location = format!("{}/api/v1/aaa/registration-token", manager.url());
        Answer::status(307).header("location", &location)
    };
    first.respond_always(to(&second).only_for("CreateRegistrationToken"));
    // Calls take turns: those of the first manager are redirected.
    for attempts in [2, 1, 2] {
        let response = client.create_registration_token().send().await.unwrap();
        assert_eq!(response.attempts(), attempts);
        assert!(second.url().ends_with(response.manager()));
    }
    assert_eq!((first.logins(), second.logins()), (1, 1));
    let cookies = |manager: &Manager| -> HashSet<String> {
        let requests = manager.requests();
        let cookies = requests.iter().filter_map(|call| call.header("cookie"));
        cookies.map(str::to_owned).collect()
    };
    assert!(cookies(&first).is_disjoint(&cookies(&second)));
    // The session of the second manager expires and is refreshed there.
    second.expire_sessions();
    create_token(&client).await.unwrap();
    assert_eq!((first.logins(), second.logins()), (1, 2));
    // Nothing is sent to a manager that is not configured.
    for manager in [&first, &second] {
        manager.respond_always(to(&third).only_for("CreateRegistrationToken"));
    }
    let error = create_token(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert_eq!(third.count(), 0);
    client.close().await;
    assert_eq!((first.sessions(), second.sessions()), (0, 0));
}

#[tokio::test]
async fn missing_privilege_is_still_reported_when_the_session_refresh_fails() {
    let (manager, client) = start(Manager::builder()).await;
    let options = CallOptions::new().max_retries(0);
    let client = client.with(options);
    manager.on("GET /api/v1/allowed", |_| Answer::json(200, ()));
    let allowed = || client.request(Method::GET, "/api/v1/allowed").send();
    allowed().await.unwrap();
    manager.forbid("CreateRegistrationToken");
    manager.respond_always(Answer::api_error(403, 403, "Locked.").only_for(CREATE));
    let before = manager.count();
    for _ in 0..100 {
        let error = create_token(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
        assert_eq!(error.error_code(), Some(289));
        let line = error.to_string();
        for words in [
            "no new credentials: the login failed: ",
            "Locked.",
            "The user does not have permission",
        ] {
            assert!(line.contains(words), "{line}");
        }
        // The session still works for other operations.
        allowed().await.unwrap();
    }
    // One login only: a hundred logins with a rejected password would lock the account.
    assert_eq!(manager.count() - before, 200 + 1);
}

#[tokio::test]
async fn status_500_triggers_no_session_refresh() {
    let (manager, client) = start(Manager::builder()).await;
    create_token(&client).await.unwrap();
    for code in [98, 99, 403] {
        manager.respond_with(Answer::api_error(500, code, "Failed."));
        let error = create_token(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InternalServerError, 1)
        );
    }
    assert_eq!((manager.logins(), manager.count()), (1, 1 + 4));
}

#[tokio::test]
async fn operation_forbidden_for_some_objects_does_not_cause_a_session_refresh_each_time() {
    let (manager, client) = start(Manager::builder()).await;
    manager.on("GET /api/v1/things/{id}", |call| {
        match call.path.ends_with('7') {
            true => Answer::api_error(403, 289, "Not this one."),
            false => Answer::json(200, ()),
        }
    });
    for number in 0..100 {
        let path = format!("/api/v1/things/{number}");
        let result = client.request(Method::GET, path).send().await;
        assert_eq!(result.is_err(), number % 10 == 7);
        // The same for a single operation that is refused every other time.
        let refusal = Answer::api_error(403, 289, "Not this one.");
        manager.respond_with(refusal.times(number % 2));
        let _ = create_token(&client).await;
    }
    assert!(manager.logins() <= 1 + 8, "{}", manager.logins());
}

#[tokio::test]
async fn redirect_does_not_carry_per_call_credentials_to_another_manager() {
    let (first, second, client) = managers_with_different_passwords().await;
    let location = format!("{}/api/v1/x", second.url());
    first.respond_with(Answer::status(307).header("location", &location));
    let error = client
        .request(Method::GET, "/api/v1/x")
        .credentials(&nsx_api::auth::Credentials::bearer("token"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert_eq!(second.count(), 0);
}

#[tokio::test]
async fn failed_session_login_after_a_redirect_names_that_manager() {
    let (first, second, client) = managers_with_different_passwords().await;
    let location = format!("{}/api/v1/aaa/registration-token", second.url());
    first.respond_with(Answer::status(307).header("location", &location));
    // The second manager has another password.
    let error = create_token(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(second.url().ends_with(error.manager().unwrap()));
}

#[tokio::test]
async fn refused_stream_body_is_not_resent_but_the_session_is_refreshed_for_the_next_call() {
    let (manager, client) = start(Manager::builder()).await;
    create_token(&client).await.unwrap();
    manager.expire_sessions();
    let request = client.request(Method::PUT, "/api/v1/x");
    let body = nsx_api::Body::from_stream(Once(Some("text")));
    let error = request.body(body).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
    assert_eq!(create_token(&client).await.unwrap(), 1);
    assert_eq!(manager.logins(), 2);
}

struct Once(Option<&'static str>);

impl futures_core::Stream for Once {
    type Item = std::io::Result<nsx_api::bytes::Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(|text| Ok(text.into())))
    }
}
