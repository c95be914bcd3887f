//! References: the sections of shared parts have other names in OpenAPI.

use serde_json::Value;

/// The sections of a Swagger document, and their places in OpenAPI.
const SECTIONS: [(&str, &str); 3] = [
    ("#/definitions/", "#/components/schemas/"),
    ("#/parameters/", "#/components/parameters/"),
    ("#/responses/", "#/components/responses/"),
];

/// The new target of a `$ref`. Other targets, such as `Foo` or `Foo.json`, are left unchanged.
pub(super) fn moved_target(target: Value) -> Value {
    let moved = target.as_str().and_then(|target| {
        SECTIONS
            .iter()
            .find_map(|(old, new)| Some(format!("{new}{}", target.strip_prefix(old)?)))
    });
    moved.map_or(target, Value::String)
}

/// The node with the new target of its `$ref`, if it has one.
pub(super) fn with_moved_reference(mut node: Value) -> Value {
    if let Some(target) = node.get_mut("$ref") {
        *target = moved_target(target.take());
    }
    node
}

/// The name of the shared parameter that a reference points to.
pub(super) fn shared_parameter(target: &str) -> Option<&str> {
    let name = target.strip_prefix("#/parameters/")?;
    (!name.contains('/')).then_some(name)
}
