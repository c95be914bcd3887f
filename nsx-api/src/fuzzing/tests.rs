//! The targets of `fuzz/` for a moment, on any toolchain: their corpus, and what becomes of it by a few changes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::*;

/// What answers are made of.
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

/// The files of a target; none where there is the package alone.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("left out: {} is not here", folder.display());
        return Vec::new();
    };
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// Runs a target with each file, and with some that pieces were put into and taken out of.
fn run(target: &str, holds: fn(&[u8])) {
    let files = corpus(target);
    files.iter().for_each(|file| holds(file));
    if files.is_empty() {
        return;
    }
    let change = (any::<Index>(), 0..12_usize, any::<Index>());
    let changed =
        (any::<Index>(), prop::collection::vec(change, 1..8)).prop_map(|(file, changes)| {
            let mut bytes = file.get(&files).clone();
            for (place, taken, piece) in changes {
                let from = place.index(bytes.len() + 1);
                let to = bytes.len().min(from + taken);
                bytes.splice(from..to, piece.get(&PIECES).bytes());
            }
            bytes
        });
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    // The same each time: luck is for `cargo fuzz`.
    let random = TestRng::deterministic_rng(RngAlgorithm::default());
    let result = TestRunner::new_with_rng(config, random).run(&changed, |bytes| {
        holds(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(reason, bytes)) = result {
        panic!("{reason}\n{}", bytes.escape_ascii());
    }
}

#[test]
fn every_error_is_a_line_without_a_secret() {
    run("error", error);
}

#[test]
fn every_retry_after_is_a_bounded_wait_or_none() {
    run("retry_after", retry_after);
}

#[test]
fn every_answer_to_a_login_is_credentials_that_can_be_sent_or_an_error() {
    run("login", login);
}

#[test]
fn a_secret_is_put_where_a_mark_is_and_known_in_every_form() {
    let whole = with_secrets(b"a{0}{9}{ {6}");
    assert_eq!(
        whole,
        format!("a{SECRET}{{9}}{{ {}", ECHOES[6]).into_bytes()
    );
    let mask = Mask::new([&Secret::from(SECRET)]);
    for echo in ECHOES {
        assert_eq!(mask.apply(format!("[{echo}]")), "[•••]");
    }
}
