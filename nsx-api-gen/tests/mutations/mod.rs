//! Changes documents at random, and compares what `compare` says about each change with the code
//! that is generated before and after it.

mod mutate;
mod surface;

use std::path::Path;

pub(crate) use mutate::Random;
use mutate::mutate;
use nsx_api_gen::compare::{Change, Kind, Level, Source, compare};
use nsx_api_gen::generate_from_str;
use serde_json::Value;
use surface::Surface;

/// Kinds of changes that are breaking although the code and what it sends stay the same.
const ONLY_ON_THE_WIRE: [Kind; 5] = [
    Kind::ConstraintTightened,
    Kind::OperationSecurityTightened,
    Kind::OperationPrivilegeAdded,
    Kind::PropertyBecameReadOnly,
    Kind::ResponseMediaTypeChanged,
];

fn base() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations/base.yaml");
    nsx_api_gen::read(&path).unwrap()
}

fn surface(text: &str) -> Option<Surface> {
    let generated = generate_from_str("mutation", text).ok()?;
    Some(Surface::new(&generated.files))
}

/// What is wrong with the verdict on a change; `None` if it is right.
fn wrong_verdict(before: &Surface, after: &Surface, changes: &[Change]) -> Option<String> {
    let missing: Vec<&String> = before.relied_on.difference(&after.relied_on).collect();
    let added: Vec<&String> = after.relied_on.difference(&before.relied_on).collect();
    let is_breaking = |change: &&Change| change.level() == Level::Breaking;
    let breaking: Vec<String> = changes
        .iter()
        .filter(is_breaking)
        .filter(|change| !ONLY_ON_THE_WIRE.contains(&change.kind))
        .map(|change| format!("{:?} {change}", change.subject))
        .collect();
    let is_noticed = !missing.is_empty() || !added.is_empty() || before.noticed != after.noticed;
    if !missing.is_empty() && breaking.is_empty() {
        return Some(format!("not breaking, but {missing:#?} became {added:#?}"));
    }
    if missing.is_empty() && !breaking.is_empty() {
        return Some(format!(
            "breaking, but code and requests are the same: {breaking:#?}"
        ));
    }
    let first = before.noticed.symmetric_difference(&after.noticed).next();
    (is_noticed && changes.is_empty()).then(|| format!("not reported: {added:#?} {first:?}"))
}

/// Makes this many changes. Every one is made to the original document.
fn check_mutations(seeds: std::ops::Range<u64>) {
    let original = base();
    let old = Source::new("old", original.to_string());
    let before = surface(&original.to_string()).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for seed in seeds {
        let mut new = original.clone();
        let Some(what) = mutate(&mut new, &mut Random::new(seed)) else {
            continue;
        };
        let text = new.to_string();
        // A document that is invalid now is refused, which is not tested here.
        let Some(after) = surface(&text) else {
            continue;
        };
        compared += 1;
        let comparison = compare(&old, &Source::new("new", text)).unwrap();
        if let Some(reason) = wrong_verdict(&before, &after, comparison.changes()) {
            wrong.push(format!("{seed}: {what}: {reason}"));
        }
    }
    println!("{compared} changes compared");
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The number of changes in each test. The variable `MUTATIONS` sets that of the slow one.
const FAST: u64 = 30;
const SLOW: u64 = 200;

#[test]
fn compare_agrees_with_the_generated_code_about_random_changes() {
    check_mutations(0..FAST);
}

#[test]
#[ignore = "slow: generates hundreds of documents in a debug build"]
fn compare_agrees_with_the_generated_code_about_many_random_changes() {
    let count = std::env::var("MUTATIONS").map_or(SLOW, |count| count.parse().unwrap());
    check_mutations(FAST..FAST + count);
}
