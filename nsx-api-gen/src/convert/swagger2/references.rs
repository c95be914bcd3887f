//! References: the same parts, by the names of their new places.

use serde_json::Value;

/// Where the sections of a Swagger document stand in an OpenAPI document.
const SECTIONS: [(&str, &str); 3] = [
    ("#/definitions/", "#/components/schemas/"),
    ("#/parameters/", "#/components/parameters/"),
    ("#/responses/", "#/components/responses/"),
];

/// The target of a `$ref` at its new place. One that leads elsewhere stays: it is not for us to guess what `Foo` or
/// `Foo.json` was meant to be.
pub(super) fn moved(target: Value) -> Value {
    let moved = target.as_str().and_then(|target| {
        SECTIONS
            .iter()
            .find_map(|(old, new)| Some(format!("{new}{}", target.strip_prefix(old)?)))
    });
    moved.map_or(target, Value::String)
}

/// The node with its `$ref` moved, where it has one.
pub(super) fn moved_in(mut node: Value) -> Value {
    if let Some(target) = node.get_mut("$ref") {
        *target = moved(target.take());
    }
    node
}

/// The name of the shared parameter that a reference leads to.
pub(super) fn shared_parameter(target: &str) -> Option<&str> {
    let name = target.strip_prefix("#/parameters/")?;
    (!name.contains('/')).then_some(name)
}
