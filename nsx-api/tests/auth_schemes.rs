//! Authentication schemes other than sessions: the manager accepts each of them, the client
//! refreshes those that expire, and a call never carries the credentials of two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nsx_api::auth::{
    AuthContext, Authenticate, Basic, Bearer, BoxError, Credentials, Csp, Identity, Remote,
};
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config, Error, ErrorKind};
use tokio::task::JoinSet;

use crate::frozen_clock::{FrozenClock, until};

/// Pins the certificate, because that is faster than loading the platform's certificates.
fn config(manager: &Manager) -> Config {
    Client::builder(manager.url()).pin_certificate(manager.certificate_pem())
}

async fn create_token(client: &Client) -> Result<u32, Error> {
    let token = client.create_registration_token().send().await?;
    Ok(token.attempts())
}

async fn outcome(client: &Client) -> Result<u32, ErrorKind> {
    create_token(client).await.map_err(|error| error.kind())
}

#[tokio::test]
async fn basic_and_remote_auth_send_credentials_with_every_call() {
    let printable: String = (' '..='~').collect();
    for password in [
        printable.as_str(),
        "+",
        "&%41",
        "a:b",
        "\"'",
        "pässwörd €",
        " ",
        "",
    ] {
        let manager = Manager::builder()
            .credentials("ann@example.com", password)
            .start()
            .await
            .unwrap();
        let user = manager.username();
        for (client, word) in [
            (config(&manager).auth(Basic::new(user, password)), "Basic "),
            (
                config(&manager).auth(Remote::new(user, password)),
                "Remote ",
            ),
        ] {
            assert_eq!(outcome(&client.build().unwrap()).await, Ok(1), "{password}");
            let last = manager.requests().pop().unwrap();
            assert!(last.header("authorization").unwrap().starts_with(word));
        }
    }
}

#[tokio::test]
async fn manager_without_basic_auth_refuses_basic_credentials_and_accepts_others() {
    let manager = Manager::builder()
        .without_basic_auth()
        .start()
        .await
        .unwrap();
    let (user, password) = (manager.username(), manager.password());
    let basic = config(&manager)
        .auth(Basic::new(user, password))
        .build()
        .unwrap();
    assert_eq!(outcome(&basic).await, Err(ErrorKind::Forbidden));
    let remote = config(&manager)
        .auth(Remote::new(user, password))
        .build()
        .unwrap();
    assert_eq!(outcome(&remote).await, Ok(1));
    assert_eq!(manager.count(), 2);
}

#[tokio::test]
async fn bearer_token_is_sent_unchanged_and_a_refusal_triggers_no_retry_or_refresh() {
    let manager = Manager::start().await.unwrap();
    manager.accept_bearer("good.token_1");
    let client = config(&manager)
        .auth(Bearer::new("good.token_1"))
        .build()
        .unwrap();
    assert_eq!(outcome(&client).await, Ok(1));
    manager.reject_bearer("good.token_1");
    for count in [2, 3] {
        assert_eq!(outcome(&client).await, Err(ErrorKind::Forbidden));
        assert_eq!(
            manager.count(),
            count,
            "a refused bearer token is not sent again"
        );
    }
    for token in ["", " ", "a b", "a\n", "tökn"] {
        let error = config(&manager)
            .auth(Bearer::new(token))
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn no_auth_scheme_sends_no_credentials() {
    let manager = Manager::builder().accept_anyone().start().await.unwrap();
    let client = config(&manager).build().unwrap();
    assert_eq!(outcome(&client).await, Ok(1));
    let request = manager.requests().pop().unwrap();
    for name in ["authorization", "cookie", "x-xsrf-token"] {
        assert_eq!(request.header(name), None);
    }
    client.close().await;
    assert_eq!(manager.count(), 1);
}

/// The number of concurrent calls.
const CALLS: u32 = 1000;

/// Provides numbered tokens, and registers each of them with the manager.
struct NumberedTokens {
    manager: Arc<Manager>,
    fetches: Arc<AtomicU32>,
    begun: Arc<AtomicU32>,
}

impl Authenticate for NumberedTokens {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        let number = self.fetches.fetch_add(1, Ordering::Relaxed);
        if number > 0 {
            // All calls have begun, so all of them need the second token.
            until(|| self.begun.load(Ordering::Relaxed) == CALLS).await;
        }
        let token = format!("token-{number}");
        self.manager.accept_bearer(&token);
        Ok(Credentials::bearer(token).expires_in(Duration::from_secs(3600)))
    }
}

#[tokio::test]
async fn refused_token_under_a_thousand_calls_triggers_one_credential_refresh() {
    let manager = Arc::new(Manager::start().await.unwrap());
    let [fetches, begun] = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    let client = config(&manager)
        .auth(NumberedTokens {
            manager: manager.clone(),
            fetches: fetches.clone(),
            begun: begun.clone(),
        })
        .build()
        .unwrap();
    create_token(&client).await.unwrap();
    let tokens_created = Arc::new(AtomicU32::new(0));
    let counted = tokens_created.clone();
    manager.on("CreateRegistrationToken", move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Answer::success()
    });
    manager.reject_bearer("token-0");
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let (client, begun) = (client.clone(), begun.clone());
        calls.spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            create_token(&client).await
        });
    }
    for result in calls.join_all().await {
        assert!(matches!(result, Ok(1 | 2)), "{result:?}");
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 2);
    assert_eq!(tokens_created.load(Ordering::Relaxed), CALLS);
}

