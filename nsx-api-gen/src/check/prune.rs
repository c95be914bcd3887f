//! Leaves out the operations that no code can be made of, so that there is code for the others.
//!
//! A fault is of an operation, of a path, of a component, or of the whole document. What it is of goes, with all that refers to that,
//! and with the components that nobody uses then; what is left is tried again. A fault of the whole document nothing can mend.
//! Names stay as they are in the whole document: that an operation is left out changes nothing for the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::document::reachability;
use crate::document::{self, METHODS, join, members};
use crate::error::{Error, Fault};

/// A part of a document that no code was made of: an operation as a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The place as a JSON pointer in URI form (`#/paths/~1nodes/get`).
    pub pointer: String,
    /// The `operationId` of an operation that has one.
    pub operation: Option<String>,
    /// Method and path of an operation (`GET /nodes`). A path without an operation that is known, and a component that no operation
    /// uses, have none.
    pub call: Option<String>,
    /// Why it was left out. The places of these may be in a component that it uses.
    pub faults: Vec<Fault>,
}

/// The operation, and each fault in a line of its own.
impl fmt::Display for LeftOut {
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

/// What `make` gives once everything is left out of the document that it finds a fault in, and what that was.
pub(crate) fn supported<T>(
    file: &str,
    root: &mut Value,
    make: impl Fn(&Value) -> Result<T, Error>,
) -> Result<(T, Vec<LeftOut>), Error> {
    let mut left_out = Vec::new();
    loop {
        let faults = match make(root) {
            Ok(made) => return Ok((made, left_out)),
            Err(Error::Document { faults, .. }) => faults,
            Err(error) => return Err(error),
        };
        let blame = Blame::new(root, faults);
        if blame.gone.is_empty() {
            return Err(of_whole(file, blame.of_whole));
        }
        let reached = reachability::reached(root, Vec::new());
        left_out.extend(blame.left_out(root, &reached));
        remove(root, &blame, &reached);
        if document::operations(root).is_empty() {
            return Err(nothing_left(file, left_out));
        }
    }
}

fn of_whole(file: &str, mut faults: Vec<Fault>) -> Error {
    let message = "these are faults of the whole document, which it does not help to leave operations out for";
    faults.push(Fault::of_document("#", message));
    let file = file.to_owned();
    Error::Document { file, faults }
}

fn nothing_left(file: &str, left_out: Vec<LeftOut>) -> Error {
    let mut faults: Vec<Fault> = Vec::new();
    for fault in left_out.into_iter().flat_map(|one| one.faults) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    let message = "no operation is left: each has a fault, or uses what has one";
    faults.push(Fault::of_document("#/paths", message));
    let file = file.to_owned();
    Error::Document { file, faults }
}

/// What can be left out: an operation, the rest of a path, or a component.
struct Part {
    pointer: String,
    operation: Option<String>,
    call: Option<String>,
    /// The parts that it refers to; for an operation the rest of its path, too.
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

/// What has to go, and why.
struct Blame {
    parts: Vec<Part>,
    /// The pointers of the parts that go, with the faults of each.
    gone: BTreeMap<String, Vec<Fault>>,
    /// The faults that are of no part.
    of_whole: Vec<Fault>,
}

impl Blame {
    fn new(root: &Value, faults: Vec<Fault>) -> Self {
        let mut blame = Self {
            parts: parts(root),
            gone: BTreeMap::new(),
            of_whole: Vec::new(),
        };
        for fault in faults {
            let Some(part) = blame.part_of(&fault) else {
                blame.of_whole.push(fault);
                continue;
            };
            for pointer in blame.users(part) {
                blame.gone.entry(pointer).or_default().push(fault.clone());
            }
        }
        blame
    }

    /// The part that a fault is of: the operation that it names, or the smallest part that its place is in.
    fn part_of(&self, fault: &Fault) -> Option<&Part> {
        let is_named = |part: &&Part| part.call.is_some() && part.operation == fault.operation;
        let named = self.parts.iter().find(is_named);
        let around = self.parts.iter().filter(|part| part.has(fault));
        let around = around.max_by_key(|part| part.pointer.len());
        named.filter(|_| fault.operation.is_some()).or(around)
    }

    /// A part and all that use it, at first hand or by others.
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

