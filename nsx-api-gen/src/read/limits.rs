//! Bounds to what one document may ask for. Each is far above what documents of managers have, and below what the later steps, in
//! part the work of others, need more than a minute or a few gigabytes for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{self, component, items, join, members, reference};
use crate::error::{Error, Faults};

/// How many bytes a name may have: a key, an id, a reference, a value of an enum. The longest known key is a path of 159.
const LONGEST_NAME: usize = 4096;

/// How many members of a kind may stand in one place, and how many the largest known documents have there.
const LISTS: [(&str, usize); 8] = [
    // 74
    ("enum", 10_000),
    // 39
    ("properties", 5_000),
    ("required", 5_000),
    // 20
    ("parameters", 1_000),
    ("responses", 1_000),
    // 2, and some hundred where a base has that many children
    ("allOf", 500),
    ("oneOf", 2_000),
    ("anyOf", 2_000),
];

/// How many paths, components of a kind, and operations there may be. The largest known document has 2409 operations.
const MOST_PARTS: usize = 20_000;

/// How many components may be made of one another in a row. The longest known row has 7.
const LONGEST_ROW: usize = 64;

/// How many schemas and properties all components may come to when what they are made of is written out in each. The largest known
/// document needs some 100,000.
const MOST_WRITTEN_OUT: usize = 500_000;

/// Reports what a document of OpenAPI 3.0 has too much of.
pub(crate) fn check(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    parts(root, &mut faults);
    for key in ["paths", "components"] {
        lists(root.get(key).unwrap_or(&Value::Null), &mut |message| {
            faults.at(format!("#/{key}"), message);
        });
    }
    faults.into_result(file)?;
    // What is not too much is looked at more closely.
    if let Err((name, message)) = Rows::new(root).all() {
        faults = Faults::default();
        faults.at(join("#/components/schemas", name), message);
        faults.into_result(file)?;
    }
    Ok(())
}

fn parts(root: &Value, faults: &mut Faults) {
    let mut most = |pointer: &str, count: usize, what: &str| {
        if count > MOST_PARTS {
            faults.at(
                pointer,
                format!("{count} {what} are too many: there may be {MOST_PARTS}"),
            );
        }
    };
    most("#/paths", members(root.get("paths")).count(), "paths");
    most("#/paths", document::operations(root).len(), "operations");
    for (section, parts) in members(root.get("components")) {
        let pointer = join("#/components", section);
        most(&pointer, members(Some(parts)).count(), "components");
    }
}

/// Looks through all but data; `tell` gets what is too much, up to the first in each branch.
fn lists(node: &Value, tell: &mut dyn FnMut(String)) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                let data = matches!(key.as_str(), "default" | "example" | "examples");
                if data || key.starts_with("x-") {
                    continue;
                }
                match fault(key, inner) {
                    Some(message) => return tell(message),
                    None => lists(inner, tell),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| lists(inner, tell)),
        _ => {}
    }
}

fn fault(key: &str, inner: &Value) -> Option<String> {
    let is_name = matches!(key, "$ref" | "operationId" | "name" | "propertyName");
    let names = inner.as_str().filter(|_| is_name).into_iter();
    let values = items(Some(inner)).filter(|_| key == "enum");
    let mut names = names.chain(values.filter_map(Value::as_str)).chain([key]);
    if let Some(name) = names.find(|name| name.len() > LONGEST_NAME) {
        let start: String = name.chars().take(40).collect();
        let message = "bytes is too long: a name may have";
        return Some(format!(
            "`{start}…` of {} {message} {LONGEST_NAME}",
            name.len()
        ));
    }
    let (_, most) = LISTS.iter().find(|(known, _)| *known == key)?;
    let count = match inner {
        Value::Array(list) => list.len(),
        Value::Object(map) if matches!(key, "properties" | "responses") => map.len(),
        _ => 0,
    };
    // The section of the shared answers has the same name, and many answers.
    let most = if inner.is_object() && key == "responses" {
        MOST_PARTS
    } else {
        *most
    };
    (count > most)
        .then(|| format!("{count} in one place of `{key}` are too many: there may be {most}"))
}

/// What the components are made of, each looked at once.
struct Rows<'a> {
    schemas: &'a Value,
    /// How long the longest row from a component on is, and how much it comes to written out. Of one that is being looked at
    /// nothing is known yet: it is made of itself, which is for `check` to report.
    known: BTreeMap<&'a str, Size>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    row: usize,
    written_out: usize,
}

type Fault<'a> = (&'a str, String);

impl<'a> Rows<'a> {
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
            if size.row > LONGEST_ROW {
                return Err((name, too_long()));
            }
            sum = sum.saturating_add(size.written_out);
            if sum > MOST_WRITTEN_OUT {
                let message = format!(
                    "the schemas are made of too much: with what each is made of by `allOf` they would come to more than {MOST_WRITTEN_OUT} schemas and properties"
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
        if depth > LONGEST_ROW {
            return Err((name, too_long()));
        }
        self.known.insert(name, Size::default());
        let mut size = self.schema(schema, depth)?;
        size.row = size.row.saturating_add(1);
        self.known.insert(name, size);
        Ok(size)
    }

    fn schema(&mut self, schema: &'a Value, depth: usize) -> Result<Size, Fault<'a>> {
        if let Some(target) = reference(schema) {
            return self.component(component(target), depth.saturating_add(1));
        }
        let own = members(schema.get("properties")).count();
        let mut sum = Size {
            row: 0,
            written_out: own.saturating_add(1),
        };
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in items(schema.get(key)) {
                let size = self.schema(part, depth)?;
                sum.row = sum.row.max(size.row);
                if key == "allOf" {
                    sum.written_out = sum.written_out.saturating_add(size.written_out);
                }
            }
        }
        if let Some(inner) = schema.get("not") {
            sum.row = sum.row.max(self.schema(inner, depth)?.row);
        }
        Ok(sum)
    }
}

fn too_long() -> String {
    format!("more than {LONGEST_ROW} schemas are made of one another in a row")
}
