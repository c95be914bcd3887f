//! The errors of code generation.
//!
//! All problems of a document are collected and reported together, each with its location.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

/// The reason why no code was generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The text is neither YAML nor JSON, or exceeds a limit.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The document's name.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The column, counted from 1.
        column: u64,
        /// What is wrong there.
        message: String,
    },
    /// The document was parsed, but code cannot be generated from it.
    #[error("{}", one_per_line(file, faults))]
    Document {
        /// The document's name.
        file: String,
        /// Every problem that was found, in document order.
        faults: Vec<Fault>,
    },
}

/// A problem in a document, and its location.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The location as a JSON pointer in URI form (`#/paths/~1nodes/get`).
    pub pointer: String,
    /// The `operationId` of the affected operation, if there is one.
    pub operation: Option<String>,
    /// What is wrong, and how to fix it.
    pub message: String,
}

impl Fault {
    /// A fault that does not belong to an operation.
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

fn one_per_line(file: &str, faults: &[Fault]) -> String {
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("{file}: {fault}"))
        .collect();
    lines.join("\n")
}

/// The most faults that are collected. A document with more is probably not an OpenAPI document.
const MAX_FAULTS: usize = 1000;

/// Collects faults while a document is checked.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault of an operation.
    pub(crate) fn add_for(
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
        if self.0.len() < MAX_FAULTS && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Adds a fault that does not belong to an operation.
    pub(crate) fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add_for(None, pointer, message);
    }

    /// Adds the parameter's name to each fault of a parameter. Its index refers to the normalized
    /// document, which the user does not see.
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

    /// `Ok` if there are no faults.
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
