//! No authentication scheme leaks its secrets, in any encoding: not in `Debug` output, not in an
//! error, not in a log at the lowest level.

use nsx_api::auth::{
    AuthContext, Authenticate, Basic, Bearer, BoxError, Credentials, Csp, Identity, Remote, Session,
};
use nsx_api::mock::{Answer, Manager, RecordedRequest};
use nsx_api::{CallOptions, Client, Config};

use crate::leak_capture::{LeakCapture, capture_all_logs, encodings, private_parts};
use crate::own_process::in_own_process;

const PASSWORD: &str = "Pa55-word+%&";
const BEARER: &str = "eyJhbGciOi.B34RER+/=";
const API_TOKEN: &str = "4PI-t0ken+/&";

/// Echoes what it was sent, as a careless manager or proxy might.
fn echo(call: &RecordedRequest) -> Answer {
    let headers: Vec<String> = call
        .headers
        .values()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect();
    let body = String::from_utf8_lossy(&call.body);
    Answer::api_error(
        400,
        1,
        &format!("You sent {} and {body}", headers.join(" and ")),
    )
}

#[tokio::test]
async fn no_auth_scheme_leaks_secrets_in_debug_errors_or_logs() {
    if !in_own_process(no_auth_scheme_leaks_secrets_in_debug_errors_or_logs, []) {
        return;
    }
    let capture = capture_all_logs();
    let mut secrets = vec![PASSWORD.to_owned(), BEARER.to_owned(), API_TOKEN.to_owned()];
    for builder in [Manager::builder(), Manager::builder().http1_only()] {
        let manager = builder
            .credentials("admin", PASSWORD)
            .client_certificates()
            .start()
            .await
            .unwrap();
        manager.accept_bearer(BEARER);
        manager.on("POST /api/session/destroy", echo);
        let issued = manager.issue_client_certificate().unwrap();
        secrets.extend(private_parts(&issued.key_pem));
        let csp = Manager::builder().accept_anyone().start().await.unwrap();
        for path in ["api-tokens/authorize", "authorize"] {
            let path = format!("POST /csp/gateway/am/api/auth/{path}");
            let token = serde_json::json!({ "access_token": BEARER, "expires_in": 1799 });
            csp.on(&path, move |_| Answer::json(200, &token));
        }
        // Pinning a certificate is faster than loading the platform's.
        let config = || Client::builder(manager.url()).pin_certificate(manager.certificate_pem());
        let csp_config = Config::new(csp.url()).pin_certificate(csp.certificate_pem());
        let identity = Identity::from_pem(issued.certificate_pem.clone(), issued.key_pem.clone());
        capture.record(&identity);
        capture.record(&issued);
        let api_token = Csp::api_token(API_TOKEN).endpoint(csp_config.clone());
        let app = Csp::client_credentials("admin", PASSWORD).endpoint(csp_config);
        for (config, exchanged) in [
            (config().auth(Session::new("admin", PASSWORD)), ""),
            (config().auth(Basic::new("admin", PASSWORD)), ""),
            (config().auth(Remote::new("admin", PASSWORD)), ""),
            (config().auth(Bearer::new(BEARER)), ""),
            (config().auth(api_token), API_TOKEN),
            (config().auth(app), PASSWORD),
            (config().identity(identity), ""),
        ] {
            capture.record(&config);
            let client = config
                .options(CallOptions::new().max_retries(0))
                .build()
                .unwrap();
            capture.record(&client);
            for handler in [|_: &_| Answer::success(), echo] {
                manager.on("CreateRegistrationToken", handler);
                capture.record_token_call(&client).await;
                manager.expire_sessions();
            }
            // The login after the refusal is refused as well, with an answer that echoes the
            // secrets.
            let refuse = |secret| Answer::api_error(403, 403, &encodings(secret)[..3].join(" "));
            manager.respond_with(refuse(PASSWORD).only_for("POST /api/session/create"));
            if !exchanged.is_empty() {
                csp.respond_with(refuse(exchanged));
            }
            manager.respond_with(Answer::status(401).only_for("CreateRegistrationToken"));
            capture.record_token_call(&client).await;
            client.close().await;
        }
        for call in manager.requests() {
            capture.record(&call);
            let cookies = call
                .header("cookie")
                .and_then(|cookie| cookie.split_once('='));
            secrets.extend(cookies.map(|(_, value)| value.to_owned()));
            secrets.extend(call.header("x-xsrf-token").map(str::to_owned));
        }
    }
    assert!(secrets.len() > 15, "{} secrets", secrets.len());
    capture.assert_hides(secrets.iter().map(String::as_str));
    let text = capture.text();
    for needle in [
        "You sent ",
        " and ••• and ",
        "the login failed",
        "credentials refreshed",
        "credentials were not revoked",
        "Session",
        "Csp",
    ] {
        assert!(text.contains(needle), "{needle}");
    }
}

