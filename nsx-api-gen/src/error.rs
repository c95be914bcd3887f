//! What can go wrong between a document and the code made from it.
//!
//! Faults of a document are collected and reported together, each with its place.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

/// Why no code was generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that was to be read.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is neither YAML nor JSON, or no document at all.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The document's name.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The column, counted from 1.
        column: u64,
        /// What was found there.
        message: String,
    },
    /// The document can be read, and code cannot be made from it.
    #[error("{}", list(file, faults))]
    Document {
        /// The document's name.
        file: String,
        /// Every fault that was found, in the document's order.
        faults: Vec<Fault>,
    },
}

/// One fault of a document, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The place as a JSON pointer in URI form (`#/paths/~1nodes/get`).
    pub pointer: String,
    /// The operation that is concerned, where it is one.
    pub operation: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault that belongs to no operation.
    pub(crate) fn of_document(pointer: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            operation: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.pointer)?;
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)
    }
}

fn list(file: &str, faults: &[Fault]) -> String {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("{file}: {fault}"))
        .collect();
    lines.join("\n")
}

/// How many faults are collected: a document with more of them is another kind of text.
const MOST: usize = 1000;

/// Collects faults while a document is looked through.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault of an operation.
    pub(crate) fn of(
        &mut self,
        operation: Option<&str>,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) {
        let fault = Fault {
            pointer: pointer.into(),
            operation: operation.map(str::to_owned),
            message: message.into(),
        };
        if self.0.len() < MOST && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Adds a fault that belongs to no operation.
    pub(crate) fn at(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.of(None, pointer, message);
    }

    /// Says the name of each parameter that a fault is of: its number counts those of the document once that was mended.
    pub(crate) fn name_parameters(&mut self, root: &Value) {
        for fault in &mut self.0 {
            let Some((before, behind)) = fault.pointer.split_once("/parameters/") else {
                continue;
            };
            let index = behind.split('/').next().unwrap_or_default();
            let pointer = format!("{before}/parameters/{index}");
            let node = root.pointer(pointer.trim_start_matches('#'));
            let Some(name) = node
                .and_then(|node| node.get("name"))
                .and_then(Value::as_str)
            else {
                continue;
            };
            let name = format!("`{name}`");
            if !fault.message.contains(&name) {
                fault.message = format!("the parameter {name}: {}", fault.message);
            }
        }
    }

    /// `Ok` when nothing was found.
    pub(crate) fn into_result(self, file: &str) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Error::Document {
            file: file.to_owned(),
            faults: self.0,
        })
    }
}
