//! Checks every code block of the README. CI runs the commands.

use crate::support::{self, CommandOutput, root};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The command of the README that runs the tests.
const TEST_COMMAND: &str = "cargo test --workspace --no-fail-fast";

/// The command of CONTRIBUTING.md that runs the slow tests, such as the one in this file that runs
/// cargo.
const SLOW_TESTS: &str = "cargo test --workspace --no-fail-fast -- --ignored";

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
}

fn readme_blocks() -> Vec<Block> {
    blocks_in_file("README.md")
}

fn blocks_in_file(file: &str) -> Vec<Block> {
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

fn readme_blocks_in(language: &str) -> Vec<String> {
    let wanted = readme_blocks()
        .into_iter()
        .filter(|block| block.language == language);
    wanted.map(|block| block.text).collect()
}

fn readme_commands() -> Vec<String> {
    readme_blocks_in("console")
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

/// Removes variables for a real manager, and the ones with which cargo describes this package: some
/// build scripts depend on those and would run again.
fn with_clean_env(mut process: Command) -> Command {
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
fn every_code_block_of_the_readme_is_in_a_tested_language() {
    for block in readme_blocks() {
        assert!(
            ["console", "rust", "toml", "yaml"].contains(&block.language.as_str()),
            "{block:?}"
        );
    }
}

#[test]
fn the_commands_of_contributing_md_refer_to_existing_files() {
    let lines: Vec<String> = blocks_in_file("CONTRIBUTING.md")
        .iter()
        .flat_map(|block| block.text.lines().map(str::to_owned))
        .collect();
    assert_eq!(
        lines,
        [
            "bash .ci/run",
            SLOW_TESTS,
            "UPDATE_EXPECTED=1 cargo test -p nsx-api-gen golden",
            "git diff nsx-api-gen/tests/golden/expected",
            "cargo fuzz run --sanitizer none document -- -max_total_time=600 -timeout=10 -rss_limit_mb=1024",
        ]
    );
    assert!(root().join(".ci/run").is_file());
    assert!(read("nsx-api-gen/tests/golden.rs").contains("UPDATE_EXPECTED"));
    assert!(root().join("nsx-api-gen/tests/golden/expected").is_dir());
    assert!(root().join("fuzz/fuzz_targets/document.rs").is_file());
}

/// Rust blocks run as doc tests, unless the fence says otherwise. The commands of the cookbook are
/// tested in `nsx-api/tests/cookbook.rs`.
#[test]
fn every_code_block_in_the_docs_is_tested() {
    let mut seen = 0;
    for dir in ["nsx-api/src", "nsx-api-gen/src"] {
        for (path, text) in support::read_files(&root().join(dir)) {
            let docs = text.lines().map(str::trim_start).filter_map(|line| {
                let line = line.strip_prefix("//!").or(line.strip_prefix("///"))?;
                line.trim_start().strip_prefix("```")
            });
            for language in docs {
                seen += 1;
                let is_tested = match language {
                    "" => true,
                    // Compiled only: the example needs values that cannot be invented.
                    "no_run" => path.starts_with("generated"),
                    "console" => path == Path::new("cookbook.rs"),
                    _ => false,
                };
                assert!(is_tested, "{dir}/{}: {language}", path.display());
            }
        }
    }
    assert!(seen > 100, "{seen} fences");
    assert!(
        read("nsx-api/tests/cookbook.rs").contains("fn cookbook_commands_fetch_the_certificate")
    );
}

#[test]
fn ci_runs_every_command_of_the_readme_that_changes_no_file() {
    let script = read(".ci/run");
    let steps: Vec<&str> = script
        .lines()
        .filter_map(|line| line.strip_prefix("step "))
        .collect();
    let commands = readme_commands();
    let commands = commands.iter().map(String::as_str);
    let commands = commands.filter(|command| *command != "cargo xtask generate");
    for command in commands.chain([SLOW_TESTS]) {
        assert!(
            steps.contains(&command),
            "{command} is not a step of {steps:?}"
        );
    }
}

#[test]
fn the_readme_starts_with_the_commands_for_the_demo_and_the_tests() {
    assert_eq!(
        readme_commands().into_iter().take(2).collect::<Vec<_>>(),
        ["cargo xtask demo", TEST_COMMAND]
    );
}

#[test]
fn the_cargo_alias_for_xtask_is_defined() {
    assert!(read(".cargo/config.toml").contains("xtask = \"run --quiet --package xtask --\""));
}

/// The program is built as users build it: in a crate outside of the workspace, with the
/// dependencies of the README.
#[test]
#[ignore = "slow: compiles the SDK"]
fn the_rust_program_of_the_readme_runs_in_a_separate_crate() {
    let [dependencies] = readme_blocks_in("toml").try_into().unwrap();
    let [program] = readme_blocks_in("rust").try_into().unwrap();
    let sdk = root().join("nsx-api").to_str().unwrap().replace('\\', "/");
    let dependencies = dependencies.replace("../nsx-sdk/nsx-api", &sdk);
    assert!(dependencies.contains(&sdk), "{dependencies}");
    // The same profile as the workspace's, so that its build artifacts are reused.
    let manifest = format!(
        "[package]\nname = \"readme-program\"\nedition = \"2024\"\n\n{dependencies}\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n"
    );
    let dir = TempDir::new().unwrap();
    let crate_root = dir.path();
    fs::create_dir(crate_root.join("src")).unwrap();
    fs::write(crate_root.join("src/main.rs"), program).unwrap();
    fs::write(crate_root.join("Cargo.toml"), manifest).unwrap();
    // The locked versions are available offline.
    fs::copy(root().join("Cargo.lock"), crate_root.join("Cargo.lock")).unwrap();

    let target = Path::new(env!("CARGO_BIN_EXE_xtask-commands"))
        .ancestors()
        .nth(2);
    let mut cargo = with_clean_env(Command::new(std::env::var_os("CARGO").unwrap()));
    cargo
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target.unwrap())
        .current_dir(crate_root);
    let outcome = CommandOutput::run(&mut cargo).success();
    assert_eq!(
        outcome.stdout,
        "Secret(…) with the roles [\"enterprise_admin\"]\n"
    );
    let shown = format!("It prints `{}`", outcome.stdout.trim_end());
    assert!(read("README.md").contains(&shown), "{shown}");
}

/// The tests of nsx-api-gen generate and compile the operation of this block, and call it.
#[test]
fn the_operation_that_the_readme_adds_has_a_test() {
    assert_eq!(readme_blocks_in("yaml").len(), 1);
    let test = read("nsx-api-gen/tests/golden.rs");
    assert!(test.contains("fn with_the_operation_of_the_readme()"));
}

#[test]
fn the_dependencies_in_the_readme_are_the_ones_its_program_needs() {
    let [dependencies] = readme_blocks_in("toml").try_into().unwrap();
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
fn the_rust_version_in_the_readme_is_the_one_in_cargo_toml() {
    let manifest = read("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap();
    let sentence = format!("You need Rust {} or later", version.trim_matches('"'));
    assert!(read("README.md").contains(&sentence), "{sentence}");
}

#[test]
fn the_readme_lists_exactly_the_environment_variables_that_the_sdk_reads() {
    let readme = variables(&read("nsx-api/README.md"));
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
fn every_directory_in_the_layout_of_the_readme_exists() {
    let readme = read("README.md");
    let layout = readme.split_once("## Layout").unwrap().1;
    let dirs: Vec<&str> = layout
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(
        dirs,
        [
            "spec/",
            "nsx-api/",
            "nsx-api-gen/",
            "xtask/",
            "fuzz/",
            ".ci/"
        ]
    );
    for dir in dirs {
        assert!(root().join(dir).is_dir(), "{dir}");
    }
}

#[test]
fn every_link_of_the_readme_to_a_file_works() {
    for file in ["README.md", "nsx-api-gen/docs/documents.md"] {
        let folder = root().join(file).parent().unwrap().to_owned();
        for target in links(&read(file)) {
            if !target.starts_with('#') && !target.starts_with("https://") {
                let path = target.split('#').next().unwrap();
                assert!(folder.join(path).exists(), "{file}: {target}");
            }
        }
    }
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    let rests = text.split("](").skip(1);
    rests.filter_map(|rest| rest.split(')').next())
}