/// A mock of the VMware Cloud Services token endpoint. It counts its requests.
async fn csp(path: &'static str, token: &'static str, expires_in: serde_json::Value) -> Manager {
    let csp = Manager::builder().accept_anyone().start().await.unwrap();
    csp.on(&format!("POST {path}"), move |_| {
        exchange(token, expires_in.clone())
    });
    csp
}

/// The response of a token endpoint.
fn exchange(token: &str, expires_in: serde_json::Value) -> Answer {
    let answer = serde_json::json!({
        "access_token": token, "token_type": "bearer", "expires_in": expires_in, "id_token": "x",
    });
    Answer::json(200, answer)
}

#[tokio::test]
async fn csp_token_is_exchanged_once_and_sent_with_every_call() {
    let manager = Manager::start().await.unwrap();
    manager.accept_bearer("access");
    for (scheme, path, form, authorization) in [
        (
            Csp::api_token("api+token&"),
            "/csp/gateway/am/api/auth/api-tokens/authorize",
            "refresh_token=api%2Btoken%26",
            None,
        ),
        (
            Csp::client_credentials("app", "s3cret"),
            "/csp/gateway/am/api/auth/authorize",
            "grant_type=client_credentials",
            Some("Basic YXBwOnMzY3JldA=="),
        ),
    ] {
        let csp = csp(path, "access", serde_json::json!("1799")).await;
        let scheme = scheme.endpoint(config(&csp));
        let client = config(&manager).auth(scheme).build().unwrap();
        for _ in 0..3 {
            assert_eq!(outcome(&client).await, Ok(1));
        }
        let [exchange] = csp.requests().try_into().unwrap();
        assert_eq!(exchange.body, form);
        assert_eq!(exchange.header("authorization"), authorization);
    }
}

#[tokio::test]
async fn csp_token_refresh_happens_before_expiry_while_calls_continue() {
    let clock = FrozenClock::start();
    let manager = Manager::start().await.unwrap();
    manager.accept_bearer("access");
    // One minute before the end of the lifetime, or after three quarters of a short one.
    for (lifetime, due) in [(1800, 1740), (8, 6)] {
        let path = "/csp/gateway/am/api/auth/api-tokens/authorize";
        let csp = csp(path, "access", lifetime.into()).await;
        let scheme = Csp::api_token("t0ken").endpoint(config(&csp));
        let client = config(&manager).auth(scheme).build().unwrap();
        create_token(&client).await.unwrap();
        let moment = Duration::from_millis(1);
        clock.pass(Duration::from_secs(due) - moment).await;
        for _ in 0..2 {
            assert_eq!(outcome(&client).await, Ok(1));
        }
        assert_eq!(csp.count(), 1, "{lifetime}");
        // The clock stands still, so calls continue during the refresh if they complete.
        csp.respond_with(exchange("access", lifetime.into()).delay(moment));
        clock.pass(moment).await;
        assert_eq!(outcome(&client).await, Ok(1));
        until(|| csp.count() == 2).await;
        assert_eq!(outcome(&client).await, Ok(1));
        clock.pass(2 * moment).await;
        assert_eq!(outcome(&client).await, Ok(1));
        assert_eq!(csp.count(), 2, "{lifetime}");
    }
}

#[tokio::test]
async fn failed_csp_token_exchange_names_the_endpoint_and_hides_the_secret() {
    let manager = Manager::start().await.unwrap();
    for (answer, kind, message) in [
        (
            Answer::json(
                400,
                serde_json::json!({ "message": "invalid_grant: Invalid refresh token: s3cret-token" }),
            ),
            ErrorKind::Authentication,
            "CreateRegistrationToken: the login failed: POST /csp/gateway/am/api/auth/api-tokens/authorize: 400 Bad Request: ",
        ),
        (
            Answer::json(200, serde_json::json!({ "token": "s3cret-token" })),
            ErrorKind::Authentication,
            "CreateRegistrationToken: the login failed: POST /csp/gateway/am/api/auth/api-tokens/authorize: 200 OK: ",
        ),
        (
            Answer::status(403),
            ErrorKind::Forbidden,
            "CreateRegistrationToken: the login failed: POST /csp/gateway/am/api/auth/api-tokens/authorize: 403 Forbidden",
        ),
    ] {
        let csp = Manager::builder().accept_anyone().start().await.unwrap();
        csp.respond_always(answer);
        let scheme = Csp::api_token("s3cret-token").endpoint(config(&csp));
        let client = config(&manager).auth(scheme).build().unwrap();
        let error = create_token(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 0));
        assert!(error.to_string().starts_with(message), "{error}");
        let shown = format!("{error} {error:?} {:?}", error.body());
        assert!(!shown.contains("s3cret-token"), "{shown}");
        assert_eq!(csp.count(), 1);
    }
    assert_eq!(manager.count(), 0);
}

