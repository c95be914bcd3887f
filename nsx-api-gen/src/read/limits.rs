//! Limits on the size of a document. Each limit is far above what documents of managers contain.
//! Above it, later steps could take more than a minute or a few gigabytes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{self, component, items, join, members, reference};
use crate::error::{Error, Faults};

/// The maximum length of a name in bytes: a key, an id, a reference or an enum value. The longest
/// known one is a path of 159 bytes.
const MAX_NAME_BYTES: usize = 4096;

/// The maximum number of entries, by key. The comment above each key is the largest number in known
/// documents.
const MAX_ENTRIES: [(&str, usize); 8] = [
    // 74
    ("enum", 10_000),
    // 39
    ("properties", 5_000),
    ("required", 5_000),
    // 20
    ("parameters", 1_000),
    ("responses", 1_000),
    // 2, but several hundred in a base with as many children
    ("allOf", 500),
    ("oneOf", 2_000),
    ("anyOf", 2_000),
];

/// The maximum number of paths, of operations, and of components of each kind. The largest known
/// document has 2409 operations.
const MAX_PARTS: usize = 20_000;

/// The maximum depth of inheritance through `allOf`. The largest known depth is 7.
const MAX_ALL_OF_DEPTH: usize = 64;

/// The maximum number of schemas and properties of all components with every `allOf` flattened. The
/// largest known document has about 100,000.
const MAX_FLATTENED_SIZE: usize = 500_000;

/// Reports what exceeds a limit in an OpenAPI 3.0 document.
pub(crate) fn check(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    parts(root, &mut faults);
    for key in ["paths", "components"] {
        check_lists(root.get(key).unwrap_or(&Value::Null), &mut |message| {
            faults.add(format!("#/{key}"), message);
        });
    }
    faults.into_result(file)?;
    // The quadratic check runs only if the simple ones pass.
    if let Err((name, message)) = AllOfChains::new(root).all() {
        faults = Faults::default();
        faults.add(join("#/components/schemas", name), message);
        faults.into_result(file)?;
    }
    Ok(())
}

fn parts(root: &Value, faults: &mut Faults) {
    let mut most = |pointer: &str, count: usize, what: &str| {
        if count > MAX_PARTS {
            faults.add(pointer, format!("{count} {what}: the limit is {MAX_PARTS}"));
        }
    };
    most("#/paths", members(root.get("paths")).count(), "paths");
    most("#/paths", document::operations(root).len(), "operations");
    for (section, parts) in members(root.get("components")) {
        let pointer = join("#/components", section);
        most(&pointer, members(Some(parts)).count(), "components");
    }
}

/// Checks everything except data. `report` receives the first problem of each branch.
fn check_lists(node: &Value, report: &mut dyn FnMut(String)) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                let data = matches!(key.as_str(), "default" | "example" | "examples");
                if data || key.starts_with("x-") {
                    continue;
                }
                match limit_fault(key, inner) {
                    Some(message) => return report(message),
                    None => check_lists(inner, report),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| check_lists(inner, report)),
        _ => {}
    }
}

fn limit_fault(key: &str, inner: &Value) -> Option<String> {
    let is_name = matches!(key, "$ref" | "operationId" | "name" | "propertyName");
    let names = inner.as_str().filter(|_| is_name).into_iter();
    let values = items(Some(inner)).filter(|_| key == "enum");
    let mut names = names.chain(values.filter_map(Value::as_str)).chain([key]);
    if let Some(name) = names.find(|name| name.len() > MAX_NAME_BYTES) {
        let start: String = name.chars().take(40).collect();
        let length = name.len();
        return Some(format!(
            "`{start}…` has {length} bytes: the limit is {MAX_NAME_BYTES}"
        ));
    }
    let (_, most) = MAX_ENTRIES.iter().find(|(known, _)| *known == key)?;
    let count = match inner {
        Value::Array(list) => list.len(),
        Value::Object(map) if matches!(key, "properties" | "responses") => map.len(),
        _ => 0,
    };
    // `components/responses` has the same key, but its own limit.
    let most = if inner.is_object() && key == "responses" {
        MAX_PARTS
    } else {
        *most
    };
    (count > most).then(|| format!("{count} entries in `{key}`: the limit is {most}"))
}

/// The `allOf` chains of all components, each computed once.
struct AllOfChains<'a> {
    schemas: &'a Value,
    /// The longest chain and the flattened size of each component. A component that is being
    /// computed has a size of zero: if it contains itself, `check` reports that.
    known: BTreeMap<&'a str, Size>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    depth: usize,
    flattened: usize,
}

type Fault<'a> = (&'a str, String);

impl<'a> AllOfChains<'a> {
    fn new(root: &'a Value) -> Self {
        let schemas = root.pointer("/components/schemas");
        Self {
            schemas: schemas.unwrap_or(&Value::Null),
            known: BTreeMap::new(),
        }
    }

    fn all(&mut self) -> Result<(), Fault<'a>> {
        let mut sum = 0_usize;
        for (name, _) in members(Some(self.schemas)) {
            let size = self.component(name, 0)?;
            if size.depth > MAX_ALL_OF_DEPTH {
                return Err((name, chain_too_long()));
            }
            sum = sum.saturating_add(size.flattened);
            if sum > MAX_FLATTENED_SIZE {
                let message = format!(
                    "with every `allOf` flattened, there are more than {MAX_FLATTENED_SIZE} schemas and properties"
                );
                return Err((name, message));
            }
        }
        Ok(())
    }

    fn component(&mut self, name: &'a str, depth: usize) -> Result<Size, Fault<'a>> {
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(schema) = self.schemas.get(name) else {
            return Ok(Size::default());
        };
        if depth > MAX_ALL_OF_DEPTH {
            return Err((name, chain_too_long()));
        }
        self.known.insert(name, Size::default());
        let mut size = self.schema(schema, depth)?;
        size.depth = size.depth.saturating_add(1);
        self.known.insert(name, size);
        Ok(size)
    }

    fn schema(&mut self, schema: &'a Value, depth: usize) -> Result<Size, Fault<'a>> {
        if let Some(target) = reference(schema) {
            return self.component(component(target), depth.saturating_add(1));
        }
        let own = members(schema.get("properties")).count();
        let mut sum = Size {
            depth: 0,
            flattened: own.saturating_add(1),
        };
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in items(schema.get(key)) {
                let size = self.schema(part, depth)?;
                sum.depth = sum.depth.max(size.depth);
                if key == "allOf" {
                    sum.flattened = sum.flattened.saturating_add(size.flattened);
                }
            }
        }
        if let Some(inner) = schema.get("not") {
            sum.depth = sum.depth.max(self.schema(inner, depth)?.depth);
        }
        Ok(sum)
    }
}

fn chain_too_long() -> String {
    format!("more than {MAX_ALL_OF_DEPTH} levels of references and `allOf`")
}
