//! Runs the fuzz targets briefly, on any toolchain: with their corpus, and with random changes to
//! it.

use std::fs;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::*;

/// Parts of responses, for random insertions.
const PIECES: [&str; 40] = [
    "\n",
    "\n\n",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    ";",
    "=",
    " ",
    "0",
    "-",
    "%",
    "&",
    "\\u00",
    "é",
    "\u{202e}",
    "\0",
    "\u{1b}[",
    "{0}",
    "{1}",
    "{2}",
    "{3}",
    "{4}",
    "{5}",
    "\nlocation: https://{2}/",
    "\nx-request-id: ",
    "\nset-cookie: ",
    "; Max-Age=",
    "; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "JSESSIONID=",
    "\"error_code\":",
    "\"error_data\":",
    "\"related_errors\":[",
    "\"error_message\":\"",
    "\"access_token\":\"",
    "\"expires_in\":",
];

/// The corpus files of a target. Empty if only the package is present, without the repository.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let Ok(entries) = fs::read_dir(&folder) else {
        // The test program captures what `eprintln` prints, but not this.
        let line = format!("skipped: {} does not exist\n", folder.display());
        let _ = std::io::stderr().write_all(line.as_bytes());
        return Vec::new();
    };
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// Runs a target with each corpus file, and with copies in which parts were inserted and removed.
fn run(name: &str, target: fn(&[u8])) {
    let files = corpus(name);
    files.iter().for_each(|file| target(file));
    if files.is_empty() {
        return;
    }
    let change = (any::<Index>(), 0..12_usize, any::<Index>());
    let changed =
        (any::<Index>(), prop::collection::vec(change, 1..8)).prop_map(|(file, changes)| {
            let mut bytes = file.get(&files).clone();
            for (position, removed, piece) in changes {
                let from = position.index(bytes.len() + 1);
                let to = bytes.len().min(from + removed);
                bytes.splice(from..to, piece.get(&PIECES).bytes());
            }
            bytes
        });
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    // Deterministic, so that the test is repeatable. `cargo fuzz` searches at random.
    let random = TestRng::deterministic_rng(RngAlgorithm::default());
    let result = TestRunner::new_with_rng(config, random).run(&changed, |bytes| {
        target(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(reason, bytes)) = result {
        panic!("{reason}\n{}", bytes.escape_ascii());
    }
}

#[test]
fn fuzz_corpus_error_responses_become_one_line_errors_without_a_secret() {
    run("error", error);
}

#[test]
fn fuzz_corpus_retry_after_headers_become_bounded_waits() {
    run("retry_after", retry_after);
}

#[test]
fn fuzz_corpus_login_responses_become_valid_credentials_or_errors() {
    run("login", login);
}

#[test]
fn placeholders_become_secrets_and_the_mask_finds_every_encoding() {
    let filled = insert_secrets(b"a{0}{9}{ {6}");
    assert_eq!(
        filled,
        format!("a{SECRET}{{9}}{{ {}", ECHOES[6]).into_bytes()
    );
    let mask = Mask::new([&Secret::from(SECRET)]);
    for echo in ECHOES {
        assert_eq!(mask.apply(format!("[{echo}]")), "[•••]");
    }
}