/// A complete custom scheme: the API key of a gateway in front of the manager.
struct GatewayKey(String);

impl Authenticate for GatewayKey {
    async fn authenticate(&self, login: &AuthContext) -> Result<Credentials, BoxError> {
        let ticket = login
            .request(Method::POST, "/tickets")
            .text(self.0.clone())
            .send()
            .await?;
        let ticket = std::str::from_utf8(&ticket)?.to_owned();
        Ok(Credentials::new().header("x-api-key", ticket))
    }
}

#[tokio::test]
async fn custom_auth_scheme_can_call_the_manager_and_set_any_header() {
    let manager = Manager::builder().accept_anyone().start().await.unwrap();
    manager.on("POST /tickets", |call| {
        Answer::status(200).body([&b"ticket-for-"[..], &call.body].concat())
    });
    // A login is retried like an idempotent call.
    manager.respond_with(Answer::status(500).only_for("POST /tickets"));
    let client = config(&manager)
        .auth(GatewayKey("ann".into()))
        .build()
        .unwrap();
    assert_eq!(outcome(&client).await, Ok(1));
    let last = manager.requests().pop().unwrap();
    assert_eq!(last.header("x-api-key"), Some("ticket-for-ann"));
    assert_eq!(manager.count(), 3);
    assert!(format!("{client:?}").contains("GatewayKey"), "{client:?}");
}

/// Provides tokens that expire at once.
struct TokensWithoutLifetime(Arc<AtomicU32>);

impl Authenticate for TokensWithoutLifetime {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Credentials::bearer("access").expires_in(Duration::ZERO))
    }
}

#[tokio::test]
async fn credentials_that_expire_at_once_are_refreshed_at_most_twice_per_call() {
    let manager = Manager::start().await.unwrap();
    manager.accept_bearer("access");
    let fetches = Arc::new(AtomicU32::new(0));
    let scheme = TokensWithoutLifetime(fetches.clone());
    let client = config(&manager).auth(scheme).build().unwrap();
    for calls in 1..=5 {
        assert_eq!(outcome(&client).await, Ok(1));
        assert!(fetches.load(Ordering::Relaxed) <= 2 * calls);
    }
}

#[tokio::test]
async fn per_call_credentials_replace_those_of_the_client() {
    let manager = Manager::start().await.unwrap();
    manager.accept_bearer("other");
    let client = manager.client().unwrap();
    let request = || client.request(Method::GET, "/api/v1/x");
    for (credentials, kind) in [
        (Credentials::bearer("other"), ErrorKind::NotFound),
        (Credentials::bearer("wrong"), ErrorKind::Forbidden),
        (Credentials::new(), ErrorKind::Forbidden),
        (Credentials::bearer("a\nb"), ErrorKind::InvalidRequest),
    ] {
        let error = request()
            .credentials(&credentials)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{credentials:?}");
        assert!(error.attempts() < 2);
    }
    assert_eq!(
        request().send().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn client_certificate_identity_needs_no_other_credentials() {
    let manager = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let issued = manager.issue_client_certificate().unwrap();
    let identity = Identity::from_pem(issued.certificate_pem, issued.key_pem);
    let client = config(&manager).identity(identity.clone()).build().unwrap();
    assert_eq!(outcome(&client).await, Ok(1));
    let request = manager.requests().pop().unwrap();
    assert!(request.client_certificate.is_some());
    for name in ["authorization", "cookie", "x-xsrf-token"] {
        assert_eq!(request.header(name), None);
    }
    // Without a certificate the call is refused; with the certificate of another CA the handshake
    // fails.
    let bare = config(&manager).build().unwrap();
    assert_eq!(outcome(&bare).await, Err(ErrorKind::Forbidden));
    let other = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let issued = other.issue_client_certificate().unwrap();
    let untrusted = config(&manager)
        .identity(Identity::from_pem(issued.certificate_pem, issued.key_pem))
        .options(CallOptions::new().max_retries(0))
        .build()
        .unwrap();
    let error = create_token(&untrusted).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert_eq!(manager.count(), 2);
    // The manager would prefer an authorization header to the certificate, so the two cannot be
    // combined.
    let both = config(&manager)
        .identity(identity)
        .auth(Basic::new("a", "b"));
    let error = both.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("cannot be combined"), "{error}");
}
