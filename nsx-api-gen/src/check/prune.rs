//! Removes unsupported operations from a document, so that code can be generated for the others.
//!
//! A fault belongs to an operation, a path, a component, or the document as a whole. The affected
//! part is removed, together with everything that refers to it and with the components that are
//! then unused, and the generation is repeated. A fault of the document as a whole is an error. The
//! names of the other operations and types do not change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::document::reachability;
use crate::document::{self, METHODS, join, members};
use crate::error::{Error, Fault};

/// A part of a document for which no code was generated, usually an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The location as a JSON pointer in URI form (`#/paths/~1nodes/get`).
    pub pointer: String,
    /// The `operationId`, if it is an operation that has one.
    pub operation: Option<String>,
    /// The method and path of an operation (`GET /nodes`). `None` for a component that no operation
    /// uses, and for a path without a valid operation.
    pub call: Option<String>,
    /// Why it was skipped. The faults may be in a component that it uses.
    pub faults: Vec<Fault>,
}

/// The operation, followed by one line for each fault.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.operation, &self.call) {
            (Some(id), Some(call)) => write!(f, "{id}, {call}")?,
            (None, Some(call)) => f.write_str(call)?,
            _ => f.write_str(&self.pointer)?,
        }
        for fault in &self.faults {
            write!(f, "\n    {}: {}", fault.pointer, fault.message)?;
        }
        Ok(())
    }
}

/// Calls `generate` until it succeeds, removing each time the parts in which it found faults.
/// Returns the result and the skipped parts.
pub(crate) fn prune_unsupported<T>(
    file: &str,
    root: &mut Value,
    generate: impl Fn(&Value) -> Result<T, Error>,
) -> Result<(T, Vec<Skipped>), Error> {
    let mut skipped = Vec::new();
    loop {
        let faults = match generate(root) {
            Ok(generated) => return Ok((generated, skipped)),
            Err(Error::Document { faults, .. }) => faults,
            Err(error) => return Err(error),
        };
        let prune = Prune::new(root, faults);
        if prune.removed.is_empty() {
            return Err(document_faults(file, prune.document_faults));
        }
        let reached = reachability::reachable_components(root, Vec::new());
        skipped.extend(prune.skipped(root, &reached));
        remove(root, &prune, &reached);
        if document::operations(root).is_empty() {
            return Err(no_operation_left(file, skipped));
        }
    }
}

fn document_faults(file: &str, mut faults: Vec<Fault>) -> Error {
    let message =
        "these faults concern the document as a whole, so skipping operations does not help";
    faults.push(Fault::of_document("#", message));
    let file = file.to_owned();
    Error::Document { file, faults }
}

fn no_operation_left(file: &str, skipped: Vec<Skipped>) -> Error {
    let mut faults: Vec<Fault> = Vec::new();
    for fault in skipped.into_iter().flat_map(|one| one.faults) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    let message = "no operation is left: each of them has a fault or uses a component that has one";
    faults.push(Fault::of_document("#/paths", message));
    let file = file.to_owned();
    Error::Document { file, faults }
}

/// A part that can be removed: an operation, the rest of a path, or a component.
struct Part {
    pointer: String,
    operation: Option<String>,
    call: Option<String>,
    /// The parts that it refers to. An operation also refers to the rest of its path.
    uses: BTreeSet<String>,
}

