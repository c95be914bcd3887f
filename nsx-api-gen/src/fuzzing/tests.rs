//! Runs the targets of `fuzz/` briefly on any toolchain, with their corpus and some changes of it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::*;
use crate::real_documents::print_skipped;

/// The corpus of a target, in the order of its file names. It is empty if the package was published
/// alone.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let Ok(entries) = fs::read_dir(&folder) else {
        print_skipped(format_args!("{} does not exist", folder.display()));
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

type Change = fn(&[u8], u32) -> Option<String>;

/// Runs a target with every `step`th file of the corpus, and with `cases` changed files.
fn run(target: &str, step: usize, cases: u32, change: Change, holds: fn(&[u8])) {
    let files = corpus(target);
    files.iter().step_by(step).for_each(|file| holds(file));
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
    // The same seed every time. `cargo fuzz` uses random ones.
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
fn fuzz_a_sample_of_documents_is_imported_and_checked_or_rejected() {
    run("document", 4, 15, changed, document);
}

#[test]
#[ignore = "slow: runs the whole corpus and many mutations"]
fn fuzz_every_document_is_imported_and_checked_or_rejected() {
    run("document", 1, 60, changed, document);
}

#[test]
fn fuzz_a_sample_of_documents_becomes_valid_rust_or_is_rejected() {
    run("generate", 4, 5, changed_well, generate);
}

#[test]
#[ignore = "slow: runs the whole corpus and many mutations"]
fn fuzz_every_document_becomes_valid_rust_or_is_rejected() {
    run("generate", 1, 20, changed_well, generate);
}

#[test]
fn a_fuzz_document_depends_only_on_its_seed() {
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
