//! The operations of a document.

use serde_json::Value;

use super::pointer::{items, join, members, resolve, text};

/// The methods of an OpenAPI 3.0 path item, in the order of the specification.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The extension of an operation that sets whether it is safe to repeat.
pub(crate) const IDEMPOTENT: &str = "x-idempotent";

/// The extension of an operation with the vendor's operationId, if the SDK uses another one.
pub(crate) const ORIGINAL_ID: &str = "x-operation-id";

/// The extension of an operation with the privileges that the caller needs, a list of names.
/// OpenAPI itself only has OAuth scopes.
pub(crate) const PRIVILEGES: &str = "x-required-privileges";

/// The `in` value of a parameter that is part of the body, in a normalized document.
pub(crate) const IN_PART: &str = "\u{fdd0}part";

/// An operation of a document, and its location.
pub(crate) struct OperationRef<'a> {
    /// The key of the path item.
    pub(crate) path: &'a str,
    /// The method in lower case.
    pub(crate) method: &'static str,
    /// The JSON pointer of the operation.
    pub(crate) pointer: String,
    /// The path item.
    pub(crate) item: &'a Value,
    /// The operation object.
    pub(crate) node: &'a Value,
}

impl<'a> OperationRef<'a> {
    /// The operationId, if there is one.
    pub(crate) fn id(&self) -> Option<&'a str> {
        text(self.node, "operationId")
    }

    /// The operationId in the vendor's document, if it differs.
    pub(crate) fn original_id(&self) -> Option<&'a str> {
        text(self.node, ORIGINAL_ID)
    }

    /// The path, and the fixed query that is part of it: several operations of NSX share a path.
    pub(crate) fn path_and_query(&self) -> (&'a str, &'a str) {
        self.path.split_once('?').unwrap_or((self.path, ""))
    }

    /// The parameters of the operation, resolved, each with its pointer. Its own override those of
    /// the path item. A reference without a target stays as it is.
    ///
    /// A parameter that is declared twice is in the list twice, unless both are the same.
    pub(crate) fn parameters(&self, root: &'a Value) -> Vec<(String, &'a Value)> {
        let of = |owner: &'a Value, pointer: &str| {
            let mut list: Vec<(String, &Value)> = Vec::new();
            for (index, node) in items(owner.get("parameters")).enumerate() {
                let node = resolve(root, node).unwrap_or(node);
                if !is_ignored(node) && list.iter().all(|(_, known)| *known != node) {
                    list.push((format!("{pointer}/parameters/{index}"), node));
                }
            }
            list
        };
        let own = of(self.node, &self.pointer);
        let mut list = of(self.item, &join("#/paths", self.path));
        list.retain(|(_, node)| !own.iter().any(|(_, other)| is_same_parameter(node, other)));
        list.extend(own);
        list
    }

    /// The success response: the first one with a body, otherwise the first one. If no success is
    /// documented, the default response.
    pub(crate) fn success(&self, root: &'a Value) -> Option<&'a Value> {
        let resolved = |node| resolve(root, node);
        let successes: Vec<&Value> = self
            .responses()
            .filter(|(status, ..)| is_success(status))
            .filter_map(|(.., node)| resolved(node))
            .collect();
        let has_body = |node: &&&Value| members(node.get("content")).next().is_some();
        let success = successes.iter().find(has_body).or(successes.first());
        let default = || self.responses().find(|(status, ..)| *status == "default");
        success
            .copied()
            .or_else(|| default().and_then(|(.., node)| resolved(node)))
    }

    /// The responses by status, unresolved, each with its pointer.
    pub(crate) fn responses(&self) -> impl Iterator<Item = (&'a str, String, &'a Value)> {
        let pointer = format!("{}/responses", self.pointer);
        members(self.node.get("responses"))
            .filter(|(status, _)| !status.starts_with("x-"))
            .map(move |(status, node)| (status.as_str(), join(&pointer, status), node))
    }
}

/// The names of a path's parameters; `None` if the braces do not match.
pub(crate) fn path_parameter_names(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let plain = !before.contains('}') && !name.contains(['{', '/']);
        if !plain || name.is_empty() {
            return None;
        }
        names.push(name.to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// Whether two definitions are of one parameter. The names of headers are case-insensitive.
pub(crate) fn is_same_parameter(one: &Value, other: &Value) -> bool {
    let (Some(name), Some(place)) = (text(one, "name"), text(one, "in")) else {
        return false;
    };
    let is_same_name = |other: &str| match place {
        "header" => name.eq_ignore_ascii_case(other),
        _ => name == other,
    };
    text(other, "in") == Some(place) && text(other, "name").is_some_and(is_same_name)
}

/// OpenAPI ignores parameters for these three headers. The SDK sets them.
fn is_ignored(parameter: &Value) -> bool {
    const HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];
    let name = text(parameter, "name").unwrap_or_default();
    text(parameter, "in") == Some("header") && HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// The path items, without vendor extensions.
pub(crate) fn paths(root: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(root.get("paths")).filter(|(path, _)| !path.starts_with("x-"))
}

/// All operations in document order.
pub(crate) fn operations(root: &Value) -> Vec<OperationRef<'_>> {
    let mut list = Vec::new();
    for (path, item) in paths(root) {
        let pointer = join("#/paths", path);
        for method in METHODS {
            if let Some(node) = item.get(method) {
                list.push(OperationRef {
                    path,
                    method,
                    pointer: join(&pointer, method),
                    item,
                    node,
                });
            }
        }
    }
    list
}

/// The operationId of the operation that contains a pointer.
pub(crate) fn operation_at<'a>(root: &'a Value, pointer: &str) -> Option<&'a str> {
    let mut keys = pointer.strip_prefix("#/paths/")?.split('/');
    let (path, method) = (keys.next()?, keys.next()?);
    text(
        root.pointer(&format!("/paths/{path}/{method}"))?,
        "operationId",
    )
}

/// Whether a status of the document is a success: `200`, `2XX`.
pub(crate) fn is_success(status: &str) -> bool {
    status.starts_with('2')
}
