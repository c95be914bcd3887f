//! Properties that must hold for every document, for the targets in `fuzz/` and for the tests in
//! this folder. Each function takes a document and panics if a property is violated. `changed`
//! generates variations of a document.

mod changed;
#[cfg(test)]
mod tests;

use std::panic;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

use serde_json::Value;

pub use changed::changed;
#[cfg(test)]
pub(crate) use changed::places;

use crate::import::{Import, Imported, Selection, import, list};
use crate::read::Source;
use crate::{Error, Generated, check, pipeline, read};

/// An upper bound for the length of a fault in bytes. It may contain names of up to 4096 bytes.
const LONGEST_FAULT: usize = 40_000;

/// A document can be imported, selected from, normalized and checked, or is rejected, with the same
/// result each time.
pub fn document(text: &[u8]) {
    let source = Source::new("doc", text);
    let Some(all) = accepted(imported(&source, Selection::new().all())) else {
        return;
    };
    let operations = accepted(list(&source, None)).unwrap_or_default();
    assert_eq!(
        (all.operations, all.of),
        (operations.len(), operations.len())
    );

    // Importing the result again changes nothing.
    let written = Source::new("doc", all.text.as_str());
    let again = imported(&written, Selection::new().all());
    assert_eq!(
        again
            .map(|again| again.text)
            .map_err(|error| error.to_string()),
        Ok(all.text)
    );

    // An operation that is not an object has no id.
    let ids = operations.iter().map(|operation| &operation.id);
    let half: Vec<_> = ids.filter(|id| !id.is_empty()).step_by(2).collect();
    let selection = half
        .iter()
        .fold(Selection::new(), |half, id| half.operation(*id));
    let part = accepted(imported(&source, selection));
    assert_eq!(part.map(|part| part.operations), Some(half.len()));

    // A fault in an unused component is not in the imported document.
    let [whole, written] = [&source, &written].map(|source| accepted(checked(source)));
    assert_eq!(whole, accepted(checked(&source)));
    assert!(whole.is_none() || written.is_some());
}

fn imported(source: &Source, selection: Selection) -> Result<Imported, Error> {
    import(&Import::new(source.clone(), selection))
}

/// Normalizes and checks a document.
fn checked(source: &Source) -> Result<Value, Error> {
    let document = read::parse(&source.name, &source.bytes)?;
    let (root, _) = pipeline::normalized(&document)?;
    check::check(&document.file, &root)?;
    Ok(root)
}

/// A document becomes valid Rust code, the same each time, or is rejected.
pub fn generate(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let whole = || without_own_panic(|| crate::generate_from_str("doc", text));
    match accepted(whole()) {
        Some(generated) => {
            assert_is_rust(&generated);
            let again = accepted(whole()).map(|again| again.files);
            assert_eq!(again, Some(generated.files));
        }
        None => {
            let part = without_own_panic(|| crate::generate_supported_from_str("doc", text));
            if let Some(generated) = accepted(part) {
                assert!(!generated.skipped.is_empty());
                assert_is_rust(&generated);
            }
        }
    }
}

fn assert_is_rust(generated: &Generated) {
    assert!(generated.operations > 0);
    for (path, text) in &generated.files {
        if path.extension().is_some_and(|extension| extension == "rs") {
            assert!(
                text.lines()
                    .next()
                    .is_some_and(|line| line.contains(crate::HEADER_MARK))
            );
            let parsed = syn::parse_file(text);
            assert!(
                parsed.is_ok(),
                "{}: {:?}\n{text}",
                path.display(),
                parsed.err()
            );
        }
    }
}

/// A changed document that passes all checks, if one is found within a few attempts, otherwise any
/// changed document.
pub fn changed_well(document: &[u8], seed: u32) -> Option<String> {
    let mut tried = (0..8).filter_map(|turn| changed(document, seed.rotate_left(turn)));
    let is_right = |text: &String| checked(&Source::new("doc", text.as_str())).is_ok();
    tried.find(is_right).or_else(|| changed(document, seed))
}

/// The result for a document; `None` if it was rejected. Every fault must have a location and a
/// bounded length.
fn accepted<T>(result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(made) => return Some(made),
        Err(Error::Syntax { message, .. }) => assert!(message.len() < LONGEST_FAULT, "{message}"),
        Err(Error::Document { faults, .. }) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(
                    fault.pointer.starts_with('#') && !fault.message.is_empty(),
                    "{fault}"
                );
                assert!(fault.to_string().len() < LONGEST_FAULT, "{fault}");
            }
        }
        Err(Error::Io { source, .. }) => assert!(source.raw_os_error().is_some(), "{source}"),
    }
    None
}

/// Runs `run` and asserts that the code of this crate does not panic. Panics of progenitor are
/// allowed, because `emit` turns them into errors.
fn without_own_panic<T>(run: impl FnOnce() -> T) -> T {
    static OWN: Mutex<Option<String>> = Mutex::new(None);
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // Installs the hook of `emit` first.
        let _ = crate::generate_from_str("doc", "{openapi: 3.0.3, info: {title: T, version: '1'}, paths: {/a: {get: {responses: {'200': {description: D}}}}}}");
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map_or("", |location| location.file());
            if thread::current().name() == Some("nsx-api-gen") && file.contains("nsx-api-gen") {
                *OWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
            }
            hook(info);
        }));
    });
    let made = run();
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner).take();
    assert_eq!(own, None);
    made
}
