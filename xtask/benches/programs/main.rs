//! Compares a program that makes one call with the SDK with a handwritten one: number of crates,
//! build time and binary size. Also measures what reading and writing lists adds to a binary.
//!
//! Run it with `cargo bench -p xtask --bench programs`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
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
use support::BenchDirs;
use support::process::{Cost, cargo};

const SDK: &str = r#"
use nsx_api::Client;
use nsx_api::auth::Session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [address, user, password] = [1, 2, 3].map(|index| std::env::args().nth(index).unwrap_or_default());
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
    let [address, user, password] = [1, 2, 3].map(|index| std::env::args().nth(index).unwrap_or_default());
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

/// The same cryptography provider as the SDK, and the features of reqwest for HTTP/2, JSON and
/// forms.
const BY_HAND_DEPENDENCIES: &str = r#"
reqwest = { version = "0.13", default-features = false, features = ["form", "http2", "json", "rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring", "logging", "std", "tls12"] }
serde = { version = "1", features = ["derive"] }
"#;

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#;

fn main() {
    if !measure::is_bench() {
        println!("skipped: this benchmark takes minutes, run it with `cargo bench`");
        return;
    }
    let dirs = BenchDirs::new("programs");
    bench_programs(&dirs);
    bench_list_sizes(&dirs);
}

/// A package with one or more programs, in its own workspace.
struct Program {
    dir: PathBuf,
}

impl Program {
    fn new(dirs: &BenchDirs, name: &str, dependencies: &str) -> Self {
        let dir = dirs.scratch.join(name);
        fs::create_dir_all(dir.join("src/bin")).unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependencies}\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest).unwrap();
        // The same versions of dependencies in all programs.
        fs::copy(dirs.root.join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
        Self { dir }
    }

    fn with(self, name: &str, text: &str) -> Self {
        fs::write(self.dir.join("src/bin").join(format!("{name}.rs")), text).unwrap();
        self
    }

    /// The number of crates that it depends on.
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
            .current_dir(&self.dir)
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
        cargo(&self.dir, &[&["build"], arguments].concat())
    }
}

/// The size of a release binary.
fn binary_size(target: &Path, name: &str) -> u64 {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    fs::metadata(target.join("release").join(name))
        .unwrap()
        .len()
}

/// The dependency on the SDK, by path.
fn sdk(root: &Path) -> String {
    format!("nsx-api = {{ path = {:?} }}", root.join("nsx-api"))
}

fn bench_programs(dirs: &BenchDirs) {
    let sdk =
        Program::new(dirs, "with-sdk", &[&sdk(&dirs.root), TOKIO].join("\n")).with("call", SDK);
    let by_hand = Program::new(dirs, "by-hand", &[BY_HAND_DEPENDENCIES, TOKIO].concat())
        .with("call", BY_HAND);
    let programs = [&sdk, &by_hand];
    for program in programs {
        cargo(&program.dir, &["fetch"]);
    }
    let crates = programs.map(Program::crates);
    let debug = programs.map(|program| program.build(&[]));
    let release = programs.map(|program| program.build(&["--release"]));
    let sizes = programs.map(|program| binary_size(&program.dir.join("target"), "call"));
    print_table_header(
        "A program with one call, clean build",
        ["", "SDK", "by hand", "ratio", "target"],
    );
    print_comparison("crates", crates, format_count);
    for (name, costs) in [("debug", debug), ("release", release)] {
        let milliseconds = |pick: fn(&Cost) -> std::time::Duration| {
            costs.map(|cost| pick(&cost).as_millis() as u64)
        };
        let seconds = |milliseconds| format!("{:.1} s", milliseconds as f64 / 1000.0);
        print_comparison(
            &format!("cargo build, {name}, CPU"),
            milliseconds(|cost| cost.cpu),
            seconds,
        );
        print_comparison(
            &format!("cargo build, {name}, wall time"),
            milliseconds(|cost| cost.time),
            seconds,
        );
    }
    print_comparison("release binary, bytes", sizes, format_count);
}

fn print_comparison(name: &str, [ours, theirs]: [u64; 2], format: impl Fn(u64) -> String) {
    print_row([
        name,
        &format(ours),
        &format(theirs),
        &format_ratio(ours, theirs),
        "1.15",
    ]);
}

/// A program that reads and writes a list.
const LISTS: &str = r#"
#[path = "DIR/compact.rs"]
mod compact;
#[macro_use]
#[path = "DIR/serde_macros.rs"]
mod serde_macros;
#[path = "DIR/types.rs"]
mod types;

use nsx_api::Extra;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let list: TYPE = serde_json::from_reader(std::io::stdin())?;
    serde_json::to_writer(std::io::stdout(), &list)?;
    Ok(())
}
"#;

/// Measures what a list of switches adds to a program that reads and writes only a `bool`.
fn bench_list_sizes(dirs: &BenchDirs) {
    let dependencies = format!(
        "{}\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
        sdk(&dirs.root)
    );
    let mut program = Program::new(dirs, "lists", &dependencies);
    let dir = dirs.root.join("nsx-api/benches/lists");
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
            .replace("DIR", dir.to_str().unwrap())
            .replace("TYPE", kind);
        program = program.with(name, &text);
    }
    let target = dirs.scratch.join("with-sdk/target");
    program.build(&["--release", "--target-dir", target.to_str().unwrap()]);
    let none = binary_size(&target, "none");
    print_table_header(
        "Size that reading and writing a list of switches adds to a release binary, bytes",
        ["variant", "compact", "derive", "ratio"],
    );
    for (name, ours, theirs) in [
        (
            "skips unknown fields, like derive",
            "compact_skip",
            "derived",
        ),
        (
            "keeps unknown fields, like derive with `flatten`",
            "compact_extra",
            "derived_flatten",
        ),
    ] {
        let [ours, theirs] = [ours, theirs].map(|form| binary_size(&target, form) - none);
        print_row([
            name,
            &format_count(ours),
            &format_count(theirs),
            &format_ratio(ours, theirs),
        ]);
    }
}
