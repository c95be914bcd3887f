//! Parses the bytes of a document into a JSON tree that keeps the order of its keys.
//!
//! YAML and JSON give the same tree. Duplicate keys are an error, because one of the two values
//! would be lost. Unsupported versions of OpenAPI are an error too.

mod file;
pub(crate) mod limits;
mod source;
mod strict;

use std::path::Path;

use serde::de::DeserializeSeed;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::document::join;
use crate::error::{Error, Fault, Faults};
use crate::names::RESERVED_CHAR;
pub(crate) use file::{MAX_BYTES, read_file};
pub use source::Source;
pub(crate) use strict::Budget;
pub(crate) use strict::MAX_DEPTH;
use strict::{MAX_VALUES, Strict};

/// The maximum length of a parser's message, which may quote the text.
const MAX_MESSAGE_LENGTH: usize = 300;

/// An OpenAPI or Swagger 2.0 document as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The name of the document in error messages.
    pub(crate) file: String,
    /// The whole tree.
    pub(crate) root: Value,
    /// The SHA-256 of the text with `\n` line endings, so that it does not depend on the line
    /// endings of a checkout.
    pub(crate) digest: String,
}

/// Reads a document from a file.
pub(crate) fn read(path: &Path) -> Result<Document, Error> {
    let text = read_file(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    parse(&path.display().to_string(), &text)
}

/// Parses a document. Error messages refer to it as `file`.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Document, Error> {
    let text = decode_utf8(file, bytes)?;
    let root = parse_text(file, text, &Budget::default())?;
    check_version(file, &root)?;
    let digest = Sha256::digest(text.replace("\r\n", "\n"));
    Ok(Document {
        file: file.to_owned(),
        root,
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// Parses any YAML or JSON.
pub(crate) fn parse_tree(file: &str, bytes: &[u8]) -> Result<Value, Error> {
    parse_tree_within(file, bytes, &Budget::default())
}

/// Parses any YAML or JSON, up to what is left of the budget.
pub(crate) fn parse_tree_within(file: &str, bytes: &[u8], budget: &Budget) -> Result<Value, Error> {
    parse_text(file, decode_utf8(file, bytes)?, budget)
}

fn decode_utf8<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the text is larger than {} MB", MAX_BYTES >> 20);
        return Err(syntax_error(file, 1, 1, &message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        syntax_error(file, line as u64, 1, "the text is not UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn parse_text(file: &str, text: &str, budget: &Budget) -> Result<Value, Error> {
    let root = parse_json_or_yaml(file, text, budget)?;
    match find_reserved(&root) {
        None => Ok(root),
        Some(pointer) => {
            let message = "contains U+FDD0, which is not a character: remove it";
            Err(Error::Document {
                file: file.to_owned(),
                faults: vec![Fault::of_document(&format!("#{pointer}"), message)],
            })
        }
    }
}

/// The pointer of a key or a string that contains the character that is reserved for the names of
/// the generator.
fn find_reserved(node: &Value) -> Option<String> {
    let is_reserved = |text: &str| text.contains(RESERVED_CHAR);
    match node {
        Value::String(text) => is_reserved(text).then(String::new),
        Value::Array(list) => list.iter().enumerate().find_map(|(index, inner)| {
            let below = find_reserved(inner)?;
            Some(format!("/{index}{below}"))
        }),
        Value::Object(map) => map.iter().find_map(|(key, inner)| {
            let below = match is_reserved(key) {
                true => String::new(),
                false => find_reserved(inner)?,
            };
            Some(format!("{}{below}", join("", key)))
        }),
        _ => None,
    }
}

/// An object whose first key is quoted is JSON. A brace alone may also start YAML in flow style.
fn parse_json_or_yaml(file: &str, text: &str, budget: &Budget) -> Result<Value, Error> {
    let object = text.trim_start().strip_prefix('{').map(str::trim_start);
    if !object.is_some_and(|object| object.starts_with('"')) {
        return parse_yaml(file, text, budget);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let root = Strict::new(budget).deserialize(&mut json);
    root.and_then(|root| json.end().map(|()| root))
        .map_err(|error| {
            let (line, column) = (error.line() as u64, error.column() as u64);
            syntax_error(file, line, column, &without_location(&error.to_string()))
        })
}

/// Parses YAML 1.2, in which `on`, `off`, `y` and `n` are strings.
fn parse_yaml(file: &str, text: &str, budget: &Budget) -> Result<Value, Error> {
    // These limits are wider than those of `budget`, whose messages are better.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_depth: 2 * MAX_DEPTH,
            max_events: 4 * MAX_VALUES,
            max_nodes: 2 * MAX_VALUES,
            max_total_scalar_bytes: 2 * MAX_BYTES,
        },
    };
    let read = |parse_yaml: serde_saphyr::Deserializer<'_, '_>| {
        Strict::new(budget).deserialize(parse_yaml)
    };
    serde_saphyr::with_deserializer_from_str_with_options(text, options, read).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((1, 1), |place| (place.line(), place.column()));
        let message = without_location(&error.without_snippet().to_string());
        // The parser reads ahead of the deserializer, so it may reach its own depth limit first.
        let message = match message.starts_with("recursion limit exceeded") {
            true => strict::too_deep(),
            false => message,
        };
        // The rest is advice on the parser's options.
        let advice = message.find(", set ").unwrap_or(message.len());
        syntax_error(
            file,
            line,
            column,
            message.get(..advice).unwrap_or(&message),
        )
    })
}

fn syntax_error(file: &str, line: u64, column: u64, message: &str) -> Error {
    Error::Syntax {
        file: file.to_owned(),
        line: line.max(1),
        column: column.max(1),
        message: truncated(message),
    }
}

/// A message, truncated if it is very long.
fn truncated(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE_LENGTH) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// Both parsers append the location, which is already part of the error.
fn without_location(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or(message).to_owned()
}

/// Whether a document is Swagger 2.0. An unquoted version is a number in YAML and is accepted too.
pub(crate) fn is_swagger(root: &Value) -> bool {
    let second = |version: &Value| version == "2.0" || version.as_f64() == Some(2.0);
    root.get("openapi").is_none() && root.get("swagger").is_some_and(second)
}

/// Whether a document is OpenAPI 3.1.
pub(crate) fn is_openapi_3_1(root: &Value) -> bool {
    let version = root.get("openapi").and_then(Value::as_str);
    version.is_some_and(|version| version.starts_with("3.1."))
}

/// Accepts OpenAPI 3.0, 3.1 and Swagger 2.0, and rejects other versions by name.
fn check_version(file: &str, root: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    let Value::Object(object) = root else {
        faults.add(
            "#",
            "an OpenAPI document is an object with `openapi`, `info` and `paths`",
        );
        return faults.into_result(file);
    };
    match (object.get("openapi"), object.get("swagger")) {
        (Some(Value::String(version)), _) if version.starts_with("3.0.") => {}
        (Some(Value::String(_)), _) if is_openapi_3_1(root) => {}
        (Some(Value::String(version)), _) => faults.add(
            "#/openapi",
            format!("OpenAPI {version} is not supported, only 3.0 and 3.1 are"),
        ),
        (Some(_), _) => faults.add(
            "#/openapi",
            "the version must be a string such as \"3.0.3\"",
        ),
        (None, Some(_)) if is_swagger(root) => {}
        (None, Some(version)) => faults.add(
            "#/swagger",
            format!("Swagger {version} is not supported, only \"2.0\" is"),
        ),
        (None, None) => faults.add("#", "`openapi` is missing: this is not an OpenAPI document"),
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
        let parse_yaml = root(
            "openapi: 3.0.3\nresponses:\n  200: &ok {b: 1, a: [true, null, 1.5]}\n  201: *ok\n",
        );
        let json = root(
            r#"{"openapi":"3.0.3","responses":{"200":{"b":1,"a":[true,null,1.5]},"201":{"b":1,"a":[true,null,1.5]}}}"#,
        );
        assert_eq!(parse_yaml, json);
        assert_eq!(parse_yaml.to_string(), json.to_string());
    }

    #[test]
    fn swagger_2_0_is_recognized_with_a_quoted_or_unquoted_version() {
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
    fn yaml_1_2_is_parsed_in_block_and_flow_style() {
        let root = root("{openapi: 3.0.3, values: [on, Off, y, n, yes, true, 0o10]}");
        let values = &root["values"];
        assert_eq!(
            *values,
            serde_json::json!(["on", "Off", "y", "n", "yes", true, 8])
        );
    }

    #[test]
    fn line_endings_and_a_byte_order_mark_do_not_change_the_digest() {
        let unix = parse("doc", b"openapi: 3.0.3\npaths: {}\n").unwrap();
        let windows = parse("doc", b"\xef\xbb\xbfopenapi: 3.0.3\r\npaths: {}\r\n").unwrap();
        assert_eq!(unix.digest, windows.digest);
    }

    #[test]
    fn invalid_documents_are_rejected_with_line_and_column() {
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
    fn deep_nesting_is_an_error() {
        error(&"[".repeat(100_000));
        error(&format!("{{\"a\":{}", "[".repeat(100_000)));
    }

    #[test]
    fn values_are_counted_after_yaml_aliases_are_expanded() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let budget = Budget::of_values(10_000);
        let error = parse_tree_within("doc", bomb.as_bytes(), &budget).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("after expanding aliases"), "{error}");
        // Two lists, one of them with nine copies of the other, have about a hundred values.
        let [small, large] = [2, 3].map(|levels| {
            let text: String = bomb.split_inclusive('\n').take(levels).collect();
            parse_tree_within("doc", text.as_bytes(), &Budget::of_values(150)).is_ok()
        });
        assert!(small && !large);
    }
}
