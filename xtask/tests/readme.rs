//! Every block of code in the README is run, except the command that these tests are themselves a part of.

#![allow(clippy::unwrap_used, clippy::panic)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Outcome, root, xtask};
use tempfile::TempDir;

/// The README's command for all tests. Here it would call itself, so what runs it is `.ci/run`.
const TESTS: &str = "cargo test --workspace --features metrics,mock,schemars";

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    blocks_of("README.md")
}

fn blocks_of(file: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in read(file).lines() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, None) => {}
            (Some(block), Some("")) => blocks.push(block),
            (Some(mut block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    assert!(open.is_none(), "a block is not closed: {open:?}");
    blocks
}

fn blocks_in(language: &str) -> Vec<String> {
    let wanted = blocks()
        .into_iter()
        .filter(|block| block.language == language);
    wanted.map(|block| block.text).collect()
}

fn commands() -> Vec<String> {
    blocks_in("console")
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path))
        .unwrap()
        .replace("\r\n", "\n")
}

/// Runs a command of the README in the workspace, as a user without settings for a manager of their own.
fn run(command: &str) -> Outcome {
    let words: Vec<&str> = command.split(' ').collect();
    let process = match words.as_slice() {
        ["cargo", "xtask", arguments @ ..] => {
            let mut process = xtask();
            process.args(arguments);
            process
        }
        ["cargo", arguments @ ..] => {
            let mut process = Command::new(std::env::var_os("CARGO").unwrap());
            process.args(arguments);
            process
        }
        _ => panic!("no test knows how to run {command:?}"),
    };
    Outcome::of(as_a_user(process).current_dir(root()))
}

/// Neither with a manager of the user's own, nor with what cargo says about this package: some build scripts would run again.
fn as_a_user(mut process: Command) -> Command {
    let unwanted = ["NSXT_", "CARGO_PKG_", "CARGO_MANIFEST_"];
    for (name, _) in std::env::vars_os() {
        if unwanted
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            process.env_remove(name);
        }
    }
    process
}

#[test]
fn every_block_is_of_a_language_that_a_test_runs() {
    for block in blocks() {
        assert!(
            ["console", "rust", "toml", "yaml"].contains(&block.language.as_str()),
            "{block:?}"
        );
    }
}

#[test]
fn the_commands_for_contributors_are_there() {
    let lines: Vec<String> = blocks_of("CONTRIBUTING.md")
        .iter()
        .flat_map(|block| block.text.lines().map(str::to_owned))
        .collect();
    assert_eq!(
        lines,
        [
            "bash .ci/run",
            "UPDATE_EXPECTED=1 cargo test -p nsx-api-gen --test kitchen",
            "git diff nsx-api-gen/tests/kitchen/expected",
            "cargo fuzz run --sanitizer none document -- -max_total_time=600 -timeout=10 -rss_limit_mb=1024",
        ]
    );
    assert!(root().join(".ci/run").is_file());
    assert!(read("nsx-api-gen/tests/kitchen.rs").contains("UPDATE_EXPECTED"));
    assert!(root().join("nsx-api-gen/tests/kitchen/expected").is_dir());
    assert!(root().join("fuzz/fuzz_targets/document.rs").is_file());
}

/// Rust is a doc test, unless its fence says that it is none. The commands of the cookbook have a test of their own beside the SDK's others.
#[test]
fn every_block_of_the_docs_is_rust_that_runs_or_has_a_test_of_its_own() {
    let mut seen = 0;
    for folder in ["nsx-api/src", "nsx-api-gen/src"] {
        for (path, text) in support::texts(&root().join(folder)) {
            let docs = text.lines().map(str::trim_start).filter_map(|line| {
                let line = line.strip_prefix("//!").or(line.strip_prefix("///"))?;
                line.trim_start().strip_prefix("```")
            });
            for language in docs {
                seen += 1;
                let is_tested = match language {
                    "" => true,
                    // Compiled; what it needs cannot be made up.
                    "no_run" => path.starts_with("generated"),
                    "console" => path == Path::new("cookbook.rs"),
                    _ => false,
                };
                assert!(is_tested, "{folder}/{}: {language}", path.display());
            }
        }
    }
    assert!(seen > 100, "{seen} fences");
    assert!(read("nsx-api/tests/cookbook.rs").contains("fn the_commands_that_fetch_a_certificate"));
}

#[test]
fn every_command_succeeds_and_changes_no_file() {
    // A command that generates would write into the workspace if that were stale.
    run("cargo xtask generate --check").succeeded();
    let generated = root().join("nsx-api/src/generated");
    let before = support::tree(&generated);
    for command in commands().iter().filter(|command| *command != TESTS) {
        println!("{command}");
        run(command).succeeded();
    }
    assert_eq!(support::tree(&generated), before);
}

#[test]
fn ci_runs_every_command_that_does_not_write() {
    let script = read(".ci/run");
    let steps: Vec<&str> = script
        .lines()
        .filter_map(|line| line.strip_prefix("step "))
        .collect();
    for command in commands()
        .iter()
        .filter(|command| *command != "cargo xtask generate")
    {
        assert!(
            steps.contains(&command.as_str()),
            "{command} is not a step of {steps:?}"
        );
    }
}

