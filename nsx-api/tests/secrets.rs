//! No secret leaks: not in `Debug` output, not in an error, not in a log at the lowest level.

use std::time::Duration;

use http::Method;
use nsx_api::auth::Basic;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client};

use crate::leak_capture::{LeakCapture, capture_all_logs};
use crate::own_process::in_own_process;

const PASSWORD: &str = "Pa55-word+%&";
/// `admin:` and the password in base64, as HTTP Basic sends them.
const BASIC: &str = "YWRtaW46UGE1NS13b3JkKyUm";
/// Used as a token, a cookie, and any other secret that a manager returns.
const SECRET: &str = "S3CR3T-value";

/// Responses that echo the secrets in every place that a caller could read.
fn answers_that_echo_secrets() -> Vec<Answer> {
    let echo = format!("You sent: Authorization: Basic {BASIC} for admin with {PASSWORD}");
    let token = format!(r#"{{"token":"{SECRET}","roles":[]}}"#);
    let with_headers = |answer: Answer| {
        answer
            .header(
                "set-cookie",
                &format!("JSESSIONID={SECRET}; Path=/; Secure"),
            )
            .header("x-xsrf-token", SECRET)
            .header(
                "location",
                &format!("https://user:{SECRET}@other/{SECRET}?{SECRET}"),
            )
    };
    vec![
        with_headers(Answer::status(200).body(token.clone())),
        with_headers(Answer::status(307)),
        with_headers(
            Answer::status(502)
                .header("content-type", "text/html")
                .body(echo.clone()),
        ),
        Answer::api_error(403, 403, &echo),
        Answer::json(
            400,
            serde_json::json!({ "error_data": { &echo: [&echo] }, "related_errors": [{ "details": &echo }] }),
        ),
        Answer::status(200).body(token.replace("[]", "7")),
        Answer::status(200).body(token.replace("\"token\"", "\"other\"")),
        Answer::status(200).body(format!("\"{SECRET}, expected {SECRET}\"")),
        Answer::status(200).body(token.clone()).truncated_at(20),
        Answer::status(200)
            .header("x-request-id", &format!("for-{PASSWORD}"))
            .body(token)
            .truncated_at(20),
        Answer::status(200)
            .header(
                "content-type",
                &format!("text/{PASSWORD}; charset={SECRET}"),
            )
            .header("x-nsx-requestid", &format!("for-{BASIC}"))
            .body("<"),
        Answer::status(400)
            .header("x-request-id", &format!("for-{PASSWORD}"))
            .body(PASSWORD.repeat(1000)),
        Answer::status(403).header("x-nsx-requestid", &format!("for-{BASIC}")),
        Answer::status(302).header("location", &format!("https://{BASIC}.{PASSWORD}.example/")),
        Answer::status(307).header("location", &format!("https://{BASIC}/")),
        Answer::status(400).body(r"Pa55\u002dword\u002b\u0025\u0026"),
        Answer::status(400).body("Pa55-word+%&amp; Pa55-word%252B%2525%2526"),
        Answer::api_error(400, 400, "Pa55-word%2B%25& YWRtaW46UGE1NS13b3JkKyUm"),
        Answer::dropped(),
    ]
}

async fn try_everything(client: &Client, capture: &LeakCapture) {
    let request = || {
        client
            .request(Method::PUT, format!("/api/v1/x?a={SECRET}"))
            .query("b", SECRET)
            .header("x-key", SECRET)
    };
    capture.record(client);
    capture.record(&client.create_registration_token());
    capture.record(&request().json(&SECRET));
    capture.record(&request().text(SECRET));
    capture.record_token_call(client).await;
    for result in [
        request().json(&SECRET).send().await,
        request().form(&[SECRET]).send().await,
    ] {
        match result {
            Ok(response) => capture.record(&response),
            Err(error) => capture.record_error(&error),
        }
    }
}

#[tokio::test]
async fn no_secret_leaks_in_debug_errors_or_logs() {
    if !in_own_process(no_secret_leaks_in_debug_errors_or_logs, []) {
        return;
    }
    let capture = capture_all_logs();
    let options = CallOptions::new()
        .header("x-other", SECRET)
        .max_retries(1)
        .max_retry_delay(Duration::from_millis(1));
    capture.record(&options);
    for builder in [Manager::builder(), Manager::builder().http1_only()] {
        let manager = builder
            .credentials("admin", PASSWORD)
            .start()
            .await
            .unwrap();
        let builder = Client::builder(manager.url())
            .auth(Basic::new("admin", PASSWORD))
            .ca_pem(manager.ca_pem())
            .options(options.clone());
        capture.record(&builder);
        let client = builder.build().unwrap();
        for answer in answers_that_echo_secrets() {
            manager.respond_always(answer);
            try_everything(&client, &capture).await;
        }
        let short_timeout =
            client.with(CallOptions::new().attempt_timeout(Duration::from_millis(100)));
        let token = format!(r#"{{"token":"{SECRET}","roles":[]}}"#);
        manager.respond_always(Answer::status(200).body(token).stalled_at(20));
        try_everything(&short_timeout, &capture).await;
        let without_ca = Client::builder(manager.url())
            .auth(Basic::new("admin", PASSWORD))
            .build()
            .unwrap();
        try_everything(&without_ca, &capture).await;
        let sent = &manager.requests()[0];
        assert_eq!(
            sent.header("authorization"),
            Some(format!("Basic {BASIC}").as_str())
        );
    }

    capture.assert_hides([PASSWORD, BASIC, SECRET, "Pa55-word"]);
    let text = capture.text();
    // Check that the capture works: these texts are harmless and expected, except for the cookie's
    // name.
    for needle in [
        "CreateRegistrationToken",
        "call failed",
        "rustls",
        "JSESSIONID",
        "You sent: Authorization: Basic •••",
    ] {
        assert_eq!(text.contains(needle), needle != "JSESSIONID", "{needle}");
    }
}
