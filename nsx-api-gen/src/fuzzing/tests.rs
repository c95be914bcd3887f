//! The targets of `fuzz/` for a moment, on any toolchain: their corpus, and what becomes of it by a few changes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::*;

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

type Change = fn(&[u8], u32) -> Option<String>;

/// Runs a target with each file, and with so many that are changed.
fn run(target: &str, cases: u32, change: Change, holds: fn(&[u8])) {
    let files = corpus(target);
    files.iter().for_each(|file| holds(file));
    if files.is_empty() {
        return;
    }
    let seeds = prop::collection::vec(any::<u32>(), 1..6);
    let documents = (any::<Index>(), seeds).prop_map(|(file, seeds)| {
        let file = file.get(&files).clone();
        seeds
            .into_iter()
            .fold(file, |text, seed| match change(&text, seed) {
                Some(text) => text.into_bytes(),
                None => text,
            })
    });
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    // The same each time: luck is for `cargo fuzz`.
    let random = TestRng::deterministic_rng(RngAlgorithm::default());
    let result = TestRunner::new_with_rng(config, random).run(&documents, |text| {
        holds(&text);
        Ok(())
    });
    if let Err(TestError::Fail(reason, text)) = result {
        panic!("{reason}\n{}", text.escape_ascii());
    }
}

#[test]
fn every_document_is_imported_normalized_and_checked_or_refused() {
    run("document", 60, changed, document);
}

#[test]
fn every_document_becomes_rust_or_is_refused() {
    run("generate", 20, changed_well, generate);
}

#[test]
fn a_document_is_changed_by_its_seed() {
    let text = br#"{"openapi": "3.0.3", "paths": {"/a": {"get": {"tags": ["a", "b"]}}}}"#;
    let all: Vec<_> = (0..100).map(|seed| changed(text, seed).unwrap()).collect();
    assert_eq!(
        all,
        (0..100)
            .map(|seed| changed(text, seed).unwrap())
            .collect::<Vec<_>>()
    );
    let mut different = all.clone();
    different.sort();
    different.dedup();
    assert!(different.len() > 80, "{}", different.len());
    assert_eq!(changed(b"a: [", 1), None);
}
