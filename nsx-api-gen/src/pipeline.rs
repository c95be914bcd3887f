//! The steps from a document to its code, which `generate`, `import` and `compare` share.

use serde_json::Value;

use crate::convert;
use crate::document::change::Change;
use crate::document::key_order;
use crate::emit;
use crate::error::Error;
use crate::flatten;
use crate::model::rust_api::RustApi;
use crate::{check, model, normalize, read};

/// The generated files, and the number of operations in them.
pub(crate) type Code = (emit::Files, usize);

/// Checks a normalized document and generates its code.
pub(crate) fn generate_code(document: &read::Document, root: &Value) -> Result<Code, Error> {
    generate_flattened(document, &flattened(&document.file, root)?)
}

/// Generates the code of a flattened document.
pub(crate) fn generate_flattened(document: &read::Document, root: &Value) -> Result<Code, Error> {
    let api = model::Api::new(root);
    let files = emit::emit(document, root, &api)?;
    Ok((files, api.operations.len()))
}

/// Checks a normalized document, and determines the Rust API of the code that is generated for it.
pub(crate) fn rust_api(file: &str, root: &Value) -> Result<(model::Api, RustApi), Error> {
    let root = flattened(file, root)?;
    let api = model::Api::new(&root);
    let rust = emit::rust_api(file, &root, &api)?;
    Ok((api, rust))
}

/// Checks a normalized document, and merges the parts of every `allOf`.
pub(crate) fn flattened(file: &str, root: &Value) -> Result<Value, Error> {
    check::check(file, root)?;
    flatten::flatten(file, root)
}

/// The OpenAPI 3.0 form of a document, and what was changed to get there.
pub(crate) fn converted(document: &read::Document) -> Result<(Value, Vec<Change>), Error> {
    let (mut root, changes) = convert::to_openapi_3_0(document)?;
    key_order::sort_keys(&mut root);
    Ok((root, changes))
}

/// The normalized OpenAPI 3.0 form of a document, and what was changed to get there.
pub(crate) fn normalized(document: &read::Document) -> Result<(Value, Vec<Change>), Error> {
    let (mut root, mut changes) = converted(document)?;
    changes.extend(normalize::normalize(&mut root));
    Ok((root, changes))
}
