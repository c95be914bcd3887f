//! Which components inherit from which through `allOf`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::pointer::{component, items, members, reference};

/// The components that inherit from a component, by its name.
pub(crate) struct Children<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Children<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, schema) in members(root.pointer("/components/schemas")) {
            for parent in items(schema.get("allOf")).filter_map(reference) {
                children.entry(component(parent)).or_default().push(name);
            }
        }
        Self(children)
    }

    /// The direct children of a component.
    pub(crate) fn of(&self, name: &str) -> &[&'a str] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The children of a component and their descendants, each once and after its parent.
    pub(crate) fn descendants(&self, name: &str) -> Vec<&'a str> {
        let mut list = Vec::new();
        let mut seen = BTreeSet::from([name]);
        let mut pending: Vec<&str> = self.of(name).iter().rev().copied().collect();
        while let Some(next) = pending.pop() {
            if seen.insert(next) {
                list.push(next);
                pending.extend(self.of(next).iter().rev());
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_allof_descendant_is_listed_once() {
        let of = |parents: &[&str]| {
            let to = |name: &&str| json!({"$ref": format!("#/components/schemas/{name}")});
            json!({"allOf": parents.iter().map(to).collect::<Vec<_>>()})
        };
        let root = json!({"components": {"schemas": {
            "A": of(&["D"]), "B": of(&["A"]), "C": of(&["A", "B"]), "D": of(&["B"]), "E": of(&["A", "A"]),
        }}});
        let children = Children::new(&root);
        assert_eq!(children.of("A"), ["B", "C", "E", "E"]);
        assert_eq!(children.descendants("A"), ["B", "C", "D", "E"]);
        assert_eq!(children.descendants("E"), [] as [&str; 0]);
    }
}
