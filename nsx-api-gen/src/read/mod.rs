//! The first step: from a file's bytes to a JSON tree with its keys in the document's order.
//!
//! YAML and JSON give the same tree. A key that stands twice is an error, since one of the two
//! would be lost; so is a version of OpenAPI that the later steps do not know.

mod file;
pub(crate) mod limits;
mod source;
mod strict;

use std::path::Path;

use serde::de::DeserializeSeed;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Error, Faults};
pub(crate) use file::{MOST_BYTES, bytes_of};
pub use source::Source;
pub(crate) use strict::Budget;
pub(crate) use strict::DEEPEST;
use strict::{MOST_VALUES, Strict};

/// How much is shown of a parser's message, in which a part of the text may stand.
const LONGEST_MESSAGE: usize = 300;

/// An OpenAPI 3.0 or Swagger 2.0 document as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The name that errors give it.
    pub(crate) file: String,
    /// The whole tree.
    pub(crate) root: Value,
    /// SHA-256 of the text with `\n` line ends, so that a checkout's line ends do not matter.
    pub(crate) digest: String,
}

/// Reads a document from a file.
pub(crate) fn read(path: &Path) -> Result<Document, Error> {
    let text = bytes_of(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    parse(&path.display().to_string(), &text)
}

/// Reads a document from bytes; `file` is the name that errors give it.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Document, Error> {
    let text = text(file, bytes)?;
    let root = tree_of(file, text, &Budget::default())?;
    check_version(file, &root)?;
    let digest = Sha256::digest(text.replace("\r\n", "\n"));
    Ok(Document {
        file: file.to_owned(),
        root,
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// Reads any YAML or JSON.
pub(crate) fn tree(file: &str, bytes: &[u8]) -> Result<Value, Error> {
    tree_within(file, bytes, &Budget::default())
}

/// Reads any YAML or JSON, of which there may be no more than the budget has left.
pub(crate) fn tree_within(file: &str, bytes: &[u8], budget: &Budget) -> Result<Value, Error> {
    tree_of(file, text(file, bytes)?, budget)
}

fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > MOST_BYTES {
        let message = format!("the text is larger than {} MB", MOST_BYTES >> 20);
        return Err(syntax(file, 1, 1, &message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        syntax(file, line as u64, 1, "the text is not UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// An object whose first key is quoted is JSON; a brace alone may begin YAML in its flow style.
fn tree_of(file: &str, text: &str, budget: &Budget) -> Result<Value, Error> {
    let object = text.trim_start().strip_prefix('{').map(str::trim_start);
    if !object.is_some_and(|object| object.starts_with('"')) {
        return yaml(file, text, budget);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let root = Strict::new(budget).deserialize(&mut json);
    root.and_then(|root| json.end().map(|()| root))
        .map_err(|error| {
            let (line, column) = (error.line() as u64, error.column() as u64);
            syntax(file, line, column, &without_place(&error.to_string()))
        })
}

/// Reads YAML 1.2, in which `on`, `off`, `y` and `n` are strings.
fn yaml(file: &str, text: &str, budget: &Budget) -> Result<Value, Error> {
    // Ours is the narrower of the two budgets, and says what it is.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_depth: 2 * DEEPEST,
            max_events: 4 * MOST_VALUES,
            max_nodes: 2 * MOST_VALUES,
            max_total_scalar_bytes: 2 * MOST_BYTES,
        },
    };
    let read = |yaml: serde_saphyr::Deserializer<'_, '_>| Strict::new(budget).deserialize(yaml);
    serde_saphyr::with_deserializer_from_str_with_options(text, options, read).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((1, 1), |place| (place.line(), place.column()));
        let message = without_place(&error.without_snippet().to_string());
        // The parser looks ahead further than what is read of it.
        let message = match message.starts_with("recursion limit exceeded") {
            true => strict::too_deep(),
            false => message,
        };
        // What follows is advice on the parser's options.
        let advice = message.find(", set ").unwrap_or(message.len());
        syntax(
            file,
            line,
            column,
            message.get(..advice).unwrap_or(&message),
        )
    })
}

fn syntax(file: &str, line: u64, column: u64, message: &str) -> Error {
    Error::Syntax {
        file: file.to_owned(),
        line: line.max(1),
        column: column.max(1),
        message: shortened(message),
    }
}

/// The start of a message, and the whole of one of usual length.
fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// Both parsers write the place behind their message; it stands before it here.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or(message).to_owned()
}

/// Whether a document is Swagger 2.0. An unquoted version is a number to YAML, and what is meant is clear.
pub(crate) fn is_swagger(root: &Value) -> bool {
    let second = |version: &Value| version == "2.0" || version.as_f64() == Some(2.0);
    root.get("openapi").is_none() && root.get("swagger").is_some_and(second)
}

/// Whether a document is of OpenAPI 3.1.
pub(crate) fn is_3_1(root: &Value) -> bool {
    let version = root.get("openapi").and_then(Value::as_str);
    version.is_some_and(|version| version.starts_with("3.1."))
}

/// Only OpenAPI 3.0, 3.1 and Swagger 2.0 go further; what else it may be is said by name.
fn check_version(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    let Value::Object(object) = root else {
        faults.at(
            "#",
            "an OpenAPI document is an object with `openapi`, `info` and `paths`",
        );
        return faults.into_result(file);
    };
    match (object.get("openapi"), object.get("swagger")) {
        (Some(Value::String(version)), _) if version.starts_with("3.0.") => {}
        (Some(Value::String(_)), _) if is_3_1(root) => {}
        (Some(Value::String(version)), _) => faults.at(
            "#/openapi",
            format!("OpenAPI {version} is not supported, only 3.0 and 3.1 are"),
        ),
        (Some(_), _) => faults.at(
            "#/openapi",
            "the version must be a string such as \"3.0.3\"",
        ),
        (None, Some(_)) if is_swagger(root) => {}
        (None, Some(version)) => faults.at(
            "#/swagger",
            format!("Swagger {version} is not supported, only \"2.0\" is"),
        ),
        (None, None) => faults.at("#", "`openapi` is missing: this is no OpenAPI document"),
    }
    faults.into_result(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Value {
        parse("doc", text.as_bytes()).unwrap().root
    }

    fn error(text: &str) -> String {
        parse("doc", text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_give_the_same_tree_in_the_documents_order() {
        let yaml = root(
            "openapi: 3.0.3\nresponses:\n  200: &ok {b: 1, a: [true, null, 1.5]}\n  201: *ok\n",
        );
        let json = root(
            r#"{"openapi":"3.0.3","responses":{"200":{"b":1,"a":[true,null,1.5]},"201":{"b":1,"a":[true,null,1.5]}}}"#,
        );
        assert_eq!(yaml, json);
        assert_eq!(yaml.to_string(), json.to_string());
    }

    #[test]
    fn swagger_is_known_by_its_version_be_it_quoted_or_not() {
        for (text, swagger) in [
            ("swagger: '2.0'", true),
            ("swagger: 2.0", true),
            ("openapi: 3.0.3", false),
            ("{openapi: 3.0.3, swagger: '2.0'}", false),
        ] {
            assert_eq!(is_swagger(&root(text)), swagger, "{text}");
        }
    }

    #[test]
    fn yaml_is_that_of_version_1_2_in_block_and_in_flow_style() {
        let root = root("{openapi: 3.0.3, values: [on, Off, y, n, yes, true, 0o10]}");
        let values = &root["values"];
        assert_eq!(
            *values,
            serde_json::json!(["on", "Off", "y", "n", "yes", true, 8])
        );
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_change_the_digest() {
        let unix = parse("doc", b"openapi: 3.0.3\npaths: {}\n").unwrap();
        let windows = parse("doc", b"\xef\xbb\xbfopenapi: 3.0.3\r\npaths: {}\r\n").unwrap();
        assert_eq!(unix.digest, windows.digest);
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for (text, start) in [
            ("openapi: 3.0.3\npaths: [", "doc:2:"),
            ("{\"openapi\": \"3.0.3\",\n \"paths\": }", "doc:2:"),
            ("openapi: 3.0.3\nopenapi: 3.0.3\n", "doc:2:"),
            (
                "{\"openapi\": \"3.0.3\",\n\"openapi\": \"3.0.3\"}",
                "doc:2:",
            ),
            ("", "doc: #: an OpenAPI document is an object"),
            ("just words", "doc: #: an OpenAPI document is an object"),
            ("info: {}", "doc: #: `openapi` is missing"),
            ("openapi: 3.2.0", "doc: #/openapi: OpenAPI 3.2.0"),
            ("openapi: 3", "doc: #/openapi: the version must be a string"),
            ("swagger: '1.2'", "doc: #/swagger: Swagger \"1.2\" is not"),
            ("swagger: [2.0]", "doc: #/swagger: Swagger [2.0] is not"),
        ] {
            let error = error(text);
            assert!(error.starts_with(start), "{text:?} gave {error:?}");
        }
        let binary = parse("doc", b"openapi: 3.0.3\n\xff\xfe").unwrap_err();
        assert_eq!(binary.to_string(), "doc:2:1: the text is not UTF-8");
    }

    #[test]
    fn hostile_nesting_and_aliases_are_errors_and_not_crashes() {
        error(&"[".repeat(100_000));
        error(&format!("{{\"a\":{}", "[".repeat(100_000)));
        let mut bomb = String::from("openapi: 3.0.3\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let above = level - 1;
            bomb += &format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{above}"); 9].join(", ")
            );
        }
        error(&bomb);
    }
}