    /// What there is to say of the parts that go. A path and a component go with the operations that use them; what is made of a base
    /// can be reached and be used by none.
    fn left_out(&self, root: &Value, reached: &BTreeSet<String>) -> Vec<LeftOut> {
        let operations = self.parts.iter().filter(|part| part.call.is_some());
        let told = operations.filter_map(|part| self.gone.get(&part.pointer));
        let told: Vec<&Fault> = told.flatten().collect();
        let is_told = |part: &Part| {
            let mut faults = self.gone.get(&part.pointer).into_iter().flatten();
            reached.contains(&part.pointer) && faults.any(|fault| told.contains(&fault))
        };
        let is_said =
            |part: &&Part| part.call.is_some() || !is_told(part) && !has_operation(root, part);
        let parts = self.parts.iter().filter(is_said);
        parts
            .filter_map(|part| {
                Some(LeftOut {
                    pointer: part.pointer.clone(),
                    operation: part.operation.clone(),
                    call: part.call.clone(),
                    faults: self.gone.get(&part.pointer)?.clone(),
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

/// Removes what goes, and the components that were used and are no more.
fn remove(root: &mut Value, blame: &Blame, reached: &BTreeSet<String>) {
    if let Some(Value::Object(paths)) = root.get_mut("paths") {
        for (path, item) in paths.iter_mut() {
            let pointer = join("#/paths", path);
            if let Some(item) = item.as_object_mut() {
                item.retain(|key, _| !blame.gone.contains_key(&join(&pointer, key)));
            }
        }
        paths.retain(|path, item| {
            let is_gone = blame.gone.contains_key(&join("#/paths", path));
            let has_operation = METHODS.iter().any(|method| item.get(*method).is_some());
            !is_gone && (has_operation || path.starts_with("x-"))
        });
    }
    let unused = reachability::components(root)
        .map(|(pointer, _)| pointer)
        .filter(|pointer| !reached.contains(pointer) && !blame.gone.contains_key(pointer));
    let mut kept = reachability::reached(root, unused.collect());
    // A base reaches what is made of it, and does not refer to that.
    kept.retain(|pointer| !blame.gone.contains_key(pointer));
    reachability::keep(root, &kept);
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

    /// What is left out of a document for one fault after the other, whatever step finds it.
    fn left_out(faults: &[Fault]) -> Result<Vec<String>, Error> {
        let get = |id: &str, schema: &str| {
            let schema = json!({"$ref": join("#/components/schemas", schema)});
            let content = json!({"application/json": {"schema": schema}});
            json!({"get": {"operationId": id, "responses": {"200": {"content": content}}}})
        };
        let mut root = json!({
            "paths": {"/a": get("GetA", "A/1"), "/b": get("GetB", "B"), "/c": get("GetC", "B")},
            "components": {"schemas": {"A/1": {}, "B": {}}},
        });
        let open = std::cell::RefCell::new(faults.iter().rev().cloned().collect::<Vec<_>>());
        let make = |_: &Value| match open.borrow_mut().pop() {
            Some(fault) => Err(Error::Document {
                file: "doc".to_owned(),
                faults: vec![fault],
            }),
            None => Ok(()),
        };
        let ((), left_out) = supported("doc", &mut root, make)?;
        let ids = left_out
            .into_iter()
            .map(|one| one.operation.unwrap_or(one.pointer));
        Ok(ids.collect())
    }

    #[test]
    fn a_fault_is_of_the_operation_that_it_names_or_of_what_its_place_is_in() {
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
                left_out(std::slice::from_ref(&fault)).unwrap(),
                expected,
                "{fault}"
            );
        }
    }

    #[test]
    fn what_is_found_once_something_is_left_out_is_left_out_too() {
        let (a, b) = (
            fault("#/paths", Some("GetA")),
            fault("#/paths", Some("GetB")),
        );
        assert_eq!(left_out(&[a, b]).unwrap(), ["GetA", "GetB"]);
    }

    #[test]
    fn a_fault_of_no_part_is_one_of_the_whole_document() {
        for pointer in [
            "#",
            "#/components/schemas",
            "#/components/schemas/Gone",
            "#/paths/~1bb",
        ] {
            let error = left_out(&[fault(pointer, None)]).unwrap_err().to_string();
            assert!(error.contains("faults of the whole document"), "{error}");
        }
    }
}
