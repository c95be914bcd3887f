//! Which operations answer with a type or take it, as a line of the type's docs.

use std::collections::BTreeMap;

use super::docs;
use super::method::{Method, named};

/// Operations that are named of one type; there may be hundreds that answer with the same.
const MOST: usize = 6;

/// The line of each type that an operation answers with or takes, by the type's name.
pub(super) fn uses(methods: &[Method<'_>]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    for method in methods {
        let [answers, takes] = [method.received().into_iter().collect(), method.sent()];
        for (index, types) in [answers, takes].iter().enumerate() {
            for name in types.iter().filter_map(named) {
                let list = all.entry(name).or_default().get_mut(index);
                list.into_iter()
                    .for_each(|list| list.push(method.method_name()));
            }
        }
    }
    let lines = all.into_iter().map(|(name, lists)| (name, line(&lists)));
    lines.collect()
}

fn line([answers, takes]: &[Vec<String>; 2]) -> String {
    let parts = [("The answer of", answers), ("Sent by", takes)];
    let parts = parts.into_iter().filter(|(_, methods)| !methods.is_empty());
    let sentences: Vec<String> = parts
        .map(|(what, methods)| format!("{what} {}.", listed(methods)))
        .collect();
    sentences.join(" ")
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
