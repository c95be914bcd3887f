//! Converts Swagger 2.0 and OpenAPI 3.1 to OpenAPI 3.0, so that the later steps know one version
//! only.

mod inner_references;
mod openapi31;
mod path_items;
pub(crate) mod swagger2;
mod tolerated;

use serde_json::Value;

use crate::document::change::Change;
use crate::error::Error;
use crate::read::{self, limits};

/// The document as OpenAPI 3.0. Fails if it exceeds the limits on its size.
pub(crate) fn to_openapi_3_0(document: &read::Document) -> Result<(Value, Vec<Change>), Error> {
    let mut root = document.root.clone();
    let mut changes = Vec::new();
    tolerated::correct(&mut root, &mut changes);
    inner_references::resolve(&mut root, &mut changes);
    path_items::inline_references(&mut root, &mut changes);
    let (root, more) = if read::is_swagger(&root) {
        swagger2::convert(root)
    } else if read::is_openapi_3_1(&root) {
        openapi31::lower(root)
    } else {
        (root, Vec::new())
    };
    changes.extend(more);
    limits::check(&document.file, &root)?;
    Ok((root, changes))
}
