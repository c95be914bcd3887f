//! The order of the components in progenitor's input.
//!
//! typify boxes the reference that closes a cycle, seen from the component where it enters the
//! cycle. That is always the same component if it has seen everything that the components of the
//! cycle refer to before, and nothing that refers to them. Otherwise an operation that uses another
//! component of the cycle would move the `Box`.

use std::collections::HashMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use serde_json::{Map, Value};

use crate::document::{component, reference};

/// Sorts components so that each comes behind those that it refers to. The components of a cycle
/// are sorted by name.
pub(super) fn sort(mut components: Map<String, Value>) -> Map<String, Value> {
    let names = order(&components);
    let sorted = names
        .into_iter()
        .filter_map(|name| components.remove_entry(&name));
    sorted.collect()
}

fn order(components: &Map<String, Value>) -> Vec<String> {
    let mut graph: DiGraph<&str, ()> = DiGraph::new();
    let nodes = components
        .keys()
        .map(|name| (name.as_str(), graph.add_node(name)));
    let nodes: HashMap<&str, _> = nodes.collect();
    for (name, schema) in components {
        let mut targets = Vec::new();
        collect_targets(schema, &mut targets);
        let targets = targets.into_iter().filter_map(|target| nodes.get(target));
        if let Some(node) = nodes.get(name.as_str()) {
            graph.extend_with_edges(targets.map(|target| (*node, *target)));
        }
    }
    // Each cycle comes behind those that it refers to.
    let cycles = kosaraju_scc(&graph).into_iter().flat_map(|cycle| {
        let mut names: Vec<&str> = cycle
            .into_iter()
            .filter_map(|node| graph.node_weight(node).copied())
            .collect();
        names.sort_unstable();
        names
    });
    cycles.map(str::to_owned).collect()
}

/// The components that a schema refers to.
fn collect_targets<'a>(node: &'a Value, targets: &mut Vec<&'a str>) {
    targets.extend(reference(node).map(component));
    match node {
        Value::Object(map) => map
            .values()
            .for_each(|inner| collect_targets(inner, targets)),
        Value::Array(list) => list
            .iter()
            .for_each(|inner| collect_targets(inner, targets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_component_comes_behind_those_that_it_refers_to() {
        let to = |names: &[&str]| {
            let to = |name: &&str| json!({"$ref": format!("#/components/schemas/{name}")});
            json!({"allOf": names.iter().map(to).collect::<Vec<_>>()})
        };
        let components = json!({
            "A": to(&["C", "X"]), "B": to(&["C"]), "C": to(&["B", "D"]), "D": to(&[]), "X": to(&["Missing", "A"]),
        });
        let Value::Object(components) = components else {
            unreachable!()
        };
        let sorted = sort(components);
        let names: Vec<&String> = sorted.keys().collect();
        assert_eq!(names, ["D", "B", "C", "A", "X"]);
    }
}
