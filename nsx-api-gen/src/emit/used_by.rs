//! Which operations return or send a type, as a line in the type's docs.

use std::collections::BTreeMap;

use super::method::Method;
use super::paths::named;
use crate::document::markdown as docs;

/// The maximum number of operations that are listed for a type.
const MAX_LISTED: usize = 6;

/// The methods that use a type.
#[derive(Default)]
struct Uses {
    returned_by: Vec<String>,
    sent_by: Vec<String>,
}

/// The line for each type that an operation returns or sends, by the type's name.
pub(super) fn used_by(methods: &[Method<'_>]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, Uses> = BTreeMap::new();
    for method in methods {
        for name in method.received().iter().filter_map(named) {
            let uses = all.entry(name).or_default();
            uses.returned_by.push(method.method_name());
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
            ("Returned by", &self.returned_by),
            ("Sent by", &self.sent_by),
        ];
        let parts = parts.into_iter().filter(|(_, methods)| !methods.is_empty());
        let sentences = parts.map(|(what, methods)| format!("{what} {}.", listed(methods)));
        sentences.collect::<Vec<_>>().join(" ")
    }
}

/// Links to methods. Only the first few are listed.
fn listed(methods: &[String]) -> String {
    let link = |name: &String| format!("[`{name}`](crate::Client::{name})");
    let mut links: Vec<String> = methods.iter().take(MAX_LISTED).map(link).collect();
    let rest = methods.len().saturating_sub(MAX_LISTED);
    if rest > 0 {
        links.push(format!("{rest} more"));
    }
    docs::enumerated(&links)
}
