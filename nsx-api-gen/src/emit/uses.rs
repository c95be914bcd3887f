//! Which operations answer with a type or take it, as a line of the type's docs.

use std::collections::BTreeMap;

use super::method::{Method, named};
use crate::document::markdown as docs;

/// Operations that are named of one type; there may be hundreds that answer with the same.
const MOST: usize = 6;

/// The methods that a type matters to.
#[derive(Default)]
struct Uses {
    answer_of: Vec<String>,
    sent_by: Vec<String>,
}

/// The line of each type that an operation answers with or takes, by the type's name.
pub(super) fn uses(methods: &[Method<'_>]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, Uses> = BTreeMap::new();
    for method in methods {
        for name in method.received().iter().filter_map(named) {
            let uses = all.entry(name).or_default();
            uses.answer_of.push(method.method_name());
        }
        for name in method.sent().iter().filter_map(named) {
            let uses = all.entry(name).or_default();
            uses.sent_by.push(method.method_name());
        }
    }
    let lines = all.into_iter().map(|(name, uses)| (name, uses.line()));
    lines.collect()
}

impl Uses {
    fn line(&self) -> String {
        let parts = [
            ("The answer of", &self.answer_of),
            ("Sent by", &self.sent_by),
        ];
        let parts = parts.into_iter().filter(|(_, methods)| !methods.is_empty());
        let sentences = parts.map(|(what, methods)| format!("{what} {}.", listed(methods)));
        sentences.collect::<Vec<_>>().join(" ")
    }
}

/// Links to methods, the first few of many.
fn listed(methods: &[String]) -> String {
    let link = |name: &String| format!("[`{name}`](crate::Client::{name})");
    let mut links: Vec<String> = methods.iter().take(MOST).map(link).collect();
    let rest = methods.len().saturating_sub(MOST);
    if rest > 0 {
        links.push(format!("{rest} more"));
    }
    docs::enumerated(&links)
}
