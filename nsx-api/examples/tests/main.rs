//! Runs the examples as a user does: with environment variables, checking output and exit code.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers fail at their line"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nsx_api::mock::Manager;
use nsx_api::operations;
use serde_json::Value;

/// The executable of an example.
fn program(example: &str) -> &'static str {
    match example {
        "demo" => env!("CARGO_BIN_EXE_demo"),
        "manager" => env!("CARGO_BIN_EXE_manager"),
        "registration_token" => env!("CARGO_BIN_EXE_registration_token"),
        _ => unreachable!("{example}"),
    }
}

/// Removes the settings of the user who runs the tests.
fn remove_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("NSXT_") {
            command.env_remove(name);
        }
    }
}

struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs an example on a blocking thread, so that the mock manager on the test's runtime keeps
/// running.
async fn run(example: &'static str, variables: &[(&'static str, &str)]) -> Outcome {
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let run = move || {
        let mut command = Command::new(program(example));
        remove_settings(&mut command);
        command.envs(variables).output().unwrap()
    };
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

#[track_caller]
fn assert_token(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    assert!(
        outcome.stdout.starts_with(r#"{"token": "#),
        "{}",
        outcome.stdout
    );
    let printed: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert!(
        printed["token"]
            .as_str()
            .is_some_and(|token| !token.is_empty()),
        "{printed}"
    );
    assert!(printed["roles"].is_array(), "{printed}");
    assert_eq!(
        printed.as_object().map(serde_json::Map::len),
        Some(2),
        "{printed}"
    );
}

#[track_caller]
fn assert_failure(outcome: &Outcome, expected: &[&str]) {
    assert_eq!(
        outcome.code,
        Some(1),
        "{} {}",
        outcome.stdout,
        outcome.stderr
    );
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    for text in expected {
        assert!(
            outcome.stderr.contains(text),
            "{text:?} is not in: {}",
            outcome.stderr
        );
    }
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}

#[tokio::test]
async fn registration_token_example_without_a_host_uses_and_announces_a_mock_manager() {
    let outcome = run("registration_token", &[]).await;
    assert_token(&outcome);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("embedded") && outcome.stderr.contains("NSXT_MANAGER_HOST"));
}

#[tokio::test]
async fn registration_token_example_accepts_a_url_or_a_host_and_port() {
    let manager = Manager::builder()
        .credentials("audit", "s3cret+ü")
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, manager.ca_pem()).unwrap();
    let ca_file = ca_file.to_str().unwrap();

    let url = manager.url();
    let address = url.strip_prefix("https://").unwrap();
    let by_name = address.replace("127.0.0.1", "localhost");
    for host in [&url, address, &by_name] {
        for trust in [
            ("NSXT_CA_FILE", ca_file),
            ("NSXT_ALLOW_UNVERIFIED_SSL", "true"),
            ("NSXT_ALLOW_UNVERIFIED_SSL", "1"),
        ] {
            let outcome = run(
                "registration_token",
                &[
                    ("NSXT_MANAGER_HOST", host),
                    ("NSXT_USERNAME", "audit"),
                    ("NSXT_PASSWORD", "s3cret+ü"),
                    trust,
                ],
            )
            .await;
            assert_token(&outcome);
            assert_eq!(outcome.stderr, "");
        }
    }
    // Each run has logged in, called, and logged out.
    assert_eq!(manager.logins(), 9);
    assert_eq!(manager.sessions(), 0);
    assert_eq!(manager.count(), 27);
}

#[tokio::test]
async fn registration_token_example_prints_a_failure_as_one_line() {
    let manager = Manager::builder()
        .credentials("audit", "right")
        .start()
        .await
        .unwrap();
    let url = manager.url();
    let mut variables = [
        ("NSXT_MANAGER_HOST", url.as_str()),
        ("NSXT_USERNAME", "audit"),
        ("NSXT_PASSWORD", "s3cret"),
        ("NSXT_ALLOW_UNVERIFIED_SSL", "true"),
        ("NSXT_SESSION_AUTH", "true"),
    ];
    let outcome = run("registration_token", &variables).await;
    assert_failure(
        &outcome,
        &[
            "CreateRegistrationToken",
            "403 Forbidden",
            "error_code 403",
            "the login failed",
            "The credentials were incorrect",
        ],
    );
    variables[4].1 = "false";
    let outcome = run("registration_token", &variables).await;
    assert_failure(
        &outcome,
        &["CreateRegistrationToken: 403 Forbidden: The credentials were incorrect"],
    );

    manager.respond_with(nsx_api::mock::Answer::api_error(
        412,
        604,
        "Stale\nrevision.",
    ));
    let outcome = run("registration_token", &variables).await;
    assert_failure(
        &outcome,
        &[
            "CreateRegistrationToken",
            "412 Precondition Failed",
            "error_code 604",
            "Stale",
        ],
    );

    let mut unverified = variables;
    unverified[3].1 = "0";
    assert_failure(
        &run("registration_token", &unverified).await,
        &["CreateRegistrationToken", "certificate"],
    );

    drop(manager);
    assert_failure(
        &run("registration_token", &variables).await,
        &["CreateRegistrationToken"],
    );
}