#[test]
fn the_two_commands_come_first_and_in_order() {
    assert_eq!(
        commands().into_iter().take(2).collect::<Vec<_>>(),
        ["cargo xtask demo", TESTS]
    );
}

#[test]
fn the_demo_shows_a_token_and_each_documented_error() {
    let outcome = run("cargo xtask demo")
        .succeeded()
        .says("nothing changed")
        .says("CreateRegistrationToken: 200");
    let errors = [
        ("400", "BadRequest"),
        ("403", "Forbidden"),
        ("404", "NotFound"),
        ("412", "PreconditionFailed"),
        ("500", "InternalServerError"),
        ("503", "ServiceUnavailable"),
    ];
    for (status, kind) in errors {
        let shows = |line: &str| line.trim_start().starts_with(status) && line.contains(kind);
        assert!(
            outcome.stdout.lines().any(shows),
            "no {status} {kind} in {outcome:#?}"
        );
    }
}

#[test]
fn the_alias_of_the_commands_is_there() {
    assert!(read(".cargo/config.toml").contains("xtask = \"run --package xtask --\""));
}

/// As a user has it: a crate of its own outside of the workspace, with the dependencies of the README.
#[test]
fn the_rust_program_runs_as_a_crate_of_its_own() {
    let [dependencies] = blocks_in("toml").try_into().unwrap();
    let [program] = blocks_in("rust").try_into().unwrap();
    let sdk = root().join("nsx-api").to_str().unwrap().replace('\\', "/");
    let dependencies = dependencies.replace("../nsx-sdk/nsx-api", &sdk);
    assert!(dependencies.contains(&sdk), "{dependencies}");
    // The profile is the workspace's, so that what it has built is not built again.
    let manifest = format!(
        "[package]\nname = \"readme-program\"\nedition = \"2024\"\n\n{dependencies}\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n"
    );
    let folder = TempDir::new().unwrap();
    let crate_root = folder.path();
    fs::create_dir(crate_root.join("src")).unwrap();
    fs::write(crate_root.join("src/main.rs"), program).unwrap();
    fs::write(crate_root.join("Cargo.toml"), manifest).unwrap();
    // With these versions no network is needed.
    fs::copy(root().join("Cargo.lock"), crate_root.join("Cargo.lock")).unwrap();

    let target = Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2);
    let mut cargo = as_a_user(Command::new(std::env::var_os("CARGO").unwrap()));
    cargo
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target.unwrap())
        .current_dir(crate_root);
    let outcome = Outcome::of(&mut cargo).succeeded();
    assert_eq!(
        outcome.stdout,
        "A token with the roles [\"enterprise_admin\"]\n"
    );
}

/// The block of the document is generated, compiled and called where the generator's code is compiled.
#[test]
fn the_operation_that_the_readme_adds_is_called_by_a_test() {
    assert_eq!(blocks_in("yaml").len(), 1);
    let test = read("nsx-api-gen/tests/kitchen.rs");
    assert!(test.contains("fn the_operation_that_the_readme_adds_can_be_called()"));
}

#[test]
fn the_dependencies_of_the_readme_are_those_of_its_program() {
    let [dependencies] = blocks_in("toml").try_into().unwrap();
    let manifest: Vec<&str> = dependencies.lines().collect();
    let [head, api, tokio] = manifest.as_slice() else {
        panic!("{manifest:?}");
    };
    assert_eq!(*head, "[dependencies]");
    assert!(
        api.starts_with("nsx-api = { path = ") && api.contains("features = [\"mock\"]"),
        "{api}"
    );
    assert!(read("nsx-api/Cargo.toml").contains("\nmock = ["));
    assert!(tokio.contains("\"macros\", \"rt-multi-thread\""), "{tokio}");
}

#[test]
fn the_rust_version_is_the_one_that_cargo_asks_for() {
    let manifest = read("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap();
    let sentence = format!("You need Rust {} or later", version.trim_matches('"'));
    assert!(read("README.md").contains(&sentence), "{sentence}");
}

#[test]
fn every_variable_that_the_sdk_reads_is_listed_and_no_other() {
    let readme = variables(&read("README.md"));
    assert_eq!(readme, variables(&read("nsx-api/src/environment/mod.rs")));
}

fn variables(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    let mut names: Vec<String> = words
        .filter(|word| word.starts_with("NSXT_"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn every_folder_of_the_layout_is_there() {
    let readme = read("README.md");
    let layout = readme.split_once("## Layout").unwrap().1;
    let folders: Vec<&str> = layout
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(
        folders,
        [
            "spec/",
            "nsx-api/",
            "nsx-api-gen/",
            "xtask/",
            "fuzz/",
            ".ci/"
        ]
    );
    for folder in folders {
        assert!(root().join(folder).is_dir(), "{folder}");
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let readme = read("README.md");
    for target in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        if !target.starts_with('#') && !target.starts_with("https://") {
            assert!(root().join(target).exists(), "{target}");
        }
    }
}
