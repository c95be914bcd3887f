//! A program that makes one call, with the SDK and by hand, built from nothing; and what lists add to a binary.
//!
//! `cargo bench -p xtask --bench programs`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

#[path = "../../../nsx-api/benches/measure/mod.rs"]
mod measure;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{format_count, format_ratio, print_row, print_table_header};
use support::Place;
use support::process::{Cost, cargo};

const SDK: &str = r#"
use nsx_api::Client;
use nsx_api::auth::Session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, user, password] = [1, 2, 3].map(|place| std::env::args().nth(place).unwrap_or_default());
    let client = Client::builder(address).auth(Session::new(user, password)).build()?;
    let token = client.create_registration_token().send().await?;
    println!("{}", token.roles.join(", "));
    client.close().await;
    Ok(())
}
"#;

const BY_HAND: &str = r#"
use reqwest::header::{COOKIE, SET_COOKIE};

#[derive(serde::Deserialize)]
struct Token {
    roles: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, user, password] = [1, 2, 3].map(|place| std::env::args().nth(place).unwrap_or_default());
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "there is a provider already")?;
    let http = reqwest::Client::new();
    let form = [("j_username", user), ("j_password", password)];
    let login = http.post(format!("{address}/api/session/create")).form(&form).send().await?.error_for_status()?;
    let cookie = login.headers()[SET_COOKIE].to_str()?.split(';').next().unwrap_or_default();
    let token: Token = http
        .post(format!("{address}/api/v1/aaa/registration-token"))
        .header(COOKIE, cookie)
        .header("x-xsrf-token", &login.headers()["x-xsrf-token"])
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    println!("{}", token.roles.join(", "));
    Ok(())
}
"#;

/// The same cryptography for both, and what reqwest needs to speak HTTP/2, JSON and forms.
const BY_HAND_NEEDS: &str = r#"
reqwest = { version = "0.13", default-features = false, features = ["form", "http2", "json", "rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring", "logging", "std", "tls12"] }
serde = { version = "1", features = ["derive"] }
"#;

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#;

fn main() {
    if !measure::is_bench() {
        println!("building programs takes minutes: it is left to `cargo bench`");
        return;
    }
    let place = Place::new("programs");
    compare(&place);
    compare_lists(&place);
}

/// A program made of these parts, alone in its workspace.
struct Program {
    folder: PathBuf,
}

impl Program {
    fn new(place: &Place, name: &str, needs: &str) -> Self {
        let folder = place.scratch.join(name);
        fs::create_dir_all(folder.join("src/bin")).unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{needs}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The same versions for all.
        fs::copy(place.root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder }
    }

    fn with(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.join("src/bin").join(format!("{name}.rs")), text).unwrap();
        self
    }

    /// How many crates are compiled for it, without itself.
    fn crates(&self) -> u64 {
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--edges",
                "normal,build",
                "--prefix",
                "none",
                "--format",
                "{p}",
            ])
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let tree = String::from_utf8(tree.stdout).unwrap();
        let names: BTreeSet<&str> = tree
            .lines()
            .skip(1)
            .map(|line| line.trim_end_matches(" (*)"))
            .collect();
        names.len() as u64
    }

    fn build(&self, arguments: &[&str]) -> Cost {
        cargo(&self.folder, &[&["build"], arguments].concat())
    }
}

/// The size of a binary that was built for release.
fn size(target: &Path, name: &str) -> u64 {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    fs::metadata(target.join("release").join(name))
        .unwrap()
        .len()
}

/// The SDK, by its place.
fn sdk(root: &Path) -> String {
    format!("nsx-api = {{ path = {:?} }}", root.join("nsx-api"))
}

fn compare(place: &Place) {
    let sdk =
        Program::new(place, "with-sdk", &[&sdk(&place.root), TOKIO].join("\n")).with("call", SDK);
    let by_hand =
        Program::new(place, "by-hand", &[BY_HAND_NEEDS, TOKIO].concat()).with("call", BY_HAND);
    let programs = [&sdk, &by_hand];
    for program in programs {
        cargo(&program.folder, &["fetch"]);
    }
    let crates = programs.map(Program::crates);
    let debug = programs.map(|program| program.build(&[]));
    let release = programs.map(|program| program.build(&["--release"]));
    let sizes = programs.map(|program| size(&program.folder.join("target"), "call"));
    print_table_header(
        "A program of one call, built from nothing",
        ["", "SDK", "by hand", "ratio", "aim"],
    );
    compared("crates", crates, format_count);
    for (name, costs) in [("debug", debug), ("release", release)] {
        let milliseconds = |pick: fn(&Cost) -> std::time::Duration| {
            costs.map(|cost| pick(&cost).as_millis() as u64)
        };
        let seconds = |milliseconds| format!("{:.1} s", milliseconds as f64 / 1000.0);
        compared(
            &format!("cargo build, {name}, CPU"),
            milliseconds(|cost| cost.cpu),
            seconds,
        );
        compared(
            &format!("cargo build, {name}, time"),
            milliseconds(|cost| cost.time),
            seconds,
        );
    }
    compared("the binary for release, bytes", sizes, format_count);
}

fn compared(name: &str, [ours, theirs]: [u64; 2], shown: impl Fn(u64) -> String) {
    print_row([
        name,
        &shown(ours),
        &shown(theirs),
        &format_ratio(ours, theirs),
        "1.15",
    ]);
}

/// A program that reads a list and writes it.
const LISTS: &str = r#"
#[path = "FOLDER/compact.rs"]
mod compact;
#[macro_use]
#[path = "FOLDER/forms.rs"]
mod forms;
#[path = "FOLDER/types.rs"]
mod types;

use nsx_api::Extra;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let list: TYPE = serde_json::from_reader(std::io::stdin())?;
    serde_json::to_writer(std::io::stdout(), &list)?;
    Ok(())
}
"#;

/// What a list of switches adds to a program that reads and writes one word.
fn compare_lists(place: &Place) {
    let needs = format!(
        "{}\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
        sdk(&place.root)
    );
    let mut program = Program::new(place, "lists", &needs);
    let folder = place.root.join("nsx-api/benches/lists");
    let forms = [
        "derived",
        "compact_skip",
        "derived_flatten",
        "compact_extra",
    ];
    let types = forms.map(|form| format!("types::{form}::Switches"));
    for (name, kind) in [("none", "bool")]
        .into_iter()
        .chain(forms.iter().copied().zip(types.iter().map(String::as_str)))
    {
        let text = LISTS
            .replace("FOLDER", folder.to_str().unwrap())
            .replace("TYPE", kind);
        program = program.with(name, &text);
    }
    let target = place.scratch.join("with-sdk/target");
    program.build(&["--release", "--target-dir", target.to_str().unwrap()]);
    let none = size(&target, "none");
    print_table_header(
        "What reading and writing a list of switches adds to a binary for release, bytes",
        ["the compact form", "adds", "derive", "ratio"],
    );
    for (name, ours, theirs) in [
        (
            "skips what is unknown, as derive",
            "compact_skip",
            "derived",
        ),
        (
            "keeps it, as derive with `flatten`",
            "compact_extra",
            "derived_flatten",
        ),
    ] {
        let [ours, theirs] = [ours, theirs].map(|form| size(&target, form) - none);
        print_row([name, &format_count(ours), &format_count(theirs), &format_ratio(ours, theirs)]);
    }
}