/// A scheme whose `revoke` fails with an error that echoes the credentials.
struct EchoingRevoke;

impl Authenticate for EchoingRevoke {
    async fn authenticate(&self, _: &AuthContext) -> Result<Credentials, BoxError> {
        Ok(Credentials::bearer(BEARER))
    }

    async fn revoke(&self, _: &AuthContext, _: &Credentials) -> Result<(), BoxError> {
        Err(format!("Bearer {BEARER} is unknown").into())
    }
}

#[tokio::test]
async fn warning_about_a_failed_logout_masks_the_credentials() {
    if !in_own_process(warning_about_a_failed_logout_masks_the_credentials, []) {
        return;
    }
    let capture = capture_all_logs();
    let manager = Manager::builder().accept_anyone().start().await.unwrap();
    let config = Client::builder(manager.url()).pin_certificate(manager.certificate_pem());
    let client = config.auth(EchoingRevoke).build().unwrap();
    client.create_registration_token().send().await.unwrap();
    client.close().await;
    capture.assert_hides([BEARER]);
    let text = capture.text();
    let mut lines = text.lines();
    let warning = lines.find(|line| line.contains("credentials were not revoked"));
    assert!(warning.unwrap().contains("Bearer ••• is unknown"));
}

/// The settings of a program may contain a scheme without a client.
#[test]
fn debug_of_auth_schemes_masks_their_secrets() {
    let capture = LeakCapture::default();
    capture.record(&Session::new("admin", PASSWORD));
    capture.record(&Basic::new("admin", PASSWORD));
    capture.record(&Remote::new("admin", PASSWORD));
    capture.record(&Bearer::new(BEARER));
    capture.record(&Csp::api_token(API_TOKEN));
    capture.record(&Csp::client_credentials("admin", PASSWORD));
    capture.record(&Credentials::basic("admin", &PASSWORD.into()));
    capture.record(&Credentials::bearer(BEARER));
    capture.assert_hides([PASSWORD, BEARER, API_TOKEN]);
}

/// A gateway may echo the credentials of an earlier attempt.
#[tokio::test]
async fn session_secrets_from_before_a_refresh_are_masked_in_errors() {
    let builder = Manager::builder().credentials("admin", PASSWORD);
    let manager = builder.start().await.unwrap();
    let client = Client::builder(manager.url())
        .ca_pem(manager.ca_pem())
        .auth(Session::new("admin", PASSWORD))
        .build()
        .unwrap();
    client.create_registration_token().send().await.unwrap();
    let calls = manager.requests();
    let call = calls.last().unwrap();
    let echo = ["cookie", "x-xsrf-token"].map(|name| call.header(name).unwrap().to_owned());
    let echo = echo.join(" and ");
    manager.expire_sessions();
    manager.on("CreateRegistrationToken", move |_| {
        Answer::api_error(400, 1, &format!("You sent {echo}"))
    });
    let error = client.create_registration_token().send().await.unwrap_err();
    assert_eq!(error.attempts(), 2);
    let message = "You sent JSESSIONID=••• and •••";
    assert!(error.to_string().contains(message), "{error}");
}
