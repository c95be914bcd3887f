//! Writes a document as YAML that a person can review, with multi-line text as blocks.

use serde_json::Value;

use crate::error::{Error, Fault};
use crate::read;

/// Writes a document. The result is parsed again and compared, so that an error of the YAML writer
/// cannot change the document.
pub(super) fn yaml(file: &str, root: &Value) -> Result<String, Error> {
    let fault = |message: String| Error::Document {
        file: file.to_owned(),
        faults: vec![Fault::of_document("#", message)],
    };
    let options = serde_saphyr::ser_options! { compact_list_indent: false };
    let text = serde_saphyr::to_string_with_options(root, options)
        .map_err(|error| fault(format!("the document cannot be written as YAML: {error}")))?;
    let read = read::parse(file, text.as_bytes())?;
    match read.root == *root {
        true => Ok(text),
        false => Err(fault(
            "the document changes when it is written as YAML".to_owned(),
        )),
    }
}
