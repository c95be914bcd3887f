//! What a part of a document records about the rest of the document it comes from (see
//! `import::whole`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::pointer::{items, members};
use crate::names::type_name;

/// The extension of a document with the names of types that components in the rest of the vendor's
/// document have. Types of inline schemas do not get these names.
pub(crate) const RESERVED_TYPE_NAMES: &str = "x-reserved-type-names";

/// The extension of a document with the components that are variants of unions in the rest of the
/// vendor's document: for each, the discriminator property and the value that is sent.
pub(crate) const UNION_VARIANTS: &str = "x-union-variants";

/// The extension of a document with the components that are unions of the components that inherit
/// from them, because an operation in the rest of the vendor's document uses them.
pub(crate) const UNION_BASES: &str = "x-union-bases";

/// The names in a list of them.
pub(crate) fn names<'a>(root: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    items(root.get(key)).filter_map(Value::as_str)
}

/// The reserved names.
pub(crate) fn reserved_type_names(root: &Value) -> BTreeSet<String> {
    names(root, RESERVED_TYPE_NAMES).map(type_name).collect()
}

/// The recorded variants: the name of the type, the property and the value.
pub(crate) fn union_variants(root: &Value) -> Vec<(String, (String, String))> {
    let variants = members(root.get(UNION_VARIANTS)).flat_map(|(component, discriminators)| {
        members(Some(discriminators)).filter_map(|(property, value)| {
            let value = value.as_str()?.to_owned();
            Some((type_name(component), (property.clone(), value)))
        })
    });
    variants.collect()
}
