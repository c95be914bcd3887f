//! The operations of a document.

use serde_json::Value;

use super::pointer::{items, join, members, resolve, text};

/// The methods that OpenAPI 3.0 gives a path item, in its order.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The member of an operation by which a document says whether sending it twice has the effect of sending it once.
pub(crate) const IDEMPOTENT: &str = "x-idempotent";

/// The member of an operation that has another id than in the vendor's document: that one, by which the vendor's manual has it.
pub(crate) const ORIGINAL_ID: &str = "x-operation-id";

/// What a caller of an operation must be allowed to: a list of names. OpenAPI has no word for it where that is no scope.
pub(crate) const PRIVILEGES: &str = "x-required-privileges";

/// The place of a parameter that is a part of such a body, once the document is normalized.
pub(crate) const IN_PART: &str = "part";

/// One operation of a document, where it stands.
pub(crate) struct Place<'a> {
    /// The key of the path item.
    pub(crate) path: &'a str,
    /// The method in lower case.
    pub(crate) method: &'static str,
    /// The operation's pointer.
    pub(crate) pointer: String,
    /// The path item.
    pub(crate) item: &'a Value,
    /// The operation itself.
    pub(crate) node: &'a Value,
}

impl<'a> Place<'a> {
    /// The operationId, where there is one.
    pub(crate) fn id(&self) -> Option<&'a str> {
        text(self.node, "operationId")
    }

    /// The operationId that the vendor's document has, where it is another.
    pub(crate) fn original_id(&self) -> Option<&'a str> {
        text(self.node, ORIGINAL_ID)
    }

    /// The path, and the query that the operation goes by: several operations of NSX share a path.
    pub(crate) fn path_and_query(&self) -> (&'a str, &'a str) {
        self.path.split_once('?').unwrap_or((self.path, ""))
    }

    /// The parameters of the path item and of the operation, unresolved, each with its pointer.
    pub(crate) fn parameters(&self) -> Vec<(String, &'a Value)> {
        let of = |owner: &'a Value, pointer: &str| {
            let pointer = format!("{pointer}/parameters");
            let list = items(owner.get("parameters")).enumerate();
            list.map(|(index, node)| (format!("{pointer}/{index}"), node))
                .collect::<Vec<_>>()
        };
        let mut list = of(self.item, &join("#/paths", self.path));
        list.extend(of(self.node, &self.pointer));
        list.retain(|(_, node)| !is_ignored(node));
        list
    }

    /// The response that a success comes as: the first that has a body, if one has; the default where no success is documented.
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

/// The names of a path's parameters; `None` when its braces do not match.
pub(crate) fn template(path: &str) -> Option<Vec<String>> {
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

/// OpenAPI says of three headers that a parameter for them is ignored: the SDK sets them.
fn is_ignored(parameter: &Value) -> bool {
    const HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];
    let name = text(parameter, "name").unwrap_or_default();
    text(parameter, "in") == Some("header") && HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// The path items; a vendor's extensions stand among them.
pub(crate) fn paths(root: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(root.get("paths")).filter(|(path, _)| !path.starts_with("x-"))
}

/// Every operation in the document's order.
pub(crate) fn operations(root: &Value) -> Vec<Place<'_>> {
    let mut list = Vec::new();
    for (path, item) in paths(root) {
        let pointer = join("#/paths", path);
        for method in METHODS {
            if let Some(node) = item.get(method) {
                list.push(Place {
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

/// The operationId of the operation that a pointer leads into.
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
