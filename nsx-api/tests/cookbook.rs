//! Runs the shell commands of the cookbook, which its doc tests do not cover.

#![cfg(all(feature = "mock", unix))]

use std::fs;
use std::io::Write;
use std::process::Command;

use nsx_api::Client;
use nsx_api::mock::{Certificate, Manager};

const COOKBOOK: &str = include_str!("../src/cookbook.rs");

/// The only block of commands in the cookbook.
fn commands() -> String {
    let lines = COOKBOOK
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    let block = lines.skip_while(|line| *line != "```console").skip(1);
    let block: Vec<&str> = block.take_while(|line| *line != "```").collect();
    assert_eq!(COOKBOOK.matches("```console").count(), 1);
    block.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn cookbook_commands_fetch_the_certificate_and_its_thumbprint() {
    if Command::new("openssl").arg("version").output().is_err() {
        // The test program captures what `println` prints, but not this.
        let _ = std::io::stderr().write_all(b"skipped: openssl is not installed\n");
        return;
    }
    let manager = Manager::builder()
        .certificate(Certificate::SelfSignedCa)
        .start()
        .await
        .unwrap();
    manager.on("GET /api/v1/node/version", |_| 200);
    let folder = tempfile::tempdir().unwrap();
    let address = manager.url().replace("https://", "");
    let script = commands().replace("nsx.example.com:443", &address);
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");

    let fetched = folder.path().join("manager.pem");
    assert_eq!(
        fs::read_to_string(&fetched).unwrap().trim(),
        manager.certificate_pem().trim()
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    let thumbprint = printed.lines().last().unwrap().split_once('=').unwrap().1;
    for config in [
        Client::builder(manager.url()).ca_file(&fetched),
        Client::builder(manager.url()).pin_thumbprint(thumbprint),
    ] {
        let client = config
            .auth(nsx_api::auth::Basic::new(
                manager.username(),
                manager.password(),
            ))
            .build()
            .unwrap();
        let request = client.request(nsx_api::http::Method::GET, "/api/v1/node/version");
        request.send().await.unwrap();
    }
}