#[tokio::test]
async fn registration_token_example_names_a_missing_or_invalid_setting() {
    let host = ("NSXT_MANAGER_HOST", "127.0.0.1:1");
    let user = ("NSXT_USERNAME", "audit");
    let password = ("NSXT_PASSWORD", "s3cret");
    for (variables, named) in [
        (vec![host, password], "NSXT_USERNAME"),
        (vec![host, user], "NSXT_PASSWORD"),
        (vec![host, user, ("NSXT_PASSWORD", "")], "NSXT_PASSWORD"),
        (vec![("NSXT_MANAGER_HOST", "")], "NSXT_MANAGER_HOST"),
        (
            vec![host, user, password, ("NSXT_ALLOW_UNVERIFIED_SSL", "maybe")],
            "NSXT_ALLOW_UNVERIFIED_SSL",
        ),
        (
            vec![host, user, password, ("NSXT_ALLOW_UNVERIFIED_SSL", "TRUE ")],
            "NSXT_ALLOW_UNVERIFIED_SSL",
        ),
        (
            vec![host, user, password, ("NSXT_CA_FILE", "/no/such/file.pem")],
            "/no/such/file.pem",
        ),
        (
            vec![("NSXT_MANAGER_HOST", "https://a b"), user, password],
            "the address",
        ),
    ] {
        assert_failure(&run("registration_token", &variables).await, &[named]);
    }
}

#[tokio::test]
async fn demo_example_shows_a_masked_token_and_each_documented_error() {
    let outcome = run("demo", &[]).await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    let errors = operations::CREATE_REGISTRATION_TOKEN
        .responses
        .iter()
        .filter(|response| response.status != "200");
    for response in errors {
        let row = outcome
            .stdout
            .lines()
            .find(|line| line.trim_start().starts_with(response.status));
        assert!(
            row.is_some_and(|row| row.split_whitespace().count() > 4),
            "{}",
            outcome.stdout
        );
    }
    let words = outcome.stdout.split_whitespace();
    assert!(
        words.clone().any(|word| word.ends_with('…')),
        "{}",
        outcome.stdout
    );
    // No printed word is as long as a token.
    assert!(
        words
            .map(str::len)
            .max()
            .is_some_and(|longest| longest < 32),
        "{}",
        outcome.stdout
    );
}

#[test]
fn manager_example_runs_a_mock_manager_until_its_input_ends() {
    let mut manager = Command::new(program("manager"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = manager.stdin.take().unwrap();
    let mut output = BufReader::new(manager.stdout.take().unwrap()).lines();
    let mut next = || output.next().unwrap().unwrap();
    let variables: std::collections::HashMap<String, String> = (0..4)
        .map(|_| {
            let line = next();
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect();
    assert!(next().starts_with("# Answers as the document says."));
    for (line, answer, code, stderr_part) in [
        ("", "# Answers as the document says.", 0, ""),
        (
            "412",
            "# Answers 412.",
            1,
            "A precondition of the request does not hold.",
        ),
        ("as usual", "# Answers as the document says.", 0, ""),
    ] {
        writeln!(input, "{line}").unwrap();
        assert!(next().starts_with(answer), "{line}");
        let mut client = Command::new(program("registration_token"));
        remove_settings(&mut client);
        let output = client.envs(&variables).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
        assert!(stderr.contains(stderr_part), "{line}: {stderr}");
    }
    drop(input);
    assert!(manager.wait().unwrap().success());
    assert!(!Path::new(&variables["NSXT_CA_FILE"]).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn examples_exit_with_code_1_when_stderr_is_full() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for (example, host, stdout_is_full) in [
        ("registration_token", Some(""), false),
        ("registration_token", None, true),
        ("demo", None, true),
    ] {
        let mut command = Command::new(program(example));
        remove_settings(&mut command);
        command.envs(host.map(|host| ("NSXT_MANAGER_HOST", host)));
        command.stderr(full());
        if stdout_is_full {
            command.stdout(full());
        }
        let code = command.output().unwrap().status.code();
        assert_eq!(code, Some(1), "{example} {host:?}");
    }
    let mut command = Command::new(program("registration_token"));
    remove_settings(&mut command);
    // Failing to announce the mock manager is not an error.
    let output = command.stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}