impl Part {
    fn has(&self, fault: &Fault) -> bool {
        let rest = fault.pointer.strip_prefix(&self.pointer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn parts(root: &Value) -> Vec<Part> {
    let mut list = Vec::new();
    for place in document::operations(root) {
        let mut uses = reachability::targets(place.node);
        uses.insert(join("#/paths", place.path));
        list.push(Part {
            operation: place.id().map(str::to_owned),
            call: Some(format!("{} {}", place.method.to_uppercase(), place.path)),
            pointer: place.pointer,
            uses,
        });
    }
    let other = |pointer, uses| Part {
        pointer,
        operation: None,
        call: None,
        uses,
    };
    for (path, item) in document::paths(root) {
        let rest = members(Some(item)).filter(|(key, _)| !METHODS.contains(&key.as_str()));
        let uses = rest
            .flat_map(|(_, node)| reachability::targets(node))
            .collect();
        list.push(other(join("#/paths", path), uses));
    }
    let components = reachability::components(root);
    list.extend(components.map(|(pointer, node)| other(pointer, reachability::targets(node))));
    list
}

/// What has to be removed, and why.
struct Prune {
    parts: Vec<Part>,
    /// The pointers of the parts to remove, with the faults of each.
    removed: BTreeMap<String, Vec<Fault>>,
    /// The faults of the document as a whole.
    document_faults: Vec<Fault>,
}

impl Prune {
    fn new(root: &Value, faults: Vec<Fault>) -> Self {
        let mut prune = Self {
            parts: parts(root),
            removed: BTreeMap::new(),
            document_faults: Vec::new(),
        };
        for fault in faults {
            let Some(part) = prune.part_of(&fault) else {
                prune.document_faults.push(fault);
                continue;
            };
            for pointer in prune.users(part) {
                prune
                    .removed
                    .entry(pointer)
                    .or_default()
                    .push(fault.clone());
            }
        }
        prune
    }

    /// The part that a fault belongs to: the operation that it names, or the smallest part that
    /// contains its location.
    fn part_of(&self, fault: &Fault) -> Option<&Part> {
        let is_named = |part: &&Part| part.call.is_some() && part.operation == fault.operation;
        let named = self.parts.iter().find(is_named);
        let around = self.parts.iter().filter(|part| part.has(fault));
        let around = around.max_by_key(|part| part.pointer.len());
        named.filter(|_| fault.operation.is_some()).or(around)
    }

    /// A part and all its direct and indirect users.
    fn users(&self, part: &Part) -> BTreeSet<String> {
        let mut users = BTreeSet::from([part.pointer.clone()]);
        loop {
            let before = users.len();
            for part in &self.parts {
                if !part.uses.is_disjoint(&users) {
                    users.insert(part.pointer.clone());
                }
            }
            if users.len() == before {
                return users;
            }
        }
    }

    /// The removed parts to report. Paths and components are removed together with the operations
    /// that use them, and are reported only if no operation does. (A child of a discriminated base
    /// can be reachable without being used.)
    fn skipped(&self, root: &Value, reached: &BTreeSet<String>) -> Vec<Skipped> {
        let operations = self.parts.iter().filter(|part| part.call.is_some());
        let reported = operations.filter_map(|part| self.removed.get(&part.pointer));
        let reported: Vec<&Fault> = reported.flatten().collect();
        let is_covered = |part: &Part| {
            let mut faults = self.removed.get(&part.pointer).into_iter().flatten();
            reached.contains(&part.pointer) && faults.any(|fault| reported.contains(&fault))
        };
        let is_reported =
            |part: &&Part| part.call.is_some() || !is_covered(part) && !has_operation(root, part);
        let parts = self.parts.iter().filter(is_reported);
        parts
            .filter_map(|part| {
                Some(Skipped {
                    pointer: part.pointer.clone(),
                    operation: part.operation.clone(),
                    call: part.call.clone(),
                    faults: self.removed.get(&part.pointer)?.clone(),
                })
            })
            .collect()
    }
}

/// Whether a part is a path that has an operation.
fn has_operation(root: &Value, part: &Part) -> bool {
    let mut places = document::operations(root).into_iter();
    places.any(|place| join("#/paths", place.path) == part.pointer)
}

/// Removes these parts, and the components that are unused because of it.
fn remove(root: &mut Value, prune: &Prune, reached: &BTreeSet<String>) {
    if let Some(Value::Object(paths)) = root.get_mut("paths") {
        for (path, item) in paths.iter_mut() {
            let pointer = join("#/paths", path);
            if let Some(item) = item.as_object_mut() {
                item.retain(|key, _| !prune.removed.contains_key(&join(&pointer, key)));
            }
        }
        paths.retain(|path, item| {
            let is_removed = prune.removed.contains_key(&join("#/paths", path));
            let has_operation = METHODS.iter().any(|method| item.get(*method).is_some());
            !is_removed && (has_operation || path.starts_with("x-"))
        });
    }
    let unused = reachability::components(root)
        .map(|(pointer, _)| pointer)
        .filter(|pointer| !reached.contains(pointer) && !prune.removed.contains_key(pointer));
    let mut kept = reachability::reachable_components(root, unused.collect());
    // A base reaches its children without a reference to them.
    kept.retain(|pointer| !prune.removed.contains_key(pointer));
    reachability::retain_components(root, &kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(pointer: &str, operation: Option<&str>) -> Fault {
        Fault {
            operation: operation.map(str::to_owned),
            ..Fault::of_document(pointer, "No")
        }
    }

    /// What is skipped when these faults are found one after the other.
    fn skipped(faults: &[Fault]) -> Result<Vec<String>, Error> {
        let get = |id: &str, schema: &str| {
            let schema = json!({"$ref": join("#/components/schemas", schema)});
            let content = json!({"application/json": {"schema": schema}});
            json!({"get": {"operationId": id, "responses": {"200": {"content": content}}}})
        };
        let mut root = json!({
            "paths": {"/a": get("GetA", "A/1"), "/b": get("GetB", "B"), "/c": get("GetC", "B")},
            "components": {"schemas": {"A/1": {}, "B": {}}},
        });
        let pending = std::cell::RefCell::new(faults.iter().rev().cloned().collect::<Vec<_>>());
        let generate = |_: &Value| match pending.borrow_mut().pop() {
            Some(fault) => Err(Error::Document {
                file: "doc".to_owned(),
                faults: vec![fault],
            }),
            None => Ok(()),
        };
        let ((), skipped) = prune_unsupported("doc", &mut root, generate)?;
        let ids = skipped
            .into_iter()
            .map(|one| one.operation.unwrap_or(one.pointer));
        Ok(ids.collect())
    }

    #[test]
    fn a_fault_skips_the_operation_it_names_or_the_users_of_the_part_it_is_in() {
        for (fault, expected) in [
            (fault("#/paths/~1b/get", Some("GetB")), &["GetB"][..]),
            (fault("#/paths", Some("GetB")), &["GetB"]),
            (fault("#/paths/~1b/get/responses/200", None), &["GetB"]),
            (fault("#/components/schemas/A~11", None), &["GetA"]),
            (
                fault("#/components/schemas/B/type", None),
                &["GetB", "GetC"],
            ),
        ] {
            assert_eq!(
                skipped(std::slice::from_ref(&fault)).unwrap(),
                expected,
                "{fault}"
            );
        }
    }

    #[test]
    fn faults_found_after_pruning_are_pruned_too() {
        let (a, b) = (
            fault("#/paths", Some("GetA")),
            fault("#/paths", Some("GetB")),
        );
        assert_eq!(skipped(&[a, b]).unwrap(), ["GetA", "GetB"]);
    }

    #[test]
    fn a_fault_outside_of_operations_and_components_is_an_error() {
        for pointer in [
            "#",
            "#/components/schemas",
            "#/components/schemas/Gone",
            "#/paths/~1bb",
        ] {
            let error = skipped(&[fault(pointer, None)]).unwrap_err().to_string();
            assert!(error.contains("concern the document as a whole"), "{error}");
        }
    }
}
